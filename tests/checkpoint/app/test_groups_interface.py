"""Groups and vehicles over HTTP before a real edge: whole or nothing, once, by role, and nothing in addresses."""

import base64
import csv
import io
from uuid import uuid4

import pytest
from openpyxl import Workbook

from tests.checkpoint.edges import LANE
from tests.demands import demand

KEY_OF_CITIZEN = "B{:07d}"


def listed(people: list[list[str]], *, heading="Họ tên;Số hộ chiếu;Ghế") -> str:
    return base64.b64encode("\n".join([heading, *(";".join(row) for row in people)]).encode("utf-8-sig")).decode()


def as_workbook(some: list[list[str]]) -> str:
    book = Workbook()
    for row in [["Họ tên", "Số hộ chiếu", "Ghế"], *some]:
        book.active.append(row)
    written = io.BytesIO()
    book.save(written)
    return base64.b64encode(written.getvalue()).decode()


def people(first: int, count: int) -> list[list[str]]:
    return [[f"Người Thử {n}", KEY_OF_CITIZEN.format(first + n), f"{n + 1}A"] for n in range(count)]


def announced(some: list[list[str]], **more) -> dict:
    fields = {"kind": "tour", "direction": "entry", "guide": "=HYPERLINK(1)", "operator": "Sao Biển", "lane_id": LANE}
    return {"group_id": str(uuid4()), "file": listed(some), **fields, **more}


@pytest.fixture
def post(officer):
    def ask(path: str, **body):
        return officer.client.post(path, json=body)

    yield ask
    ask(f"/api/lanes/{LANE}/group", group_id=None)


def cross(officer, number: str) -> str:
    document = {"kind": "passport", "document_number": number, "full_name": "", "nationality": "VNM"}
    view = officer.lane("present", document=document, has_declaration=True).json()
    officer.lane("measure", temperature_c=36.5, device_kind="infrared_thermometer", site="forehead")
    assert officer.lane("close", draft_id=view["draft_id"]).status_code == 200
    return view["draft_id"]


def test_a_file_is_looked_at_before_anything_is_opened(post):
    faulty = [*people(100, 2), ["", "B9", ""], ["Lý A", "B0000100", ""]]
    open_before = post("/api/groups/list").json()["groups"]

    found = post("/api/groups/read", file=listed(faulty)).json()

    assert (found["read"], found["refused"]) == (2, 2)
    assert [(one["row"], one["column"], one["fault"]) for one in found["faults"]] == [
        (4, "full_name", "name_missing"),
        (4, "document_number", "number_unreadable"),
        (5, "document_number", "number_repeated"),
    ]
    refused = post("/api/groups/open", **announced(faulty))
    assert (refused.status_code, refused.json()["code"]) == (422, "manifest_has_faults")
    assert post("/api/groups/list").json()["groups"] == open_before


@demand("R036")
def test_declared_and_screened_are_reconciled_and_the_missing_one_is_named(officer, post):
    command = announced([], file=as_workbook(people(200, 3)))
    opened = post("/api/groups/open", **command).json()
    assert post("/api/groups/open", **command).json() == opened
    assert (opened["group"]["announced"], opened["group"]["seen"], opened["group"]["lanes"]) == (3, 0, [LANE])

    for n in (0, 2):
        cross(officer, KEY_OF_CITIZEN.format(200 + n))
    view = officer.client.get(f"/api/lanes/{LANE}/state").json()
    assert (view["company"]["group"]["seen"], view["company"]["group"]["announced"]) == (2, 3)

    refused = post("/api/groups/close", group_id=command["group_id"])
    assert refused.json()["values"] == {"missing": 1, "numbers": "2"}
    closed = post("/api/groups/close", group_id=command["group_id"], reason="did_not_travel").json()
    assert (closed["group"]["missing"], closed["group"]["reason"]) == (1, "did_not_travel")
    [missing] = [one for one in closed["members"] if one["crossing_id"] is None]
    assert (missing["number"], missing["full_name"]) == (2, "Người Thử 1")
    assert "B0000201" not in str(closed)
    assert "group" in officer.client.get(f"/api/lanes/{LANE}/state").json()["company"]


def test_an_export_holds_no_formula_and_no_whole_number(officer, post):
    post("/api/groups/open", **announced(people(300, 2)))

    content = post("/api/groups/export", what="groups").content.decode("utf-8-sig")

    rows = list(csv.DictReader(io.StringIO(content)))
    assert rows[0]["guide"] == "'=HYPERLINK(1)"
    assert post("/api/groups/export", what="nothing").status_code == 422


