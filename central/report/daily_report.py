"""The daily report as a value: drawn from counts, checked by its own identities, numbered by revision.

Pure. A gate that did not report has no figures at all (never zeros); totals add up the gates that
did, and the missing ones are named beside them. Late data make a new revision that states what
changed; nothing already printed is edited.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta

import msgspec

from central.dimensions import Dimension
from central.report.snapshot import (
    BesideCount,
    CoverageLine,
    DayCount,
    DimensionCount,
    EdgeHead,
    ExpressOnlyRow,
    GateSnapshot,
    LedgerHead,
    OrderLine,
    ReferredRow,
    ReportSnapshot,
    UnmeasuredRow,
)
from sync.agreement.vocabulary import Direction, PointOfEntryKind, TravellerCategory

ENDS = ("cleared", "isolated", "referred", "refused", "pending", "withdrawn")
"""Every crossing is in exactly one of these: the right side of the identity."""

COUNTED = (
    "crossings",
    "measured",
    "not_measured",
    "suspected",
    "confirmed",
    "cleared_after_recheck",
    *ENDS,
    "with_exception",
    "redirected",
)
FORMAT_VERSION = 1
BY_DIMENSION = "sum by "
"""How the right side of an identity over a dimension begins."""
PROVINCE = "province"
"""The scope of what is said of all gates together."""


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of one gate, direction, category or of all. ``coverage`` is measured / (crossings - withdrawn).

    ``coverage`` is ``None`` where nobody had to be measured: a share of nothing is no 100 %.
    """

    crossings: int = 0
    measured: int = 0
    not_measured: int = 0
    suspected: int = 0
    confirmed: int = 0
    cleared_after_recheck: int = 0
    cleared: int = 0
    isolated: int = 0
    referred: int = 0
    refused: int = 0
    pending: int = 0
    withdrawn: int = 0
    with_exception: int = 0
    redirected: int = 0
    coverage: float | None = None


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """One equation that must hold, with both sides as counted."""

    scope: str
    left_name: str
    left: int
    right_name: str
    right: int

    @property
    def holds(self) -> bool:
        """Whether both sides are equal."""
        return self.left == self.right


class DimensionFigures(msgspec.Struct, frozen=True, kw_only=True):
    """How many crossings of all gates have one value of a dimension."""

    crossings: int = 0
    measured: int = 0
    suspected: int = 0
    confirmed: int = 0


class GateLine(msgspec.Struct, frozen=True, kw_only=True):
    """One gate's line. ``figures`` is ``None`` where nothing was reported: printed KHÔNG CÓ SỐ LIỆU, never 0.

    ``reported_until`` is set where the gate fell silent before the report was taken: its figures stand as of then.
    ``pending_records`` are said to be at the gate still: figures without them are not whole, and no figures
    with them are printed CHỜ DỮ LIỆU.
    """

    point_of_entry_id: str
    name: str
    kind: PointOfEntryKind
    figures: Figures | None
    by_direction: dict[Direction, Figures]
    reported_until: datetime | None = None
    suspended_by: str | None = None
    pending_records: int = 0


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What one figure was in the revision before and is now; ``None`` where there was no figure."""

    scope: str
    figure: str
    before: int | None
    after: int | None


class DailyReport(msgspec.Struct, frozen=True, kw_only=True):
    """One frozen revision of one day's report."""

    format_version: int
    report_day: date
    revision: int
    is_final: bool
    starts_at: datetime
    cut_off_at: datetime
    taken_at: datetime
    totals: Figures
    gates: tuple[GateLine, ...]
    categories: dict[TravellerCategory, Figures]
    identities: tuple[Identity, ...]
    identities_hold: bool
    units_without_figures: tuple[str, ...]
    referred: tuple[ReferredRow, ...]
    unmeasured: tuple[UnmeasuredRow, ...]
    orders: tuple[OrderLine, ...]
    changes: tuple[Change, ...]
    late_records: int
    corrected_crossings: int
    quarantined_records: int
    unprojected_records: int
    ledger_records: int
    ledger_hash: str
    edge_heads: tuple[EdgeHead, ...]
    signed_head: LedgerHead | None = None
    express_only: tuple[ExpressOnlyRow, ...] = ()
    dimensions: dict[Dimension, dict[str, DimensionFigures]] | None = None
    beside: tuple[BesideCount, ...] | None = None
    coverage: tuple[CoverageLine, ...] | None = None


