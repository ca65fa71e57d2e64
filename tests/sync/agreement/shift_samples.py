"""One of each record of a shift, with as much in it as it can hold."""

from datetime import date

import msgspec

from sync.agreement.gate_records import shift
from sync.agreement.shift_words import PaperVoidReason, ShiftMoment
from sync.agreement.vocabulary import ExceptionCode, MeasuringSite
from tests.sync.exchange.journals import MORNING, identifier


def shift_samples(crossing_id: str) -> tuple[msgspec.Struct, ...]:
    shift_id, handover_id = str(identifier("shift")), str(identifier("handover"))
    return (
        shift.ShiftOpened(shift_id=shift_id, shift_day=date(2026, 11, 22), shift_code="morning", is_planned=True),
        shift.ShiftClosed(shift_id=shift_id, handover_id=handover_id),
        shift.OwnTemperatureTaken(
            shift_id=shift_id,
            moment=ShiftMoment.START,
            temperature_c=36.6,
            site=MeasuringSite.EAR,
            limit_c=38.0,
            is_raised=False,
        ),
        shift.ShiftHandedOver(
            handover_id=handover_id,
            shift_id=shift_id,
            open_drafts=1,
            open_alarms=2,
            isolated=3,
            in_transit=1,
            device_faults=("lane-1-thermal",),
            has_notes=True,
        ),
        shift.ShiftTakenOver(handover_id=handover_id),
        shift.PaperSheetsPrinted(block_id=str(identifier("block")), first_number=1, last_number=200),
        shift.PaperLineEntered(
            number=17,
            entered_crossing_id=crossing_id,
            written_at=MORNING,
            exception_code=ExceptionCode.DEVICE_FAILURE,
        ),
        shift.PaperLineVoided(number=18, reason=PaperVoidReason.SPOILT),
    )
