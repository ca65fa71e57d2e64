"""Second check and isolation: examine, propose, decide, refuse, compel, provide, notify, list contacts."""

from typing import Annotated
from uuid import UUID

import msgspec

from checkpoint.actions.deciding import ReasonText
from checkpoint.actions.gate import Turn
from checkpoint.actions.path_steps import Standing, Step, carry_out, done_before, standing, starting
from checkpoint.actions.refusals import ActionRefusedError
from checkpoint.isolation.case import CloseContact, GivenNotice, GivenProvision
from checkpoint.isolation.path import PathEvent
from checkpoint.store.isolation import add_contact
from checkpoint.store.journal import Saved, SealedFor
from checkpoint.store.lanes import keep_episode_key
from sync.agreement.facts import RunningClock
from sync.agreement.gate_records.isolation import (
    CompulsionOrdered,
    ContactListed,
    IsolationDecided,
    IsolationProposed,
    IsolationRefused,
    NoticeGiven,
    PhysicalCheckEnded,
    PhysicalCheckStarted,
    ProvisionGiven,
)
from sync.agreement.identifiers import uuid7
from sync.agreement.isolation_words import (
    CheckOutcome,
    ContactRelation,
    ExaminationFinding,
    IsolationGround,
    NoticeAddressee,
    NoticeMeans,
    ProvisionKind,
    TreatmentAction,
)
from sync.agreement.policy import ClockStart, LegalRole
from sync.agreement.policy.legal_rules import FormRule, IsolationRole
from sync.agreement.records import TravellerIdentity
from sync.agreement.vocabulary import ClockKind, QuarantineForm
from sync.exchange.sealing import new_episode_key, wrap_episode_key

# Marks that a document reader may send and that no paper can hold.
_PRINTABLE = r"^[^\x00-\x08\x0b-\x1f\x7f]*$"
Words = Annotated[str, msgspec.Meta(max_length=500, pattern=_PRINTABLE)]
Name = Annotated[str, msgspec.Meta(min_length=2, max_length=120, pattern=_PRINTABLE)]
Number = Annotated[str, msgspec.Meta(min_length=1, max_length=60, pattern=_PRINTABLE)]
_SUSPECTED = frozenset({CheckOutcome.GROUP_A_SUSPECTED, CheckOutcome.GROUP_B_SUSPECTED})
_CLOCK_OF_NOTICE = {
    NoticeAddressee.PERSON: ClockKind.PERSON_NOTICE,
    NoticeAddressee.CONSULAR_DEPARTMENT: ClockKind.CONSULAR_NOTICE,
}
# The number and the name of a refusal stand in the sealed remark: on an order they would read as its approval.
_UNSIGNED = {"order_number": "", "signer": ""}
COMPULSORY_FORM = "compulsory_isolation_order"


