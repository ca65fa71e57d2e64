"""What is known of all devices of one edge, in memory: the same as in the store, plus the tests of honesty.

One thread changes it, the store's writer. What a transaction changes is staged under that transaction and becomes
known with its commit; a transaction that failed leaves nothing behind.
"""

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from checkpoint.watching.drifts import DriftKey, Drifts, begun_from
from devices.condition import WatchFindings
from devices.measurement.honesty.monitor import HonestyMonitor
from devices.measurement.honesty.suspicions import Observation
from devices.measurement.thresholds.state import ThresholdKey, ThresholdState

USUAL_RESOLUTION_C: Final = 0.1
"""Of a device whose maker does not say in which steps it prints."""


class _Staged(msgspec.Struct, kw_only=True):
    """What one open transaction changed so far."""

    of: object = None
    limits: dict[str, ThresholdState] = {}
    drifts: dict[DriftKey, Drifts] = {}


class Watch:
    """The limits, charts and findings of one edge's devices. Read from any thread; changed by the writer's."""

    def __init__(
        self,
        *,
        resolutions_c: Mapping[str, float | None],
        limits: Iterable[ThresholdState] = (),
        drifts: Mapping[DriftKey, Drifts] | None = None,
    ) -> None:
        """Take over what the store kept; ``resolutions_c`` names the devices that are watched."""
        self._resolutions_c = resolutions_c
        self._limits = {_named(state.key): state for state in limits}
        self._drifts = dict(drifts or {})
        self._monitors: dict[str, HonestyMonitor] = {}
        self._staged = _Staged()

    def is_watched(self, device_id: str) -> bool:
        """Whether the settings name this device."""
        return device_id in self._resolutions_c

    @property
    def limits(self) -> tuple[ThresholdState, ...]:
        """Every limit that was ever learnt here."""
        return tuple(self._limits.values())

    @property
    def drifts(self) -> Mapping[DriftKey, Drifts]:
        """Every chart."""
        return dict(self._drifts)

    def findings(self, device_id: str) -> WatchFindings:
        """What speaks against a device as it stands now."""
        monitor = self._monitors.get(device_id)
        alarms = (one.standing_alarm for key, one in tuple(self._drifts.items()) if key.device_id == device_id)
        return WatchFindings(
            suspicions=() if monitor is None else monitor.suspicions,
            drift_alarms=tuple(alarm for alarm in alarms if alarm is not None),
        )

    def observe(self, device_id: str, observation: Observation) -> None:
        """Hold the next reading of a device against what people's temperatures do."""
        if not self.is_watched(device_id):
            return
        monitor = self._monitors.get(device_id)
        if monitor is None:
            resolution_c = self._resolutions_c[device_id] or USUAL_RESOLUTION_C
            monitor = self._monitors[device_id] = HonestyMonitor(resolution_c=resolution_c)
        monitor.accept(observation)

    def limit(self, key: ThresholdKey, *, within: object = None) -> ThresholdState | None:
        """Return a limit as the open transaction left it, or as it was last committed."""
        staged = self._staged.limits if within is not None and self._staged.of is within else {}
        return staged.get(_named(key)) or self._limits.get(_named(key))

    def drift(self, key: DriftKey, *, within: object) -> Drifts:
        """Return a chart in the same way; an empty one where there is none."""
        staged = self._staged.drifts if self._staged.of is within else {}
        return staged.get(key) or self._drifts.get(key) or begun_from(key.subject)

    def stage_limit(self, state: ThresholdState, *, within: object) -> None:
        """Keep a limit for the rest of this transaction."""
        self._open(within).limits[_named(state.key)] = state

    def stage_drift(self, key: DriftKey, drifts: Drifts, *, within: object) -> None:
        """Keep a chart for the rest of this transaction."""
        self._open(within).drifts[key] = drifts

    def publish(self, *, within: object) -> None:
        """Make known what a transaction changed: it is committed."""
        if self._staged.of is within:
            self._limits |= self._staged.limits
            self._drifts |= self._staged.drifts
            self._staged = _Staged()

    def forget(self, device_id: str) -> None:
        """Watch a device anew: its charts and what its readings were suspected of are closed. Its limits stay."""
        self._drifts = {key: one for key, one in self._drifts.items() if key.device_id != device_id}
        self._monitors.pop(device_id, None)

    def _open(self, within: object) -> _Staged:
        if self._staged.of is not within:
            self._staged = _Staged(of=within, limits={}, drifts={})
        return self._staged


def _named(key: ThresholdKey) -> str:
    """Name a limit without its gate: a device at another gate begins anew in the same row."""
    return f"{key.device_id}\0{key.lane_id}\0{key.kind}\0{key.sites[0]}"
