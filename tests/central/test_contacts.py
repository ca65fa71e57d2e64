"""Who came with a person of a case: one vehicle, one group, one party, one lane within minutes; nobody by name."""

from datetime import timedelta

import msgspec
from sqlalchemy import select

from central.actions.desk import REVEAL_ACTION
from central.actions.erasing import erase_people
from central.store.engine import reading
from central.store.tables import access_log, centre_journal
from sync.agreement.gate_records.groups import ConveyanceOccupantSeen, GroupMemberSeen
from sync.agreement.gate_records.handheld import HandheldActTaken
from sync.agreement.gate_records.places import PartyMemberScreened
from sync.agreement.records import CrossingWithdrawn, TravellerIdentity
from sync.agreement.vocabulary import Direction, Disposition
from tests.central.gate_samples import company
from tests.central.pushes import push
from tests.central.test_desk_history import centre, clock, journal, reception  # noqa: F401  # fixtures
from tests.central.visitors import signed_in
from tests.demands import demand
from tests.sync.exchange.journals import MORNING, screened

PERSON = TravellerIdentity(
    full_name="LÝ THỊ THỬ", document_number="T0000011", telephone="0900000011", address="Thôn Thử, Hải Sơn"
)
SAID = {type(body): body for body in company("case")}


def cross(journal, crossing_id, *, minutes=0.0, disposition=Disposition.CLEARED, lane_id="lane-1", with_whom=()):  # noqa: F811
    at = MORNING + timedelta(minutes=minutes)
    body = screened(crossing_id, disposition=disposition, at=at)
    journal.write(msgspec.structs.replace(body, lane_id=lane_id), at=at, who=PERSON)
    for kind in with_whom:
        journal.write(msgspec.structs.replace(SAID[kind], given_for=crossing_id), at=at)


def a_morning(reception, journal) -> None:  # noqa: F811
    everything = (ConveyanceOccupantSeen, GroupMemberSeen, PartyMemberScreened)
    cross(journal, "case", disposition=Disposition.PENDING, with_whom=everything)
    cross(journal, "driver", minutes=1, with_whom=[ConveyanceOccupantSeen])
    cross(journal, "mate", minutes=40, lane_id="lane-2", with_whom=[GroupMemberSeen, PartyMemberScreened])
    cross(journal, "before", minutes=-4.6)
    cross(journal, "too-late", minutes=6)
    cross(journal, "beside", minutes=1, lane_id="lane-2")
    push(reception, journal)


def shown(desk) -> list[tuple[str, list[str], int]]:
    contacts = desk.get("/api/desk/case").json()["contacts"]
    return [(one["crossing_id"], one["ways"], one["minutes_apart"]) for one in contacts]


@demand("R024")
def test_contacts_of_a_case_are_its_vehicle_its_group_and_who_stood_at_its_lane_within_minutes(
    centre,  # noqa: F811
    reception,  # noqa: F811
    journal,  # noqa: F811
):
    a_morning(reception, journal)
    with signed_in(centre, username="cdc", role="cdc") as desk:
        assert shown(desk) == [
            ("driver", ["vehicle", "lane"], 1),
            ("mate", ["group", "party"], 40),
            ("before", ["lane"], -5),
        ]
        assert "LÝ THỊ THỬ" not in desk.get("/api/desk/case").text
    erase_people(centre, ["mate"], legal_basis="Luật 91/2025/QH15", requested_by="YC-1", username="cdc")
    with signed_in(centre, username="cdc", role="cdc") as desk:
        assert [name for name, _, _ in shown(desk)] == ["driver", "before"]


def test_the_timeline_of_a_crossing_says_with_whom_and_how_the_person_came(
    centre,  # noqa: F811
    reception,  # noqa: F811
    journal,  # noqa: F811
):
    journal.write(screened("case", disposition=Disposition.PENDING), who=PERSON)
    for body in company("case"):
        journal.write(body)
    push(reception, journal)
    with signed_in(centre, username="cdc", role="cdc") as desk:
        said = {line["type"]: line.get("codes") for line in desk.get("/api/desk/case").json()["timeline"]}
    assert said == {
        "crossing_screened": [],
        "conveyance_occupant_seen": ["OccupantRole.co_driver"],
        "group_member_seen": ["MemberMatch.document_number", "desk.came_late"],
        HandheldActTaken.type_name: ["desk.handheld_different"],
        "party_member_screened": ["desk.with_proof"],
        "verdict_overridden": ["OverrideReason.medical_emergency"],
    }


DAY = "/api/desk/case/contacts"


def names(answer) -> dict[str, list[str]]:
    return {one["crossing_id"]: one["ways"] for one in answer.json()["contacts"]}


