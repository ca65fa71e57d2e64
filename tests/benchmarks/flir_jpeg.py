"""Milliseconds of CPU time for one radiometric JPEG of 640 x 480, from the file's bytes to degrees Celsius.

Ours: the registered driver on the whole file: segments joined, records read, constants judged, radiance corrected and
Planck's law inverted, a ``ThermalFrame`` made. Two pictures: one whose counts stand in the file as they are (a FLIR
SC660, the number that is reported) and one whose counts are a PNG (a FLIR T640, in the context), which cv2 alone needs
longer to unpack than the aim allows for everything. The floor is the bare decoding of the embedded pictures: one pass
that gives words in order for the first, ``cv2.imdecode`` for the second. Rounds alternate; the best of each counts.
Where ../shared is not, both pictures are made up.
"""

import sys
from datetime import UTC, datetime
from pathlib import Path
from time import process_time

import cv2
import numpy as np

from devices.reading import ThermalFrame
from devices.registry import load_driver
from devices.simulator.radiometric_file import radiometric_jpeg
from tests.benchmarks import BenchmarkResult

ROUNDS = 60
AT = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "devices"
PIXELS = 640 * 480


def pictures() -> tuple[bytes, bytes]:
    """Give the two files."""
    files = SHARED / "flir-thermimage" / "IR_2412.jpg", SHARED / "flir-rjpeg-detect" / "T640.jpg"
    if all(file.is_file() for file in files):
        return files[0].read_bytes(), files[1].read_bytes()
    scene = np.random.default_rng(1).normal(27.0, 3.0, size=(480, 640))
    return radiometric_jpeg(scene, as_png=False), radiometric_jpeg(scene, as_png=True)


def ours_ms(content: bytes) -> float:
    """Import one file."""
    begun_s = process_time()
    driver = load_driver("flir_jpeg")(device_id="bench", options={})
    (picture,) = driver.feed(content, received_at=AT)
    took_ms = (process_time() - begun_s) * 1000
    if type(picture) is not ThermalFrame or picture.celsius.size != PIXELS:
        msg = f"no picture of 640 x 480 but {picture!r}"
        raise RuntimeError(msg)
    return took_ms


def words_ms(content: bytes) -> float:
    """Give plain words in order, and find their range."""
    begun_s = process_time()
    words = np.frombuffer(content, dtype="<u2", count=PIXELS, offset=1000).astype(np.uint16)
    words.min(), words.max()
    return (process_time() - begun_s) * 1000


def png_ms(png: np.ndarray) -> float:
    """Unpack the embedded PNG."""
    begun_s = process_time()
    cv2.imdecode(png, cv2.IMREAD_UNCHANGED)
    return (process_time() - begun_s) * 1000


def embedded_png(content: bytes) -> np.ndarray:
    """Find the embedded PNG, its segments joined by the driver's own reader."""
    from devices.drivers.flir_jpeg.segments import SegmentReader

    joined = SegmentReader().feed(content)
    return np.frombuffer(joined[joined.index(b"\x89PNG") :], dtype=np.uint8)


def run() -> BenchmarkResult:
    """Measure both files and both floors in turn."""
    plain, packed = pictures()
    png = embedded_png(packed)
    rounds = [(ours_ms(plain), words_ms(plain), ours_ms(packed), png_ms(png)) for _ in range(ROUNDS)]
    mine, words, mine_of_png, bare_png = (min(column) for column in zip(*rounds, strict=True))
    sys.stderr.write(f"with a PNG inside: {mine_of_png:.2f} ms, of which cv2.imdecode {bare_png:.2f} ms\n")
    return BenchmarkResult(
        name="flir_jpeg",
        value=round(mine, 3),
        unit="CPU ms for 640x480, less is better",
        floor="the embedded words read in order and their range found, no degrees",
        floor_value=round(words, 3),
        aim="at most 2",
        context={
            "png_ms": round(mine_of_png, 2),
            "png_floor_ms": round(bare_png, 2),
            "png_beyond_floor_ms": round(mine_of_png - bare_png, 2),
        },
    )
