"""One scripted shift: who comes to which lane, how warm, and what must become of each.

Pure: the same seed and number of travellers give the same shift, whatever the day. The expected
figures are worked out here, from the script alone, so that a test can hold the printed report
against what really happened at the lanes.
"""

import random
from collections import Counter, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from deploy.demo import people


class Fate(StrEnum):
    """What must become of a traveller at the lane."""

    CLEARED = "cleared"
    CLEARED_AFTER_RECHECK = "cleared_after_recheck"
    ISOLATED = "isolated"
    REFUSED = "refused"


class Afterwards(StrEnum):
    """What the officer does to a closed crossing later."""

    NOTHING = "nothing"
    CORRECTED = "corrected"
    WITHDRAWN = "withdrawn"
    HANDED_OVER = "handed_over"


class Scanner(StrEnum):
    """How this lane measures."""

    THERMAL_ARRAY = "gy_mcu90640"
    FACE_TERMINAL = "facesluice"


@dataclass(frozen=True, kw_only=True)
class Lane:
    """One lane of the demonstration: where it is, which way it goes, what it measures with."""

    gate_id: str
    lane_id: str
    direction: str
    scanner: Scanner
    share: int

    @property
    def scanner_id(self) -> str:
        """The device that measures here; unique in the province, for gates may share a broker."""
        return f"{self.gate_id}-{self.lane_id}-{'gy' if self.scanner is Scanner.THERMAL_ARRAY else 'face'}"

    @property
    def reader_id(self) -> str:
        """The document reader here."""
        return f"{self.gate_id}-{self.lane_id}-mrz"


LANES = (
    Lane(gate_id="mong-cai", lane_id="lane-1", direction="entry", scanner=Scanner.THERMAL_ARRAY, share=30),
    Lane(gate_id="mong-cai", lane_id="lane-2", direction="exit", scanner=Scanner.FACE_TERMINAL, share=26),
    Lane(gate_id="hoanh-mo", lane_id="lane-1", direction="entry", scanner=Scanner.THERMAL_ARRAY, share=24),
    Lane(gate_id="hoanh-mo", lane_id="lane-2", direction="exit", scanner=Scanner.FACE_TERMINAL, share=20),
)

EDGES = {"mong-cai": "mong-cai-1", "hoanh-mo": "hoanh-mo-1"}
"""The gates that the demonstration runs, each with the identity of its one edge."""

PLACES_PER_GATE = 12
STANDING_PER_LANE = 2
"""A third person to isolate makes the lane hand its longest-waiting one over to a facility. Two lanes
of one gate therefore never race for the room's last place, and the figures stay the same."""


def lanes_of(gate_id: str) -> list[Lane]:
    """The lanes of one gate."""
    return [lane for lane in LANES if lane.gate_id == gate_id]


CATEGORIES = {
    "border_resident": 52,
    "tourist": 20,
    "driver_or_crew": 11,
    "expert": 7,
    "returning_citizen": 6,
    "official": 4,
}
PURPOSES = {
    "border_resident": ("trade_or_work", "family_visit", "medical"),
    "tourist": ("tourism",),
    "driver_or_crew": ("driver_or_cargo",),
    "expert": ("project_expert",),
    "returning_citizen": ("returning_home",),
    "official": ("official_duty",),
}
RAISED_PERCENT = 9
CONFIRMED_OF_RAISED_PERCENT = 45
CORRECTED_PERCENT = 2
WITHDRAWN_PERCENT = 1
BY_HAND_PERCENT = 2

NORMAL_C = {Scanner.THERMAL_ARRAY: (34.3, 35.3), Scanner.FACE_TERMINAL: (36.2, 36.8)}
RAISED_C = {Scanner.THERMAL_ARRAY: (37.6, 38.6), Scanner.FACE_TERMINAL: (37.9, 39.0)}
HAND_C = (36.0, 36.7)
CLINICAL_NORMAL_C, CLINICAL_FEVER_C = (36.4, 37.1), (38.2, 39.6)


@dataclass(frozen=True, kw_only=True)
class Traveller:
    """One line of the script. ``pass_number`` or ``mrz`` is what is shown; temperatures are what is true."""

    lane: Lane
    category: str
    purpose: str
    nationality: str
    fate: Fate
    scanner_c: float
    clinical_c: float | None = None
    pass_number: str = ""
    mrz: tuple[str, ...] = ()
    is_measured_by_hand: bool = False
    afterwards: Afterwards = Afterwards.NOTHING


@dataclass(frozen=True, kw_only=True)
class Holder:
    """A border-resident pass in the register, as ``python -m checkpoint import-holders`` reads it."""

    pass_number: str
    full_name: str
    date_of_birth: str
    sex: str
    personal_number: str
    commune: str
    expires_on: str
    regime: str = "china"


def holders(*, count: int, today: date) -> list[Holder]:
    """Invent the register of border-resident passes; the same everywhere, for people go to either gate."""
    rng = random.Random("register")  # noqa: S311 - a repeatable script, no secret
    register = []
    for number in range(count):
        person = people.vietnamese(rng, today=today)
        card = people.identity_card(person, rng, today=today)
        register.append(
            Holder(
                pass_number=f"GTHVN02-TQ {100_000 + number}",
                full_name=person.full_name,
                date_of_birth=person.date_of_birth.isoformat(),
                sex="female" if person.sex == "F" else "male",
                personal_number=card[0][15:27],
                commune=rng.choice(people.COMMUNES),
                expires_on=date(today.year + 1, 1, 1 + number % 28).isoformat(),
            )
        )
    return register


