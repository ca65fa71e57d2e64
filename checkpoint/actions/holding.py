"""What officers do with the register: enter a pass or a child, note what became of a pass, link two person keys.

Every act writes a record; the holder's own episode seals who it is about. Each command carries the
identifier of what it makes, chosen by the screen, so that a repeated request is the same act.
"""

from collections.abc import Callable
from datetime import date
from typing import Annotated, TypeVar
from uuid import UUID

import msgspec

from checkpoint.actions.gate import Turn
from checkpoint.actions.refusals import ActionRefusedError
from checkpoint.actions.remarks import with_remark
from checkpoint.documents import PersonIdentifiers, may_share_pass, person_key, read_pass_number, register_key
from checkpoint.register.label_code import new_label_code
from checkpoint.register.links import PersonLink
from checkpoint.register.passes import PassError, PassMove, findings_of, moved, require_child, standing
from checkpoint.store.erasure import is_erased
from checkpoint.store.holders import (
    Child,
    Holder,
    add_child,
    add_holder,
    children_of,
    find_child,
    find_holder_by_id,
    find_pass,
    move_child,
    set_label,
    set_state,
)
from checkpoint.store.journal import Saved, SealedFor
from checkpoint.store.lanes import find_episode_key, keep_episode_key
from checkpoint.store.persons import end_link, find_link, linked_keys, put_link
from sync.agreement.gate_records.register import PassRegistered, PassStateChanged, PersonsLinked, PersonsUnlinked
from sync.agreement.local_time import local_date
from sync.agreement.records import TravellerIdentity
from sync.agreement.vocabulary import LinkReason, PassReason, PassRegime, PassState, RegistrationSource, Sex
from sync.exchange.sealing import new_episode_key, unwrap_episode_key, wrap_episode_key

_T = TypeVar("_T")
MOST_CHILDREN = 8
NameText = Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=r"\S")]
PlainText = Annotated[str, msgspec.Meta(max_length=200)]
NumberText = Annotated[str, msgspec.Meta(max_length=60)]
PersonKeyText = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]


