"""Figures for a monitoring system, in Prometheus' form. Counts and states only: nothing about anybody."""

from collections.abc import Iterator

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from starlette.responses import Response

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
        yield from self._devices()

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
