"""Two sites of one face, voting: inner canthus and face maximum, with the room.

Each site has a type of its own, so that neither can stand in for the other. Weights were fitted once, on group
1 of the FDA/PhysioNet table (both cameras together, logistic, subjects' means over their rounds), brought to
a sum of one and rounded; the benchmark that replays that table prints what the rule is worth on people it
was not fitted to. The vote leans on the face maximum for nine tenths: it was read there at about
0.8 m by cameras of 320 x 240 and more, and an open mouth, a cup or a lamp can only raise it. So the
canthus keeps a veto: where the two do not agree, nobody is called normal and nobody elevated, but measured again.
"""

import msgspec

from devices.measurement.three_way import ThreeWay, guard_band_c, three_way
from devices.measurement.thresholds.methods import REFERENCE_AMBIENT_C
from devices.reading import UncertaintyTerm

CANTHUS_WEIGHT = 0.1
FACE_WEIGHT = 0.9
AMBIENT_SLOPE = 0.035
"""Kelvin per kelvin of the room, of the weighted value at the reference ambient."""
FACE_ABOVE_CANTHUS_C = 0.34
FACE_ABOVE_CANTHUS_DEVIATION_C = 0.24
"""Face maximum minus canthus over the people of the same table, mean and standard deviation."""
FURTHEST_DEVIATIONS = 3.0


class InnerCanthus(msgspec.Struct, frozen=True, kw_only=True):
    """Skin at the inner corners of the eyes, in °C."""

    temperature_c: float


class FaceMaximum(msgspec.Struct, frozen=True, kw_only=True):
    """The warmest skin of the whole face, in °C."""

    temperature_c: float


class TwoSiteLimits(msgspec.Struct, frozen=True, kw_only=True):
    """The limits in force in this room, in °C: for each site alone and for the weighted value at 22 °C."""

    canthus_c: float
    face_c: float
    weighted_c: float
    are_learnt: bool


class Vote(msgspec.Struct, frozen=True, kw_only=True):
    """What the two sites say together, and each alone. ``sites_agree`` False always means another look."""

    outcome: ThreeWay
    weighted_c: float
    canthus: ThreeWay
    face: ThreeWay
    sites_agree: bool
    guard_c: float


def weighted_c(canthus: InnerCanthus, face: FaceMaximum, *, ambient_c: float | None) -> float:
    """Weigh the two sites and bring them to the reference room; a room not known changes nothing.

    >>> round(weighted_c(InnerCanthus(temperature_c=35.7), FaceMaximum(temperature_c=36.0), ambient_c=22.0), 3)
    35.97
    """
    room_c = 0.0 if ambient_c is None else AMBIENT_SLOPE * (ambient_c - REFERENCE_AMBIENT_C)
    return CANTHUS_WEIGHT * canthus.temperature_c + FACE_WEIGHT * face.temperature_c - room_c


def vote(
    canthus: InnerCanthus,
    face: FaceMaximum,
    *,
    limits: TwoSiteLimits,
    terms: tuple[UncertaintyTerm, ...],
    ambient_c: float | None,
) -> Vote:
    """Judge the weighted value and each site alone; where the sites contradict each other, ask for another look."""
    guard_c = guard_band_c(terms, is_learnt=limits.are_learnt)
    together_c = weighted_c(canthus, face, ambient_c=ambient_c)
    alone = (
        three_way(canthus.temperature_c, limit_c=limits.canthus_c, guard_c=guard_c),
        three_way(face.temperature_c, limit_c=limits.face_c, guard_c=guard_c),
    )
    sites_agree = set(alone) != {ThreeWay.NORMAL, ThreeWay.ELEVATED} and not are_far_apart(canthus, face)
    together = three_way(together_c, limit_c=limits.weighted_c, guard_c=guard_c)
    return Vote(
        outcome=together if sites_agree else ThreeWay.RECHECK,
        weighted_c=together_c,
        canthus=alone[0],
        face=alone[1],
        sites_agree=sites_agree,
        guard_c=guard_c,
    )


def are_far_apart(canthus: InnerCanthus, face: FaceMaximum) -> bool:
    """Whether no face looks like that: something else is the warmest, or the eyes are covered, or misplaced."""
    above_c = face.temperature_c - canthus.temperature_c
    return abs(above_c - FACE_ABOVE_CANTHUS_C) > FURTHEST_DEVIATIONS * FACE_ABOVE_CANTHUS_DEVIATION_C
