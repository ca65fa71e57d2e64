"""The two-site vote, fitted and judged by cross-validation over subjects: nobody is judged by what they taught.

A logistic rule on three numbers (inner canthus, face maximum, room), the reference page's own model (section
4), fitted to both cameras together after each camera's numbers are put on a common scale, because a person
stands before both and 47 ill people are too few to fit a camera. Ten folds of subjects, ill and others dealt
apart, repeated with five seeds. No other column enters: no age, no sex, no origin.

Looked at on group 1 when the first camera alone stayed at 0.915 (43 of its 47 ill; 0.92 needs 44), and none kept:
medians, minima, maxima and the two highest of the rounds in the place of their mean (0.77 to 0.90 on that camera);
distance, humidity or both beside the room, or no room (0.87 to 0.915); each site above the median of the last 30, 60
or 150 people who were well, which only uses what was known before (0.87, 0.90, 0.915); both beside each other, a
bend at the canthus, the forehead as a third site (0.89 to 0.91). No form found the 44th; one that did after so many
looks would have proven nothing. The interval of 43 in 47 is 0.80 to 0.97: the table cannot tell 0.915 from 0.92.
"""

from typing import NamedTuple

import numpy as np

from tests.benchmarks._oral_table import Subject

FOLDS = 10
NORMAL_975 = 1.959964
SEEDS = range(5)
SPECIFICITY = 0.95


class VoteFigures(NamedTuple):
    """Sensitivity where the unseen scores cut at the specificity, and what a cut learnt on other people gave."""

    sensitivity: float
    nested_sensitivity: float
    nested_specificity: float


def wilson(share: float, count: int) -> tuple[float, float]:
    """Interval in which the true share lies with 95 per cent confidence, from ``share`` of ``count`` people.

    >>> [round(edge, 2) for edge in wilson(43 / 47, 47)]
    [0.8, 0.97]
    """
    widened = 1 + NORMAL_975**2 / count
    centre = (share + NORMAL_975**2 / 2 / count) / widened
    half = NORMAL_975 * np.sqrt(share * (1 - share) / count + (NORMAL_975 / 2 / count) ** 2) / widened
    return float(centre - half), float(centre + half)


class Rule(NamedTuple):
    """Weights on standardised numbers; the first is the constant."""

    weights: np.ndarray

    def scores(self, standardised: np.ndarray) -> np.ndarray:
        """Log odds of being ill."""
        return self.weights[0] + standardised @ self.weights[1:]


def fitted(standardised: np.ndarray, is_ill: np.ndarray) -> Rule:
    """Fit by Newton's method; a ridge of a thousandth keeps it finite where the classes part."""
    design = np.column_stack([np.ones(len(standardised)), standardised])
    weights = np.zeros(design.shape[1])
    for _ in range(40):
        chance = 1 / (1 + np.exp(-design @ weights))
        curvature = design.T @ (design * (chance * (1 - chance) + 1e-9)[:, None]) + 1e-3 * np.eye(len(weights))
        weights += np.linalg.solve(curvature, design.T @ (is_ill - chance) - 1e-3 * weights)
    return Rule(weights)


def numbers_of(people: list[Subject]) -> np.ndarray:
    """Canthus, face maximum and room of each, in °C."""
    return np.array([(subject.canthus_c, subject.face_c, subject.ambient_c) for subject in people])


def weights_in_degrees(tables: dict[str, list[Subject]]) -> tuple[float, float, float]:
    """Fit everybody once, in °C: weights of canthus and face brought to a sum of one, and kelvin per kelvin of room."""
    numbers = np.vstack([numbers_of(people) for people in tables.values()])
    ill = np.array([subject.is_ill for people in tables.values() for subject in people])
    per_degree = fitted(_scaled(numbers, by=np.ones(len(ill), dtype=bool)), ill).weights[1:] / numbers.std(axis=0)
    canthus, face, room = per_degree / per_degree[:2].sum()
    return float(canthus), float(face), float(-room)


def cross_validated(tables: dict[str, list[Subject]]) -> dict[str, VoteFigures]:
    """Judge each camera, and ``both`` as the mean over all ill subjects of both."""
    rounds = [_one_round(tables, seed=seed) for seed in SEEDS]
    found = {camera: VoteFigures(*np.mean([each[camera] for each in rounds], axis=0)) for camera in tables}
    ill = [sum(subject.is_ill for subject in people) for people in tables.values()]
    found["both"] = VoteFigures(*np.average([found[camera] for camera in tables], axis=0, weights=ill))
    return found


def _one_round(tables: dict[str, list[Subject]], *, seed: int) -> dict[str, VoteFigures]:
    fold_of = _folds({subject.subject_id: subject.is_ill for people in tables.values() for subject in people}, seed)
    folds = {camera: np.array([fold_of[subject.subject_id] for subject in people]) for camera, people in tables.items()}
    ill = {camera: np.array([subject.is_ill for subject in people]) for camera, people in tables.items()}
    numbers = {camera: numbers_of(people) for camera, people in tables.items()}
    unseen = {camera: np.empty(len(people)) for camera, people in tables.items()}
    raised = {camera: np.empty(len(people), dtype=bool) for camera, people in tables.items()}
    for fold in range(FOLDS):
        taught = {camera: folds[camera] != fold for camera in tables}
        scaled = {camera: _scaled(numbers[camera], by=taught[camera]) for camera in tables}
        rule = fitted(
            np.vstack([scaled[camera][taught[camera]] for camera in tables]),
            np.concatenate([ill[camera][taught[camera]] for camera in tables]),
        )
        for camera in tables:
            scores = rule.scores(scaled[camera])
            cut = _cut(scores[taught[camera] & ~ill[camera]])
            unseen[camera][~taught[camera]] = scores[~taught[camera]]
            raised[camera][~taught[camera]] = scores[~taught[camera]] > cut
    return {
        camera: VoteFigures(
            float(np.mean(unseen[camera][ill[camera]] > _cut(unseen[camera][~ill[camera]]))),
            float(np.mean(raised[camera][ill[camera]])),
            float(np.mean(~raised[camera][~ill[camera]])),
        )
        for camera in tables
    }


def _folds(is_ill: dict[str, bool], seed: int) -> dict[str, int]:
    random, folds = np.random.default_rng(seed), {}
    for kind in (True, False):
        names = sorted(name for name, ill in is_ill.items() if ill is kind)
        random.shuffle(names)
        folds |= {name: place % FOLDS for place, name in enumerate(names)}
    return folds


def _scaled(numbers: np.ndarray, *, by: np.ndarray) -> np.ndarray:
    return (numbers - numbers[by].mean(axis=0)) / numbers[by].std(axis=0)


def _cut(well: np.ndarray) -> float:
    """The lowest score that leaves at least the stated share of the well at or below it."""
    return float(np.quantile(well, SPECIFICITY, method="higher"))
