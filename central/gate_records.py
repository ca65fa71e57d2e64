"""What the gates write beside crossings: declarations, slips, shifts, paper, coverage, company. Pure rules, no I/O.

Each record stands for itself: what it adds to the tables follows from it alone, so that no order of arrival,
replay or rebuild can give other figures. Only of several revisions of one reconciled hour the newest counts.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime
from typing import NamedTuple, get_args

from central.gate_figures import GateFigure, figures_in
from central.ledger import PLAUSIBLE_YEARS
from central.reception import ReceivedRecord, is_identifier
from sync.agreement.deployment import report_day
from sync.agreement.gate_records.coverage import CoverageReconciled
from sync.agreement.gate_records.decision import VerdictOverridden
from sync.agreement.gate_records.declaration import DeclarationChecked, DeclarationReceived, DeclarationRecord
from sync.agreement.gate_records.device import DeviceConditionChanged, DeviceRecord
from sync.agreement.gate_records.groups import (
    ConveyanceOccupantSeen,
    ConveyancePresented,
    GroupClosed,
    GroupMemberMissing,
    GroupMemberSeen,
    GroupOpened,
    GroupRecord,
)
from sync.agreement.gate_records.handheld import HandheldActTaken, HandheldEnrolled, HandheldRecord, HandheldRevoked
from sync.agreement.gate_records.papers import PaperRecord, SlipChecked, SlipIssued
from sync.agreement.gate_records.places import (
    InterceptionClosed,
    InterceptionReported,
    PartyMemberScreened,
    PartyRecounted,
    PlaceRecord,
    PostCheckClosed,
    PostCheckOpened,
)
from sync.agreement.gate_records.register import (
    PassRegistered,
    PassStateChanged,
    PersonsLinked,
    PersonsUnlinked,
    RegisterRecord,
)
from sync.agreement.gate_records.shift import (
    OwnTemperatureTaken,
    PaperLineEntered,
    ShiftClosed,
    ShiftHandedOver,
    ShiftOpened,
    ShiftRecord,
    ShiftTakenOver,
)
from sync.agreement.gate_records.threshold import ThresholdChanged, ThresholdRecord, ThresholdReversed, WatchRestarted
from sync.agreement.records import RecordBody

GATE_RECORDS: tuple[type, ...] = (
    *get_args(DeclarationRecord),
    *get_args(GroupRecord),
    *get_args(HandheldRecord),
    *get_args(PaperRecord),
    *get_args(PlaceRecord),
    *get_args(RegisterRecord),
    *get_args(ShiftRecord),
    *get_args(ThresholdRecord),
    DeviceRecord,
    CoverageReconciled,
    VerdictOverridden,
)
"""The bodies that are projected by ``central.store.gate_projection``."""
GATE_TYPES = tuple(sorted(body.type_name for body in GATE_RECORDS))  # type: ignore[attr-defined]


class GateCountKey(NamedTuple):
    """What one counter counts."""

    report_day: date
    edge_id: str
    figure: GateFigure
    detail: str


class GateRow(NamedTuple):
    """One row of table ``gate_record``, in the order of its columns.

    ``crossing_id`` is the person's crossing, if it is about one; ``reference`` the declaration, the shift, the party,
    the conveyance, the group, the handheld, the holder, the link or the device.
    """

    position: int
    edge_id: str
    report_day: date
    observed_at: datetime
    type: str
    crossing_id: str | None
    reference: str | None


class HourKey(NamedTuple):
    """One hour of one edge."""

    edge_id: str
    starts_at: datetime


def refusal_of(received: ReceivedRecord) -> str | None:
    """Say why a gate's record cannot be projected, as a slug; ``None`` if it can."""
    body, envelope = received.body, received.envelope
    named = (*_subject_of(body), *_also_named(body))
    if not all(name is None or is_identifier(name) for name in named):
        return "body_refused"
    times = [envelope.observed_at]
    if isinstance(body, CoverageReconciled):
        times.append(body.starts_at)
    if isinstance(body, DeviceConditionChanged):
        times.append(body.since)
    if isinstance(body, ThresholdChanged):
        times.append(body.changed_at)
    is_possible = all(at.tzinfo is not None and at.year in PLAUSIBLE_YEARS for at in times)
    return None if is_possible else "impossible_time"


