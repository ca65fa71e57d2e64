"""Frames per second and core from the bytes of a thermal array to typed pictures in degrees Celsius.

Our side: the registered driver, fed a recording in pieces of 64 KiB; every frame's header, checksum
and range are verified, mirrored, turned into float32 and wrapped as a ``ThermalFrame``. The floor:
numpy alone on frames known to be whole and aligned, one by one: checksum and a mirrored view of the
integers, no search, no range, no degrees, no value. Rounds of both alternate; the best of each counts.
"""

import sys
from datetime import UTC, datetime
from time import perf_counter

import numpy as np

from devices.reading import ThermalFrame
from devices.registry import load_driver
from tests.benchmarks import BenchmarkResult

FRAMES = 8_000
FRAME_BYTES = 1544
PIECE_BYTES = 64 * 1024
ROUNDS = 7
AT = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)


def recording(*, seed: int) -> bytes:
    """Make frames with plausible pixels and right checksums, all different."""
    random = np.random.default_rng(seed)
    words = np.empty((FRAMES, FRAME_BYTES // 2), dtype="<u2")
    words[:, 0], words[:, 1] = 0x5A5A, 0x0602
    words[:, 2:770] = random.integers(2000, 3750, size=(FRAMES, 768))
    words[:, 770] = 3100
    words[:, 771] = words[:, :771].sum(axis=1, dtype=np.uint16)
    return words.tobytes()


def ours(recorded: bytes, *, piece_bytes: int) -> float:
    """Decode everything; frames per second."""
    driver = load_driver("gy_mcu90640")(device_id="bench", options={})
    frames = 0
    begun_s = perf_counter()
    for at in range(0, len(recorded), piece_bytes):
        for event in driver.feed(recorded[at : at + piece_bytes], received_at=AT):
            frames += type(event) is ThermalFrame
    took_s = perf_counter() - begun_s
    if frames != FRAMES:
        msg = f"{frames} frames instead of {FRAMES}"
        raise RuntimeError(msg)
    return frames / took_s


def floor(recorded: bytes) -> float:
    """Do the least that still verifies each checksum; frames per second."""
    pictures = 0
    begun_s = perf_counter()
    for at in range(0, len(recorded), FRAME_BYTES):
        words = np.frombuffer(recorded, dtype="<u2", count=FRAME_BYTES // 2, offset=at)
        if words[:771].sum(dtype=np.uint16) == words[771]:
            picture = words[2:770].view("<i2").reshape(24, 32)[:, ::-1]
            pictures += len(picture) == 24
    return pictures / (perf_counter() - begun_s)


def run() -> BenchmarkResult:
    """Measure both sides in turn; the rates for small pieces stand in the context."""
    recorded = recording(seed=7)
    rounds = [(ours(recorded, piece_bytes=PIECE_BYTES), floor(recorded)) for _ in range(ROUNDS)]
    others = {
        piece_bytes: max(ours(recorded, piece_bytes=piece_bytes) for _ in range(ROUNDS))
        for piece_bytes in (FRAME_BYTES, 1500, 4096)
    }
    for piece_bytes, rate in others.items():
        sys.stderr.write(f"fed {piece_bytes} bytes at a time: {rate:,.0f} frames/s\n")
    return BenchmarkResult(
        name="decode_gy",
        value=round(max(value for value, _ in rounds), 1),
        unit="frames/s per core",
        floor="numpy alone, frame by frame: checksum and mirrored integer view, no resynchronisation",
        floor_value=round(max(bare for _, bare in rounds), 1),
        aim="at least 100000, fed one frame at a time too",
        context={f"fed {piece_bytes} bytes at a time": round(rate, 1) for piece_bytes, rate in others.items()},
    )