def write_script(*, seed: int, count: int, register: Sequence[Holder], today: date) -> list[Traveller]:
    """Write the shift: ``count`` travellers over the lanes in proportion to their shares."""
    rng = random.Random(seed)  # noqa: S311 - a repeatable script, no secret
    total_share = sum(lane.share for lane in LANES)
    script: list[Traveller] = []
    for number, lane in enumerate(LANES):
        first = sum(other.share for other in LANES[:number]) * count // total_share
        last = sum(other.share for other in LANES[: number + 1]) * count // total_share
        script += [_traveller(rng, lane, register=register, today=today) for _ in range(last - first)]
    return _hand_over_in_time(script)


def _traveller(rng: random.Random, lane: Lane, *, register: Sequence[Holder], today: date) -> Traveller:
    category = rng.choices(list(CATEGORIES), weights=list(CATEGORIES.values()))[0]
    is_raised, is_confirmed = rng.randrange(100) < RAISED_PERCENT, rng.randrange(100) < CONFIRMED_OF_RAISED_PERCENT
    is_by_hand = not is_raised and rng.randrange(100) < BY_HAND_PERCENT
    is_refused = category == "tourist" and (lane.gate_id, lane.direction) == ("hoanh-mo", "exit")
    low_c, high_c = HAND_C if is_by_hand else (RAISED_C if is_raised else NORMAL_C)[lane.scanner]
    fate = Fate.REFUSED if is_refused else Fate.CLEARED_AFTER_RECHECK if is_raised else Fate.CLEARED
    traveller = Traveller(
        lane=lane,
        category=category,
        purpose=rng.choice(PURPOSES[category]),
        nationality="VNM",
        fate=Fate.ISOLATED if is_raised and is_confirmed else fate,
        scanner_c=round(rng.uniform(low_c, high_c), 1),
        clinical_c=round(rng.uniform(*(CLINICAL_FEVER_C if is_confirmed else CLINICAL_NORMAL_C)), 1)
        if is_raised
        else None,
        is_measured_by_hand=is_by_hand,
        afterwards=_afterwards(rng, fate=fate, is_raised=is_raised),
    )
    return _with_paper(rng, traveller, register=register, today=today)


def _afterwards(rng: random.Random, *, fate: Fate, is_raised: bool) -> Afterwards:
    draw = rng.randrange(100)
    if fate is not Fate.CLEARED or is_raised:
        return Afterwards.NOTHING
    if draw < WITHDRAWN_PERCENT:
        return Afterwards.WITHDRAWN
    return Afterwards.CORRECTED if draw < WITHDRAWN_PERCENT + CORRECTED_PERCENT else Afterwards.NOTHING


def _with_paper(rng: random.Random, traveller: Traveller, *, register: Sequence[Holder], today: date) -> Traveller:
    if traveller.category == "border_resident":
        return replace(traveller, pass_number=rng.choice(register).pass_number)
    if traveller.category in {"returning_citizen", "official", "driver_or_crew"}:
        person = people.vietnamese(rng, today=today)
        write = people.identity_card if traveller.category == "driver_or_crew" else people.passport
        return replace(traveller, mrz=write(person, rng, today=today))
    person = people.foreign(rng, today=today, is_expert=traveller.category == "expert")
    return replace(traveller, nationality=person.nationality, mrz=people.passport(person, rng, today=today))


def _hand_over_in_time(script: Iterable[Traveller]) -> list[Traveller]:
    """Mark who is handed over to a facility, as the officers do."""
    travellers = list(script)
    standing: dict[Lane, deque[int]] = {lane: deque() for lane in LANES}
    for index, traveller in enumerate(travellers):
        if traveller.fate is not Fate.ISOLATED:
            continue
        queue = standing[traveller.lane]
        queue.append(index)
        if len(queue) > STANDING_PER_LANE:
            first = queue.popleft()
            travellers[first] = replace(travellers[first], afterwards=Afterwards.HANDED_OVER)
    return travellers


def expected_figures(script: Sequence[Traveller]) -> dict[str, int]:
    """Count what the daily report must print for this script, gate by gate added up."""
    counts: Counter[str] = Counter()
    for traveller in script:
        counts["crossings"] += 1
        if traveller.afterwards is Afterwards.WITHDRAWN:
            counts["withdrawn"] += 1
            continue
        counts["measured"] += 1
        counts["suspected"] += traveller.clinical_c is not None
        counts["confirmed"] += traveller.fate is Fate.ISOLATED
        counts["cleared_after_recheck"] += traveller.fate is Fate.CLEARED_AFTER_RECHECK
        counts[_disposition(traveller)] += 1
    names = (
        "crossings",
        "measured",
        "suspected",
        "confirmed",
        "cleared_after_recheck",
        "cleared",
        "isolated",
        "referred",
        "refused",
        "pending",
        "withdrawn",
    )
    return {name: counts[name] for name in names}


def _disposition(traveller: Traveller) -> str:
    if traveller.afterwards is Afterwards.HANDED_OVER:
        return "referred"
    return "cleared" if traveller.fate is Fate.CLEARED_AFTER_RECHECK else traveller.fate.value