def test_who_was_in_the_vehicle_the_group_or_the_lane_of_a_crossing_is_found(officer, post):
    bus = {"conveyance_id": str(uuid4()), "kind": "coach", "number": "14B-123.45"}
    post("/api/groups/open", **announced(people(400, 3), conveyance=bus, kind="passengers"))
    ids = [cross(officer, KEY_OF_CITIZEN.format(400 + n)) for n in range(3)]
    post(f"/api/lanes/{LANE}/group", group_id=None)
    stranger = cross(officer, "B0009999")

    found = {one["crossing_id"]: one for one in post("/api/groups/companions", crossing_id=ids[0]).json()["people"]}

    assert found[ids[1]]["in_conveyance"]
    assert found[ids[1]]["in_group"]
    assert (found[ids[1]]["nearness"], found[ids[2]]["nearness"]) == ("next_row", "elsewhere")
    assert (found[stranger]["in_group"], found[stranger]["at_lane"]) == (False, True)
    assert ids[0] not in found
    nobody_beside = post("/api/groups/companions", crossing_id=ids[0], minutes=0).json()["people"]
    assert {one["crossing_id"] for one in nobody_beside} == {ids[1], ids[2]}


@demand("R024")
def test_the_lane_names_who_shares_the_group_and_the_vehicle_with_their_state(officer, post):
    bus = {"conveyance_id": str(uuid4()), "kind": "coach", "number": "14B-678.90"}
    post("/api/groups/open", **announced(people(500, 3), conveyance=bus, kind="passengers"))
    cross(officer, KEY_OF_CITIZEN.format(500))
    document = {
        "kind": "passport",
        "document_number": KEY_OF_CITIZEN.format(501),
        "full_name": "",
        "nationality": "VNM",
    }
    view = officer.lane("present", document=document, has_declaration=True).json()

    found = officer.lane("together").json()["people"]

    assert [(one["number"], one["state"]) for one in found] == [(1, "cleared"), (3, "not_seen")]
    assert "group" in found[0]["ways"]
    assert found[1]["full_name"] == "Người Thử 2"
    assert KEY_OF_CITIZEN.format(500) not in str(found)
    officer.lane("discard", draft_id=view["draft_id"], reason="thử")


def test_one_truck_with_another_driver_has_come_back_and_the_change_is_listed(officer, post):
    def truck(number: str, plate: str, direction: str) -> None:
        document = {
            "kind": "passport",
            "document_number": number,
            "full_name": "",
            "nationality": "CHN",
            "issuing_state": "CHN",
        }
        body = {"document": document, "has_declaration": True, "direction": direction}
        draft_id = officer.lane("present", **body).json()["draft_id"]
        ride = {"draft_id": draft_id, "conveyance_id": str(uuid4()), "kind": "truck", "number": plate}
        assert officer.lane("vehicle", **ride).status_code == 200
        officer.lane("measure", temperature_c=36.5, device_kind="infrared_thermometer", site="forehead")
        officer.lane("close", draft_id=draft_id)

    truck("E50000001", "桂F12345", "entry")
    truck("E50000002", "桂f·12345", "exit")
    truck("E50000003", "桂F99999", "entry")

    lines = {one["plates"]: one for one in reversed(post("/api/conveyances/list").json()["movements"])}
    assert (lines["桂F·12345"]["standing"], lines["桂F·12345"]["has_other_driver"]) == ("paired", True)
    assert (lines["桂F·99999"]["standing"], lines["桂F·99999"]["has_other_driver"]) == ("away", False)
    assert [one["plates"] for one in post("/api/conveyances/list", query="桂F99999").json()["movements"]] == [
        "桂F·99999"
    ]


def test_a_conveyance_may_be_presented_without_anybody_in_a_lane(post):
    flight = {"conveyance_id": str(uuid4()), "kind": "flight", "number": "VN 0507", "direction": "entry"}

    once, again = (post("/api/conveyances", **flight, port_code="VDO", occupants=180).json() for _ in range(2))

    assert once == again
    assert once["plates"] == "VN507"
    assert post("/api/conveyances", **{**flight, "direction": None}).status_code == 422


def test_who_has_no_part_in_it_sees_and_does_nothing(served):
    administrator = served.sign_in("quantri").client
    for path in ("list", "card", "read", "open", "close", "export", "companions"):
        assert administrator.post(f"/api/groups/{path}", json={}).status_code == 403
    assert administrator.post("/api/conveyances", json={}).status_code == 403
    assert administrator.get("/groups").status_code == 403
    administrator.close()
