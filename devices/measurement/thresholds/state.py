"""The state of one limit, what it is fed with, and the changes it gives: values, all of them serialisable."""

from datetime import datetime
from enum import StrEnum

import msgspec

from devices.measurement.thresholds.methods import Method
from devices.reading import MeasuringSite, ReadingKind


class MixedQuantityError(ValueError):
    """A value of another device, lane, kind or site was held against this limit: a fault of the caller."""


class OutOfTurnError(ValueError):
    """Only the latest change can be reversed; reverse the later ones first, or begin anew."""


class ThresholdKey(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """Whose limit it is. Two sites mean their mean with equal weights; they are kept in alphabetical order.

    ``place_id`` is the gate where the device stands: at another gate it learns anew.
    """

    device_id: str
    lane_id: str
    place_id: str = ""
    kind: ReadingKind
    sites: tuple[MeasuringSite, ...]

    def __post_init__(self) -> None:
        """Refuse no site, more than two, the same twice, or two orders of one pair."""
        if len(self.sites) not in {1, 2} or self.sites != tuple(sorted(set(self.sites))):
            msg = "one site, or two different ones in alphabetical order"
            raise ValueError(msg)


class Verdict(StrEnum):
    """What became of a reading. Only a clinical thermometer says normal or elevated."""

    PASSED = "passed"
    AWAITED = "awaited"
    NORMAL = "normal"
    ELEVATED = "elevated"
    NOT_MEASURED = "not_measured"


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """A reading and what became of it.

    A raised reading comes twice: ``AWAITED`` when the alarm is given, and once more when its clinical
    measurement is known, or known to be missing. A reading that was not raised comes once, as ``PASSED``
    or with the clinical measurement that was taken all the same. ``was_raised`` is the decision that was
    made then, under the limit then in force. ``told_at`` is when the outcome became known.
    """

    key: ThresholdKey
    reading_id: str
    told_at: datetime
    value_c: float
    was_raised: bool
    verdict: Verdict
    ambient_c: float | None = None

    def __post_init__(self) -> None:
        """Refuse a naive time and verdicts that contradict the decision."""
        if self.told_at.tzinfo is None:
            msg = "told_at must be an aware time"
            raise ValueError(msg)
        if self.verdict in ({Verdict.PASSED} if self.was_raised else {Verdict.AWAITED, Verdict.NOT_MEASURED}):
            msg = "a raised reading never just passes, and only a raised one awaits a second measurement"
            raise ValueError(msg)


class Awaited(msgspec.Struct, frozen=True, kw_only=True):
    """A raised reading whose second measurement is not known yet; ``adjusted_c`` is at the reference ambient."""

    reading_id: str
    adjusted_c: float
    since: datetime


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """The counts and numbers of a limit. ``limit_c`` is at the reference ambient; None raises nobody.

    ``charged`` is the sum of false alarms over ``settled`` outcomes of people not known to be ill (a
    missing second measurement counts as a fraction). ``clipped`` is how far, in all, the rails kept the
    level from following: the promise is weaker by ``clipped / (gamma * settled)``, and says so.
    """

    limit_c: float | None
    level: float = 0.0
    changes: int = 0
    settled: int = 0
    charged: float = 0.0
    clipped: float = 0.0
    answered_normal: int = 0
    answered_elevated: int = 0
    passed_elevated: int = 0
    unanswered: int = 0
    ignored: int = 0
    last_at: datetime | None = None


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """What has to be taken back to stand where the change before the latest one left the state."""

    figures: Figures
    awaiting: tuple[Awaited, ...] = ()
    entered: int = 0
    evicted: tuple[float, ...] = ()


class ThresholdState(msgspec.Struct, frozen=True, kw_only=True):
    """One limit with all that it rests on. ``window`` holds values at the reference ambient, oldest first."""

    key: ThresholdKey
    method: Method
    figures: Figures
    window: tuple[float, ...]
    mark: Mark
    awaiting: tuple[Awaited, ...] = ()


class ChangeReason(StrEnum):
    """Why a limit moved."""

    FALSE_ALARM = "false_alarm"
    UNANSWERED_ALARM = "unanswered_alarm"
    FEWER_ALARMS_THAN_STATED = "fewer_alarms_than_stated"
    REFERENCE_MOVED = "reference_moved"
    REFERENCE_FORGOTTEN = "reference_forgotten"
    AT_A_RAIL = "at_a_rail"


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One movement of a limit: from what to what, why, on what evidence, and what reverses it.

    ``wanted_c`` is where the method would have gone without the bound on a step and the rails.
    """

    key: ThresholdKey
    number: int
    at: datetime
    reason: ChangeReason
    before_c: float | None
    after_c: float | None
    wanted_c: float | None
    level_before: float
    level_after: float
    window_count: int
    false_alarm_share: float
    settled: int
    undo: Mark

    @property
    def sentence(self) -> str:
        """Say in one English sentence what happened, for logs; screens use the reason and the numbers."""
        return (
            f"limit {_shown(self.before_c)} -> {_shown(self.after_c)} because of {self.reason.replace('_', ' ')}: "
            f"{100 * self.false_alarm_share:.1f} % false alarms over {self.settled}, "
            f"level {self.level_before:.3f} -> {self.level_after:.3f}, {self.window_count} readings in the reference"
        )


def _shown(limit_c: float | None) -> str:
    return "none" if limit_c is None else f"{limit_c:.2f} °C"
