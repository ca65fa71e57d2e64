"""What one crossing became, record by record, and what each frozen report saw of it on the way."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

import msgspec

from central.dimensions import Seen, seen_of
from central.ledger import CrossingState
from central.reception import ReceivedRecord
from central.rollup import Shape, shape_of, spread
from central.store.bulk import Row
from central.store.differences import plain
from central.store.gate_check import GateFound
from central.store.projection import Judgement, Projection, Sender
from central.store.province_check import Reported

NOBODY = Sender(point_of_entry_id="")
"""Who sent a record of an edge that is not enrolled."""


class ReportPoint(msgspec.Struct, frozen=True, kw_only=True):
    """Where a frozen report stands: after so many entries of the ledger and so many replays."""

    report_day: date
    revision: int
    position: int
    replays: int


class Scope(msgspec.Struct, frozen=True, kw_only=True):
    """What a worker needs to know beside the database. ``first`` and ``until`` bound its crossings (no bound: None)."""

    cut_off_hour: int
    senders: dict[str, Sender]
    reports: dict[date, list[ReportPoint]]
    first: str | None = None
    until: str | None = None


class Checked(msgspec.Struct, kw_only=True):
    """What a worker found to be right, to be added up and compared with the tables' sizes."""

    records: int = 0
    crossings: int = 0
    held: int = 0
    recovered: int = 0
    replays: int = 0
    awaiting_replay: int = 0
    shapes: Counter[Shape] = msgspec.field(default_factory=Counter)
    ends: Counter[tuple[int, Seen]] = msgspec.field(default_factory=Counter)
    report_seen: dict[tuple[date, int], Counter[Seen]] = msgspec.field(default_factory=dict)
    reported: Reported = msgspec.field(default_factory=dict)
    gate: GateFound = msgspec.field(default_factory=GateFound)

    def note(self, steps: Sequence[tuple[int, CrossingState]], *, reports: Sequence[ReportPoint]) -> None:
        """Count a crossing by its states after each position, at its end and in the reports drawn on the way.

        Most reports of a day see the end: which of them (a bit for each) is counted with it, once, until ``settle``.
        """
        self.records += len(steps)
        reached, end = steps[-1]
        seeing = 0
        for place, report in enumerate(reports):
            if reached <= report.position:
                seeing |= 1 << place
            elif steps[0][0] <= report.position:
                on_the_way = [state for position, state in steps if position <= report.position]
                self._see(report, seen_of(on_the_way[-1]))
        self.ends[seeing, seen_of(end)] += 1

    def settle(self, reports: Mapping[date, Sequence[ReportPoint]]) -> None:
        """Bring the ends that were noted to the reports of their days; after it ``add`` may take them in."""
        for (seeing, seen), count in self.ends.items():
            self.shapes[seen.shape] += count
            for place, report in enumerate(reports.get(seen.shape.report_day, ())):
                if seeing >> place & 1:
                    self._see(report, seen, count=count)
        self.ends.clear()

    def _see(self, report: ReportPoint, seen: Seen, *, count: int = 1) -> None:
        self.report_seen.setdefault(key_of(report), Counter())[seen] += count

    def add(self, other: "Checked") -> None:
        """Take in what another worker found."""
        for count in ("records", "crossings", "held", "recovered", "replays", "awaiting_replay"):
            setattr(self, count, getattr(self, count) + getattr(other, count))
        self.shapes.update(other.shapes)
        self.gate.add(other.gate)
        for name, places in other.reported.items():
            self.reported.setdefault(name, []).extend(places)
        for key, seen in other.report_seen.items():
            self.report_seen.setdefault(key, Counter()).update(seen)

    def counters(self) -> dict[object, Row]:
        """Return the counters as the rows of ``day_count``, by key."""
        return {plain(key): (*plain(key), count) for key, count in spread(self.shapes).items()}

    def seen_by(self, report: ReportPoint) -> Counter[Seen]:
        """Return what one report saw of all crossings."""
        return self.report_seen.get(key_of(report), Counter())


class Story:
    """One crossing as its records so far have made it, and what reports saw of it on the way."""

    def __init__(self, scope: Scope, *, crossing_id: str | None) -> None:
        self._scope = scope
        self._crossing_id = crossing_id
        self._projection = Projection(cut_off_hour=scope.cut_off_hour)
        self._seen: list[tuple[ReportPoint, Seen]] = []
        self._passed: set[tuple[date, int]] = set()
        self._place: tuple[int, int | None] = (0, None)

    @property
    def state(self) -> CrossingState | None:
        """The crossing so far; ``None`` before a record has opened it."""
        return self._projection.states.get(self._crossing_id) if self._crossing_id is not None else None

    def apply(self, received: ReceivedRecord, *, sender: Sender) -> Judgement:
        """Let one record take effect."""
        was_open = self.state is not None
        judgement = self._projection.take(received, sender=sender)
        state = self.state
        if state is not None and not was_open:
            # Reports that were drawn before the crossing began saw nothing of it.
            self._passed.update(key_of(report) for report in self._drawn_before(state.report_day))
        return judgement

    def try_out(self, received: ReceivedRecord, *, sender: Sender) -> Judgement:
        """Say what the rules of today make of a record, and leave everything as it is."""
        before = self._projection.states
        trial = Projection(cut_off_hour=self._scope.cut_off_hour, before=before)
        return trial.take(received, sender=sender)

    def come_to(self, position: int, *, replay: int | None = None) -> None:
        """Note what the reports saw that were drawn before this entry, or before this replay."""
        self._place = (position, replay)
        state = self.state
        if state is not None:
            self._show(self._drawn_before(state.report_day), state=state)

    def close(self, found: Checked) -> None:
        """Count the crossing, and what every report saw of it."""
        state = self.state
        if state is None:
            return
        found.shapes[shape_of(state)] += 1
        self._show(self._scope.reports.get(state.report_day, ()), state=state)
        for report, seen in self._seen:
            found.report_seen.setdefault(key_of(report), Counter())[seen] += 1

    def _drawn_before(self, day: date) -> list[ReportPoint]:
        position, replay = self._place
        return [
            report
            for report in self._scope.reports.get(day, ())
            if report.position < position and (replay is None or report.replays < replay)
        ]

    def _show(self, reports: Iterable[ReportPoint], *, state: CrossingState) -> None:
        for report in reports:
            if key_of(report) not in self._passed:
                self._passed.add(key_of(report))
                self._seen.append((report, seen_of(state)))


def key_of(report: ReportPoint) -> tuple[date, int]:
    """Return what names a frozen report."""
    return report.report_day, report.revision