def build_report(snapshot: ReportSnapshot, *, revision: int, previous: DailyReport | None = None) -> DailyReport:
    """Draw revision ``revision`` from ``snapshot``; ``previous`` is the revision before, to state what changed."""
    gates = tuple(_gate_line(gate, snapshot=snapshot) for gate in snapshot.gates)
    totals = figures_of(snapshot.counts)
    figures_by_gate = {gate.point_of_entry_id: gate.figures for gate in gates if gate.figures}
    dimensions = None if snapshot.dimensions is None else _by_dimension(snapshot.dimensions)
    identities = identities_of(figures_by_gate, totals=totals) + _cuts(dimensions or {}, totals=totals)
    return DailyReport(
        format_version=FORMAT_VERSION,
        report_day=snapshot.report_day,
        revision=revision,
        is_final=snapshot.taken_at >= snapshot.cut_off_at,
        starts_at=snapshot.starts_at,
        cut_off_at=snapshot.cut_off_at,
        taken_at=snapshot.taken_at,
        totals=totals,
        gates=gates,
        categories=_by_category(snapshot.counts),
        identities=identities,
        identities_hold=all(identity.holds for identity in identities),
        units_without_figures=tuple(gate.name for gate in gates if gate.figures is None and not gate.suspended_by),
        referred=snapshot.referred,
        unmeasured=snapshot.unmeasured,
        orders=snapshot.orders,
        changes=_changes(previous, gates=gates, totals=totals) if previous else (),
        late_records=snapshot.late_records,
        corrected_crossings=snapshot.corrected_crossings,
        quarantined_records=snapshot.quarantined_records,
        unprojected_records=snapshot.unprojected_records,
        ledger_records=snapshot.ledger_records,
        ledger_hash=snapshot.ledger_hash,
        edge_heads=snapshot.edge_heads,
        signed_head=snapshot.signed_head,
        express_only=snapshot.express_only,
        dimensions=dimensions,
        beside=snapshot.beside,
        coverage=snapshot.coverage,
    )


def _by_category(counts: Iterable[DayCount]) -> dict[TravellerCategory, Figures]:
    known = tuple(counts)
    return {
        category: figures_of(count for count in known if count.category is category) for category in TravellerCategory
    }


def _by_dimension(counts: Iterable[DimensionCount]) -> dict[Dimension, dict[str, DimensionFigures]]:
    """Add the gates up, value by value; a dimension of which nothing was counted is there and empty."""
    sums: dict[Dimension, dict[str, Counter[str]]] = {dimension: {} for dimension in Dimension}
    for one in counts:
        sums[one.dimension].setdefault(one.value, Counter())[one.figure] += one.count
    return {
        dimension: {value: DimensionFigures(**figures) for value, figures in sorted(values.items())}
        for dimension, values in sums.items()
    }


def _cuts(dimensions: Mapping[Dimension, Mapping[str, DimensionFigures]], *, totals: Figures) -> tuple[Identity, ...]:
    """Over every dimension each figure adds up to the total: nobody is left out for not being known."""
    return tuple(
        Identity(
            scope=PROVINCE,
            left_name=name,
            left=getattr(totals, name),
            right_name=f"{BY_DIMENSION}{dimension}",
            right=sum(getattr(figures, name) for figures in values.values()),
        )
        for dimension, values in dimensions.items()
        for name in DimensionFigures.__struct_fields__
    )


def figures_of(counts: Iterable[DayCount]) -> Figures:
    """Add counters up.

    >>> figures_of([]).coverage is None
    True
    """
    sums: Counter[str] = Counter()
    for count in counts:
        sums[count.figure] += count.count
    due = sums["crossings"] - sums["withdrawn"]
    coverage = round(sums["measured"] / due, 6) if due else None
    return Figures(**{name: sums[name] for name in COUNTED}, coverage=coverage)


def identities_of(figures_by_gate: Mapping[str, Figures], *, totals: Figures) -> tuple[Identity, ...]:
    """Crossings equal their ends, at each gate and in sum; and the gates add up to the province."""
    ends = " + ".join(ENDS)
    equations = [_equation(scope, figures, right_name=ends) for scope, figures in figures_by_gate.items()]
    equations.append(_equation(PROVINCE, totals, right_name=ends))
    equations += [
        Identity(
            scope=PROVINCE,
            left_name=name,
            left=getattr(totals, name),
            right_name=f"sum of gates: {name}",
            right=sum(getattr(figures, name) for figures in figures_by_gate.values()),
        )
        for name in COUNTED
    ]
    return tuple(equations)


