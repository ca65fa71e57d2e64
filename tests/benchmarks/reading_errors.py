"""Is the stated uncertainty the true one? Errors against a known truth, over their own standard uncertainty.

The physics simulator holds drawn people before drawn cameras: the body's true set temperature and the skin's
emissivity are drawn from exactly what the budget says of them; noise, drift, offset and the lens are the camera's. The
mean square of error / (U / 2) is 1 where the budget is right, above where it promises too much. Floor: the same
errors against the budget without its two terms of the picture (size of source, hottest pixels).
"""

import math
from datetime import UTC, datetime, timedelta

import msgspec
import numpy as np

from devices.drivers.cptv import CptvDriver
from devices.measurement.correction import ReferenceSetting
from devices.measurement.presence import PresenceSettings, PresenceTracker
from devices.measurement.uncertainty import expanded_c
from devices.reading import Reading, ThermalFrame
from devices.simulator.physics import Body, Camera, PhysicsScene, ReferenceDisc, draw_body
from tests.benchmarks import BenchmarkResult

AT = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
TRIALS = 1000
SET_C = 35.0
SET_STANDARD_C = 0.1
OF_THE_PICTURE = {"size_of_source", "hottest_pixels"}


def measured(random: np.random.Generator) -> tuple[float, Reading] | None:
    """Let one drawn person be measured; gives the error in kelvin and the reading, None without a usable one."""
    camera = Camera(noise_c=float(random.uniform(0.02, 0.05)), offset_c=float(random.normal(0.0, 1.0)))
    disc = ReferenceDisc(set_c=SET_C + float(random.normal(0.0, SET_STANDARD_C)))
    scene = PhysicsScene(seed=int(random.integers(2**31)), camera=camera, reference=disc)
    body = msgspec.structs.replace(
        draw_body(random, raised_share=0.2, glasses_share=0.0), emissivity=float(random.uniform(0.97, 0.99))
    )
    settings = PresenceSettings(reference=ReferenceSetting(set_c=SET_C, uncertainty_c=2 * SET_STANDARD_C))
    tracker = PresenceTracker(device_id="sim", manifest=CptvDriver.manifest, settings=settings)
    return _first(scene, tracker, body)


def _first(scene: PhysicsScene, tracker: PresenceTracker, body: Body) -> tuple[float, Reading] | None:
    for number in range(18):
        picture = scene.picture(body if number >= 10 else None)
        at = AT + timedelta(seconds=number / 9)
        reading = tracker.accept(ThermalFrame(device_id="sim", observed_at=at, celsius=picture.celsius))
        if reading is not None and reading.is_usable:
            return reading.temperature_c - body.canthus_c(ambient_c=22.0), reading
    return None


def squares(trials: int, *, seed: int, without: frozenset[str] = frozenset()) -> list[float]:
    """Square each error over its standard uncertainty, leaving the terms of these names out of the budget."""
    random, found = np.random.default_rng(seed), []
    for _ in range(trials):
        outcome = measured(random)
        if outcome is not None:
            error_c, reading = outcome
            kept = tuple(term for term in reading.uncertainty_terms if term.name not in without)
            found.append((2.0 * error_c / expanded_c(kept)) ** 2)
    return found


def run() -> BenchmarkResult:
    """Measure a thousand people twice with the same draws."""
    ours = squares(TRIALS, seed=1)
    bare = squares(TRIALS // 5, seed=1, without=frozenset(OF_THE_PICTURE))
    covered = sum(square <= 4.0 for square in ours) / len(ours)
    return BenchmarkResult(
        name="reading_errors",
        value=round(float(np.mean(ours)), 4),
        unit="mean square of error over standard uncertainty",
        floor="the same without the terms size_of_source and hottest_pixels",
        floor_value=round(float(np.mean(bare)), 4),
        aim="0.9 to 1.1",
        context={
            "measured": len(ours),
            "within the expanded uncertainty": round(covered, 4),
            "standard error of the mean": round(float(np.std(ours)) / math.sqrt(len(ours)), 4),
        },
    )
