"""What the screen before a lane says to the traveller: one of a closed list of messages. Pure.

A bystander reads along, so the screen never says who stands there, how warm, or why somebody must wait: an alarm,
a refusal and a referral are the same sentence. "Please go on" comes only after the crossing is saved.
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from checkpoint.lane import Phase
from sync.agreement.display_words import DisplayMessage
from sync.agreement.vocabulary import Disposition, Outcome, ReasonCode

SAID_AFTER_CLOSING_S: Final = 5.0
"""How long the person who was just closed is still spoken to, before the next one is called."""
UNCOVER_AFTER_S: Final = 6.0
"""After so long before the scanner without a reading, glasses, mask or hat are in the way more often than not."""

_FACE_UNSEEN: Final = "face_turned"
"""Of a face that is turned away, and of a covered one: no detector tells them apart."""
_ABOUT_THE_FACE: Final = {
    "several_faces": DisplayMessage.ONE_BY_ONE,
    "face_too_small": DisplayMessage.COME_CLOSER,
    "no_face": DisplayMessage.LOOK_AT_CAMERA,
    "too_few_frames": DisplayMessage.LOOK_AT_CAMERA,
    "glasses": DisplayMessage.UNCOVER_FACE,
    "face_not_whole": DisplayMessage.UNCOVER_FACE,
    "sites_apart": DisplayMessage.UNCOVER_FACE,
    "too_few_pixels": DisplayMessage.COME_CLOSER,
    "too_far": DisplayMessage.COME_CLOSER,
    _FACE_UNSEEN: DisplayMessage.LOOK_AT_CAMERA,
    "moving": DisplayMessage.LOOK_AT_CAMERA,
}
_MISSING: Final = {
    ReasonCode.DECLARATION_MISSING: DisplayMessage.DECLARATION_PLEASE,
    ReasonCode.DECLARATION_EXPIRED: DisplayMessage.DECLARATION_PLEASE,
    ReasonCode.DECLARATION_USED: DisplayMessage.DECLARATION_PLEASE,
    ReasonCode.DECLARATION_OF_ANOTHER: DisplayMessage.DECLARATION_PLEASE,
    ReasonCode.DOCUMENT_CHECK_DIGIT: DisplayMessage.DOCUMENT_PLEASE,
    ReasonCode.READING_NOT_USABLE: DisplayMessage.LOOK_AT_CAMERA,
}


class LaneSeen(msgspec.Struct, frozen=True, kw_only=True):
    """Of a lane only what the message follows from: no name, no number, no temperature.

    ``closed_s`` is how long ago the person before was closed, ``waits_s`` how long this one stands here, and
    ``troubles`` why the last reading could not be used. ``is_attended``: an officer's screen is open and unlocked.
    """

    phase: Phase
    is_attended: bool
    outcome: Outcome | None = None
    reasons: Sequence[ReasonCode] = ()
    waits_s: float = 0.0
    troubles: Sequence[str] = ()
    closed_as: Disposition | None = None
    closed_s: float | None = None
    has_declaration_waiting: bool = False


def message_for(seen: LaneSeen) -> DisplayMessage:
    """Return the one message to show now.

    >>> message_for(LaneSeen(phase=Phase.EMPTY, is_attended=True)).value
    'come_forward'
    >>> message_for(LaneSeen(phase=Phase.AWAITING_READING, is_attended=True, troubles=("glasses",))).value
    'uncover_face'
    """
    if seen.phase is Phase.EMPTY:
        return _at_an_empty_lane(seen)
    if seen.phase is Phase.AWAITING_RECHECK:
        return DisplayMessage.STEP_ASIDE
    if seen.phase is Phase.AWAITING_READING and seen.outcome is not Outcome.REFUSED:
        return _before_the_scanner(seen)
    if seen.phase is Phase.VERDICT and seen.outcome is Outcome.WAIT:
        missing = (_MISSING[reason] for reason in seen.reasons if reason in _MISSING)
        return next(missing, DisplayMessage.WAIT)
    return DisplayMessage.WAIT


def _at_an_empty_lane(seen: LaneSeen) -> DisplayMessage:
    if seen.closed_s is not None and seen.closed_s < SAID_AFTER_CLOSING_S:
        return DisplayMessage.GO_ON if seen.closed_as is Disposition.CLEARED else DisplayMessage.STEP_ASIDE
    if not seen.is_attended:
        return DisplayMessage.WAIT
    return DisplayMessage.DOCUMENT_PLEASE if seen.has_declaration_waiting else DisplayMessage.COME_FORWARD


def _before_the_scanner(seen: LaneSeen) -> DisplayMessage:
    asked = next((_ABOUT_THE_FACE[trouble] for trouble in seen.troubles if trouble in _ABOUT_THE_FACE), None)
    may_be_covered = asked is None or (asked is DisplayMessage.LOOK_AT_CAMERA and _FACE_UNSEEN in seen.troubles)
    if may_be_covered and seen.waits_s >= UNCOVER_AFTER_S:
        return DisplayMessage.UNCOVER_FACE
    return asked or DisplayMessage.LOOK_AT_CAMERA
