"""What is counted of the records that gates write beside crossings. Pure rules, no I/O.

Each record counts for itself, whatever else there is: sums are the same in any order of arrival.
"""

from collections.abc import Iterator
from enum import StrEnum

from sync.agreement.gate_records.decision import VerdictOverridden
from sync.agreement.gate_records.declaration import DeclarationChecked, DeclarationReceived
from sync.agreement.gate_records.device import DeviceConditionChanged
from sync.agreement.gate_records.groups import (
    ConveyanceOccupantSeen,
    ConveyancePresented,
    GroupClosed,
    GroupMemberMissing,
    GroupMemberSeen,
    GroupOpened,
)
from sync.agreement.gate_records.handheld import HandheldActTaken, HandheldEnrolled, HandheldRevoked
from sync.agreement.gate_records.papers import SlipChecked, SlipIssued
from sync.agreement.gate_records.places import (
    InterceptionClosed,
    InterceptionReported,
    PartyMemberScreened,
    PartyRecounted,
    PostCheckClosed,
    PostCheckOpened,
)
from sync.agreement.gate_records.register import PassRegistered, PassStateChanged, PersonsLinked, PersonsUnlinked
from sync.agreement.gate_records.shift import (
    OwnTemperatureTaken,
    PaperLineEntered,
    PaperLineVoided,
    PaperSheetsPrinted,
    ShiftClosed,
    ShiftOpened,
)
from sync.agreement.gate_records.threshold import ThresholdChanged, ThresholdReversed, WatchRestarted
from sync.agreement.place_words import PartyKind
from sync.agreement.records import RecordBody


class GateFigure(StrEnum):
    """What is counted per report day and edge; a figure with details is the sum over them.

    ``DECLARATIONS_REPEATED`` alone is no counter: no single record is one. It is looked up when a report day is opened
    (``gate_reading``), because each half may come at its own time from another edge.
    """

    DECLARATIONS = "declarations"
    DECLARED_SYMPTOMS = "declared_symptoms"
    DECLARED_SYMPTOM = "declared_symptom"
    DECLARED_EXPOSURE = "declared_exposure"
    DECLARED_AREAS = "declared_areas"
    DECLARATIONS_UNVERIFIED = "declarations_unverified"
    DECLARATIONS_CHECKED = "declarations_checked"
    DECLARATIONS_REPEATED = "declarations_repeated"
    SLIPS_ISSUED = "slips_issued"
    SLIPS_CHECKED = "slips_checked"
    SHIFTS_OPENED = "shifts_opened"
    SHIFTS_CLOSED = "shifts_closed"
    OWN_TEMPERATURES = "own_temperatures"
    OWN_TEMPERATURES_RAISED = "own_temperatures_raised"
    PAPER_LINES_PRINTED = "paper_lines_printed"
    PAPER_LINES_ENTERED = "paper_lines_entered"
    PAPER_LINES_VOIDED = "paper_lines_voided"
    VERDICTS_OVERRIDDEN = "verdicts_overridden"
    INTERCEPTIONS = "interceptions"
    PERSONS_FOUND = "persons_found"
    PERSONS_FOUND_SCREENED = "persons_found_screened"
    PERSONS_FOUND_NOT_SCREENED = "persons_found_not_screened"
    POST_CHECKS = "post_checks"
    POST_PASSENGERS = "post_passengers"
    POST_PASSENGERS_SCREENED = "post_passengers_screened"
    POST_PASSENGERS_NOT_SCREENED = "post_passengers_not_screened"
    CONVEYANCES = "conveyances"
    CONVEYANCE_OCCUPANTS = "conveyance_occupants"
    GROUPS_OPENED = "groups_opened"
    GROUP_HEADS = "group_heads"
    GROUP_MEMBERS_SEEN = "group_members_seen"
    GROUP_MEMBERS_LATE = "group_members_late"
    GROUP_MEMBERS_MISSING = "group_members_missing"
    GROUPS_CLOSED = "groups_closed"
    HANDHELDS_ENROLLED = "handhelds_enrolled"
    HANDHELDS_REVOKED = "handhelds_revoked"
    HANDHELD_ACTS = "handheld_acts"
    HANDHELD_ACTS_DIFFERENT = "handheld_acts_different"
    PASSES_REGISTERED = "passes_registered"
    PASS_STATES_CHANGED = "pass_states_changed"
    PERSONS_LINKED = "persons_linked"
    PERSONS_UNLINKED = "persons_unlinked"
    DEVICE_CONDITIONS = "device_conditions"
    LANE_BAD_DEVICE_MINUTES = "lane_bad_device_minutes"
    THRESHOLD_CHANGES = "threshold_changes"
    THRESHOLD_REVERSALS = "threshold_reversals"
    WATCHES_RESTARTED = "watches_restarted"