class ChildFields(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A child under 16 who crosses on a parent's pass."""

    child_id: UUID
    full_name: NameText
    date_of_birth: date
    sex: Sex = Sex.UNSPECIFIED


class RegisterCommand(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A pass as an officer reads it, entered once.

    ``lane_id``: it happened at a lane; without a number, that of whoever stands there is meant.
    """

    holder_id: UUID
    pass_number: NumberText = ""
    full_name: NameText
    date_of_birth: date | None = None
    sex: Sex = Sex.UNSPECIFIED
    commune: PlainText = ""
    regime: PassRegime | None = None
    scope: PlainText = ""
    issued_on: date | None = None
    expires_on: date | None = None
    children: Annotated[tuple[ChildFields, ...], msgspec.Meta(max_length=MOST_CHILDREN)] = ()
    replaces_holder_id: UUID | None = None
    lane_id: str | None = None


class MovePassCommand(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What became of a pass; ``words`` are the officer's own and are sealed."""

    move: PassMove
    reason: PassReason
    words: PlainText = ""


class LinkCommand(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Two person keys are one person."""

    link_id: UUID
    left_person_key: PersonKeyText
    right_person_key: PersonKeyText
    reason: LinkReason


class UnlinkCommand(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A link was wrong, or is no longer wanted."""

    link_id: UUID
    reason: LinkReason


class Registered(msgspec.Struct, frozen=True, kw_only=True):
    """What a registration wrote; ``saved`` is ``None`` where the same was asked before."""

    holder_id: str
    findings: tuple[str, ...]
    saved: Saved | None


def register_pass(turn: Turn, command: RegisterCommand) -> Registered:
    """Enter a pass with its children; refuses a number that another holder has."""
    number = read_pass_number(command.pass_number)
    if not number.is_plausible:
        code = "pass_number_wrong"
        raise ActionRefusedError(code, http_code=422)
    today = local_date(turn.at)
    findings = findings_of(issued_on=command.issued_on, expires_on=command.expires_on, today=today)
    holder_id = str(command.holder_id)
    regime = number.regime or command.regime or PassRegime.CHINA
    known = find_pass(turn.transaction, number.key, regime=regime)
    if known is not None and known.holder_id == holder_id:
        return Registered(holder_id=holder_id, findings=findings, saved=None)
    if known is not None or find_holder_by_id(turn.transaction, holder_id) is not None:
        code = "pass_known"
        raise ActionRefusedError(code)
    older = None if command.replaces_holder_id is None else require_holder(turn, str(command.replaces_holder_id))
    one = Holder(
        holder_id=holder_id,
        pass_number=register_key(number.key, regime=regime),
        printed_number=number.display,
        full_name=" ".join(command.full_name.split()),
        date_of_birth=command.date_of_birth,
        sex=command.sex,
        commune=command.commune.strip(),
        regime=regime,
        scope=command.scope.strip(),
        issued_on=command.issued_on,
        expires_on=command.expires_on,
        label_code=new_label_code(turn.gate.random_bytes),
        source=RegistrationSource.REGISTER if command.lane_id is None else RegistrationSource.LANE,
        registered_at=turn.at,
    )
    saved = _enter(turn, one, findings=findings, replaces=older, lane_id=command.lane_id)
    for child in command.children:
        add_child_to(turn, holder_id, child)
    return Registered(holder_id=holder_id, findings=findings, saved=saved)


def add_child_to(turn: Turn, holder_id: str, command: ChildFields) -> Registered:
    """Put a child on a parent's pass: an episode, a label and a person key of its own."""
    parent = require_holder(turn, holder_id)
    child_id = str(command.child_id)
    if find_child(turn.transaction, child_id) is not None:
        return Registered(holder_id=child_id, findings=(), saved=None)
    with_refusals(lambda: require_child(command.date_of_birth, today=local_date(turn.at)))
    siblings = children_of(turn.transaction, holder_id)
    if len(siblings) >= MOST_CHILDREN:
        code = "too_many_children"
        raise ActionRefusedError(code)
    child = Child(
        child_id=child_id,
        holder_id=holder_id,
        full_name=" ".join(command.full_name.split()),
        date_of_birth=command.date_of_birth,
        sex=command.sex,
        position=1 + max((one.position for one in siblings), default=0),
        label_code=new_label_code(turn.gate.random_bytes),
        registered_at=turn.at,
    )
    add_child(turn.transaction, child)
    body = PassRegistered(
        holder_id=child_id,
        source=parent.source if parent.source is not RegistrationSource.IMPORTED else RegistrationSource.REGISTER,
        regime=parent.regime,
        issued_on=parent.issued_on,
        expires_on=parent.expires_on,
        accompanies_holder_id=holder_id,
    )
    sealed_for = _sealed(turn, child_id, identity=identity_of_child(child, parent=parent))
    return Registered(
        holder_id=child_id,
        findings=(),
        saved=turn.append(body, lane_id=None, observed_at=turn.at, sealed_for=sealed_for),
    )


def move_pass(turn: Turn, holder_id: str, command: MovePassCommand) -> Saved | None:
    """Note what became of a pass; ``None`` if exactly that stands there already."""
    one = require_holder(turn, holder_id)
    before = standing(one.state, expires_on=one.expires_on, today=local_date(turn.at))
    if one.state_reason is command.reason and one.state is _aim(command.move):
        return None
    after = with_refusals(lambda: moved(before, command.move, reason=command.reason))
    return _note_state(turn, one, before=before, after=after, reason=command.reason, words=command.words)


def give_label(turn: Turn, holder_id: str) -> str:
    """Return the code of a holder's or a child's label; an imported holder gets one now."""
    child = find_child(turn.transaction, holder_id)
    if child is not None:
        return child.label_code
    one = require_holder(turn, holder_id)
    if one.label_code is not None:
        return one.label_code
    code = new_label_code(turn.gate.random_bytes)
    set_label(turn.transaction, holder_id, label_code=code)
    return code


def link_persons(turn: Turn, command: LinkCommand) -> Saved | None:
    """Hold two person keys for one person, because an officer says so; ``None`` if that was done already."""
    link_id = str(command.link_id)
    if command.left_person_key == command.right_person_key:
        code = "same_person_already"
        raise ActionRefusedError(code, http_code=422)
    if find_link(turn.transaction, link_id) is not None:
        return None
    if command.right_person_key in linked_keys(turn.transaction, command.left_person_key):
        code = "linked_already"
        raise ActionRefusedError(code)
    link = PersonLink(link_id=link_id, left_key=command.left_person_key, right_key=command.right_person_key)
    put_link(turn.transaction, link, reason=command.reason, at=turn.at)
    body = PersonsLinked(
        link_id=link_id, left_person_key=link.left_key, right_person_key=link.right_key, reason=command.reason
    )
    return turn.append(body, lane_id=None, observed_at=turn.at)


def unlink_persons(turn: Turn, command: UnlinkCommand) -> Saved | None:
    """Take a link back; ``None`` if that was done already."""
    link_id = str(command.link_id)
    known = find_link(turn.transaction, link_id)
    if known is None:
        code = "no_such_link"
        raise ActionRefusedError(code, http_code=404)
    if not known[1]:
        return None
    end_link(turn.transaction, link_id, at=turn.at)
    return turn.append(PersonsUnlinked(link_id=link_id, reason=command.reason), lane_id=None, observed_at=turn.at)


def require_holder(turn: Turn, holder_id: str) -> Holder:
    """Return a holder, or refuse."""
    one = find_holder_by_id(turn.transaction, holder_id)
    if one is None:
        code = "no_such_holder"
        raise ActionRefusedError(code, http_code=404)
    return one


def key_of_pass(pass_number: str, *, key: bytes) -> str:
    """Return the person key of a pass number's key."""
    return person_key(PersonIdentifiers(pass_number=pass_number), key=key) or ""


def identity_of(one: Holder) -> TravellerIdentity:
    """Return who a holder is, as a record seals it."""
    return TravellerIdentity(
        full_name=one.full_name,
        document_number=one.printed_number,
        date_of_birth=one.date_of_birth,
        sex=one.sex,
        pass_regime=one.regime,
        address=one.commune,
    )


def identity_of_child(child: Child, *, parent: Holder) -> TravellerIdentity:
    """Return who a child on a pass is: the number is the parent's."""
    return TravellerIdentity(
        full_name=child.full_name,
        document_number=parent.printed_number,
        date_of_birth=child.date_of_birth,
        sex=child.sex,
        pass_regime=parent.regime,
        address=parent.commune,
    )


def _enter(
    turn: Turn, one: Holder, *, findings: tuple[str, ...], replaces: Holder | None, lane_id: str | None
) -> Saved:
    add_holder(turn.transaction, one)
    body = PassRegistered(
        holder_id=one.holder_id,
        source=one.source,
        regime=one.regime,
        issued_on=one.issued_on,
        expires_on=one.expires_on,
        findings=findings,
        replaces_holder_id=None if replaces is None else replaces.holder_id,
    )
    sealed_for = _sealed(turn, one.holder_id, identity=identity_of(one))
    saved = turn.append(body, lane_id=lane_id, observed_at=turn.at, sealed_for=sealed_for)
    if replaces is not None:
        _replace(turn, replaces, successor=one)
    return saved


def _replace(turn: Turn, older: Holder, *, successor: Holder) -> None:
    """End the older pass, and hold both numbers for one person: that is what the officer said."""
    before = standing(older.state, expires_on=older.expires_on, today=local_date(turn.at))
    reason = PassReason.NEW_PASS_ISSUED
    after = with_refusals(lambda: moved(before, PassMove.REPLACE, reason=reason))
    _note_state(turn, older, before=before, after=after, reason=reason, replaced_by=successor.holder_id)
    key = turn.gate.identity.person_index_key
    left, right = key_of_pass(older.pass_number, key=key), key_of_pass(successor.pass_number, key=key)
    if right not in linked_keys(turn.transaction, left):
        link_id, because = UUID(successor.holder_id), LinkReason.PASS_REPLACED
        link = LinkCommand(link_id=link_id, left_person_key=left, right_person_key=right, reason=because)
        link_persons(turn, link)
    _move_children(turn, older, successor=successor)


def _move_children(turn: Turn, older: Holder, *, successor: Holder) -> None:
    """Let the children go with the parent's new pass; who has turned 16 meanwhile needs a pass of their own."""
    today = local_date(turn.at)
    moving = [
        one for one in children_of(turn.transaction, older.holder_id) if may_share_pass(one.date_of_birth, today=today)
    ]
    for position, child in enumerate(moving, start=1):
        move_child(turn.transaction, child, holder_id=successor.holder_id, position=position)


def _note_state(
    turn: Turn,
    one: Holder,
    *,
    before: PassState,
    after: PassState,
    reason: PassReason,
    words: str = "",
    replaced_by: str | None = None,
) -> Saved:
    set_state(turn.transaction, one.holder_id, state=after, reason=reason, at=turn.at, replaced_by=replaced_by)
    body = PassStateChanged(holder_id=one.holder_id, previous_state=before, state=after, reason=reason)
    sealed_for = _sealed(turn, one.holder_id, identity=with_remark(identity_of(one), words))
    return turn.append(body, lane_id=None, observed_at=turn.at, sealed_for=sealed_for)


def _aim(move: PassMove) -> PassState:
    return {
        PassMove.LOSE: PassState.LOST,
        PassMove.CANCEL: PassState.CANCELLED,
        PassMove.REPLACE: PassState.REPLACED,
    }.get(move, PassState.VALID)


def _sealed(turn: Turn, episode_id: str, *, identity: TravellerIdentity) -> SealedFor | None:
    """Seal under the holder's own episode; its first record draws the key. Of the erased nothing is sealed."""
    kept = find_episode_key(turn.transaction, episode_id)
    if kept is not None:
        key = unwrap_episode_key(kept, recipient="site", private_key=turn.gate.identity.site_key)
    elif is_erased(turn.transaction, episode_id):
        return None
    else:
        key = new_episode_key(turn.gate.random_bytes)
        wrapped = wrap_episode_key(key, episode_id=episode_id, recipients=turn.gate.recipients)
        keep_episode_key(turn.transaction, wrapped)
    return SealedFor(identity=identity, episode_id=episode_id, episode_key=key)


def with_refusals(rule: Callable[[], _T]) -> _T:
    """Run a rule of the register; what it refuses becomes an answer."""
    try:
        return rule()
    except PassError as error:
        raise ActionRefusedError(error.code.value) from error
