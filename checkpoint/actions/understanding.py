"""From a scan, a typed number or entered fields to a document understood: whose it is and what is known of it."""

from datetime import date
from typing import Annotated

import msgspec

from checkpoint.actions.as_read import DocumentAsRead, as_read
from checkpoint.actions.assessing import VIETNAM
from checkpoint.actions.gate import Turn
from checkpoint.actions.holding import identity_of, identity_of_child
from checkpoint.actions.identifying import key_of_holder, require_birth
from checkpoint.actions.refusals import ActionRefusedError
from checkpoint.documents import (
    KNOWN_STATES,
    DocumentFault,
    DocumentWarningCode,
    ReadDocument,
    is_personal_number,
    last_day_on_pass,
    may_share_pass,
    number_key,
    read_document,
    read_pass_number,
)
from checkpoint.presentation import who_of
from checkpoint.register.label_code import looks_like_label, read_label_code
from checkpoint.register.passes import findings_of, valid_until
from checkpoint.store.holders import Child, Holder, find_by_label, find_holder, find_holder_by_id
from sync.agreement.local_time import local_date
from sync.agreement.records import TravellerIdentity
from sync.agreement.vocabulary import DocumentKind, PassState, ReasonCode, Sex

ShortText = Annotated[str, msgspec.Meta(max_length=200)]
ScanText = Annotated[str, msgspec.Meta(max_length=2000)]

_CHINA = "CHN"


