"""Freezing the daily report: at the cut-off by the clock, or by a person; late data make a revision.

A frozen revision is never changed. Freezing a day again gives the same revision if the figures say
the same, and revision N+1 with the changes stated if they do not. The primary key of the table
decides between two that freeze at the same moment, so a restart or a second worker adds nothing.
"""

from datetime import date, datetime, timedelta

import structlog

from central.actions.opening import Centre
from central.actions.witnessing import Witnessing
from central.report.daily_report import build_report, decode_report, encode_report, says_the_same
from central.report.snapshot import OrderLine
from central.store.reports import Revision, RevisionTakenError
from central.store.snapshots import FrameGate, ReportFrame
from central.store.witness import RewrittenError
from sync.agreement.deployment import closing_order, report_period

_LOG = structlog.get_logger(__name__)
REVISED_FOR_DAYS = 7
LOOKED_BACK_DAYS = 62
BY_CUT_OFF = "cut_off"


class NotYetError(ValueError):
    """The day is not over; freezing it now takes an explicit word."""


def report_frame(centre: Centre, day: date) -> ReportFrame:
    """Say which gates and orders a day's report speaks of."""
    now = centre.clock()
    starts_at, cut_off_at = report_period(day, cut_off_hour=centre.deployment.cut_off_hour)
    noon = starts_at + (cut_off_at - starts_at) / 2
    gates = []
    for point in centre.deployment.points_on(day):
        order = closing_order(point, centre.policy, at=noon)
        suspended_by = None if order is None else f"{order.citation.document}, {order.citation.clause}"
        gates.append(
            FrameGate(point_of_entry_id=point.id, name=point.names.vi, kind=point.kind, suspended_by=suspended_by)
        )
    return ReportFrame(
        report_day=day,
        cut_off_hour=centre.deployment.cut_off_hour,
        taken_at=now,
        silent_after_s=centre.settings.centre.silent_after_min * 60,
        gates=tuple(gates),
        orders=tuple(
            OrderLine(policy_id=document.id, version=document.version, title=document.title.vi)
            for document in centre.policy.orders
            if document.is_in_force_within(starts_at, cut_off_at)
        ),
    )


def freeze(centre: Centre, day: date, *, by: str, is_early: bool = False) -> int:
    """Freeze a day and return the revision that now stands for it.

    Raises ``NotYetError`` before the cut-off unless ``is_early``.
    """
    _, cut_off_at = report_period(day, cut_off_hour=centre.deployment.cut_off_hour)
    if centre.clock() < cut_off_at and not is_early:
        msg = f"the report day {day} closes at {cut_off_at.isoformat()}; freeze it then, or say --now"
        raise NotYetError(msg)
    _sign_head(centre)
    newest = centre.store.reports.newest(day)
    kept = centre.store.reports.content(day, revision=newest) if newest else None
    previous = decode_report(kept) if kept is not None else None
    report = build_report(centre.store.snapshot(report_frame(centre, day)), revision=newest + 1, previous=previous)
    if previous is not None and says_the_same(previous, report):
        return newest
    frozen = Revision(
        report_day=day,
        revision=report.revision,
        sha256="",
        ledger_position=report.ledger_records,
        frozen_at=report.taken_at,
        frozen_by=by,
    )
    try:
        centre.store.reports.add(encode_report(report), revision=frozen)
    except RevisionTakenError:
        return centre.store.reports.newest(day)
    _LOG.info("report frozen", report_day=day.isoformat(), revision=report.revision, by=by)
    return report.revision


def _sign_head(centre: Centre) -> None:
    """Sign the ledger as it is at the cut-off, so that the report prints a head that covers its figures.

    A ledger that was changed is signed by nobody: the alarm stands, and the report prints the head before.
    """
    try:
        Witnessing(centre.store, signing_key=centre.keys.signing, clock=centre.clock).sign_head()
    except RewrittenError:
        _LOG.critical("report frozen over a ledger that does not verify")


def freeze_what_is_due(centre: Centre, *, is_day_new: bool = True) -> list[tuple[date, int]]:
    """Freeze the day that closed last, if nobody has; return what was frozen now, the oldest day first.

    On the first look of a day (``is_day_new``) also every closed day that nobody froze because the centre
    was down, and the late data of the week before. A day that closed before this centre began is not its
    to report. Safe to call at any time and from several workers; what fails is due again at the next look.
    """
    closed = centre.report_day() - timedelta(days=1)
    began_at = centre.store.edges.began_at(now=centre.clock())
    frozen = []
    for days_back in range(LOOKED_BACK_DAYS if is_day_new else 0, -1, -1):
        day = closed - timedelta(days=days_back)
        newest = centre.store.reports.newest(day)
        is_due = 0 < days_back <= REVISED_FOR_DAYS if newest else _closes_at(centre, day) > began_at
        if is_due and (revision := freeze(centre, day, by=BY_CUT_OFF)) != newest:
            frozen.append((day, revision))
    return frozen


def _closes_at(centre: Centre, day: date) -> datetime:
    return report_period(day, cut_off_hour=centre.deployment.cut_off_hour)[1]