def figures_in(body: RecordBody) -> Iterator[tuple[GateFigure, str, int]]:
    """Say what one record counts as: figure, detail, how many."""
    match body:
        case DeclarationReceived():
            yield from _declared(body)
        case DeclarationChecked():
            yield GateFigure.DECLARATIONS_CHECKED, body.resolution.value, 1
        case SlipIssued():
            yield GateFigure.SLIPS_ISSUED, body.printer.value, 1
        case SlipChecked():
            yield GateFigure.SLIPS_CHECKED, "good" if body.fault is None else body.fault.value, 1
        case VerdictOverridden():
            yield GateFigure.VERDICTS_OVERRIDDEN, body.code.value, 1
        case DeviceConditionChanged():
            yield from _counted_of_device(body)
        case _:
            yield from _counted_of_shift(body)
            yield from _counted_of_place(body)
            yield from _counted_of_company(body)
            yield from _counted_of_handheld(body)
            yield from _counted_of_register(body)
            yield from _counted_of_threshold(body)


def _declared(body: DeclarationReceived) -> Iterator[tuple[GateFigure, str, int]]:
    yield GateFigure.DECLARATIONS, body.channel.value, 1
    if not body.is_verified:
        yield GateFigure.DECLARATIONS_UNVERIFIED, "", 1
    if body.symptoms:
        yield GateFigure.DECLARED_SYMPTOMS, "", 1
    if body.areas:
        yield GateFigure.DECLARED_AREAS, "", 1
    for symptom in set(body.symptoms):
        yield GateFigure.DECLARED_SYMPTOM, symptom.value, 1
    for exposure in set(body.exposures):
        yield GateFigure.DECLARED_EXPOSURE, exposure.value, 1


def _counted_of_shift(body: RecordBody) -> Iterator[tuple[GateFigure, str, int]]:
    match body:
        case ShiftOpened():
            yield GateFigure.SHIFTS_OPENED, "planned" if body.is_planned else "unplanned", 1
        case ShiftClosed():
            yield GateFigure.SHIFTS_CLOSED, "", 1
        case OwnTemperatureTaken():
            yield GateFigure.OWN_TEMPERATURES, body.moment.value, 1
            if body.is_raised:
                yield GateFigure.OWN_TEMPERATURES_RAISED, body.moment.value, 1
        case PaperSheetsPrinted():
            yield GateFigure.PAPER_LINES_PRINTED, "", max(0, body.last_number - body.first_number + 1)
        case PaperLineEntered():
            yield GateFigure.PAPER_LINES_ENTERED, "", 1
        case PaperLineVoided():
            yield GateFigure.PAPER_LINES_VOIDED, body.reason.value, 1


def _counted_of_place(body: RecordBody) -> Iterator[tuple[GateFigure, str, int]]:
    """Count people who were found apart from those who came by a gate (R007); a recount puts the first number right."""
    match body:
        case InterceptionReported():
            yield GateFigure.INTERCEPTIONS, body.finder.value, 1
            yield GateFigure.PERSONS_FOUND, body.direction.value, body.persons
        case PostCheckOpened():
            yield GateFigure.POST_CHECKS, body.direction.value, 1
            yield GateFigure.POST_PASSENGERS, "", body.declared
        case PartyRecounted():
            found = body.kind is PartyKind.INTERCEPTION
            figure = GateFigure.PERSONS_FOUND if found else GateFigure.POST_PASSENGERS
            yield figure, "recounted" if found else "", body.declared - body.declared_before
        case PartyMemberScreened():
            found = body.kind is PartyKind.INTERCEPTION
            proof = "with_proof" if body.has_proof_of_passage else "without_proof"
            figure = GateFigure.PERSONS_FOUND_SCREENED if found else GateFigure.POST_PASSENGERS_SCREENED
            yield figure, "" if found else proof, 1
        case InterceptionClosed():
            yield GateFigure.PERSONS_FOUND_NOT_SCREENED, "", body.not_screened
        case PostCheckClosed():
            yield GateFigure.POST_PASSENGERS_NOT_SCREENED, "", body.not_screened