class GivenDocument(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A document whose fields the officer entered by hand."""

    kind: DocumentKind
    document_number: Annotated[str, msgspec.Meta(min_length=1, max_length=60)]
    full_name: ShortText = ""
    primary_identifier: ShortText = ""
    secondary_identifier: ShortText = ""
    date_of_birth: date | None = None
    sex: Sex = Sex.UNSPECIFIED
    nationality: Annotated[str, msgspec.Meta(max_length=3)] | None = None
    issuing_state: Annotated[str, msgspec.Meta(max_length=3)] = ""
    personal_number: ShortText = ""
    expires_on: date | None = None


class Presented(msgspec.Struct, frozen=True, kw_only=True):
    """A document understood: who it is about, what is known of it, and what to warn of."""

    kind: DocumentKind
    identity: TravellerIdentity
    pass_number: str = ""
    nationality: str | None = None
    expires_on: date | None = None
    is_cancelled: bool = False
    are_check_digits_valid: bool | None = None
    warnings: tuple[str, ...] = ()
    holder: Holder | None = None
    child_id: str = ""
    as_read: DocumentAsRead | None = None


def understand(turn: Turn, *, text: str | None = None, document: GivenDocument | None = None) -> Presented:
    """Read what was scanned or typed, or take what was entered: who it is about, without presenting anybody."""
    if (text is None) == (document is None):
        code = "present_one_document"
        raise ActionRefusedError(code, http_code=422)
    if document is not None:
        return _from_fields(turn, document)
    label = read_label_code(text or "")
    if label is not None:
        return _from_label(turn, label)
    if looks_like_label(text or ""):
        code = "label_misread"
        raise ActionRefusedError(code, http_code=422)
    read = read_document(text or "", today=local_date(turn.at))
    if isinstance(read, DocumentFault):
        code = "document_unreadable"
        raise ActionRefusedError(code, http_code=422, values={"fault": read.code.value})
    return _from_reading(turn, read)


def _from_label(turn: Turn, label: str) -> Presented:
    """Find the person whose pass carries our own label: a holder, or a child on a parent's pass."""
    found = find_by_label(turn.transaction, label)
    if isinstance(found, Child):
        parent = find_holder_by_id(turn.transaction, found.holder_id)
        if parent is not None:
            return _of_child(turn, found, parent=parent)
    if not isinstance(found, Holder):
        code = "label_unknown"
        raise ActionRefusedError(code, http_code=404)
    return _of_holder(turn, found, identity=identity_of(found))


def _of_child(turn: Turn, child: Child, *, parent: Holder) -> Presented:
    """Say of a child what its parent's pass is worth to it: nothing from the 16th birthday on."""
    shown = _of_holder(turn, parent, identity=identity_of_child(child, parent=parent))
    number = child.own_number
    shown = msgspec.structs.replace(shown, pass_number=number, child_id=child.child_id)
    if may_share_pass(child.date_of_birth, today=local_date(turn.at)):
        return shown
    last_day = last_day_on_pass(child.date_of_birth)
    ends_on = last_day if shown.expires_on is None else min(last_day, shown.expires_on)
    return msgspec.structs.replace(shown, expires_on=ends_on, warnings=(*shown.warnings, "child_too_old"))


def _of_holder(turn: Turn, holder: Holder, *, identity: TravellerIdentity) -> Presented:
    """Say of a registered pass how long it holds by its own dates, and what is odd about them."""
    today, last_day = local_date(turn.at), valid_until(expires_on=holder.expires_on, issued_on=holder.issued_on)
    odd = findings_of(issued_on=holder.issued_on, expires_on=holder.expires_on, today=today)
    return Presented(
        kind=DocumentKind.BORDER_PASS,
        identity=identity,
        pass_number=holder.pass_number,
        nationality=VIETNAM,
        expires_on=last_day,
        is_cancelled=holder.state is not PassState.VALID,
        warnings=tuple(one for one in odd if one != ReasonCode.DOCUMENT_EXPIRED.value),
        holder=holder,
    )


def _from_fields(turn: Turn, given: GivenDocument) -> Presented:
    require_birth(given.date_of_birth, day=local_date(turn.at))
    issuing_state = _issuer_of(given)
    is_ours = given.kind is DocumentKind.IDENTITY_CARD and issuing_state == VIETNAM
    number = number_key(given.document_number)
    identity = TravellerIdentity(
        full_name=given.full_name or f"{given.primary_identifier} {given.secondary_identifier}".strip(),
        document_number=given.document_number,
        primary_identifier=given.primary_identifier,
        secondary_identifier=given.secondary_identifier,
        date_of_birth=given.date_of_birth,
        sex=given.sex,
        personal_number=given.personal_number or (number if is_ours and is_personal_number(number) else ""),
        issuing_state=issuing_state,
    )
    presented = Presented(
        kind=given.kind,
        identity=identity,
        nationality=given.nationality or issuing_state or None,
        expires_on=given.expires_on,
        warnings=(DocumentWarningCode.NUMBER_NOT_VERIFIABLE.value,),
    )
    if given.kind is DocumentKind.BORDER_PASS:
        return _with_holder(turn, presented, pass_number=read_pass_number(given.document_number).key)
    return presented


def _issuer_of(given: GivenDocument) -> str:
    """Return whose document it is: without that its number tells nobody apart from the holder of another state's."""
    if any(state and state not in KNOWN_STATES for state in (given.issuing_state, given.nationality)):
        code = "state_unknown"
        raise ActionRefusedError(code, http_code=422)
    if given.kind is DocumentKind.BORDER_PASS:
        return given.issuing_state or VIETNAM
    of_kind = _CHINA if given.kind is DocumentKind.BORDER_PERMIT else given.nationality
    return given.issuing_state or of_kind or ""


def _from_reading(turn: Turn, read: ReadDocument) -> Presented:
    fields = read.fields
    identity = TravellerIdentity(
        full_name=fields.full_name,
        document_number=fields.document_number,
        primary_identifier=fields.primary_identifier,
        secondary_identifier=fields.secondary_identifier,
        date_of_birth=read.born_on,
        sex=fields.sex,
        personal_number=fields.personal_number,
        issuing_state=fields.issuing_state,
        pass_regime=fields.pass_regime,
        address=fields.address,
    )
    presented = Presented(
        kind=read.kind,
        identity=identity,
        nationality=fields.nationality or None,
        expires_on=read.expires_on,
        are_check_digits_valid=read.are_check_digits_valid,
        warnings=tuple(warning.code.value for warning in read.warnings),
        as_read=as_read(read),
    )
    if read.kind is DocumentKind.BORDER_PASS:
        return _with_holder(turn, presented, pass_number=fields.number_key)
    return presented


def _with_holder(turn: Turn, presented: Presented, *, pass_number: str) -> Presented:
    """Complete a border pass from the register: the pass itself carries nothing a machine can read."""
    holder = find_holder(turn.transaction, pass_number)
    if holder is None:
        warnings = (*presented.warnings, "holder_unknown")
        return msgspec.structs.replace(presented, pass_number=pass_number, warnings=warnings)
    identity = msgspec.structs.replace(
        presented.identity,
        full_name=holder.full_name,
        date_of_birth=holder.date_of_birth,
        sex=holder.sex,
        address=holder.commune,
        pass_regime=holder.regime,
    )
    known = _of_holder(turn, holder, identity=identity)
    warnings = (*presented.warnings, *known.warnings)
    return msgspec.structs.replace(known, nationality=presented.nationality, warnings=warnings)


def bearer_of(turn: Turn, presented: Presented) -> tuple[str, str]:
    """Who it is of those whom one document names, as ``Presentation.bearer``."""
    return who_of(key_of_presented(turn, presented), number=presented.identity.document_number), presented.child_id


def key_of_presented(turn: Turn, presented: Presented) -> str:
    """Return the person key of whom a document is about, or nothing where it says too little."""
    return key_of_holder(
        presented.identity,
        kind=presented.kind,
        pass_number=presented.pass_number,
        key=turn.gate.identity.person_index_key,
    )
