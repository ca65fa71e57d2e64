"""What a lane's screen is drawn from: the lane's state, what was concluded, and what was saved.

One sheet per lane. It is kept in the database with each change, so that a restart in mid-shift
finds the person who stood there. It holds a person: never to be logged.
"""

from datetime import datetime

import msgspec

from checkpoint.actions.as_read import DocumentAsRead
from checkpoint.actions.company import GroupMark, HeldRide
from checkpoint.actions.declared import HeldDeclaration
from checkpoint.actions.shown_slip import HeldSlip
from checkpoint.actions.twin import HeldCare, HeldTwin
from checkpoint.lane import LaneState, vacated
from checkpoint.register.person_standing import PersonStanding
from checkpoint.store.crossings import PastTemperature
from checkpoint.store.journal import Saved
from sync.agreement.facts import Assessment, RunningClock
from sync.agreement.vocabulary import Disposition, DocumentKind


class ClosedCrossing(msgspec.Struct, frozen=True, kw_only=True):
    """How the crossing before this one ended; ``place_id`` when the person was isolated."""

    crossing_id: str
    disposition: Disposition
    assessment: Assessment
    saved: Saved
    place_id: str | None = None
    room_reason: str | None = None


class NextPerson(msgspec.Struct, frozen=True, kw_only=True):
    """Whose document was read while somebody else stood in the lane: kept apart, and presented when the lane is free.

    ``text`` is the scan as it came; name, kind and masked number are only shown. Nothing measured is ever kept here.
    """

    text: str
    scanned_at: datetime
    document_key: str
    document_kind: DocumentKind
    document_number_masked: str
    full_name: str = ""


class HeldOverride(msgspec.Struct, frozen=True, kw_only=True):
    """Who set the verdict aside for the person in the lane, and in which words; sealed when the crossing is saved."""

    words: str
    approved_by: str = ""


class LaneSheet(msgspec.Struct, frozen=True, kw_only=True):
    """One lane as it stands. ``saved`` is what the last durable commit of this lane wrote.

    ``troubles`` is why the last reading of the person who stands here could not be used. ``before`` is how the
    crossing ended after which ``next_person`` was presented without a key press, ``still_here_at`` when the officer
    last answered that this person is still there; ``twin`` says that they were at another lane a moment ago, ``care``
    that the gate has not done with an earlier crossing of theirs. ``as_read``: of a document with a zone only.
    """

    state: LaneState = LaneState()
    assessment: Assessment | None = None
    clocks: tuple[RunningClock, ...] = ()
    history: tuple[PastTemperature, ...] = ()
    crossings_today: int = 0
    warnings: tuple[str, ...] = ()
    saved: Saved | None = None
    closed: ClosedCrossing | None = None
    notice: str | None = None
    standing: PersonStanding | None = None
    as_read: DocumentAsRead | None = None
    declaration: HeldDeclaration | None = None
    slip: HeldSlip | None = None
    group: GroupMark | None = None
    ride: HeldRide | None = None
    overridden: HeldOverride | None = None
    troubles: tuple[str, ...] = ()
    next_person: NextPerson | None = None
    before: ClosedCrossing | None = None
    still_here_at: datetime | None = None
    twin: HeldTwin | None = None
    care: HeldCare | None = None


class LaneDot(msgspec.Struct, frozen=True, kw_only=True):
    """One crossing in the picture of the last hour."""

    observed_at: datetime
    temperature_c: float
    outcome: str


def succeeded(before: LaneSheet, sheet: LaneSheet, *, at: datetime, keeps_next: bool) -> LaneSheet:
    """Carry over what outlives a person: the next one's document, and until when somebody stood here."""
    next_person = sheet.next_person or (before.next_person if keeps_next else None)
    state, left = sheet.state, before.state.presentation
    has_left = left is not None and (state.presentation is None or state.presentation.crossing_id != left.crossing_id)
    if has_left:
        state = vacated(state, at=at)
    elif state.presentation is None and state.occupied_until is None:
        state = msgspec.structs.replace(state, occupied_until=before.state.occupied_until)
    return msgspec.structs.replace(sheet, state=state, next_person=next_person)


_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(LaneSheet)


def encode_sheet(sheet: LaneSheet) -> bytes:
    """Write a sheet for the database."""
    return _ENCODER.encode(sheet)


def decode_sheet(content: bytes) -> LaneSheet:
    """Read a sheet that ``encode_sheet`` wrote."""
    return _DECODER.decode(content)