@demand("R024")
def test_who_came_on_the_same_pass_is_a_contact_and_the_person_s_own_way_back_is_none(
    centre,  # noqa: F811
    reception,  # noqa: F811
    journal,  # noqa: F811
):
    def on_pass(crossing_id, *, minutes, key="key-of-pass", direction=Direction.ENTRY, who=PERSON):
        at = MORNING + timedelta(minutes=minutes)
        body = screened(crossing_id, at=at, direction=direction, temperature_c=36.5)
        journal.write(msgspec.structs.replace(body, person_key=key), at=at, who=who)

    on_pass("case", minutes=0)
    on_pass("companion", minutes=20)
    on_pass("own-way-back", minutes=60, direction=Direction.EXIT)
    on_pass("own-return", minutes=120)
    on_pass("another-pass", minutes=21, key="key-of-another")
    on_pass("logged-twice", minutes=22)
    journal.write(CrossingWithdrawn(crossing_id="logged-twice", withdraws_record_id="r", reason="ghi hai lần"))
    push(reception, journal)
    with signed_in(centre, username="cdc", role="cdc") as desk:
        assert names(desk.get(DAY)) == {"companion": ["pass"]}
        rows = desk.get(f"{DAY}.csv").text.splitlines()
    assert [row.split(",")[1] for row in rows[1:]] == ["pass"]


@demand("R024")
def test_a_contact_is_followed_up_day_by_day_overdue_days_are_shown_and_all_stands_in_the_journal(
    centre,  # noqa: F811
    reception,  # noqa: F811
    journal,  # noqa: F811
    clock,  # noqa: F811
):
    a_morning(reception, journal)
    mate = f"{DAY}/mate"
    with signed_in(centre, username="cdc", role="cdc") as desk:
        assert desk.send(f"{mate}/day", {"day": "2026-11-22", "outcome": "well"}).status_code == 404
        assert desk.send(f"{mate}/follow", {"first_day": "2026-11-22", "days": 4}).status_code == 200
        assert desk.send(f"{DAY}/too-late/follow", {"first_day": "2026-11-22", "days": 4}).status_code == 404
        assert desk.send(f"{mate}/follow", {"first_day": "2026-11-22", "days": 99}).status_code == 400
        assert desk.send(f"{mate}/day", {"day": "2026-11-22", "outcome": "well"}).status_code == 200
        assert desk.send(f"{mate}/day", {"day": "2026-11-30", "outcome": "well"}).status_code == 404
    clock.now += timedelta(days=2)
    with signed_in(centre, username="cdc", role="cdc") as desk:
        desk.send(f"{mate}/day", {"day": "2026-11-24", "outcome": "not_reached"})
        line = next(one for one in desk.get(DAY).json()["contacts"] if one["crossing_id"] == "mate")
        standing = desk.get("/api/follow-ups").json()["follow_ups"]
        sheet = desk.get(f"{DAY}.csv").text
    assert [(day["day"], day["state"]) for day in line["days"]] == [
        ("2026-11-22", "done"),
        ("2026-11-23", "overdue"),
        ("2026-11-24", "not_reached"),
        ("2026-11-25", "to_come"),
    ]
    assert (line["overdue"], [(one["contact"], one["overdue"], one["is_due_today"]) for one in standing]) == (
        1,
        [("mate", 1, True)],
    )
    assert "2026-11-22,2026-11-25,2,1" in sheet
    with reading(centre.store.engine) as connection:
        written = list(connection.execute(select(centre_journal.c.type).order_by(centre_journal.c.sequence)).scalars())
    assert written.count("follow_up_opened") == 1
    assert written.count("contact_followed_up") == 2
    assert centre.store.verify().centre_records == len(written)
    erase_people(centre, ["mate"], legal_basis="Luật 91/2025/QH15", requested_by="YC-1", username="cdc")
    assert centre.store.follow_ups.all() == {}


@demand("R024")
def test_name_telephone_and_address_of_contacts_are_for_the_cdc_alone_and_each_look_is_logged(
    centre,  # noqa: F811
    reception,  # noqa: F811
    journal,  # noqa: F811
):
    a_morning(reception, journal)
    with signed_in(centre, username="cdc", role="cdc") as desk:
        opened = desk.send(f"{DAY}/opened", {"reason": "contact_tracing"}).json()["contacts"]
        sheet = desk.send(f"{DAY}/opened.csv", {"reason": "contact_tracing"}).text
        assert "LÝ THỊ THỬ" not in desk.get(DAY).text + desk.get(f"{DAY}.csv").text
    assert {(one["crossing_id"], one["full_name"], one["telephone"], one["address"]) for one in opened} == {
        (name, "LÝ THỊ THỬ", "0900000011", "Thôn Thử, Hải Sơn") for name in ("driver", "mate", "before")
    }
    assert sheet.count("0900000011") == 3
    with reading(centre.store.engine) as connection:
        looks = connection.execute(select(access_log.c.subject).where(access_log.c.action == REVEAL_ACTION)).scalars()
        assert sorted(looks) == ["before", "before", "driver", "driver", "mate", "mate"]
    with signed_in(centre, username="chihuy", role="command") as command:
        assert command.get(DAY).status_code == 403
        assert command.send(f"{DAY}/opened", {"reason": "audit"}).status_code == 403
