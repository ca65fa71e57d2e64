"""Words of the shift: when an officer was measured, why a line of paper holds no crossing."""

from enum import StrEnum


class ShiftMoment(StrEnum):
    """When an officer's own temperature was taken."""

    START = "start"
    END = "end"


class PaperWhereabouts(StrEnum):
    """Where somebody whose line of paper is an alarm is now that the line is entered."""

    HERE = "here"
    HANDED_OVER = "handed_over"
    LEFT = "left"


class PaperVoidReason(StrEnum):
    """Why a numbered line of paper holds no crossing."""

    SPOILT = "spoilt"
    LEFT_BLANK = "left_blank"
    ENTERED_AT_LANE = "entered_at_lane"
    SHEET_LOST = "sheet_lost"
