"""Pictures per second and core from the raw pages of an MLX90640 to degrees Celsius, everything compensated.

Ours: the registered driver fed with the bridge's bytes, piece by piece as a line would bring them: frames found,
checksums verified, pages paired, 768 pixels compensated, plausibility judged, a ``ThermalFrame`` made. The floor is the
pure-Python library of the sensor's best-known driver, which gets the words already in hand: no bytes, no checksum. The
sensor is the vendor's worked example where ../shared is, else one made up. Rounds alternate; the best of each counts.
"""

import sys
from datetime import UTC, datetime
from pathlib import Path
from time import process_time

import numpy as np

from devices.reading import ThermalFrame
from devices.registry import load_driver
from tests.benchmarks import BenchmarkResult
from tests.devices.mlx_pages import framed, memory_words, page_words
from tests.devices.pure_python_array import PurePythonArray

IMAGES, FLOOR_IMAGES, ROUNDS = 4_000, 60, 5
PIECE_BYTES = 4096
AT = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
EXAMPLE = Path(__file__).resolve().parents[3] / "shared" / "data" / "devices" / "mlx90640"
CHESS = 0x1901


def sensor() -> tuple[np.ndarray, list[list[int]]]:
    """Give a memory and the two halves of a picture, each with status and control register."""
    if not EXAMPLE.is_dir():
        celsius = np.random.default_rng(1).uniform(20, 37, size=(24, 32))
        halves = [page_words(celsius, emissivity=1.0, subpage=half).tolist() for half in (0, 1)]
        return memory_words(), halves
    memory = np.frombuffer((EXAMPLE / "eeprom_be.bin").read_bytes(), dtype=">u2")
    pages = [np.frombuffer((EXAMPLE / f"frame{half}_ram_be.bin").read_bytes(), dtype=">u2") for half in (0, 1)]
    return memory, [[*map(int, page), half, CHESS] for half, page in enumerate(pages)]


def ours(stream: bytes) -> float:
    """Decode everything; pictures per second of CPU time."""
    driver = load_driver("mlx9064x")(device_id="bench", options={"emissivity": 0.95})
    pictures = 0
    begun_s = process_time()
    for at in range(0, len(stream), PIECE_BYTES):
        for event in driver.feed(stream[at : at + PIECE_BYTES], received_at=AT):
            pictures += type(event) is ThermalFrame
    took_s = process_time() - begun_s
    if pictures != IMAGES:
        msg = f"{pictures} pictures instead of {IMAGES}"
        raise RuntimeError(msg)
    return pictures / took_s


def floor(library: PurePythonArray, halves: list[list[int]]) -> float:
    """The same pictures by the library; pictures per second of CPU time."""
    begun_s = process_time()
    for _ in range(FLOOR_IMAGES):
        library.image(halves, emissivity=0.95)
    return FLOOR_IMAGES / (process_time() - begun_s)


def run() -> BenchmarkResult:
    """Measure both in turn."""
    memory, halves = sensor()
    frames = [framed("R", halves[half], number=2 * image % 65536 + half) for image in range(IMAGES) for half in (0, 1)]
    stream = framed("E", memory) + b"".join(frames)
    library_halves = [[*page[:832], page[833], page[832]] for page in halves]
    library = PurePythonArray(memory)
    rounds = [(ours(stream), floor(library, library_halves)) for _ in range(ROUNDS)]
    sys.stderr.write(f"rounds: {', '.join(f'{mine:,.0f} / {theirs:,.0f}' for mine, theirs in rounds)}\n")
    return BenchmarkResult(
        name="mlx90640",
        value=round(max(mine for mine, _ in rounds), 1),
        unit="pictures/s per core",
        floor="adafruit_circuitpython_mlx90640, pure Python, on words already received",
        floor_value=round(max(theirs for _, theirs in rounds), 1),
        aim="at least 6000 and 8 times the pure-Python library",
    )
