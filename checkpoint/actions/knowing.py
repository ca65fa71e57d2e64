"""What is known of who stands in a lane: history over linked documents, and out and home again."""

from datetime import UTC, date, datetime, timedelta
from typing import Final

import msgspec

from checkpoint.actions.gate import Turn
from checkpoint.actions.sheet import LaneSheet
from checkpoint.actions.twin import HeldCare, HeldTwin
from checkpoint.presentation import Presentation
from checkpoint.register.pairing import outings
from checkpoint.register.passes import standing, valid_until
from checkpoint.register.person_standing import PersonStanding
from checkpoint.store.crossings import (
    HISTORY_ROWS,
    PastTemperature,
    crossings_since,
    history_of,
    last_presented,
    place_in_care,
)
from checkpoint.store.holders import Holder, noted_state
from checkpoint.store.persons import linked_keys, note_traveller, passages_of
from sync.agreement.local_time import VIETNAM_TIME, local_date
from sync.agreement.vocabulary import DocumentKind, PassState

JUST_HERE: Final = "just_here"
PAIRED_SINCE: Final = timedelta(days=366)
"""How far back a leaving is looked for: a border pass is valid for twelve months."""


def midnight(day: date) -> datetime:
    """Return the instant at which a local day begins."""
    return datetime.combine(day, datetime.min.time(), tzinfo=VIETNAM_TIME).astimezone(UTC)


def history_of_person(turn: Turn, person_key: str) -> tuple[tuple[PastTemperature, ...], int]:
    """Return the latest temperatures and the crossings of today, over every document linked to this one."""
    if not person_key:
        return (), 0
    today = midnight(local_date(turn.at))
    keys = linked_keys(turn.transaction, person_key)
    past = [one for key in keys for one in history_of(turn.transaction, key)]
    past.sort(key=lambda one: one.observed_at, reverse=True)
    return tuple(past[:HISTORY_ROWS]), sum(crossings_since(turn.transaction, key, since=today) for key in keys)


def standing_of(turn: Turn, person_key: str, *, holder: Holder | None, is_registrable: bool) -> PersonStanding | None:
    """Say what the lane shows beside a person; ``None`` for somebody of whom nothing can be known."""
    if not person_key:
        return None
    keys = linked_keys(turn.transaction, person_key)
    paired = outings(passages_of(turn.transaction, keys, since=turn.at - PAIRED_SINCE))
    last = paired[-1] if paired else None
    return PersonStanding(
        holder_id=None if holder is None else holder.holder_id,
        pass_state=None if holder is None else state_today(holder, today=local_date(turn.at)),
        is_registrable=is_registrable,
        left_at=last.left.passed_at if last is not None and last.is_open and last.left is not None else None,
        came_back_at=last.came_back.passed_at if last is not None and last.came_back is not None else None,
        linked_keys=len(keys) - 1,
        register_row=0 if holder is None else holder.number,
    )


def state_today(one: Holder, *, today: date) -> PassState:
    """Return what a holder's pass is worth on a day."""
    last_day = valid_until(expires_on=one.expires_on, issued_on=one.issued_on)
    return standing(one.state, expires_on=last_day, today=today)


def with_pass_today(turn: Turn, sheet: LaneSheet) -> LaneSheet:
    """Look again at the register's word on the pass: it may have been cancelled while its holder stood here."""
    person, standing_here = sheet.state.presentation, sheet.standing
    if person is None or standing_here is None or standing_here.holder_id is None or person.is_document_cancelled:
        return sheet
    noted = noted_state(turn.transaction, standing_here.holder_id, row=standing_here.register_row)
    if noted is None or noted is PassState.VALID:
        return sheet
    cancelled = msgspec.structs.replace(person, is_document_cancelled=True)
    return msgspec.structs.replace(sheet, state=msgspec.structs.replace(sheet.state, presentation=cancelled))


def remember_traveller(turn: Turn, person: Presentation) -> None:
    """Let somebody who crossed without a registered pass be found by name from now on."""
    identity = person.identity
    if not person.person_key or not identity.full_name:
        return
    if person.document_kind is DocumentKind.BORDER_PASS:
        return  # a holder, a child on a pass, or a pass that waits to be registered: the register's own
    note_traveller(
        turn.transaction,
        person.person_key,
        identity=identity,
        kind=person.document_kind,
        nationality=person.nationality,
        at=turn.at,
    )


def warnings_of_return(turn: Turn, lane_id: str, person_key: str) -> tuple[str, ...]:
    """Warn where this person crossed at this very lane minutes ago: scanned again by mistake, or somebody else."""
    if not person_key:
        return ()
    since = turn.at - turn.gate.policy.rules_at(turn.at).asked_within
    last = last_presented(turn.transaction, person_key, since=since, not_at="")
    return (JUST_HERE,) if last is not None and last[1] == lane_id else ()


def care_of(turn: Turn, person_key: str) -> HeldCare | None:
    """Say that the gate has not done with an earlier crossing of this person, under whichever of their documents."""
    if not person_key:
        return None
    places = (place_in_care(turn.transaction, key) for key in linked_keys(turn.transaction, person_key))
    place_id = next((one for one in places if one is not None), None)
    return None if place_id is None else HeldCare(place_id=place_id)


def twin_of(turn: Turn, lane_id: str, person_key: str, *, known: HeldTwin | None) -> HeldTwin | None:
    """Say where else this person was presented within minutes, the latest; what was answered stays answered."""
    if known is not None or not person_key:
        return known
    within = turn.gate.policy.rules_at(turn.at).asked_within
    seen = [
        (sheet.state.presentation.presented_at, other)
        for other, sheet in turn.gate.sheets.items()
        if other != lane_id
        and sheet.state.presentation is not None
        and sheet.state.presentation.person_key == person_key
    ]
    written = last_presented(turn.transaction, person_key, since=turn.at - within, not_at=lane_id)
    seen += [] if written is None else [written]
    if not seen:
        return None
    at, other = max(seen)
    if turn.at - at > within:
        return None
    return HeldTwin(
        lane_id=other,
        label=turn.gate.settings.lane_labels.get(other, other),
        ago_s=round(max(0.0, (turn.at - at).total_seconds())),
    )
