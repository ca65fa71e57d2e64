"""Three answers to one question: normal, measure again, or elevated, with a guard band made of the uncertainty.

A value nearer to its limit than the guard band could be on either side of it. After JCGM 106:2012 (the role of
measurement uncertainty in conformity assessment, 8.3.2) the band is a share of the expanded uncertainty: with
0.82 of it (1.64 standard uncertainties) at most one in twenty of those called normal, or called elevated,
belongs on the other side of the limit. "Recheck" is another look by the same device; "elevated" is what a
clinical thermometer must confirm or refute. None of the three is a finding about health.
"""

from enum import StrEnum

import msgspec

from devices.measurement.uncertainty import expanded_c
from devices.reading import MeasuringSite, ReadingKind, UncertaintyTerm

GUARD_SHARE = 0.82
COMMON_TERMS = frozenset({"sensor_accuracy", "reference_body"})
"""Terms that are equal for everybody before one device. A limit learnt on that device carries them too."""


class ThreeWay(StrEnum):
    """What a value says against a limit."""

    NORMAL = "normal"
    RECHECK = "recheck"
    ELEVATED = "elevated"


class MixedQuantitiesError(ValueError):
    """A value of one kind or site was held against a limit of another: a fault of the caller."""


class SiteValue(msgspec.Struct, frozen=True, kw_only=True):
    """A temperature that knows what it is, with its terms of uncertainty."""

    kind: ReadingKind
    site: MeasuringSite
    temperature_c: float
    terms: tuple[UncertaintyTerm, ...]


class SiteLimit(msgspec.Struct, frozen=True, kw_only=True):
    """The limit in force for one kind and site, in °C; ``is_learnt`` where it follows this very device's readings."""

    kind: ReadingKind
    site: MeasuringSite
    limit_c: float
    is_learnt: bool


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """One of three, with what it rests on."""

    outcome: ThreeWay
    value_c: float
    limit_c: float
    guard_c: float


def guard_band_c(terms: tuple[UncertaintyTerm, ...], *, is_learnt: bool) -> float:
    """Give half the width of the band around a limit in which a value decides nothing.

    >>> from devices.reading import UncertaintyTerm as Term
    >>> terms = (Term(name="frames", standard_c=0.05), Term(name="reference_body", standard_c=0.1))
    >>> round(guard_band_c(terms, is_learnt=True), 3), round(guard_band_c(terms, is_learnt=False), 3)
    (0.082, 0.183)
    """
    counted = tuple(term for term in terms if not (is_learnt and term.name in COMMON_TERMS))
    return GUARD_SHARE * expanded_c(counted)


def answer(value: SiteValue, limit: SiteLimit) -> Answer:
    """Hold a value against the limit of its own kind and site; ``MixedQuantitiesError`` against any other."""
    if (value.kind, value.site) != (limit.kind, limit.site):
        msg = f"{value.kind} at {value.site} held against a limit for {limit.kind} at {limit.site}"
        raise MixedQuantitiesError(msg)
    guard_c = guard_band_c(value.terms, is_learnt=limit.is_learnt)
    outcome = three_way(value.temperature_c, limit_c=limit.limit_c, guard_c=guard_c)
    return Answer(outcome=outcome, value_c=value.temperature_c, limit_c=limit.limit_c, guard_c=guard_c)


def three_way(value_c: float, *, limit_c: float, guard_c: float) -> ThreeWay:
    """Say on which side of a limit a value certainly lies, if on any.

    >>> [three_way(value, limit_c=36.0, guard_c=0.1).value for value in (35.8, 35.95, 36.05, 36.2)]
    ['normal', 'recheck', 'recheck', 'elevated']
    """
    if value_c < limit_c - guard_c:
        return ThreeWay.NORMAL
    return ThreeWay.ELEVATED if value_c >= limit_c + guard_c else ThreeWay.RECHECK
