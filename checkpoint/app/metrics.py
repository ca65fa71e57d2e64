"""Figures for a monitoring system, in Prometheus' form. Counts and states only: nothing about anybody."""

from collections.abc import Iterator

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from starlette.responses import Response

from checkpoint.actions.mirroring import policy_age
from checkpoint.app.edge_app import EdgeApp


class _EdgeCollector:
    """Reads the running edge when it is asked; keeps nothing."""

    def __init__(self, edge: EdgeApp) -> None:
        self._edge = edge

    def collect(self) -> Iterator[Metric]:
        """Yield each figure."""
        uplink = self._edge.workers.uplink_view()
        yield GaugeMetricFamily("kiemdich_journal_head", "Sequence of the last record", self._edge.gate.head_sequence)
        yield GaugeMetricFamily("kiemdich_records_pending", "Records the centre does not hold yet", uplink.pending)
        state = GaugeMetricFamily("kiemdich_uplink_state", "1 for the state the uplink is in", labels=["state"])
        state.add_metric([uplink.state], 1)
        yield state
        yield from self._policy()
        yield from self._disk()
        yield from self._devices()

    def _policy(self) -> Iterator[Metric]:
        age = policy_age(self._edge.gate, at=self._edge.gate.clock())
        if age.age_s is not None:
            name, words = "kiemdich_policy_age_seconds", "Time since the centre last answered for its journal"
            yield GaugeMetricFamily(name, words, age.age_s)
        yield GaugeMetricFamily("kiemdich_policies_refused", "Policies of the centre not in force here", age.refused)
        due = self._edge.gate.mirror.scrub_due
        yield GaugeMetricFamily("kiemdich_scrub_due", "Erased episodes whose bytes may still lie in the file", due)

    def _disk(self) -> Iterator[Metric]:
        disk = self._edge.gate.disk.view()
        yield GaugeMetricFamily("kiemdich_disk_free_bytes", "Free bytes on the disk of the records", disk.free_bytes)
        yield GaugeMetricFamily("kiemdich_disk_total_bytes", "Size of the disk of the records", disk.total_bytes)
        yield GaugeMetricFamily("kiemdich_disk_ballast_bytes", "Bytes held back for a full disk", disk.ballast_bytes)
        level = GaugeMetricFamily("kiemdich_disk_level", "1 for the level the disk is at", labels=["level"])
        level.add_metric([disk.level.value], 1)
        yield level

    def _devices(self) -> Iterator[Metric]:
        up = GaugeMetricFamily("kiemdich_device_up", "Whether the device delivers", labels=["device_id"])
        readings = CounterMetricFamily("kiemdich_device_readings", "Readings", labels=["device_id"])
        faults = CounterMetricFamily("kiemdich_device_faults", "Faults by code", labels=["device_id", "code"])
        for device_id, health in self._edge.workers.device_health().items():
            up.add_metric([device_id], 1 if health.state == "up" else 0)
            readings.add_metric([device_id], health.readings)
            for code, count in health.faults.items():
                faults.add_metric([device_id, code.value], count)
        yield from (up, readings, faults)


def metrics_answer(edge: EdgeApp) -> Response:
    """Answer with every figure."""
    registry = CollectorRegistry()
    registry.register(_EdgeCollector(edge))
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)
