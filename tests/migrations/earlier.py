"""Records and rows as the program before wrote them."""

from datetime import timedelta
from uuid import UUID

from checkpoint.store.instants import to_text
from sync.agreement.records import CrossingWithdrawn
from sync.agreement.vocabulary import ClockQuality
from sync.exchange.envelope import RecordStamp
from tests.checkpoint.people import MORNING


def stamped(sequence: int, *, previous_hash: bytes) -> RecordStamp:
    at = MORNING + timedelta(minutes=sequence)
    return RecordStamp(
        record_id=UUID(int=sequence),
        edge_id="mong-cai-1",
        incarnation=1,
        sequence=sequence,
        previous_hash=previous_hash,
        observed_at=at,
        recorded_at=at,
        boot_id="boot",
        monotonic_ns=sequence,
        clock_quality=ClockQuality.UNKNOWN,
        lane_id="lane-1",
        officer_ref="canbo",
    )


def crossing(sequence: int, *, is_raised: bool) -> tuple[CrossingWithdrawn, dict]:
    """A record (its type is not looked at) and the row of its crossing."""
    crossing_id = f"crossing-{sequence}"
    at = to_text(MORNING + timedelta(minutes=sequence))
    body = CrossingWithdrawn(crossing_id=crossing_id, withdraws_record_id=f"record-{sequence}", reason="Ghi nhầm lượt")
    row = {
        "sequence": sequence,
        "crossing_id": crossing_id,
        "record_id": f"record-{sequence}",
        "last_sequence": sequence,
        "lane_id": "lane-1",
        "presented_at": at,
        "recorded_at": at,
        "officer_ref": "canbo",
        "person_key": f"{sequence % 50:064x}",
        "full_name": "HOÀNG THỊ THỬ NGHIỆM",
        "document_number": f"QN {sequence}",
        "document_kind": "border_pass",
        "nationality": "VNM",
        "age_years": 40,
        "direction": "entry",
        "category": "border_resident",
        "purpose": "trade",
        "temperature_c": 38.4 if is_raised else 36.4,
        "observed_at": at,
        "recheck_c": None,
        "rechecked_at": None,
        "outcome": "recheck" if is_raised else "cleared",
        "disposition": "pending" if is_raised else "cleared",
        "exception_code": None,
        "exception_reason": None,
        "redirect_to": None,
        "place_id": None,
        "is_open": int(is_raised),
    }
    return body, row
