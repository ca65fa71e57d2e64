"""The figures of a shift, per lane, from rows of crossings. Sums of shifts are the figures of the day.

Every crossing stands in exactly one disposition: cleared, isolated, referred, refused, pending or withdrawn.
``measured + not_measured = crossings - withdrawn``, as in the daily report: a withdrawn crossing counts only as a
crossing and as withdrawn (and its sheet as one from paper).
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec

from sync.agreement.vocabulary import Disposition


class CountedCrossing(msgspec.Struct, frozen=True, kw_only=True):
    """What the arithmetic needs of one crossing.

    ``handled_s``: from presented to recorded; ``None`` where it was recorded later, from paper or from a handheld.
    """

    lane_id: str
    presented_at: datetime
    disposition: Disposition
    is_measured: bool
    has_alarm: bool
    is_rechecked: bool
    exception_code: str | None
    handled_s: float | None
    is_from_paper: bool
    is_intercepted: bool = False


class LaneFigures(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of one lane, or of all lanes. ``handled`` crossings took ``handled_s`` seconds together."""

    crossings: int = 0
    measured: int = 0
    not_measured: int = 0
    cleared: int = 0
    isolated: int = 0
    referred: int = 0
    refused: int = 0
    pending: int = 0
    withdrawn: int = 0
    alarms: int = 0
    rechecks: int = 0
    from_paper: int = 0
    handled: int = 0
    handled_s: float = 0.0
    exceptions: Mapping[str, int] = {}

    @property
    def seconds_per_crossing(self) -> float | None:
        """The mean time from presentation to record, in seconds; ``None`` where nothing was timed."""
        return self.handled_s / self.handled if self.handled else None

    @property
    def dispositions(self) -> int:
        """The sum of all dispositions: equal to ``crossings``."""
        return self.cleared + self.isolated + self.referred + self.refused + self.pending + self.withdrawn


def lane_figures(rows: Iterable[CountedCrossing]) -> LaneFigures:
    """Count the rows of one lane, or of all."""
    return total_of(_figures_of(row) for row in rows)


def figures_by_lane(rows: Iterable[CountedCrossing], *, lanes: Iterable[str]) -> dict[str, LaneFigures]:
    """Count per lane; a lane without a crossing has zeros, one that is gone from the settings still counts."""
    kept: dict[str, list[CountedCrossing]] = {lane_id: [] for lane_id in lanes}
    for row in rows:
        kept.setdefault(row.lane_id, []).append(row)
    return {lane_id: lane_figures(some) for lane_id, some in kept.items()}


def total_of(parts: Iterable[LaneFigures]) -> LaneFigures:
    """Add figures up."""
    some = tuple(parts)
    exceptions: Counter[str] = Counter()
    for part in some:
        exceptions.update(part.exceptions)
    names = [name for name in LaneFigures.__struct_fields__ if name != "exceptions"]
    sums = {name: sum(getattr(part, name) for part in some) for name in names}
    return LaneFigures(**sums, exceptions=dict(sorted(exceptions.items())))


def _figures_of(row: CountedCrossing) -> LaneFigures:
    if row.disposition is Disposition.WITHDRAWN:
        return LaneFigures(crossings=1, withdrawn=1, from_paper=int(row.is_from_paper))
    is_timed = row.handled_s is not None and not row.is_from_paper
    return LaneFigures(
        crossings=1,
        measured=int(row.is_measured),
        not_measured=int(not row.is_measured),
        alarms=int(row.has_alarm),
        rechecks=int(row.is_rechecked),
        from_paper=int(row.is_from_paper),
        handled=int(is_timed),
        handled_s=row.handled_s or 0.0 if is_timed else 0.0,
        exceptions={row.exception_code: 1} if row.exception_code else {},
        **{row.disposition.value: 1},
    )
