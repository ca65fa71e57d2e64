"""The travellers' screen: its one message in three languages, and how a screen is given to a lane.

A screen is paired by a code that an officer reads out: eight digits, good once and for five minutes. What the
screen then holds is a token that shows this one lane's sentence; it opens nothing else, and it is forgotten on a key.
"""

import hashlib
import secrets
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

import msgspec

from checkpoint.actions.gate import Gate, Turn
from checkpoint.actions.refusals import ActionRefusedError
from checkpoint.actions.sheet import LaneSheet
from checkpoint.displays import LaneSeen, message_for
from checkpoint.store.displays import Screen, ScreenBook
from checkpoint.store.lanes import log_access
from sync.agreement.display_words import DisplayMessage
from sync.agreement.policy.display_rules import DisplayText

CODE_DIGITS: Final = 8
CODE_VALID_S: Final = 300.0
MOST_CODES: Final = 32


class DisplayView(msgspec.Struct, frozen=True, kw_only=True):
    """All that a screen is ever sent. ``texts``: other sentences than the labels', by language, and whose they are."""

    message: DisplayMessage
    texts: Mapping[str, str] | None = None
    texts_from: str = ""


class PairingCode(msgspec.Struct, frozen=True, kw_only=True):
    """What the officer reads out, for which lane, and until when it is good."""

    code: str
    lane_id: str
    expires_at: datetime


class PairingCodes:
    """The codes that wait to be typed at a screen; in memory only, so a restart forgets them."""

    def __init__(self, draw: Callable[[int], int] = secrets.randbelow) -> None:
        """``draw``: a random number below its argument."""
        self._draw = draw
        self._waiting: dict[str, tuple[PairingCode, str]] = {}

    def make(self, lane_id: str, *, by: str, at: datetime) -> PairingCode:
        """Make a code for one lane; the one of this lane before it is good no more."""
        self._waiting = {
            key: kept for key, kept in self._waiting.items() if kept[0].expires_at > at and kept[0].lane_id != lane_id
        }
        if len(self._waiting) >= MOST_CODES:
            self._waiting.pop(next(iter(self._waiting)))
        code = str(self._draw(10**CODE_DIGITS)).zfill(CODE_DIGITS)
        made = PairingCode(code=code, lane_id=lane_id, expires_at=at + timedelta(seconds=CODE_VALID_S))
        self._waiting[_hash(code)] = (made, by)
        return made

    def take(self, code: str, *, at: datetime) -> tuple[str, str] | None:
        """Use up a code: return its lane and who made it, or nothing where it is wrong, used or too old."""
        digits = "".join(mark for mark in code if mark.isdigit())
        kept = self._waiting.pop(_hash(digits), None)
        if kept is None or kept[0].expires_at <= at:
            return None
        return kept[0].lane_id, kept[1]


def display_view(gate: Gate, lane_id: str) -> DisplayView:
    """Say what the screen of a lane shows now."""
    at = gate.clock()
    is_attended = gate.attended_since(lane_id, at=at) is not None
    message = message_for(_seen(gate.sheets[lane_id], is_attended=is_attended, at=at))
    other = _other_text(gate, message, at=at)
    if other is None:
        return DisplayView(message=message)
    return DisplayView(
        message=message, texts={"vi": other.vi, "en": other.en, "zh": other.zh}, texts_from=other.rule_id
    )


def pair_screen(turn: Turn, book: ScreenBook, *, lane_id: str, by: str) -> str:
    """Give a screen to a lane; returns its token, which is kept nowhere but at the screen."""
    token = secrets.token_urlsafe(32)
    screen = Screen(token_hash=_hash(token), lane_id=lane_id, paired_at=turn.at, paired_by=by)
    book.add(turn.transaction, screen)
    _note(turn, "display_paired", by=by, lane_id=lane_id)
    return token


def forget_screen(turn: Turn, book: ScreenBook, *, display_id: str) -> None:
    """Take a screen from its lane: from its next look on it shows nothing."""
    found = next((one for one in book.all() if one.token_hash.startswith(display_id)), None)
    if found is None or not display_id:
        code = "no_such_display"
        raise ActionRefusedError(code, http_code=404)
    book.drop(turn.transaction, found.token_hash)
    _note(turn, "display_forgotten", by=turn.officer_ref or "", lane_id=found.lane_id)


def screen_with(book: ScreenBook, token: str | None) -> Screen | None:
    """Return the screen that holds this token."""
    return book.find(_hash(token)) if token else None


def _seen(sheet: LaneSheet, *, is_attended: bool, at: datetime) -> LaneSeen:
    state, assessment, closed = sheet.state, sheet.assessment, sheet.closed
    presented = state.presentation
    return LaneSeen(
        phase=state.phase,
        is_attended=is_attended,
        outcome=assessment.outcome if assessment is not None else None,
        reasons=[reason.code for reason in assessment.reasons] if assessment is not None else (),
        waits_s=(at - presented.presented_at).total_seconds() if presented is not None else 0.0,
        troubles=sheet.troubles,
        closed_as=closed.disposition if closed is not None else None,
        closed_s=(at - sheet.saved.recorded_at).total_seconds() if sheet.saved is not None else None,
        has_declaration_waiting=sheet.declaration is not None,
    )


def _other_text(gate: Gate, message: DisplayMessage, *, at: datetime) -> DisplayText | None:
    """Return the newest sentence that an order in force gives for this message, if there is one."""
    given = [one for one in gate.policy.rules_at(at).of_type(DisplayText) if one.message is message]
    return max(given, key=lambda one: one.effective_from, default=None)


def _hash(secret: str) -> str:
    """Hash a token of 256 random bits, or a code that is good for minutes and guessed slowly."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _note(turn: Turn, action: str, *, by: str, lane_id: str) -> None:
    log_access(turn.transaction, at=turn.at, officer_ref=by, action=action, subject=lane_id, reason="")