def _counted_of_company(body: RecordBody) -> Iterator[tuple[GateFigure, str, int]]:
    """Count what stood at the gate, and who was announced, seen, missing and came after all."""
    match body:
        case ConveyancePresented():
            yield from _counted_of_movement(body)
        case ConveyanceOccupantSeen():
            yield GateFigure.CONVEYANCE_OCCUPANTS, body.role.value, 1
        case GroupOpened():
            yield GateFigure.GROUPS_OPENED, body.kind.value, 1
            yield GateFigure.GROUP_HEADS, body.kind.value, body.announced
        case GroupMemberSeen():
            yield GateFigure.GROUP_MEMBERS_SEEN, body.match.value, 1
            if body.is_late:
                yield GateFigure.GROUP_MEMBERS_LATE, "", 1
        case GroupMemberMissing():
            yield GateFigure.GROUP_MEMBERS_MISSING, body.reason.value, 1
        case GroupClosed():
            yield GateFigure.GROUPS_CLOSED, "incomplete" if body.missing else "complete", 1


def _counted_of_movement(body: ConveyancePresented) -> Iterator[tuple[GateFigure, str, int]]:
    """Count a movement once, whatever is said of it later; one that was entered by mistake is taken off again."""
    if body.is_taken_back:
        yield GateFigure.CONVEYANCES, body.kind.value, -1
    elif not body.is_said_later:
        yield GateFigure.CONVEYANCES, body.kind.value, 1


def _counted_of_handheld(body: RecordBody) -> Iterator[tuple[GateFigure, str, int]]:
    """Count what was done out of reach of the edge, and apart what the edge decided otherwise, by its own verdict."""
    match body:
        case HandheldEnrolled():
            yield GateFigure.HANDHELDS_ENROLLED, "", 1
        case HandheldRevoked():
            yield GateFigure.HANDHELDS_REVOKED, body.reason.value, 1
        case HandheldActTaken():
            yield GateFigure.HANDHELD_ACTS, body.clock.value, 1
            if body.is_different:
                yield GateFigure.HANDHELD_ACTS_DIFFERENT, body.outcome.value, 1


def _counted_of_register(body: RecordBody) -> Iterator[tuple[GateFigure, str, int]]:
    match body:
        case PassRegistered():
            yield GateFigure.PASSES_REGISTERED, body.regime.value, 1
        case PassStateChanged():
            yield GateFigure.PASS_STATES_CHANGED, body.state.value, 1
        case PersonsLinked():
            yield GateFigure.PERSONS_LINKED, body.reason.value, 1
        case PersonsUnlinked():
            yield GateFigure.PERSONS_UNLINKED, body.reason.value, 1


def _counted_of_device(body: DeviceConditionChanged) -> Iterator[tuple[GateFigure, str, int]]:
    """Count what a device became, and the minutes, begun ones whole, that its lane had stood on a bad device."""
    yield GateFigure.DEVICE_CONDITIONS, body.became.value, 1
    if body.bad_s:
        yield GateFigure.LANE_BAD_DEVICE_MINUTES, body.was.value, -(-body.bad_s // 60)


def _counted_of_threshold(body: RecordBody) -> Iterator[tuple[GateFigure, str, int]]:
    """Count how often limits moved, and how often a person took that back or had a device watched anew."""
    match body:
        case ThresholdChanged():
            yield GateFigure.THRESHOLD_CHANGES, body.reason.value, 1
        case ThresholdReversed():
            yield GateFigure.THRESHOLD_REVERSALS, body.reason.value, 1
        case WatchRestarted():
            yield GateFigure.WATCHES_RESTARTED, body.reason.value, 1
