"""The declaration at a lane as its screen sees it."""

from collections.abc import Callable
from datetime import datetime

import msgspec

from checkpoint.actions.declared import HeldDeclaration
from sync.agreement.declaration import DeclarationFlag
from sync.agreement.facts import Citation


class DoubtView(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that does not agree: what was declared, what is known; numbers are masked."""

    flag: str
    declared: str
    known: str


class DeclarationView(msgspec.Struct, frozen=True, kw_only=True):
    """The declaration at the lane. ``state``: waiting for its person, taken, or refused with ``fault``."""

    declaration_id: str
    state: str
    fault: str | None
    full_name: str
    channel: str
    expires_at: datetime | None
    citation: Citation | None
    doubts: tuple[DoubtView, ...]
    is_checked: bool


def declaration_view(held: HeldDeclaration | None, *, mask: Callable[[str], str]) -> DeclarationView | None:
    """Draw the declaration at a lane; ``mask`` hides all but the end of a number."""
    if held is None:
        return None
    doubts = (
        DoubtView(
            flag=one.flag.value,
            declared=_shown(one.flag, one.declared, mask=mask),
            known=_shown(one.flag, one.known, mask=mask),
        )
        for one in held.doubts
    )
    return DeclarationView(
        declaration_id=held.declaration_id,
        state="refused" if held.fault else "taken" if held.is_taken else "waiting",
        fault=held.fault.value if held.fault else None,
        full_name=held.read.declaration.full_name,
        channel=held.read.channel.value,
        expires_at=held.validity.valid_until,
        citation=held.validity.citation,
        doubts=tuple(doubts),
        is_checked=held.is_checked,
    )


def _shown(flag: DeclarationFlag, text: str, *, mask: Callable[[str], str]) -> str:
    return mask(text) if text and flag is DeclarationFlag.NUMBER_DIFFERS else text
