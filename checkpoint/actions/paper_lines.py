"""From paper to the journal: numbered lines written while no machine worked, entered later, each at most once.

What was written counts when it was written: ``observed_at`` and the policy are of that instant, ``recorded_at``
is now. The temperature step is as in the lane: a value, or a coded exception with its reason. A raised one stands
open until its clinical recheck is entered at the isolation room, unless the person has gone meanwhile.
"""

from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

import msgspec

from checkpoint.actions.assessing import facts_of
from checkpoint.actions.deciding import ReasonText, Temperature
from checkpoint.actions.gate import Turn
from checkpoint.actions.knowing import remember_traveller
from checkpoint.actions.paper_repeats import WrittenLine, is_written
from checkpoint.actions.paper_whereabouts import ALARMS, is_where_it_was_said, require_whereabouts, write_gone
from checkpoint.actions.presenting import CrossingDetails, PresentCommand, presented_earlier
from checkpoint.actions.refusals import ActionRefusedError
from checkpoint.actions.remarks import with_remark
from checkpoint.actions.saving import isolate
from checkpoint.actions.understanding import GivenDocument, ScanText, ShortText
from checkpoint.clocks import start_clocks
from checkpoint.presentation import Presentation
from checkpoint.shifts.sheets import MOST_SHEETS, NumberBlock, mark_of, next_block
from checkpoint.store.crossings import CrossingRow, add_crossing, find_crossing
from checkpoint.store.journal import Saved, SealedFor
from checkpoint.store.lanes import keep_episode_key, start_running_clocks
from checkpoint.store.shifts import PaperLine, add_block, add_line, find_line, paper_blocks, saved_line
from checkpoint.store.tally import Counted
from sync.agreement.assessment import assess
from sync.agreement.facts import Assessment, Facts, Measurement
from sync.agreement.gate_records.shift import PaperLineEntered, PaperLineVoided, PaperSheetsPrinted
from sync.agreement.identifiers import uuid7
from sync.agreement.records import SEALED_WORDS, CodedException, CrossingScreened, TravellerIdentity
from sync.agreement.shift_words import PaperVoidReason, PaperWhereabouts
from sync.agreement.vocabulary import (
    DeviceKind,
    Disposition,
    ExceptionCode,
    MeasuringSite,
    Outcome,
    ReadingKind,
)
from sync.exchange.sealing import new_episode_key, wrap_episode_key

SheetNumber = Annotated[int, msgspec.Meta(ge=1, le=99_999_999)]
NumberMark = Annotated[str, msgspec.Meta(min_length=2, max_length=2)]
OLDEST = timedelta(days=30)
_DISPOSITIONS = {
    Outcome.CLEARED: Disposition.CLEARED,
    Outcome.REFUSED: Disposition.REFUSED,
    Outcome.REFERRED: Disposition.REFERRED,
    Outcome.RECHECK: Disposition.PENDING,
}
_KINDS = {
    DeviceKind.CLINICAL_THERMOMETER: ReadingKind.CLINICAL,
    DeviceKind.INFRARED_THERMOMETER: ReadingKind.DEVICE_COMPENSATED,
}