def _also_named(body: RecordBody | None) -> tuple[str | None, ...]:
    """Return the episodes that a record names besides."""
    match body:
        case ShiftHandedOver() | ShiftTakenOver():
            return (body.handover_id,)
        case GroupMemberSeen() | GroupMemberMissing():
            return (body.member_id,)
        case ConveyancePresented():
            return (body.pairs_with,)
    return ()


def row_of(received: ReceivedRecord, *, position: int, cut_off_hour: int) -> GateRow:
    """Return the row of a record that can be projected; ``received`` is the one that says what happened."""
    envelope = received.envelope
    crossing_id, reference = _subject_of(received.body)
    return GateRow(
        position=position,
        edge_id=envelope.edge_id,
        report_day=report_day(envelope.observed_at, cut_off_hour=cut_off_hour),
        observed_at=envelope.observed_at,
        type=envelope.type,
        crossing_id=crossing_id,
        reference=reference,
    )


def _subject_of(body: RecordBody | None) -> tuple[str | None, str | None]:
    """Return the crossing and the declaration or shift that a record names."""
    match body:
        case DeclarationReceived() | DeclarationChecked():
            return body.given_for or None, body.declaration_id or None
        case SlipIssued() | SlipChecked() | VerdictOverridden():
            return body.given_for or None, None
        case PaperLineEntered():
            return body.entered_crossing_id or None, None
        case ShiftOpened() | ShiftClosed() | OwnTemperatureTaken() | ShiftHandedOver():
            return None, body.shift_id or None
    return _subject_of_place(body)


def _subject_of_place(body: RecordBody | None) -> tuple[str | None, str | None]:
    """Return the crossing and the party that a record of another place names."""
    match body:
        case PartyMemberScreened():
            return body.given_for or None, body.party_id or None
        case PostCheckOpened() | InterceptionReported() | PartyRecounted() | PostCheckClosed() | InterceptionClosed():
            return None, body.party_id or None
    return _subject_of_company(body)


def _subject_of_company(body: RecordBody | None) -> tuple[str | None, str | None]:
    """Return the crossing and the conveyance or the group that a record names."""
    match body:
        case ConveyanceOccupantSeen():
            return body.given_for or None, body.conveyance_id or None
        case GroupMemberSeen():
            return body.given_for or None, body.group_id or None
        case ConveyancePresented():
            return None, body.conveyance_id or None
        case GroupOpened() | GroupMemberMissing() | GroupClosed():
            return None, body.group_id or None
    return _subject_of_register(body)


def _subject_of_register(body: RecordBody | None) -> tuple[str | None, str | None]:
    """Return the crossing, and the handheld, the holder or the link that a record names."""
    match body:
        case HandheldActTaken():
            return body.kept_crossing_id or None, body.handheld_id or None
        case HandheldEnrolled() | HandheldRevoked():
            return None, body.handheld_id or None
        case PassRegistered() | PassStateChanged():
            return None, body.holder_id or None
        case PersonsLinked() | PersonsUnlinked():
            return None, body.link_id or None
    return _subject_of_device(body)


def _subject_of_device(body: RecordBody | None) -> tuple[str | None, str | None]:
    """Return no crossing, and the device that a record is about."""
    match body:
        case DeviceConditionChanged() | WatchRestarted():
            return None, body.device_id or None
        case ThresholdChanged() | ThresholdReversed():
            return None, body.limit_of.device_id or None
    return None, None


def counts_of(records: Iterable[tuple[GateRow, RecordBody]]) -> Counter[GateCountKey]:
    """Count records from nothing; counters of several runs simply add up."""
    total: Counter[GateCountKey] = Counter()
    for row, body in records:
        for figure, detail, number in figures_in(body):
            total[GateCountKey(row.report_day, row.edge_id, figure, detail)] += number
    return total


def hour_of(row: GateRow, body: RecordBody) -> HourKey | None:
    """Return the hour that a record reconciles, if it does."""
    return HourKey(row.edge_id, body.starts_at) if isinstance(body, CoverageReconciled) else None
