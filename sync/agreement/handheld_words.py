"""Words of the handhelds: how far a device's clock was believed, and why a device was revoked."""

from enum import StrEnum


class HandheldClock(StrEnum):
    """How far the time of an act may be trusted that a handheld kept."""

    STEADY = "steady"
    SHIFTED = "shifted"
    UNSURE = "unsure"


class HandheldRevocation(StrEnum):
    """Why a handheld may send in nothing any more."""

    LOST = "lost"
    REPLACED = "replaced"
    TAKEN_OUT = "taken_out"
