"""What the screen at a lane may say to the travellers: a closed list, so that nothing personal can ever be said.

The sentences stand in the labels, in three languages; an order of the province may put others in their place
(``policy.display_rules.DisplayText``).
"""

from enum import StrEnum


class DisplayMessage(StrEnum):
    """One sentence and one pictogram."""

    COME_FORWARD = "come_forward"
    DOCUMENT_PLEASE = "document_please"
    DECLARATION_PLEASE = "declaration_please"
    LOOK_AT_CAMERA = "look_at_camera"
    COME_CLOSER = "come_closer"
    ONE_BY_ONE = "one_by_one"
    UNCOVER_FACE = "uncover_face"
    WAIT = "wait"
    GO_ON = "go_on"
    STEP_ASIDE = "step_aside"
