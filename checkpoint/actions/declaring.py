"""A health declaration at the lane: read from its code, taken for the person who stands there, asked about, set aside.

One input serves all: ``take_scan`` looks at what was scanned and leads it to the document's or the declaration's way.
A declaration that comes before its document waits at the lane; it presents nobody by itself.
"""

from datetime import timedelta
from typing import Annotated

import msgspec

from checkpoint.actions.assessing import concluded
from checkpoint.actions.checking_slips import meet_slip, signers_of, take_slip
from checkpoint.actions.declared import HeldDeclaration
from checkpoint.actions.gate import Gate, Turn
from checkpoint.actions.presenting import CrossingDetails, PresentCommand, amended, present_person
from checkpoint.actions.refusals import ActionRefusedError
from checkpoint.actions.saving import save_amendments
from checkpoint.actions.settling import settle
from checkpoint.actions.sheet import LaneSheet
from checkpoint.declarations import KnownPerson, doubts, is_of
from checkpoint.lane import Phase, amend
from checkpoint.papers.clearance_slip import looks_like_slip
from checkpoint.presentation import Presentation
from checkpoint.store.accounts import COMMIT_TIMEOUT_S
from checkpoint.store.declarations import (
    Use,
    crossings_of_person,
    delete_past_declarations,
    free_declaration,
    use_declaration,
    uses_of,
)
from checkpoint.store.identity import read_centre
from checkpoint.store.journal import SealedFor
from checkpoint.store.lanes import find_episode_key, keep_episode_key
from sync.agreement.declaration import (
    CodeFault,
    CodeRefusal,
    Declaration,
    DeclarationFault,
    DeclarationResolution,
    ReadCode,
    looks_like_declaration,
    read_code,
    strictest_terms,
    validity_of,
)
from sync.agreement.declaration.codec import Verify
from sync.agreement.declaration.form import AREA_DAYS
from sync.agreement.declaration.places import declared_answers
from sync.agreement.gate_records.declaration import DeclarationChecked, DeclarationReceived
from sync.agreement.local_time import local_date
from sync.agreement.policy.legal_rules import DeclarationTerms
from sync.agreement.records import TravellerIdentity
from sync.agreement.vocabulary import Disposition
from sync.exchange.declaring import known_services
from sync.exchange.sealing import new_episode_key, unwrap_episode_key, wrap_episode_key

_ASKED_WORDS = Annotated[str, msgspec.Meta(max_length=500)]


