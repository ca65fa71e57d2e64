"""Who was presented at a lane, and what was asked and noted of the crossing: plain values."""

from datetime import date, datetime, timedelta

import msgspec

from sync.agreement.decision_words import Exposure
from sync.agreement.facts import PlaceAnswer
from sync.agreement.records import TravellerIdentity
from sync.agreement.vocabulary import (
    Direction,
    DocumentKind,
    ModeOfEntry,
    PurposeOfCrossing,
    Symptom,
    TravellerCategory,
)


class Pairing(msgspec.Struct, frozen=True, kw_only=True):
    """The two durations of pairing, in seconds."""

    window_s: float
    stale_after_s: float

    @property
    def window(self) -> timedelta:
        """Furthest a reading may lie from the presentation."""
        return timedelta(seconds=self.window_s)

    @property
    def stale_after(self) -> timedelta:
        """Oldest a reading may be when it arrives."""
        return timedelta(seconds=self.stale_after_s)


def who_of(person_key: str, *, number: str) -> str:
    """Return what tells people apart at a lane: the person key, or the number without spaces where there is none."""
    return person_key or "".join(mark for mark in number.upper() if mark.isalnum())


class Presentation(msgspec.Struct, frozen=True, kw_only=True):
    """Who stands in the lane and what is known of the crossing; ``crossing_id`` is the draft's id too.

    ``is_symptom_checked``: the officer asked about symptoms; ``symptoms`` are those that were named.
    ``child_id``: which child on a parent's pass it is, whose number is the parent's; empty for everybody else.
    """

    crossing_id: str
    presented_at: datetime
    identity: TravellerIdentity
    document_kind: DocumentKind
    category: TravellerCategory
    purpose: PurposeOfCrossing
    direction: Direction
    mode_of_entry: ModeOfEntry
    person_key: str = ""
    nationality: str | None = None
    age_years: int | None = None
    document_expires_on: date | None = None
    is_document_cancelled: bool = False
    are_check_digits_valid: bool | None = None
    visited_areas: tuple[str, ...] = ()
    symptoms: tuple[Symptom, ...] = ()
    has_declaration: bool = False
    place_answers: tuple[PlaceAnswer, ...] = ()
    exposures: tuple[Exposure, ...] = ()
    is_symptom_checked: bool = False
    child_id: str = ""

    @property
    def bearer(self) -> tuple[str, str]:
        """Who it is of those whom one document names, however it was read: the person, and the child on the pass."""
        return who_of(self.person_key, number=self.identity.document_number), self.child_id
