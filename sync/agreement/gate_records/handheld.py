"""The records of handhelds: which devices a gate believed, and which crossings were kept on one of them first.

A device is named by its own id and the fingerprint of its key; the officer by the envelope's ``officer_ref``.
None of these is about one crossing, so ``crossing_id`` is ``None``; ``kept_crossing_id`` names the crossing.
"""

from typing import Annotated, ClassVar

import msgspec

from sync.agreement.handheld_words import HandheldClock, HandheldRevocation
from sync.agreement.vocabulary import Outcome


class HandheldEnrolled(msgspec.Struct, frozen=True, kw_only=True):
    """A gate believes a device from here on; ``key_fingerprint`` is what two people compare."""

    type_name: ClassVar[str] = "handheld_enrolled"
    type_version: ClassVar[int] = 1
    crossing_id: ClassVar[None] = None

    handheld_id: str
    key_fingerprint: str


class HandheldRevoked(msgspec.Struct, frozen=True, kw_only=True):
    """A gate believes a device no more; what it still sends waits for an officer."""

    type_name: ClassVar[str] = "handheld_revoked"
    type_version: ClassVar[int] = 1
    crossing_id: ClassVar[None] = None

    handheld_id: str
    reason: HandheldRevocation


class HandheldActTaken(msgspec.Struct, frozen=True, kw_only=True):
    """What was done on a handheld became part of the journal: a crossing, or the recheck that ended its alarm.

    ``clock_offset_s`` is what was added to the device's clock. ``provisional_outcome`` is what the device had
    shown before the edge could decide; ``is_different`` marks one that the edge decided otherwise.
    """

    type_name: ClassVar[str] = "handheld_act_taken"
    type_version: ClassVar[int] = 1
    crossing_id: ClassVar[None] = None

    handheld_id: str
    act_id: str
    kept_crossing_id: str
    clock: HandheldClock
    clock_offset_s: Annotated[float, msgspec.Meta(ge=-1e9, le=1e9)]
    provisional_outcome: Outcome
    outcome: Outcome
    is_different: bool


HandheldRecord = HandheldEnrolled | HandheldRevoked | HandheldActTaken
