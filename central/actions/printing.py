"""Handing out a frozen revision: its bytes as stored, or printed as PDF from those bytes."""

from datetime import date

from central.actions.opening import Centre
from central.report.daily_report import decode_report
from central.report.print_out import print_pdf


def print_revision(centre: Centre, day: date, *, revision: int | None, kind: str) -> bytes | None:
    """Return one revision (the newest, if none is named) as ``json`` or ``pdf``; ``None`` if there is none."""
    wanted = revision or centre.store.reports.newest(day)
    content = centre.store.reports.content(day, revision=wanted)
    if content is None or kind == "json":
        return content
    return print_pdf(decode_report(content), letterhead=centre.deployment.report)
