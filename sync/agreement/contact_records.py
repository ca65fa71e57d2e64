"""What the centre writes of contacts of a case: whom it follows up, for which days, and what was found each day (R024).

They stand in the centre's own journal and name crossings, never a person. Edges take them with the others and act
on none.
"""

from datetime import date
from enum import StrEnum
from typing import Annotated, ClassVar

import msgspec

FollowUpDays = Annotated[int, msgspec.Meta(ge=1, le=28)]


class FollowUpOutcome(StrEnum):
    """What one look at a contact found. Whoever falls ill leaves the list for a facility."""

    WELL = "well"
    SYMPTOMS = "symptoms"
    NOT_REACHED = "not_reached"


class FollowUpOpened(msgspec.Struct, frozen=True, kw_only=True):
    """A contact of the case ``about`` is looked at each day from ``first_day`` on, ``days`` days long."""

    type_name: ClassVar[str] = "follow_up_opened"
    type_version: ClassVar[int] = 1
    crossing_id: ClassVar[None] = None

    about: str
    contact: str
    first_day: date
    days: FollowUpDays


class ContactFollowedUp(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody looked at a contact for one of its days; the newest record of a day counts."""

    type_name: ClassVar[str] = "contact_followed_up"
    type_version: ClassVar[int] = 1
    crossing_id: ClassVar[None] = None

    about: str
    contact: str
    day: date
    outcome: FollowUpOutcome


ContactRecord = FollowUpOpened | ContactFollowedUp