class PrintSheetsCommand(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many sheets; ``block_id`` is made by the client, so that asking again prints no second block."""

    block_id: UUID
    sheets: Annotated[int, msgspec.Meta(ge=1, le=MOST_SHEETS)]


class PaperLineCommand(CrossingDetails, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One line as it stands on the paper; ``entry_id`` becomes the crossing's identifier.

    ``mark`` is the two letters printed beside the number. ``full_name`` counts where neither document nor register
    says one. Where the line is an alarm, ``whereabouts`` says where its person is now; the words are sealed.
    """

    entry_id: UUID
    number: SheetNumber
    mark: NumberMark
    written_at: datetime
    lane_id: str
    text: ScanText | None = None
    full_name: ShortText = ""
    document: GivenDocument | None = None
    temperature_c: Temperature | None = None
    site: MeasuringSite = MeasuringSite.FOREHEAD
    device_kind: DeviceKind = DeviceKind.INFRARED_THERMOMETER
    exception_code: ExceptionCode | None = None
    exception_reason: ReasonText | None = None
    whereabouts: PaperWhereabouts | None = None
    whereabouts_words: ReasonText | None = None


class VoidLineCommand(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why a number holds no crossing."""

    number: SheetNumber
    mark: NumberMark
    reason: PaperVoidReason


def print_sheets(turn: Turn, command: PrintSheetsCommand) -> NumberBlock:
    """Register the next numbers before they are printed; the same command again gives the same numbers."""
    blocks = paper_blocks(turn.transaction)
    block_id = str(command.block_id)
    known = next((block for block in blocks if block.block_id == block_id), None)
    if known is not None:
        return known
    block = next_block(blocks, block_id=block_id, sheets=command.sheets)
    block = msgspec.structs.replace(block, printed_at=turn.at)
    printed = PaperSheetsPrinted(block_id=block_id, first_number=block.first_number, last_number=block.last_number)
    turn.append(printed, lane_id=None, observed_at=turn.at)
    add_block(turn.transaction, block, at=turn.at, officer_ref=turn.officer_ref or "")
    return block


def enter_line(turn: Turn, command: PaperLineCommand) -> Saved:
    """Write one line of paper as a crossing, marked as from paper, or refuse with what is missing."""
    block, known = _line_before(turn, command)
    if known is not None:
        return _entered_before(turn, known, command)
    if find_crossing(turn.transaction, str(command.entry_id)) is not None:
        code = "paper_entry_used"
        raise ActionRefusedError(code)
    _require_plausible(turn, command, block=block)
    written = _at_that_time(turn, command.written_at)
    person = _person(written, command)
    exception = _exception(turn, command)
    facts = _facts(written, command, person=person)
    assessment = assess(facts, turn.gate.policy, at=command.written_at)
    disposition = _DISPOSITIONS.get(assessment.outcome)
    if disposition is None:
        reason = assessment.reasons[0].code.value if assessment.reasons else ""
        code = "paper_not_complete"
        raise ActionRefusedError(code, values={"reason": reason})
    if disposition in ALARMS:
        require_whereabouts(command.whereabouts, words=command.whereabouts_words)
    saved = _save(turn, command, person=person, exception=exception, facts=facts, judged=(assessment, disposition))
    _account(turn, command.number, saved=saved, written_at=command.written_at, crossing_id=person.crossing_id)
    return saved


def void_line(turn: Turn, command: VoidLineCommand) -> Saved:
    """Account for a number that holds no crossing."""
    _, known = _line_before(turn, command)
    if known is not None:
        if known.void_reason == command.reason.value:
            return saved_line(known)
        code = "paper_number_used"
        raise ActionRefusedError(code, values={"number": command.number})
    voided = PaperLineVoided(number=command.number, reason=command.reason)
    saved = turn.append(voided, lane_id=None, observed_at=turn.at)
    _account(turn, command.number, saved=saved, written_at=turn.at, void_reason=command.reason.value)
    return saved


def _line_before(turn: Turn, command: PaperLineCommand | VoidLineCommand) -> tuple[NumberBlock, PaperLine | None]:
    """Return the block of a number and what became of it already; refuses one that was never printed here."""
    number = command.number
    block = next((one for one in paper_blocks(turn.transaction) if one.contains(number)), None)
    if command.mark.upper() != mark_of(number, edge_id=turn.gate.identity.edge_id):
        code = "paper_mark_wrong"
        raise ActionRefusedError(code, http_code=422, values={"number": number})
    if block is None:
        code = "paper_number_unknown"
        raise ActionRefusedError(code, http_code=404, values={"number": number})
    return block, find_line(turn.transaction, number)


def _entered_before(turn: Turn, known: PaperLine, command: PaperLineCommand) -> Saved:
    """Answer a line that is sent again as it was; another line under the same number is refused, never lost."""
    row = None if known.crossing_id is None else find_crossing(turn.transaction, known.crossing_id)
    if row is None or known.crossing_id != str(command.entry_id):
        code = "paper_number_used"
        raise ActionRefusedError(code, values={"number": command.number})
    if command.written_at != known.written_at or not _is_as_written(turn, command, row=row):
        code = "paper_entered_otherwise"
        raise ActionRefusedError(code, values={"number": command.number})
    return saved_line(known)


def _is_as_written(turn: Turn, command: PaperLineCommand, *, row: CrossingRow) -> bool:
    """Tell whether the journal says all that the line says now; who left then is open no more."""
    if command.lane_id not in turn.gate.settings.lanes:
        return False
    written = _at_that_time(turn, command.written_at)
    person, exception = _person(written, command), _exception(turn, command)
    words = exception.reason if exception else ""
    line = WrittenLine(
        lane_id=command.lane_id,
        facts=_facts(written, command, person=person),
        identity=_sealed_identity(person, words=words),
    )
    is_same = is_written(turn, person.crossing_id, line=line)
    return is_same and is_where_it_was_said(row, command.whereabouts)


def _require_plausible(turn: Turn, command: PaperLineCommand, *, block: NumberBlock) -> None:
    if command.lane_id not in turn.gate.settings.lanes:
        code = "no_such_lane"
        raise ActionRefusedError(code, http_code=404)
    has_zone = command.written_at.tzinfo is not None
    if not has_zone or not turn.at - OLDEST <= command.written_at <= turn.at:
        code = "paper_time_wrong"
        raise ActionRefusedError(code, http_code=422)
    # The hour on paper has no seconds.
    if block.printed_at is not None and command.written_at < block.printed_at.replace(second=0, microsecond=0):
        code = "paper_before_printing"
        raise ActionRefusedError(code, http_code=422, values={"number": command.number})
    if (command.temperature_c is None) == (command.exception_code is None):
        code = "paper_without_temperature"
        raise ActionRefusedError(code, http_code=422)


def _at_that_time(turn: Turn, written_at: datetime) -> Turn:
    """Return the same transaction as it would have been seen when the line was written."""
    then = Turn(turn.gate, turn.transaction, officer_ref=turn.officer_ref)
    then.at = written_at
    return then


def _person(written: Turn, command: PaperLineCommand) -> Presentation:
    given = {name: getattr(command, name) for name in PresentCommand.__struct_fields__}
    lane = written.gate.settings.lanes[command.lane_id]
    person = presented_earlier(written, PresentCommand(**given), lane=lane)
    named = person.identity.full_name or command.full_name
    identity = msgspec.structs.replace(person.identity, full_name=named)
    return msgspec.structs.replace(person, crossing_id=str(command.entry_id), identity=identity)


def _exception(turn: Turn, command: PaperLineCommand) -> CodedException | None:
    if command.exception_code is None:
        return None
    if command.exception_reason is None:
        code = "paper_without_temperature"
        raise ActionRefusedError(code, http_code=422)
    officer_ref = turn.officer_ref or ""
    return CodedException(code=command.exception_code, reason=command.exception_reason, officer_ref=officer_ref)


def _facts(written: Turn, command: PaperLineCommand, *, person: Presentation) -> Facts:
    measurements: tuple[Measurement, ...] = ()
    if command.temperature_c is not None:
        kind = _KINDS.get(command.device_kind)
        if kind is None:
            code = "not_a_hand_thermometer"
            raise ActionRefusedError(code, http_code=422, values={"device_kind": command.device_kind.value})
        measured = Measurement(
            reading_id=str(uuid7(written.at, written.gate.random_bytes)),
            device_id=written.gate.settings.hand_thermometer_of(
                command.lane_id, is_clinical=kind is ReadingKind.CLINICAL
            ),
            device_kind=command.device_kind,
            kind=kind,
            site=command.site,
            temperature_c=command.temperature_c,
            observed_at=written.at,
        )
        measurements = (measured,)
    facts = facts_of(
        written.gate, person, measurements=measurements, exception_code=command.exception_code, at=written.at
    )
    # Whoever writes on paper that the devices failed has tried them all: there was no station to ask.
    return msgspec.structs.replace(facts, is_fallback_tried=command.exception_code is ExceptionCode.DEVICE_FAILURE)


def _save(
    turn: Turn,
    command: PaperLineCommand,
    *,
    person: Presentation,
    exception: CodedException | None,
    facts: Facts,
    judged: tuple[Assessment, Disposition],
) -> Saved:
    assessment, disposition = judged
    sealed_words = None if exception is None else msgspec.structs.replace(exception, reason=SEALED_WORDS)
    screened = CrossingScreened(
        crossing_id=person.crossing_id,
        lane_id=command.lane_id,
        presented_at=command.written_at,
        facts=msgspec.structs.replace(facts, visited_areas=()),
        assessment=assessment,
        disposition=disposition,
        person_key=person.person_key,
        exception=sealed_words,
        clocks=start_clocks(assessment.clocks, at=command.written_at),
        areas_visited=len(facts.visited_areas),
    )
    sealed_for = _sealed_for(turn, person, words=exception.reason if exception else "")
    saved = turn.append(screened, lane_id=command.lane_id, observed_at=command.written_at, sealed_for=sealed_for)
    kept = msgspec.structs.replace(screened, exception=exception)
    add_crossing(turn.transaction, kept, identity=person.identity, saved=saved, officer_ref=turn.officer_ref or "")
    remember_traveller(turn, person)
    start_running_clocks(turn.transaction, person.crossing_id, clocks=screened.clocks)
    _mark(turn, command, crossing_id=person.crossing_id)
    counted = Counted(facts.category, facts.direction, command.written_at, disposition)
    turn.transaction.after_commit(lambda: turn.gate.tally.add(counted))
    if disposition in ALARMS and command.whereabouts is not PaperWhereabouts.HERE:
        written = _at_that_time(turn, command.written_at)
        words = command.whereabouts_words or ""
        write_gone(turn, written, person.crossing_id, words=words, whereabouts=command.whereabouts)
    elif disposition is Disposition.REFERRED:
        isolate(turn, person.crossing_id, lane_id=command.lane_id)
    return saved


def _mark(turn: Turn, command: PaperLineCommand, *, crossing_id: str) -> None:
    entered = PaperLineEntered(
        number=command.number,
        entered_crossing_id=crossing_id,
        written_at=command.written_at,
        exception_code=command.exception_code,
    )
    turn.append(entered, lane_id=command.lane_id, observed_at=command.written_at)


def _sealed_for(turn: Turn, person: Presentation, *, words: str) -> SealedFor:
    key = new_episode_key(turn.gate.random_bytes)
    wrapped = wrap_episode_key(key, episode_id=person.crossing_id, recipients=turn.gate.recipients)
    keep_episode_key(turn.transaction, wrapped)
    identity = _sealed_identity(person, words=words)
    return SealedFor(identity=identity, episode_id=person.crossing_id, episode_key=key)


def _sealed_identity(person: Presentation, *, words: str) -> TravellerIdentity:
    return msgspec.structs.replace(with_remark(person.identity, words), visited_areas=person.visited_areas)


def _account(
    turn: Turn,
    number: int,
    *,
    saved: Saved,
    written_at: datetime,
    crossing_id: str | None = None,
    void_reason: str | None = None,
) -> None:
    line = PaperLine(
        number=number,
        crossing_id=crossing_id,
        void_reason=void_reason,
        written_at=written_at,
        entered_at=saved.recorded_at,
        officer_ref=turn.officer_ref or "",
        entry=saved.entry,
        record_id=saved.record_id,
    )
    add_line(turn.transaction, line)
