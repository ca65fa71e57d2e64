"""What a stream of readings can be suspected of, and on what evidence."""

from datetime import datetime
from enum import StrEnum

import msgspec

from devices.reading import Arrival, Reading, ReadingKind


class SuspicionCode(StrEnum):
    """What people's temperatures before an honest instrument do not do."""

    NOTHING_BELOW = "nothing_below"
    NOTHING_ABOVE = "nothing_above"
    HOLE = "hole"
    UNIFORM_DIGITS = "uniform_digits"
    JITTER_WITHOUT_DRIFT = "jitter_without_drift"
    BLIND_TO_ROOM = "blind_to_room"
    FROZEN = "frozen"
    CACHED = "cached"
    REPLAYED = "replayed"


class Observation(msgspec.Struct, frozen=True, kw_only=True):
    """One reading of one person as the device told it, in °C, never corrected by us."""

    observed_at: datetime
    reported_c: float
    kind: ReadingKind
    ambient_c: float | None = None


def observation_of(reading: Reading) -> Observation | None:
    """Take from a reading what the device itself told; None for one that ``observed`` does not count."""
    told_c = reading.reported_c if reading.reported_c is not None else reading.raw_c
    return observed(
        reading.temperature_c if told_c is None else told_c,
        at=reading.observed_at,
        kind=reading.kind,
        ambient_c=reading.ambient_c,
        is_live=reading.arrival is Arrival.LIVE,
    )


def observed(
    told_c: float, *, at: datetime, kind: ReadingKind, ambient_c: float | None, is_live: bool
) -> Observation | None:
    """Make an observation of what a device told; None for a reading that is late, or says nothing of the device.

    A clinical thermometer is not watched: it is used on people who were raised, and their numbers have a cliff.
    Readings that may not be used are watched all the same: a frozen value is unusable, and telling.
    """
    if not is_live or kind is ReadingKind.CLINICAL:
        return None
    return Observation(observed_at=at, reported_c=told_c, kind=kind, ambient_c=ambient_c)


class Suspicion(msgspec.Struct, frozen=True, kw_only=True):
    """One finding: how many readings it rests on, what was seen and what honest readings would have shown.

    ``observed`` and ``expected`` are counts, shares, kelvin or slopes, as the code says; ``from_c`` and ``to_c``
    bound where on the scale it was seen, if anywhere.
    """

    code: SuspicionCode
    at: datetime
    readings: int
    observed: float
    expected: float
    from_c: float | None = None
    to_c: float | None = None

    @property
    def sentence(self) -> str:
        """Say it in one English sentence, for logs; screens use the code and the numbers."""
        return _SENTENCES[self.code].format(
            readings=self.readings,
            observed=self.observed,
            expected=self.expected,
            from_c=self.from_c or 0.0,
            to_c=self.to_c or 0.0,
        )


_SENTENCES = {
    SuspicionCode.NOTHING_BELOW: "of {readings} readings none lies below {to_c:.1f} °C, where about {expected:.0f} "
    "belong by the readings just above",
    SuspicionCode.NOTHING_ABOVE: "of {readings} readings none lies above {from_c:.1f} °C, where about {expected:.0f} "
    "belong by the readings just below",
    SuspicionCode.HOLE: "of {readings} readings none lies between {from_c:.1f} and {to_c:.1f} °C, where about "
    "{expected:.0f} belong by the readings on both sides",
    SuspicionCode.UNIFORM_DIGITS: "{observed:.0f} of {readings} readings lie evenly over one whole degree from "
    "{from_c:.0f} °C, like drawn digits and unlike people",
    SuspicionCode.JITTER_WITHOUT_DRIFT: "{readings} people spread by only {observed:.2f} K, where people spread by "
    "at least {expected:.2f} K: a constant with noise on it",
    SuspicionCode.BLIND_TO_ROOM: "over {readings} readings skin follows the room by {observed:.3f} K per kelvin, "
    "where skin follows by {expected:.3f} or more",
    SuspicionCode.FROZEN: "{observed:.0f} people in a row have {from_c:.2f} °C",
    SuspicionCode.CACHED: "{observed:.0f} of the last {readings} readings repeat the one before, where about "
    "{expected:.0f} would by chance",
    SuspicionCode.REPLAYED: "the last {observed:.0f} readings came in the same order before",
}
