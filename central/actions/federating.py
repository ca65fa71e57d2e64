"""A province as an edge of the nation: what it tells upward, and how it tells it.

Sent by default, and nothing else: the figures of each frozen report, and each reviewed case without
its person. A case's reference is an HMAC under a key of this province, so that the nation can follow
one case through its reviews and nobody can go back from it to a crossing.
"""

import hashlib
import hmac
from collections.abc import Mapping

from central.actions.opening import Centre
from central.ledger import CrossingState
from central.report.daily_report import COUNTED, DailyReport, Figures, decode_report
from central.store.centre_journal import Review
from central.store.federation import FederationJournal
from sync.agreement.records import CaseNotified, FigureReported, FiguresReported, RecordBody

_AGE_BAND_YEARS = 10
_REFERENCE_TAG = b"kiemdich/case-reference/v1\x00"
_EACH_LOOK = 500


def figures_of_report(report: DailyReport) -> FiguresReported:
    """Turn a frozen report into sums by gate and direction, and by category; zeros are left out."""
    figures: list[FigureReported] = []
    for gate in report.gates:
        for direction, counted in sorted(gate.by_direction.items()):
            place = {"point_of_entry_id": gate.point_of_entry_id, "direction": direction, "category": None}
            figures += _lines(counted, place=place)
    for category, counted in sorted(report.categories.items()):
        figures += _lines(counted, place={"point_of_entry_id": None, "direction": None, "category": category})
    return FiguresReported(
        report_day=report.report_day,
        revision=report.revision,
        ledger_position=report.ledger_records,
        figures=tuple(figures),
    )


def case_of(state: CrossingState, review: Review, *, reference_key: bytes) -> CaseNotified:
    """De-identify a reviewed case: no name, no number, no crossing, the age as a band of ten years."""
    return CaseNotified(
        case_ref=case_reference(state.crossing_id, key=reference_key),
        case_class=review.case_class,
        report_day=state.report_day,
        point_of_entry_id=state.point_of_entry_id,
        age_band=age_band(state.age_years),
        sex=state.sex,
        nationality=state.nationality,
        reviewed_at=review.reviewed_at,
    )


def case_reference(crossing_id: str, *, key: bytes) -> str:
    """Return the case's name towards the nation: the same for each review of one crossing."""
    return hmac.new(key, _REFERENCE_TAG + crossing_id.encode(), hashlib.sha256).hexdigest()


def age_band(age_years: int | None) -> str | None:
    """Return the band of ten years that an age lies in.

    >>> age_band(41), age_band(7), age_band(None)
    ('40-49', '0-9', None)
    """
    if age_years is None:
        return None
    start = age_years - age_years % _AGE_BAND_YEARS
    return f"{start}-{start + _AGE_BAND_YEARS - 1}"


def note_what_is_new(centre: Centre, journal: FederationJournal) -> int:
    """Write every report and review that was not sent yet into the journal; return how many records."""
    bodies: dict[str, RecordBody] = {}
    for day, revision in centre.store.unsent.reports(limit=_EACH_LOOK):
        content = centre.store.reports.content(day, revision=revision)
        if content is not None:
            bodies[f"report/{day}/{revision}"] = figures_of_report(decode_report(content))
    for review in centre.store.unsent.reviews(limit=_EACH_LOOK):
        state = centre.store.desk.state(review.crossing_id)
        if state is not None:
            source = f"review/{review.incarnation}/{review.sequence}"
            bodies[source] = case_of(state, review, reference_key=centre.keys.case_reference)
    return journal.add(bodies) if bodies else 0


def _lines(counted: Figures, *, place: Mapping[str, str | None]) -> list[FigureReported]:
    return [
        FigureReported(**place, figure=name, count=count)  # type: ignore[arg-type]
        for name in COUNTED
        if (count := getattr(counted, name))
    ]
