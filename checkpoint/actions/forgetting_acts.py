"""Erased people among the acts of handhelds that wait to be mended, and among those that a device sends in late.

An act belongs to an erased episode when it is the episode, or rechecks it. It belongs to an erased person when it
holds the number of their document and no crossing of theirs is left at this gate. Then it says nobody's name any
more: a crossing is set aside, because nobody is left who crossed; a recheck waits on with what was measured, because
an alarm is still to be ended. The device, which may send it again, is told the same, and nothing comes back.
"""

from typing import Final

import msgspec

from checkpoint.actions.gate import Turn
from checkpoint.actions.handheld_acts import settle_aside
from checkpoint.actions.kept_act import ActKind, HandheldAct, act_of
from checkpoint.actions.presenting import CrossingDetails
from checkpoint.documents import number_key
from checkpoint.store.erasure import is_erased
from checkpoint.store.handhelds import KeptAct, put_act, waiting_acts
from checkpoint.store.lanes import log_access

_SHORTEST_TELLING: Final = 5
"""A number of fewer characters could stand in anybody's scan by chance; it is then compared as a whole only."""


def forget_acts(turn: Turn, episode_ids: frozenset[str], *, numbers: frozenset[str]) -> None:
    """Take the names out of what waits of erased episodes, and of people of whom nothing else is left (``numbers``)."""
    for known in waiting_acts(turn.transaction):
        act = act_of(known)
        is_theirs = {str(act.act_id), str(act.rechecked_id)} & episode_ids
        if is_theirs or any(_shows(act, number) for number in numbers if number):
            _forget(turn, known, act=act)


def without_the_erased(turn: Turn, act: HandheldAct) -> HandheldAct:
    """Take nobody's name in again: a device that was out of reach still has what was erased here since."""
    erased = {str(act.act_id), str(act.rechecked_id)}
    return _nameless(act) if any(is_erased(turn.transaction, one) for one in erased) else act


def _forget(turn: Turn, known: KeptAct, *, act: HandheldAct) -> None:
    log_access(
        turn.transaction, at=turn.at, officer_ref="", action="handheld_act_erased", subject=known.act_id, reason=""
    )
    nameless = msgspec.structs.replace(known, content=msgspec.json.encode(_nameless(act)), fingerprint=b"")
    if act.kind is ActKind.RECHECK:
        put_act(turn.transaction, nameless)
    else:
        settle_aside(turn, nameless)


def _nameless(act: HandheldAct) -> HandheldAct:
    """Return what was done and measured, and nothing of whom, of what they said, or in anybody's own words."""
    said = dict.fromkeys(CrossingDetails.__struct_fields__)
    return msgspec.structs.replace(act, scans=(), document=None, exception_reason=None, **said)


def _shows(act: HandheldAct, number: str) -> bool:
    if act.document is not None and number_key(act.document.document_number) == number:
        return True
    scans = [number_key(scan) for scan in act.scans]
    return number in scans or (len(number) >= _SHORTEST_TELLING and any(number in scan for scan in scans))
