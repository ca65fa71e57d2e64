"""Health declarations at the gate: taken for a person in a lane, and what came of asking about them.

Codes and times are open; who declared, and the officer's words, are sealed under the key of the declaration.
"""

from datetime import datetime
from typing import Annotated, ClassVar

import msgspec

from sync.agreement.declaration.words import (
    DeclarationChannel,
    DeclarationFlag,
    DeclarationResolution,
    Exposure,
)
from sync.agreement.vocabulary import Symptom

AreaCount = Annotated[int, msgspec.Meta(ge=0, le=1000)]


class DeclarationReceived(msgspec.Struct, frozen=True, kw_only=True):
    """A declaration was taken for the person of one crossing (``given_for``), which uses it up.

    ``valid_until`` follows from the law pack's rule ``rule_id``; ``is_verified``: signed by a service this gate knows.
    ``areas`` counts the places visited; which ones is sealed.
    """

    type_name: ClassVar[str] = "declaration_received"
    type_version: ClassVar[int] = 2
    crossing_id: ClassVar[None] = None

    declaration_id: str
    given_for: str
    declared_at: datetime
    valid_until: datetime
    rule_id: str
    channel: DeclarationChannel
    language: str
    is_verified: bool
    symptoms: tuple[Symptom, ...] = ()
    exposures: tuple[Exposure, ...] = ()
    areas: AreaCount = 0


class DeclarationChecked(msgspec.Struct, frozen=True, kw_only=True):
    """An officer asked the traveller about what did not agree. It states no fault of anybody."""

    type_name: ClassVar[str] = "declaration_checked"
    type_version: ClassVar[int] = 1
    crossing_id: ClassVar[None] = None

    declaration_id: str
    given_for: str
    flags: tuple[DeclarationFlag, ...]
    resolution: DeclarationResolution


DeclarationRecord = DeclarationReceived | DeclarationChecked
