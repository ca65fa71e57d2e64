"""How a limit is found. A policy names one of three methods with its settings; nothing here decides.

Every number is written down before the replay that judges it, with its source:

* target 0.05: the specificity of 0.95 at which published thermographs are compared (Zhou 2020, Wang 2022).
* gamma 0.02 and window 150: taken over unchanged from the first published replay of this rule on the
  FDA/PhysioNet table (reference page on screening, section 5), where they had not been tuned either. One
  false alarm lowers the level by 0.019, so three in a row silence the lane for the next reading; 150 people
  are a quarter of an hour at a busy gate and put about seven readings above the limit.
* ambient slopes +0.09 (inner canthus) and +0.065 (face maximum) kelvin per kelvin: the same page, section 4.
* rails, largest step and dead band: bounds that an officer can reason about, not results of a search. One
  outcome moves a limit by at most 0.2 kelvin, the resolution of a clinical comparison; movements below
  0.02 kelvin are not worth a record.
* patience 30 minutes: longest rest before a second measurement after exertion (FDA's advice on acclimatising).
"""

import math

import msgspec

from devices.reading import MeasuringSite, ReadingKind

REFERENCE_AMBIENT_C = 22.0
"""Room temperature at which limits are stated: the middle of the 20-24 °C that the FDA advises."""
UNBOUNDED_C = (-273.15, 1000.0)
"""Rails that no reading can reach: the guarantee of the adaptive method then holds without reserve."""


class NoPriorError(LookupError):
    """Nobody has documented what healthy people show at this site: use a fixed limit, or state a prior."""


class Prior(msgspec.Struct, frozen=True, kw_only=True):
    """What healthy people show at a site before the device has seen any, in °C, worth ``weight`` readings."""

    mean_c: float
    deviation_c: float
    ambient_slope: float
    weight: int = 40

    def __post_init__(self) -> None:
        """Refuse a prior that is no distribution of body temperatures."""
        if not (20.0 <= self.mean_c <= 40.0 and 0.0 < self.deviation_c <= 2.0 and 1 <= self.weight <= 1000):
            msg = "a prior needs a mean of 20-40 °C, a deviation of 0-2 K and a weight of 1-1000 readings"
            raise ValueError(msg)


HEALTHY_CORE_C = 36.9
HEALTHY_CORE_DEVIATION_C = 0.35
"""Oral temperature of healthy adults, mean and standard deviation (reference page on screening, section 14)."""

HIGHEST_CORE_C = 38.5
"""However many false alarms there were: no limit waves through the skin that a core of 38.5 °C shows."""
LOWEST_SKIN_C = 33.5
"""Faces from the winter (Dzien 2020: 33.2 on entering); a limit below means a device that has drifted."""

_BELOW_CORE_C: dict[tuple[MeasuringSite, ...], tuple[float, float, float]] = {
    (MeasuringSite.INNER_CANTHUS,): (1.24, 0.34, 0.09),
    (MeasuringSite.FACE_MAXIMUM,): (0.94, 0.28, 0.065),
    (MeasuringSite.FOREHEAD,): (1.61, 0.44, 0.145),
    (MeasuringSite.FACE_MAXIMUM, MeasuringSite.INNER_CANTHUS): (1.09, 0.31, 0.0775),
}
"""Oral minus skin and its standard deviation over people, and the slope on the room: the FDA/PhysioNet table."""


def documented_prior(kind: ReadingKind, sites: tuple[MeasuringSite, ...]) -> Prior:
    """Give the cold start of raw skin readings at a site, or at a pair of sites averaged with equal weights.

    >>> round(documented_prior(ReadingKind.RAW_SKIN, (MeasuringSite.INNER_CANTHUS,)).mean_c, 2)
    35.66
    """
    known = _BELOW_CORE_C.get(tuple(sorted(sites))) if kind is ReadingKind.RAW_SKIN else None
    if known is None:
        msg = f"no documented prior for {kind} at {'+'.join(sites)}"
        raise NoPriorError(msg)
    below_c, deviation_c, slope = known
    return Prior(
        mean_c=HEALTHY_CORE_C - below_c,
        deviation_c=math.hypot(HEALTHY_CORE_DEVIATION_C, deviation_c),
        ambient_slope=slope,
    )


class FixedMethod(msgspec.Struct, frozen=True, kw_only=True, tag="fixed"):
    """One limit that nothing moves, as a policy's rule states it."""

    limit_c: float


class RollingMethod(msgspec.Struct, frozen=True, kw_only=True, tag="rolling"):
    """Mean of the last readings plus a delta, as FLIR Screen-EST and Elara document it.

    Nobody is raised before there is a mean; readings outside ``[coldest_c, warmest_c]`` are not results and
    enter nothing; the mean is forgotten after a pause, whose length the maker does not publish (None: never).
    ``drops_extremes`` leaves out the highest and the lowest, as the T-series' screening alarm does. Whoever
    is ill enters the mean like everybody: that is the method's known weakness and is kept.
    """

    window: int = 10
    delta_c: float = 1.0
    drops_extremes: bool = False
    coldest_c: float = 30.0
    warmest_c: float = 43.0
    forget_after_s: float | None = None

    def __post_init__(self) -> None:
        """Refuse a window without a mean."""
        if self.window < (3 if self.drops_extremes else 1) or self.delta_c <= 0.0:
            msg = "a rolling mean needs a reading (three, where extremes are dropped) and a delta above 0"
            raise ValueError(msg)


class AdaptiveMethod(msgspec.Struct, frozen=True, kw_only=True, tag="adaptive"):
    """Adaptive conformal inference (Gibbs and Candès 2021) on values shifted to the reference ambient.

    ``target`` is the share of false alarms among people who are not ill. The limit is the quantile of the
    reference window at one minus the level; the level follows the false alarms by steps of ``gamma``.
    """

    prior: Prior
    target: float = 0.05
    gamma: float = 0.02
    window: int = 150
    largest_step_c: float = 0.2
    dead_band_c: float = 0.02
    rails_c: tuple[float, float] = (LOWEST_SKIN_C, 38.0)
    patience_s: float = 1800.0
    most_awaited: int = 64

    def __post_init__(self) -> None:
        """Refuse settings under which the method promises nothing."""
        if not (0.0 < self.target < 1.0 and 0.0 < self.gamma <= 1.0):
            msg = "target lies between 0 and 1, gamma above 0 and at most 1"
            raise ValueError(msg)
        if self.window < self.prior.weight or self.most_awaited < 1:
            msg = "the window holds at least the prior, and at least one alarm may be open"
            raise ValueError(msg)
        if not (self.rails_c[0] < self.rails_c[1] and 0.0 <= self.dead_band_c < self.largest_step_c):
            msg = "the rails have a lower and an upper end, and the dead band is narrower than a step"
            raise ValueError(msg)


Method = FixedMethod | RollingMethod | AdaptiveMethod


def adaptive_for(kind: ReadingKind, sites: tuple[MeasuringSite, ...], *, target: float = 0.05) -> AdaptiveMethod:
    """Give the adaptive method with the documented prior of a site; ``NoPriorError`` where there is none.

    Its upper rail is the skin of a core of 38.5 °C. Held there, the lane gives more false alarms than it
    promised, and says so; it does not miss the gravest.
    """
    prior = documented_prior(kind, sites)
    highest_c = HIGHEST_CORE_C - (HEALTHY_CORE_C - prior.mean_c)
    return AdaptiveMethod(prior=prior, target=target, rails_c=(LOWEST_SKIN_C, highest_c))
