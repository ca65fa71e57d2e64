"""The records of the pass register: who was registered, what became of a pass, who is the same person.

An episode is the registered holder (``holder_id``, a UUID): the sealed part says who, and is erased with
that episode. A child on a parent's pass is a holder of its own. Two persons are linked and unlinked by
their keys (HMAC), never by a name; the open parts name nobody.
"""

from datetime import date
from typing import ClassVar

import msgspec

from sync.agreement.vocabulary import LinkReason, PassReason, PassRegime, PassState, RegistrationSource


class PassRegistered(msgspec.Struct, frozen=True, kw_only=True):
    """An officer entered a pass, or a child on a pass, into the register. Dates are local calendar dates.

    ``findings`` are codes of ``DocumentWarningCode`` (a validity longer than twelve months and the like);
    ``accompanies_holder_id`` is set for a child; ``replaces_holder_id`` for a new pass of a known holder.
    """

    type_name: ClassVar[str] = "pass_registered"
    type_version: ClassVar[int] = 1
    crossing_id: ClassVar[None] = None

    holder_id: str
    source: RegistrationSource
    regime: PassRegime
    issued_on: date | None = None
    expires_on: date | None = None
    findings: tuple[str, ...] = ()
    accompanies_holder_id: str | None = None
    replaces_holder_id: str | None = None


class PassStateChanged(msgspec.Struct, frozen=True, kw_only=True):
    """A pass was lost, found, cancelled, reinstated or replaced; an officer's words are sealed."""

    type_name: ClassVar[str] = "pass_state_changed"
    type_version: ClassVar[int] = 1
    crossing_id: ClassVar[None] = None

    holder_id: str
    previous_state: PassState
    state: PassState
    reason: PassReason


class PersonsLinked(msgspec.Struct, frozen=True, kw_only=True):
    """An officer says that two person keys are one person. Nothing is merged; ``persons_unlinked`` undoes it."""

    type_name: ClassVar[str] = "persons_linked"
    type_version: ClassVar[int] = 1
    crossing_id: ClassVar[None] = None

    link_id: str
    left_person_key: str
    right_person_key: str
    reason: LinkReason


class PersonsUnlinked(msgspec.Struct, frozen=True, kw_only=True):
    """An officer takes a link back: the two keys are two persons again, as before."""

    type_name: ClassVar[str] = "persons_unlinked"
    type_version: ClassVar[int] = 1
    crossing_id: ClassVar[None] = None

    link_id: str
    reason: LinkReason


RegisterRecord = PassRegistered | PassStateChanged | PersonsLinked | PersonsUnlinked
