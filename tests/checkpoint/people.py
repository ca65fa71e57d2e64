"""Invented people, readings and clocks for the edge's tests."""

from datetime import UTC, datetime, timedelta

from checkpoint.presentation import Pairing, Presentation
from devices.reading import Arrival, ClockBasis, DeviceKind, MeasuringSite, Reading, ReadingKind
from sync.agreement import vocabulary as words
from sync.agreement.facts import Measurement
from sync.agreement.records import TravellerIdentity

MORNING = datetime(2026, 11, 22, 1, 30, tzinfo=UTC)
PAIRING = Pairing(window_s=10, stale_after_s=3)
# Normal and raised for a face terminal's forehead, by the policies in force.
NORMAL_C, RAISED_C = 36.4, 38.4


def after(seconds: float, *, since: datetime = MORNING) -> datetime:
    return since + timedelta(seconds=seconds)


class HandClock:
    """A clock that a test sets forward by hand."""

    def __init__(self, now: datetime = MORNING) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **span: float) -> datetime:
        self.now += timedelta(**span)
        return self.now


def presentation(number: str = "C1234567", *, at: datetime = MORNING, crossing_id: str = "crossing-1") -> Presentation:
    return Presentation(
        crossing_id=crossing_id,
        presented_at=at,
        identity=TravellerIdentity(full_name="Chìu A Múi", document_number=number),
        document_kind=words.DocumentKind.PASSPORT,
        category=words.TravellerCategory.TOURIST,
        purpose=words.PurposeOfCrossing.TOURISM,
        direction=words.Direction.ENTRY,
        mode_of_entry=words.ModeOfEntry.ROAD,
    )


def measurement(
    reading_id: str = "reading-1",
    *,
    at: datetime = MORNING,
    temperature_c: float = NORMAL_C,
    unusable_because: tuple[str, ...] = (),
) -> Measurement:
    return Measurement(
        reading_id=reading_id,
        device_id="face-1",
        device_kind=words.DeviceKind.FACE_TERMINAL,
        kind=words.ReadingKind.DEVICE_COMPENSATED,
        site=words.MeasuringSite.FOREHEAD,
        temperature_c=temperature_c,
        observed_at=at,
        unusable_because=unusable_because,
    )


def reading(
    delivery_key: str,
    *,
    at: datetime,
    temperature_c: float = NORMAL_C,
    device_id: str = "face-1",
    arrival: Arrival = Arrival.LIVE,
) -> Reading:
    return Reading(
        device_id=device_id,
        driver="facesluice",
        device_kind=DeviceKind.FACE_TERMINAL,
        observed_at=at,
        clock_basis=ClockBasis.RECEIVED,
        temperature_c=temperature_c,
        kind=ReadingKind.DEVICE_COMPENSATED,
        site=MeasuringSite.FOREHEAD,
        delivery_key=delivery_key,
        arrival=arrival,
    )