def says_the_same(one: DailyReport, other: DailyReport) -> bool:
    """Whether two reports print the same figures, so that no new revision is due."""
    is_new = (one.dimensions is None) is not (other.dimensions is None)  # a revision of an older program has none
    return _substance(one) == _substance(other) and (is_new or _beside(one) == _beside(other))


def _beside(report: DailyReport) -> tuple[object, ...]:
    return (report.dimensions, report.beside, report.coverage)


def encode_report(report: DailyReport) -> bytes:
    """The report's bytes: what is stored, hashed, downloaded and printed from; the same report, the same bytes."""
    return msgspec.json.format(msgspec.json.encode(report, order="deterministic"), indent=1) + b"\n"


def decode_report(content: bytes) -> DailyReport:
    """Read stored bytes again."""
    return msgspec.json.decode(content, type=DailyReport)


def _gate_line(gate: GateSnapshot, *, snapshot: ReportSnapshot) -> GateLine:
    counts = [count for count in snapshot.counts if count.point_of_entry_id == gate.point_of_entry_id]
    has_spoken = bool(counts) or _could_have_counted(gate, snapshot=snapshot)
    return GateLine(
        point_of_entry_id=gate.point_of_entry_id,
        name=gate.name,
        kind=gate.kind,
        figures=figures_of(counts) if has_spoken else None,
        by_direction={
            direction: figures_of(count for count in counts if count.direction is direction)
            for direction in (Direction.ENTRY, Direction.EXIT)
        }
        if has_spoken
        else {},
        reported_until=gate.last_contact_at if has_spoken and _fell_silent(gate, snapshot=snapshot) else None,
        suspended_by=gate.suspended_by,
        pending_records=gate.pending_records,
    )


def _could_have_counted(gate: GateSnapshot, *, snapshot: ReportSnapshot) -> bool:
    """Whether "no crossing" is a figure: the gate had an edge before the day closed, which called since it began.

    An edge that called and said that it has records to send yet has not counted nothing.
    """
    if gate.pending_records:
        return False
    was_there = gate.enrolled_at is None or gate.enrolled_at < snapshot.cut_off_at
    return was_there and gate.last_contact_at is not None and gate.last_contact_at >= snapshot.starts_at


def _fell_silent(gate: GateSnapshot, *, snapshot: ReportSnapshot) -> bool:
    """Whether the gate was out of contact for longer than usual when its figures were taken."""
    ends_at = min(snapshot.cut_off_at, snapshot.taken_at)
    silent_after = timedelta(seconds=snapshot.silent_after_s)
    return gate.last_contact_at is not None and gate.last_contact_at < ends_at - silent_after


def _equation(scope: str, figures: Figures, *, right_name: str) -> Identity:
    right = sum(getattr(figures, name) for name in ENDS)
    return Identity(scope=scope, left_name="crossings", left=figures.crossings, right_name=right_name, right=right)


def _changes(previous: DailyReport, *, gates: Iterable[GateLine], totals: Figures) -> tuple[Change, ...]:
    before = {PROVINCE: previous.totals} | {gate.point_of_entry_id: gate.figures for gate in previous.gates}
    after = {PROVINCE: totals} | {gate.point_of_entry_id: gate.figures for gate in gates}
    return tuple(
        Change(scope=scope, figure=name, before=_value(before.get(scope), name), after=_value(after.get(scope), name))
        for scope in dict.fromkeys([*after, *before])
        for name in COUNTED
        if _value(before.get(scope), name) != _value(after.get(scope), name)
    )


def _value(figures: Figures | None, name: str) -> int | None:
    return None if figures is None else int(getattr(figures, name))


def _substance(report: DailyReport) -> tuple[object, ...]:
    return (
        report.totals,
        tuple((gate.point_of_entry_id, gate.figures, gate.by_direction, gate.suspended_by) for gate in report.gates),
        tuple(bool(gate.pending_records) for gate in report.gates),
        sum(edge.lost_records for edge in report.edge_heads),
        report.categories,
        report.referred,
        report.unmeasured,
        report.orders,
        report.is_final,
        report.quarantined_records,
        report.unprojected_records,
        report.express_only,
    )