class AskedCommand(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What came of asking the traveller about what does not agree; the officer's words are sealed."""

    declaration_id: str
    resolution: DeclarationResolution
    words: _ASKED_WORDS = ""


class SetDeclarationAsideCommand(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which declaration is not to be used."""

    declaration_id: str


def take_scan(turn: Turn, lane_id: str, command: PresentCommand) -> LaneSheet:
    """Lead a scan to what it is: the code of a declaration or a slip, or a document, which meets those that wait."""
    if command.text is not None and looks_like_declaration(command.text):
        return take_code(turn, lane_id, command.text)
    if command.text is not None and looks_like_slip(command.text):
        return take_slip(turn, lane_id, command.text)
    waiting = turn.sheet(lane_id).declaration
    sheet = meet_slip(turn, lane_id, present_person(turn, lane_id, command))
    is_met = waiting is not None and not waiting.is_taken and waiting.fault is None
    if waiting is None or not is_met or sheet.state.presentation is None:
        return sheet
    return _meet(turn, lane_id, sheet=sheet, held=waiting)


def take_code(turn: Turn, lane_id: str, text: str) -> LaneSheet:
    """Read a declaration's code and take it for the person in the lane, or let it wait for that person."""
    read = read_code(text, verify=_verifier(turn))
    if isinstance(read, CodeRefusal):
        raise ActionRefusedError(read.fault.value, http_code=422)
    if read.is_exercise is not turn.gate.is_exercise:
        raise ActionRefusedError(CodeFault.EXERCISE.value, http_code=422)
    return take_declaration(turn, lane_id, read)


def take_declaration(turn: Turn, lane_id: str, read: ReadCode) -> LaneSheet:
    """Take a declaration that was read or that an officer filled in just now."""
    sheet = turn.sheet(lane_id)
    rules = turn.gate.policy.rules_at(turn.at).of_type(DeclarationTerms)
    held = HeldDeclaration(read=read, validity=validity_of(read.declared_at, at=turn.at, terms=strictest_terms(rules)))
    if held.validity.fault is DeclarationFault.WITHOUT_TERMS:
        raise ActionRefusedError(held.validity.fault.value, http_code=409)
    known = sheet.declaration
    if known is not None and known.is_taken and known.declaration_id == held.declaration_id:
        return sheet
    if sheet.state.phase is Phase.EMPTY:
        return _wait_for_person(turn, lane_id, sheet=sheet, held=held)
    return _meet(turn, lane_id, sheet=sheet, held=held)


def ask_about_declaration(turn: Turn, lane_id: str, command: AskedCommand) -> LaneSheet:
    """Write down that the officer asked about what did not agree, and what came of it."""
    sheet = turn.sheet(lane_id)
    held = _require_held(sheet, command.declaration_id)
    if not held.is_taken:
        code = "no_declaration"
        raise ActionRefusedError(code)
    if held.is_checked:
        return sheet
    person = sheet.state.person
    checked = DeclarationChecked(
        declaration_id=held.declaration_id,
        given_for=person.crossing_id,
        flags=tuple(doubt.flag for doubt in held.doubts),
        resolution=command.resolution,
    )
    identity = msgspec.structs.replace(_declared_identity(held.read.declaration), remarks=command.words)
    turn.append(checked, lane_id=lane_id, observed_at=turn.at, sealed_for=_sealed_for(turn, held, identity=identity))
    return turn.stage(
        lane_id, msgspec.structs.replace(sheet, declaration=msgspec.structs.replace(held, is_checked=True))
    )


def set_declaration_aside(turn: Turn, lane_id: str, command: SetDeclarationAsideCommand) -> LaneSheet:
    """Go on without this declaration; if one is asked for, the lane waits for another."""
    sheet = turn.sheet(lane_id)
    held = _require_held(sheet, command.declaration_id)
    without = msgspec.structs.replace(sheet, declaration=None)
    if sheet.state.presentation is None:
        return turn.stage(lane_id, without)
    state = without.state
    if held.is_taken:
        free_declaration(turn.transaction, held.declaration_id, crossing_id=state.person.crossing_id)
        state = amend(state, msgspec.structs.replace(state.person, has_declaration=False))
    return settle(turn, lane_id, sheet=concluded(turn.gate, without, state=state, at=turn.at))


def forget_past_declarations(gate: Gate) -> int:
    """Delete the declarations whose term is over, and the keys of their records; return how many there were."""
    forgetting = gate.perform(lambda turn: delete_past_declarations(turn.transaction, now=turn.at))
    return forgetting.result(COMMIT_TIMEOUT_S)


def _wait_for_person(turn: Turn, lane_id: str, *, sheet: LaneSheet, held: HeldDeclaration) -> LaneSheet:
    """Let a declaration wait for its document; one that nobody could use any more is refused at once."""
    fault = held.validity.fault or (DeclarationFault.USED if _is_used(turn, held, crossing_id="") else None)
    if fault is not None:
        raise ActionRefusedError(fault.value)
    return turn.stage(lane_id, msgspec.structs.replace(sheet, declaration=held, notice=None))


def _meet(turn: Turn, lane_id: str, *, sheet: LaneSheet, held: HeldDeclaration) -> LaneSheet:
    """Bring a declaration and the person in the lane together."""
    person = sheet.state.person
    known = _known_person(turn, person)
    fault = _fault(turn, held, person=person, known=known)
    if fault is not None:
        if sheet.declaration is not None and sheet.declaration.is_taken:
            raise ActionRefusedError(fault.value)  # a good one is taken already: nothing waits because of this one
        refused = msgspec.structs.replace(sheet, declaration=msgspec.structs.replace(held, fault=fault))
        return settle(turn, lane_id, sheet=concluded(turn.gate, refused, state=sheet.state, at=turn.at))
    found = doubts(held.read.declaration, person=known, is_verified=held.read.is_verified)
    taken = msgspec.structs.replace(held, is_taken=True, doubts=found)
    _write_down(turn, lane_id, held=taken, person=person)
    amended_person = amended(person, _declared_details(turn, person, held.read.declaration))
    state = amend(sheet.state, amended_person)
    if sheet.state.phase is Phase.AWAITING_RECHECK:
        save_amendments(turn, lane_id, sheet=sheet, person=amended_person)
    changed = msgspec.structs.replace(sheet, declaration=taken)
    return settle(turn, lane_id, sheet=concluded(turn.gate, changed, state=state, at=turn.at))


def _fault(turn: Turn, held: HeldDeclaration, *, person: Presentation, known: KnownPerson) -> DeclarationFault | None:
    if held.validity.fault is not None:
        return held.validity.fault
    if not is_of(held.read.declaration, person=known):
        return DeclarationFault.OF_ANOTHER_PERSON
    return DeclarationFault.USED if _is_used(turn, held, crossing_id=person.crossing_id) else None


def _is_used(turn: Turn, held: HeldDeclaration, *, crossing_id: str) -> bool:
    """Tell whether another crossing has it: one that was saved and not withdrawn, or one that stands at a lane."""
    at_lanes = {sheet.state.presentation.crossing_id for sheet in turn.gate.sheets.values() if sheet.state.presentation}

    def holds(use: Use) -> bool:
        if use.crossing_id == crossing_id or use.disposition is Disposition.WITHDRAWN:
            return False
        return use.disposition is not None or use.crossing_id in at_lanes

    return any(holds(use) for use in uses_of(turn.transaction, held.declaration_id))


def _write_down(turn: Turn, lane_id: str, *, held: HeldDeclaration, person: Presentation) -> None:
    declaration, valid_until = held.read.declaration, held.validity.valid_until
    rules = turn.gate.policy.rules_at(turn.at).of_type(DeclarationTerms)
    terms = strictest_terms(rules)
    if valid_until is None or terms is None:  # cannot be: such a declaration has a fault
        raise LookupError
    kept_days = terms.kept_for_days or terms.valid_for_days
    use_declaration(
        turn.transaction,
        held.declaration_id,
        crossing_id=person.crossing_id,
        at=turn.at,
        keep_until=turn.at + timedelta(days=kept_days),
    )
    received = DeclarationReceived(
        declaration_id=held.declaration_id,
        given_for=person.crossing_id,
        declared_at=held.read.declared_at,
        valid_until=valid_until,
        rule_id=held.validity.rule_id,
        channel=held.read.channel,
        language=declaration.language,
        is_verified=held.read.is_verified,
        symptoms=declaration.symptoms,
        exposures=declaration.exposures,
        areas=len(declaration.area_codes),
    )
    sealed_for = _sealed_for(turn, held, identity=_declared_identity(declaration))
    turn.append(received, lane_id=lane_id, observed_at=held.read.declared_at, sealed_for=sealed_for)


def _sealed_for(turn: Turn, held: HeldDeclaration, *, identity: TravellerIdentity) -> SealedFor:
    """Seal under the key of the declaration, which lives and dies by its own term and not by the crossing's."""
    episode_id, gate = held.declaration_id, turn.gate
    kept = find_episode_key(turn.transaction, episode_id)
    if kept is None:
        key = new_episode_key(gate.random_bytes)
        keep_episode_key(turn.transaction, wrap_episode_key(key, episode_id=episode_id, recipients=gate.recipients))
    else:
        key = unwrap_episode_key(kept, recipient="site", private_key=gate.identity.site_key)
    return SealedFor(identity=identity, episode_id=episode_id, episode_key=key)


def _declared_identity(declaration: Declaration) -> TravellerIdentity:
    return TravellerIdentity(
        full_name=declaration.full_name,
        document_number=declaration.document_number,
        sex=declaration.sex,
        address=declaration.address,
        telephone=declaration.telephone,
        vehicle_plate=declaration.vehicle_number,
        remarks=declaration.email,
        visited_areas=declaration.area_codes,
    )


def _declared_details(turn: Turn, person: Presentation, declaration: Declaration) -> CrossingDetails:
    """Add what was declared to what the officer noted already; contact fields only where none stand."""
    identity = person.identity
    asked = {answer.place for answer in person.place_answers}
    declared = declared_answers(declaration, places=turn.gate.policy.rules_at(turn.at).exposure_places)
    return CrossingDetails(
        has_declaration=True,
        place_answers=(*person.place_answers, *(answer for answer in declared if answer.place not in asked)),
        exposures=tuple(dict.fromkeys((*person.exposures, *declaration.exposures))),
        symptoms=tuple(dict.fromkeys((*person.symptoms, *declaration.symptoms))),
        visited_areas=tuple(dict.fromkeys((*person.visited_areas, *declaration.area_codes))),
        address=None if identity.address else declaration.address,
        telephone=None if identity.telephone else declaration.telephone,
        vehicle_plate=None if identity.vehicle_plate else declaration.vehicle_number,
    )


def _known_person(turn: Turn, person: Presentation) -> KnownPerson:
    identity, today = person.identity, local_date(turn.at)
    since = turn.at - timedelta(days=AREA_DAYS)
    past = crossings_of_person(turn.transaction, person.person_key, since=since) if person.person_key else ()
    born_on = identity.date_of_birth
    return KnownPerson(
        full_name=identity.full_name,
        numbers=tuple(number for number in (identity.document_number, identity.personal_number) if number),
        birth_year=None if born_on is None else born_on.year,
        sex=identity.sex,
        nationality=person.nationality,
        direction=person.direction,
        today=today,
        past_crossings=tuple(local_date(one.presented_at) for one in past if one.crossing_id != person.crossing_id),
    )


def _verifier(turn: Turn) -> Verify:
    """Know whose signature counts here: this edge's, those of the machines its centre vouches for, and the centre's."""
    keys = [one.public_key for one in signers_of(turn.gate).values() if one.is_confirmed and not one.is_revoked]
    centre = read_centre(turn.gate.store.files)
    if centre is not None:
        keys.append(bytes.fromhex(centre.centre_public_key))
    return known_services(keys)


def _require_held(sheet: LaneSheet, declaration_id: str) -> HeldDeclaration:
    held = sheet.declaration
    if held is None or held.declaration_id != declaration_id:
        code = "no_declaration"
        raise ActionRefusedError(code)
    return held
