"""Replay people in the order in which they came, under one method, knowing only what a lane would know."""

from typing import NamedTuple

import numpy as np

from devices.measurement.thresholds.limits import begin, is_raised, limit_at, step
from devices.measurement.thresholds.methods import Method
from devices.measurement.thresholds.state import Outcome, ThresholdKey, ThresholdState, Verdict
from devices.reading import MeasuringSite, ReadingKind
from tests.benchmarks._oral_table import Subject

CANTHUS = (MeasuringSite.INNER_CANTHUS,)
FACE = (MeasuringSite.FACE_MAXIMUM,)
BOTH = (MeasuringSite.FACE_MAXIMUM, MeasuringSite.INNER_CANTHUS)
NEVER_C = -100.0
SEED = 20261122
DRAWS = 1000


class Replay(NamedTuple):
    """What a method did: how far above its limit each reading was, who was ill, and where the limit ended."""

    above_c: np.ndarray
    is_ill: np.ndarray
    state: ThresholdState
    changes: int

    @property
    def sensitivity(self) -> float:
        """Share of the ill who were raised."""
        return float(np.mean(self.above_c[self.is_ill] >= 0))

    @property
    def false_alarms(self) -> float:
        """Share of the others who were raised all the same."""
        return float(np.mean(self.above_c[~self.is_ill] >= 0))

    def eighths(self) -> list[float]:
        """The share of false alarms in each eighth of the time."""
        parts = zip(np.array_split(self.above_c, 8), np.array_split(self.is_ill, 8), strict=True)
        return [float(np.mean(above[~ill] >= 0)) for above, ill in parts]


def value_of(subject: Subject, sites: tuple[MeasuringSite, ...]) -> float:
    """The reading at one site; at two, their mean with equal weights."""
    values = {MeasuringSite.INNER_CANTHUS: subject.canthus_c, MeasuringSite.FACE_MAXIMUM: subject.face_c}
    return sum(values[site] for site in sites) / len(sites)


def replay(people: list[Subject], *, sites: tuple[MeasuringSite, ...], method: Method) -> Replay:
    """Judge everybody under the limit in force when they came. Only who is raised is measured again."""
    key = ThresholdKey(device_id="camera", lane_id="lane", kind=ReadingKind.RAW_SKIN, sites=sites)
    state, above_c, changes = begin(key, method=method), [], 0
    for subject in people:
        value_c = value_of(subject, sites)
        limit_c = limit_at(state, ambient_c=subject.ambient_c)
        above_c.append(NEVER_C if limit_c is None else value_c - limit_c)
        raised = is_raised(state, key=key, value_c=value_c, ambient_c=subject.ambient_c)
        answer = Verdict.ELEVATED if subject.is_ill else Verdict.NORMAL
        for verdict in (Verdict.AWAITED, answer) if raised else (Verdict.PASSED,):
            outcome = Outcome(
                key=key,
                reading_id=subject.subject_id,
                told_at=subject.at,
                value_c=value_c,
                was_raised=raised,
                verdict=verdict,
                ambient_c=subject.ambient_c,
            )
            state, change = step(state, outcome)
            changes += change is not None
    return Replay(np.array(above_c), np.array([subject.is_ill for subject in people]), state, changes)


class Gain(NamedTuple):
    """Sensitivity against a rival whose limit is shifted, with hindsight, to the same false-alarm rate."""

    rival_sensitivity: float
    gain: float
    low: float
    high: float


def gain_over(ours: Replay, rival: Replay) -> Gain:
    """Compare pairwise; 95 % interval from a bootstrap over subjects, ill and others drawn apart."""
    random = np.random.default_rng(SEED)
    ill, well = np.flatnonzero(ours.is_ill), np.flatnonzero(~ours.is_ill)
    here = _differences(ours, rival, ill[None, :], well[None, :])
    drawn = _differences(ours, rival, random.choice(ill, (DRAWS, ill.size)), random.choice(well, (DRAWS, well.size)))
    low, high = np.percentile(drawn, (2.5, 97.5))
    return Gain(ours.sensitivity - float(here[0]), float(here[0]), float(low), float(high))


def _differences(ours: Replay, rival: Replay, ill: np.ndarray, well: np.ndarray) -> np.ndarray:
    """Differences of sensitivity, one for each row of drawn subjects, at equal false-alarm rate in that row."""
    alarms = (ours.above_c[well] >= 0).sum(axis=1)
    hottest_first = -np.sort(-rival.above_c[well], axis=1)
    cut_c = hottest_first[np.arange(len(well)), alarms]  # exactly `alarms` of the well lie above it
    rivals = (rival.above_c[ill] > cut_c[:, None]).mean(axis=1)
    return (ours.above_c[ill] >= 0).mean(axis=1) - rivals
