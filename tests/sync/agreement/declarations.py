"""Invented declarations for tests: whole forms as a phone sends them, and any declaration at all."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

from hypothesis import strategies as st

from sync.agreement.declaration import CHOICES, Declaration, DeclarationChannel, Exposure, TravelWay, VisitedArea
from sync.agreement.declaration.form import AREAS, LONGEST_BYTES, NATIONALITIES
from sync.agreement.vocabulary import Direction, Sex, Symptom

DECLARED_AT = datetime(2026, 11, 22, 1, 30, tzinfo=UTC)
TODAY = date(2026, 11, 22)


def form(**changes: str) -> dict[str, str]:
    """A form that is right in every field; ``changes`` replace or, with an empty text, blank some."""
    today = changes.pop("today", TODAY.isoformat())
    fields = {
        "declaration_id": str(uuid4()),
        "full_name": "Nguyễn Thị Phương Thảo",
        "birth_year": "1990",
        "sex": "female",
        "nationality": "VNM",
        "document_number": "C1234567",
        "direction": "entry",
        "crossing_on": today,
        "departed_on": today,
        "travel_way": "bus",
        "vehicle_number": "14B-012.34",
        "seat": "12A",
        "departure_place": "Đông Hưng, Quảng Tây",
        "destination": "Hạ Long, Quảng Ninh",
        "area_1": "CN-45-0681",
        "area_1_from": today,
        "area_1_to": today,
        "address": "12 Trần Phú, phường Móng Cái 1, tỉnh Quảng Ninh",
        "telephone": "+84 912 345 678",
        "email": "thao@example.org",
        "confirmed": "yes",
    }
    fields |= {f"symptom_{slug}": "no" for slug in CHOICES["symptom"]}
    fields |= {f"exposure_{slug}": "no" for slug in CHOICES["exposure"]}
    return fields | changes


_days = st.dates(date(2025, 1, 1), date(2027, 12, 31))


@st.composite
def _texts(draw, name: str):
    """Any text of a field that fits into its bytes, full of marks and Chinese characters as people have them."""
    alphabet = st.sampled_from("ABCĐÊƠƯabcđêơưấằẩẫậ0123456789 .-,/王小明黄芒街")
    text = draw(st.text(alphabet, max_size=LONGEST_BYTES[name]))
    return text.encode()[: LONGEST_BYTES[name]].decode(errors="ignore").strip()


@st.composite
def declarations(draw):
    areas = draw(st.lists(st.tuples(st.sampled_from(AREAS), _days, _days), max_size=5))
    return Declaration(
        declaration_id=UUID(int=draw(st.integers(0, 2**128 - 1))),
        birth_year=draw(st.integers(1900, 2026)),
        sex=draw(st.sampled_from(Sex)),
        nationality=draw(st.sampled_from(NATIONALITIES)),
        direction=draw(st.sampled_from(Direction)),
        travel_way=draw(st.sampled_from(TravelWay)),
        departed_on=draw(_days),
        crossing_on=draw(_days),
        areas=tuple(VisitedArea(code=code, from_day=first, to_day=last) for code, first, last in areas),
        symptoms=_in_order(draw(st.sets(st.sampled_from(Symptom))), words=Symptom),
        exposures=_in_order(draw(st.sets(st.sampled_from(Exposure))), words=Exposure),
        language=draw(st.sampled_from(("vi", "en", "zh"))),
        **{name: draw(_texts(name)) for name in LONGEST_BYTES},
    )


def _in_order(chosen, *, words):
    return tuple(word for word in words if word in chosen)


channels = st.sampled_from(DeclarationChannel)
instants = st.integers(0, 5 * 365 * 86400).map(lambda s: datetime(2024, 1, 1, tzinfo=UTC) + timedelta(seconds=s))
