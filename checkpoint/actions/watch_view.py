"""The page of limits and drift: limits by device, their changes, the charts, and what speaks against a device."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

import msgspec

from checkpoint.actions.csv_files import csv_bytes
from checkpoint.actions.gate import Gate, Turn
from checkpoint.store.lanes import log_access
from checkpoint.store.watching import KeptChange, changes_of
from checkpoint.watching import is_of_method
from devices.measurement.drift import DriftAlarm
from devices.measurement.honesty.suspicions import Suspicion
from devices.measurement.thresholds.methods import AdaptiveMethod, FixedMethod, Method
from sync.agreement.facts import Citation
from sync.agreement.policy.method_rules import ThresholdMethodRule

SHOWN_CHANGES: Final = 200
SHOWN_POINTS: Final = 120
WRITTEN_CHANGES: Final = 20_000


class LimitView(msgspec.Struct, frozen=True, kw_only=True):
    """One limit as it stands, stated for a room of 22 °C, and the rule that orders it today, if one does."""

    device_id: str
    lane_id: str
    kind: str
    site: str
    method: str
    limit_c: float | None
    changes: int
    settled: int
    false_alarm_share: float | None
    target: float | None
    waiting: int
    is_in_force: bool
    rule_id: str = ""
    lowest_c: float | None = None
    highest_c: float | None = None
    citation: Citation | None = None


class ChangeView(msgspec.Struct, frozen=True, kw_only=True):
    """One change. ``is_latest``: it is the one that can be taken back."""

    device_id: str
    lane_id: str
    kind: str
    site: str
    number: int
    at: datetime
    reason: str
    before_c: float | None
    after_c: float | None
    wanted_c: float | None
    false_alarm_share: float
    settled: int
    reversed_at: datetime | None
    is_latest: bool


class PointView(msgspec.Struct, frozen=True, kw_only=True):
    """One point of a chart: the value and both sums, in spreads."""

    at: datetime
    value_c: float
    upward: float
    downward: float
    is_drifting: bool


class ChartView(msgspec.Struct, frozen=True, kw_only=True):
    """One chart: from ``height`` spreads on it is an alarm."""

    device_id: str
    lane_id: str
    subject: str
    site: str
    height: float
    baseline_c: float | None
    alarm: DriftAlarm | None
    points: tuple[PointView, ...]


class WatchedDevice(msgspec.Struct, frozen=True, kw_only=True):
    """What speaks against one device."""

    device_id: str
    lane_id: str
    suspicions: tuple[Suspicion, ...]


class WatchPage(msgspec.Struct, frozen=True, kw_only=True):
    """Everything on the page."""

    lanes: dict[str, str]
    devices: tuple[WatchedDevice, ...]
    limits: tuple[LimitView, ...]
    changes: tuple[ChangeView, ...]
    charts: tuple[ChartView, ...]


def watch_page(gate: Gate) -> WatchPage:
    """Gather what is known; the changes are the newest ones."""
    with gate.store.readers.connect() as connection:
        kept = changes_of(connection, most=SHOWN_CHANGES)
    return WatchPage(
        lanes={lane.lane_id: lane.label for lane in gate.settings.lane},
        devices=tuple(
            WatchedDevice(
                device_id=device.device_id,
                lane_id=_lane_of(gate, device.device_id),
                suspicions=gate.watch.findings(device.device_id).suspicions,
            )
            for device in gate.settings.device
        ),
        limits=tuple(_limits(gate)),
        changes=tuple(_changes(gate, kept)),
        charts=tuple(_charts(gate)),
    )


def changes_csv(gate: Gate) -> bytes:
    """Write the changes that the gate keeps."""
    with gate.store.readers.connect() as connection:
        changes = _changes(gate, changes_of(connection, most=WRITTEN_CHANGES))
    names = [name for name in ChangeView.__struct_fields__ if name != "is_latest"]
    return csv_bytes(names, ([getattr(change, name) for name in names] for change in changes))


def drift_csv(gate: Gate) -> bytes:
    """Write the points of every chart."""
    columns = ("device_id", "lane_id", "subject", "site", "baseline_c", *PointView.__struct_fields__)
    rows = (
        (
            *(getattr(chart, name) for name in columns[:5]),
            *(getattr(point, name) for name in PointView.__struct_fields__),
        )
        for chart in _charts(gate, most=None)
        for point in chart.points
    )
    return csv_bytes(columns, rows)


def note_watch_export(turn: Turn, subject: str) -> None:
    """Note in the access log that a table was taken as a file."""
    officer_ref = turn.officer_ref or ""
    log_access(
        turn.transaction, at=turn.at, officer_ref=officer_ref, action="watch_exported", subject=subject, reason=""
    )


def _limits(gate: Gate) -> Iterable[LimitView]:
    rules = gate.policy.rules_at(gate.clock()).of_type(ThresholdMethodRule)
    for state in sorted(gate.watch.limits, key=lambda one: one.key):
        figures, key = state.figures, state.key
        rule = next(
            (one for one in rules if is_of_method(state, rule=one) and one.site.value == key.sites[0].value), None
        )
        yield LimitView(
            device_id=key.device_id,
            lane_id=key.lane_id,
            kind=key.kind.value,
            site=key.sites[0].value,
            method=_method_word(state.method),
            limit_c=figures.limit_c,
            changes=figures.changes,
            settled=figures.settled,
            false_alarm_share=figures.charged / figures.settled if figures.settled else None,
            target=state.method.target if isinstance(state.method, AdaptiveMethod) else None,
            waiting=len(state.awaiting),
            is_in_force=rule is not None,
            rule_id=rule.rule_id if rule else "",
            lowest_c=rule.lowest_c if rule else None,
            highest_c=rule.highest_c if rule else None,
            citation=rule.citation if rule else None,
        )


def _method_word(method: Method) -> str:
    if isinstance(method, AdaptiveMethod):
        return "adaptive"
    return "fixed" if isinstance(method, FixedMethod) else "rolling"


def _changes(gate: Gate, kept: Iterable[KeptChange]) -> list[ChangeView]:
    latest = {state.key: state.figures.changes for state in gate.watch.limits}
    return [
        ChangeView(
            device_id=one.change.key.device_id,
            lane_id=one.change.key.lane_id,
            kind=one.change.key.kind.value,
            site=one.change.key.sites[0].value,
            number=one.change.number,
            at=one.change.at,
            reason=one.change.reason.value,
            before_c=one.change.before_c,
            after_c=one.change.after_c,
            wanted_c=one.change.wanted_c,
            false_alarm_share=one.change.false_alarm_share,
            settled=one.change.settled,
            reversed_at=one.reversed_at,
            is_latest=one.reversed_at is None and latest.get(one.change.key) == one.change.number,
        )
        for one in kept
    ]


def _charts(gate: Gate, *, most: int | None = SHOWN_POINTS) -> Iterable[ChartView]:
    for key, drifts in sorted(gate.watch.drifts.items()):
        points = drifts.state.chart if most is None else drifts.state.chart[-most:]
        yield ChartView(
            device_id=key.device_id,
            lane_id=_lane_of(gate, key.device_id),
            subject=key.subject.value,
            site=key.site.value,
            height=drifts.state.settings.height,
            baseline_c=drifts.state.baseline_c,
            alarm=drifts.standing_alarm,
            points=tuple(
                PointView(
                    at=point.at,
                    value_c=point.value_c,
                    upward=point.upward,
                    downward=point.downward,
                    is_drifting=point.is_drifting,
                )
                for point in points
            ),
        )


def _lane_of(gate: Gate, device_id: str) -> str:
    lane = gate.settings.lane_of_device(device_id)
    return "" if lane is None else lane.lane_id
