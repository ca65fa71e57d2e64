"""Share of a core that a serial line at 460,800 baud costs: the link alone, and with its driver behind it.

Another program writes frames of the GY-MCU90640 into a pseudo-terminal as a USB converter delivers
them: 62 bytes at a time, 46,080 bytes a second. Measured is the processor time of this program, in
per cent of one core: for the link (value), for the link and the resynchronising decoder (context),
and for the barest loop that waits and reads the descriptor (floor). Each for the same few seconds.
"""

import os
import select
import subprocess
import sys
import tempfile
import tty
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic, process_time

from devices.reading import ThermalFrame
from devices.registry import DeviceConfig, load_driver, load_link
from tests.benchmarks import BenchmarkResult
from tests.benchmarks.decode_gy import recording

BYTES_PER_S = 46_080
SECONDS = 4.0
AT = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
_WRITER = """
import os, sys, time
end, path, pace = int(sys.argv[1]), sys.argv[2], float(sys.argv[3])
content = open(path, "rb").read()
begun, sent = time.monotonic(), 0
while True:
    at = sent % (len(content) - 62)
    os.write(end, content[at : at + 62] if at + 62 <= len(content) else content[at:])
    sent += 62
    time.sleep(max(0.0, begun + sent / pace - time.monotonic()))
"""


class _Line:
    """A pseudo-terminal with the writing program at its other end."""

    def __init__(self, recorded: Path) -> None:
        self._device_end, self._host_end = os.openpty()
        tty.setraw(self._host_end)
        self.path = os.ttyname(self._host_end)
        words = [sys.executable, "-c", _WRITER, str(self._device_end), str(recorded), str(BYTES_PER_S)]
        self._writer = subprocess.Popen(words, pass_fds=(self._device_end,))

    def close(self) -> None:
        """End the writer, then the line."""
        self._writer.kill()
        self._writer.wait()
        os.close(self._device_end)
        os.close(self._host_end)


def _bare(path: str) -> tuple[float, int]:
    """Wait and read, nothing else; per cent of a core and bytes."""
    descriptor = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    count, begun_s, until_s = 0, process_time(), monotonic() + SECONDS
    while monotonic() < until_s:
        if select.select((descriptor,), (), (), 0.2)[0]:
            count += len(os.read(descriptor, 65536))
    used_s = process_time() - begun_s
    os.close(descriptor)
    return 100 * used_s / SECONDS, count


def _link(path: str, *, decodes: bool) -> tuple[float, int]:
    """The link as the scanner uses it, with or without the decoder; per cent of a core and bytes (or frames' bytes)."""
    device = DeviceConfig(device_id="bench", driver="gy_mcu90640", url=f"serial://{path}?baud=460800")
    driver_class = load_driver(device.driver)
    driver, link = (
        driver_class(device_id="bench", options={}),
        load_link(device.url)(device, manifest=driver_class.manifest),
    )
    link.open()
    count, begun_s, until_s = 0, process_time(), monotonic() + SECONDS
    while monotonic() < until_s:
        delivery = link.receive(timeout_s=0.2)
        if delivery is None:
            continue
        if decodes:
            events = driver.feed(delivery.payload, received_at=AT)
            count += 1544 * sum(isinstance(event, ThermalFrame) for event in events)
        else:
            count += len(delivery.payload)
    used_s = process_time() - begun_s
    link.close()
    return 100 * used_s / SECONDS, count


def run() -> BenchmarkResult:
    """Measure the three in turn on one line; refuse to speak of a line that did not carry its bytes."""
    with tempfile.TemporaryDirectory() as folder:
        recorded = Path(folder) / "frames"
        recorded.write_bytes(recording(seed=7)[: 1544 * 500])
        line = _Line(recorded)
        try:
            _bare(line.path)  # empties what gathered before anybody listened
            floor_share, _ = _bare(line.path)
            link_share, link_bytes = _link(line.path, decodes=False)
            whole_share, whole_bytes = _link(line.path, decodes=True)
        finally:
            line.close()
    for name, count in (("link", link_bytes), ("link and decoder", whole_bytes)):
        if not 0.9 < count / (BYTES_PER_S * SECONDS) < 1.2:
            msg = f"{name}: {count / SECONDS:,.0f} bytes a second instead of {BYTES_PER_S:,}"
            raise RuntimeError(msg)
    return BenchmarkResult(
        name="serial_link",
        value=round(link_share, 3),
        unit="% of a core (less is better)",
        floor="select and os.read on the same line, woken for every 62 bytes",
        floor_value=round(floor_share, 3),
        aim="at most 2",
        context={"with the decoder": round(whole_share, 3), "bytes per second": round(link_bytes / SECONDS, 1)},
    )
