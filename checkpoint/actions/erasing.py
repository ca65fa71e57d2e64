"""Carrying out an erasure that the centre ordered: one transaction, and the file made clean after it.

Only the centre orders (``episodes_erased`` in its journal); there is no command at the gate for it. A
person who still stands in a lane or in the isolation room stays there, without a name.
"""

from concurrent.futures import Future
from functools import partial

import msgspec
import structlog

from checkpoint.actions.forgetting_acts import forget_acts
from checkpoint.actions.gate import Gate, Turn
from checkpoint.actions.holding import key_of_pass
from checkpoint.actions.party_members import forget_parties
from checkpoint.actions.reconciling import MARGIN
from checkpoint.actions.sheet import LaneSheet
from checkpoint.coverage import ERASED, document_key
from checkpoint.lane import LaneState
from checkpoint.store.coverage import Span, forget_entries
from checkpoint.store.erasure import ErasedPerson, destroy_key, purge_episode, purge_person, remember_erased
from checkpoint.store.journal import Saved
from checkpoint.store.scrubbing import REBUILT_AT_ONCE_BYTES, mark_scrubbed, scrub_wanted
from checkpoint.store.writer import Scrubbed
from sync.agreement.records import EpisodesErased, ErasureCarriedOut

_log = structlog.get_logger("checkpoint")


def erase_episodes(turn: Turn, order: EpisodesErased) -> Saved | None:
    """Erase who the order names; ``None`` when no episode of it was ever here.

    Asked again, because an older database was put back, it erases again and says so again.
    """
    remember_erased(turn.transaction, order.episode_ids, erasure_id=order.erasure_id, erased_at=order.erased_at)
    destroyed, own, people = 0, [], []
    for episode_id in order.episode_ids:
        had_key = destroy_key(turn.transaction, episode_id)
        person = purge_episode(turn.transaction, episode_id)
        destroyed += had_key
        if had_key or person is not None:
            own.append(episode_id)
        if person is not None:
            people.append(person)
    gone: set[str] = set()
    key_of = partial(key_of_pass, key=turn.gate.identity.person_index_key)
    for person in people:
        _forget_stamps(turn, person)
        if purge_person(turn.transaction, person, key_of_pass=key_of):
            gone |= person.numbers
    forget_acts(turn, frozenset(order.episode_ids), numbers=frozenset(gone))
    _empty_lanes(turn, frozenset(own))
    forget_parties(turn, frozenset(own))
    turn.transaction.after_commit(lambda: _forget(turn.gate, own))
    if not own:
        return None
    carried_out = ErasureCarriedOut(erasure_id=order.erasure_id, episode_ids=tuple(own), keys_destroyed=destroyed)
    return turn.append(carried_out, lane_id=None, observed_at=turn.at)


def scrub_remains(gate: Gate) -> None:
    """Make the file and its log clean of what was erased; what cannot be done now stays due.

    Only who was erased before the scrub was asked for counts as scrubbed by it.
    """
    with gate.store.readers.connect() as connection:
        wanted = scrub_wanted(connection)
    gate.store.writer.scrub(largest_rebuild_bytes=REBUILT_AT_ONCE_BYTES).add_done_callback(
        lambda done: _note_scrubbed(gate, done, wanted=wanted)
    )


def _note_scrubbed(gate: Gate, done: "Future[Scrubbed]", *, wanted: list[str]) -> None:
    """Runs on the writer's own thread, so it asks for the next commit and does not wait for it."""
    scrubbed = done.result()
    if not scrubbed.is_log_empty or not scrubbed.is_rebuilt:
        _log.warning("scrub_is_due", is_rebuilt=scrubbed.is_rebuilt, is_log_empty=scrubbed.is_log_empty)
        return
    gate.perform(lambda turn: _mark(turn, wanted))


def _mark(turn: Turn, episode_ids: list[str]) -> None:
    due = mark_scrubbed(turn.transaction, episode_ids, at=turn.at)
    turn.transaction.after_commit(lambda: _show_due(turn.gate, due))


def _show_due(gate: Gate, due: int) -> None:
    gate.mirror = msgspec.structs.replace(gate.mirror, scrub_due=due)


def _empty_lanes(turn: Turn, episode_ids: frozenset[str]) -> None:
    """Take an erased person off the screens: the crossing itself stays open where it waits for something."""
    for lane_id, sheet in turn.gate.sheets.items():
        presentation = sheet.state.presentation
        if presentation is not None and presentation.crossing_id in episode_ids:
            turn.stage(lane_id, LaneSheet(state=LaneState(seen=sheet.state.seen)))
        elif sheet.closed is not None and sheet.closed.crossing_id in episode_ids:
            turn.stage(lane_id, msgspec.structs.replace(sheet, closed=None, saved=None))


def _forget(gate: Gate, episode_ids: list[str]) -> None:
    for episode_id in episode_ids:
        gate.forget_key(episode_id)


def _forget_stamps(turn: Turn, person: ErasedPerson) -> None:
    """Take the person out of the immigration list too, around the crossing that is erased."""
    hashed = document_key(person.document_number, key=turn.gate.identity.person_index_key)
    if hashed != ERASED:
        span = Span(begins_at=person.presented_at - MARGIN, ends_at=person.presented_at + MARGIN)
        forget_entries(turn.transaction, hashed, span=span)
