"""What the screen before a lane tells somebody whose face the scanner cannot use."""

import pytest

from checkpoint.displays import UNCOVER_AFTER_S, LaneSeen, message_for
from checkpoint.lane import Phase


def told(*troubles, waits_s):
    seen = LaneSeen(phase=Phase.AWAITING_READING, is_attended=True, troubles=troubles, waits_s=waits_s)
    return message_for(seen).value


@pytest.mark.parametrize(
    ("troubles", "at_first", "after_a_while"),
    [
        ((), "look_at_camera", "uncover_face"),
        (("face_turned",), "look_at_camera", "uncover_face"),
        (("moving",), "look_at_camera", "look_at_camera"),
        (("too_far", "face_turned"), "come_closer", "come_closer"),
        (("glasses",), "uncover_face", "uncover_face"),
    ],
)
def test_a_face_that_nobody_recognises_is_asked_to_look_and_then_to_uncover(troubles, at_first, after_a_while):
    assert told(*troubles, waits_s=0.0) == at_first
    assert told(*troubles, waits_s=UNCOVER_AFTER_S) == after_a_while