class ActCommand(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every act has: the identifier that the client made for it, before it was sent the first time."""

    act_id: UUID


class CheckEndCommand(ActCommand, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the physical check found and what was done."""

    outcome: CheckOutcome
    findings: Annotated[tuple[ExaminationFinding, ...], msgspec.Meta(max_length=13)] = ()
    actions: Annotated[tuple[TreatmentAction, ...], msgspec.Meta(max_length=8)] = ()
    words: Words = ""


class ProposeCommand(ActCommand, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """On which ground, and who proposes."""

    ground: IsolationGround
    proposer: Name
    list_number: Words = ""


class DecideCommand(ActCommand, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What stands on the signed order."""

    is_approved: bool
    order_number: Number
    signer: Name


class RefuseCommand(ActCommand, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """In what words the person refuses."""

    reason: ReasonText


class CompelCommand(ActCommand, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What stands on the signed compulsory order."""

    order_number: Number
    signer: Name


class ProvideCommand(ActCommand, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was given."""

    provisions: Annotated[tuple[ProvisionKind, ...], msgspec.Meta(min_length=1, max_length=6)]
    words: Words = ""


class NotifyCommand(ActCommand, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who was told, how, and who took the message."""

    addressee: NoticeAddressee
    means: NoticeMeans
    words: Words = ""


class ContactCommand(ActCommand, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who the close contact is and how to find that person."""

    relation: ContactRelation
    full_name: Name
    document_number: Annotated[str, msgspec.Meta(max_length=60)] = ""
    telephone: Annotated[str, msgspec.Meta(max_length=60)] = ""
    address: Words = ""


def start_check(turn: Turn, crossing_id: str, command: ActCommand) -> Saved:
    """Begin the physical check; its deadline has run since the referral."""
    if done := done_before(turn, command.act_id, crossing_id=crossing_id):
        return done
    found = standing(turn, crossing_id)
    body = PhysicalCheckStarted(crossing_id=crossing_id)
    step = Step(event=PathEvent.CHECK_STARTED, body=body, path={"check_started_at": turn.at})
    return carry_out(turn, found, step, act_id=str(command.act_id))


def end_check(turn: Turn, crossing_id: str, command: CheckEndCommand) -> Saved:
    """End the physical check with what it found; a suspicion names at least one finding."""
    if done := done_before(turn, command.act_id, crossing_id=crossing_id):
        return done
    if command.outcome in _SUSPECTED and not command.findings:
        code = "check_incomplete"
        raise ActionRefusedError(code, http_code=422)
    found = standing(turn, crossing_id)
    body = PhysicalCheckEnded(
        crossing_id=crossing_id,
        ends=found.running(ClockKind.PHYSICAL_CHECK),
        outcome=command.outcome,
        findings=command.findings,
        actions=command.actions,
    )
    changes = {
        "check_ended_at": turn.at,
        "outcome": command.outcome,
        "findings": command.findings,
        "actions": command.actions,
    }
    step = Step(event=PathEvent.CHECK_ENDED, body=body, path=changes, remark=command.words)
    return carry_out(turn, found, step, act_id=str(command.act_id))


def propose_isolation(turn: Turn, crossing_id: str, command: ProposeCommand) -> Saved:
    """Put the person on the list; the pack says on which grounds and who proposes. The decision's hour begins."""
    if done := done_before(turn, command.act_id, crossing_id=crossing_id):
        return done
    found = standing(turn, crossing_id)
    require_ground(turn, command.ground)
    proposed_by = _who_acts(turn, ClockKind.ISOLATION_LIST)
    body = IsolationProposed(
        crossing_id=crossing_id,
        ends=found.running(ClockKind.ISOLATION_LIST),
        clocks=starting(turn, found.row, start=ClockStart.PROPOSAL),
        ground=command.ground,
        proposed_by=proposed_by,
    )
    step = Step(
        event=PathEvent.PROPOSED,
        body=body,
        path={"ground": command.ground, "proposed_at": turn.at, "proposed_by": proposed_by, "is_declined": False},
        words={"proposer": command.proposer, "list_number": command.list_number},
        remark=f"[isolation_proposed] {command.proposer} {command.list_number}".rstrip(),
    )
    return carry_out(turn, found, step, act_id=str(command.act_id))


def decide_isolation(turn: Turn, crossing_id: str, command: DecideCommand) -> Saved:
    """Enter the signed order. Approved, the hold ends and isolation, hand-over and notices begin to run."""
    if done := done_before(turn, command.act_id, crossing_id=crossing_id):
        return done
    found = standing(turn, crossing_id)
    path = found.case.path
    if path.proposed_at is None or path.is_declined:
        code = "not_proposed"
        raise ActionRefusedError(code)
    ground = path.ground or IsolationGround.SUSPECT
    role = require_ground(turn, ground)
    ends = (ClockKind.ISOLATION_DECISION, ClockKind.ISOLATION_LIST)
    begun = starting(turn, found.row, start=ClockStart.DECISION) if command.is_approved else ()
    body = IsolationDecided(
        crossing_id=crossing_id,
        ends=found.running(*ends, *((ClockKind.TEMPORARY_HOLD,) if command.is_approved else ())),
        clocks=begun,
        is_approved=command.is_approved,
        ground=ground,
        decided_by=role.ordered_by[0],
    )
    step = Step(
        event=_decision(found, is_approved=command.is_approved),
        body=body,
        path={
            "decided_at": turn.at if command.is_approved else None,
            "decided_by": role.ordered_by[0],
            "is_declined": not command.is_approved,
            **_as_ordered(found, begun=begun if command.is_approved else None),
        },
        words={"order_number": command.order_number, "signer": command.signer} if command.is_approved else _UNSIGNED,
        remark=f"[isolation_decided] {command.order_number} {command.signer}",
    )
    return carry_out(turn, found, step, act_id=str(command.act_id))


def _as_ordered(found: Standing, *, begun: tuple[RunningClock, ...] | None) -> dict[str, object]:
    """Return what the order says of place and time; it stays so in every later print. A declined one says nothing."""
    if begun is None:
        return {"ordered_place": "", "ordered_until": None}
    until = next((clock.due_at for clock in begun if clock.kind is ClockKind.GATE_ISOLATION), None)
    return {"ordered_place": found.row.place_id or "", "ordered_until": until}


def _decision(found: Standing, *, is_approved: bool) -> PathEvent:
    if is_approved:
        return PathEvent.DECIDED
    if found.case.path.lapsed_at is not None:
        return PathEvent.DECLINED_LAPSED
    return PathEvent.DECLINED_UNCHECKED if found.case.path.check_ended_at is None else PathEvent.DECLINED


def refuse_isolation(turn: Turn, crossing_id: str, command: RefuseCommand) -> Saved:
    """Open the file of compulsory isolation; its clock runs from the refusal."""
    if done := done_before(turn, command.act_id, crossing_id=crossing_id):
        return done
    found = standing(turn, crossing_id)
    body = IsolationRefused(crossing_id=crossing_id, clocks=starting(turn, found.row, start=ClockStart.REFUSAL))
    step = Step(event=PathEvent.REFUSED, body=body, path={"refused_at": turn.at}, remark=command.reason)
    return carry_out(turn, found, step, act_id=str(command.act_id))


def compel_isolation(turn: Turn, crossing_id: str, command: CompelCommand) -> Saved:
    """Enter the signed compulsory order, on the form that the pack names."""
    if done := done_before(turn, command.act_id, crossing_id=crossing_id):
        return done
    found = standing(turn, crossing_id)
    form = next((one.form for one in forms_in_force(turn) if one.topic == COMPULSORY_FORM), "")
    body = CompulsionOrdered(
        crossing_id=crossing_id,
        ends=found.running(ClockKind.COMPULSORY_ORDER),
        ordered_by=_who_acts(turn, ClockKind.COMPULSORY_ORDER),
        form=form,
    )
    step = Step(
        event=PathEvent.COMPELLED,
        body=body,
        path={"compelled_at": turn.at, "compulsory_form": form, "compelled_place": found.row.place_id or ""},
        words={"compulsory_number": command.order_number, "compulsory_signer": command.signer},
        remark=f"[compulsion_ordered] {command.order_number} {command.signer}",
    )
    return carry_out(turn, found, step, act_id=str(command.act_id))


def give_provisions(turn: Turn, crossing_id: str, command: ProvideCommand) -> Saved:
    """Note what the person was given."""
    if done := done_before(turn, command.act_id, crossing_id=crossing_id):
        return done
    found = standing(turn, crossing_id)
    given = (*found.case.path.provisions, GivenProvision(provisions=command.provisions, at=turn.at))
    body = ProvisionGiven(crossing_id=crossing_id, provisions=command.provisions)
    step = Step(event=PathEvent.PROVIDED, body=body, path={"provisions": given}, remark=command.words)
    return carry_out(turn, found, step, act_id=str(command.act_id))


def give_notice(turn: Turn, crossing_id: str, command: NotifyCommand) -> Saved:
    """Note who was told; a notice that the law asks for ends its clock."""
    if done := done_before(turn, command.act_id, crossing_id=crossing_id):
        return done
    found = standing(turn, crossing_id)
    kind = _CLOCK_OF_NOTICE.get(command.addressee)
    notice = GivenNotice(addressee=command.addressee, means=command.means, at=turn.at)
    body = NoticeGiven(
        crossing_id=crossing_id,
        ends=found.running(kind) if kind is not None else (),
        addressee=command.addressee,
        means=command.means,
    )
    step = Step(
        event=PathEvent.NOTIFIED,
        body=body,
        path={"notices": (*found.case.path.notices, notice)},
        remark=command.words,
    )
    return carry_out(turn, found, step, act_id=str(command.act_id))


def list_contact(turn: Turn, crossing_id: str, command: ContactCommand) -> Saved:
    """Add one close contact, sealed under an episode of the contact's own, so that each is erased alone."""
    if done := done_before(turn, command.act_id, crossing_id=crossing_id):
        return done
    found = standing(turn, crossing_id)
    contact_id = str(uuid7(turn.at, turn.gate.random_bytes))
    contact = CloseContact(
        contact_id=contact_id,
        listed_at=turn.at,
        **{name: getattr(command, name) for name in command.__struct_fields__ if name != "act_id"},
    )
    body = ContactListed(crossing_id=crossing_id, contact_id=contact_id, relation=command.relation)
    step = Step(
        event=PathEvent.CONTACT_LISTED,
        body=body,
        path={"contacts": found.case.path.contacts + 1},
        sealed_for=_sealed_contact(turn, contact),
    )
    add_contact(turn.transaction, contact, crossing_id=crossing_id)
    return carry_out(turn, found, step, act_id=str(command.act_id))


def require_ground(turn: Turn, ground: IsolationGround) -> IsolationRole:
    """Return who may order isolation at the gate, or refuse a ground that the law in force does not know."""
    roles = turn.gate.policy.rules_at(turn.at).of_type(IsolationRole)
    role = next((one for one in roles if one.place is QuarantineForm.GATE), None)
    if role is None or ground not in role.grounds:
        clause = "" if role is None else f"{role.citation.document} {role.citation.clause}"
        code = "ground_not_allowed"
        raise ActionRefusedError(code, values={"clause": clause})
    return role


def forms_in_force(turn: Turn) -> tuple[FormRule, ...]:
    """Return the forms of the law pack in force."""
    return turn.gate.policy.rules_at(turn.at).of_type(FormRule)


def _who_acts(turn: Turn, kind: ClockKind) -> LegalRole:
    rule = turn.gate.policy.rules_at(turn.at).clock(kind)
    return rule.who_acts if rule is not None else LegalRole.HEAD_OF_QUARANTINE_ORGANISATION


def _sealed_contact(turn: Turn, contact: CloseContact) -> SealedFor:
    key = new_episode_key(turn.gate.random_bytes)
    wrapped = wrap_episode_key(key, episode_id=contact.contact_id, recipients=turn.gate.recipients)
    keep_episode_key(turn.transaction, wrapped)
    identity = TravellerIdentity(
        full_name=contact.full_name,
        document_number=contact.document_number,
        telephone=contact.telephone,
        address=contact.address,
    )
    return SealedFor(identity=identity, episode_id=contact.contact_id, episode_key=key)
