"""One person from fever to the hospital's word, through the real program over HTTP, restarted in the middle."""

import csv
import io
import json
from uuid import uuid4

import pytest

from tests.checkpoint.app.running import RunningEdge
from tests.demands import demand


@pytest.fixture
def gate(tmp_path):
    edge = RunningEdge(tmp_path)
    edge.add_officer()
    edge.process.start()
    yield edge
    edge.process.stop()


@pytest.fixture
def room(officer):
    """The room of the file's one edge, with everybody of the test before let go and no notice owed."""
    one = Room(officer)
    for person in one.everybody():
        words = {"disposition": "cleared", "destination": "Nơi cư trú", "reason": "Hết phiên thử"}
        one.client.post(f"/api/isolation/{person['crossing_id']}/discharge", json=words)
    for person in one.everybody():
        for addressee in ("person", "consular_department"):
            one.act(person["crossing_id"], "notify", addressee=addressee, means="in_person")
    return one


class Room:
    """The officer of the isolation room and what the board shows of one person."""

    def __init__(self, officer):
        self.client = officer.client
        self.officer = officer

    def fever(self, number: str) -> str:
        crossing_id = self.officer.screen(number, 38.6)["draft_id"]
        view = self.officer.lane("recheck", crossing_id=crossing_id, temperature_c=38.9, site="axillary").json()
        assert view["closed"]["verdict"]["outcome"] == "referred"
        return crossing_id

    def act(self, crossing_id: str, word: str, *, act_id: str | None = None, **body):
        content = {"act_id": act_id or str(uuid4()), **body}
        return self.client.post(f"/api/isolation/{crossing_id}/{word}", json=content)

    def everybody(self) -> list[dict]:
        board = self.client.get("/api/isolation").json()
        people = [place["person"] for place in board["places"] if place["person"]]
        return [*people, *board["waiting"], *board["in_transit"], *board["owed"]]

    def person(self, crossing_id: str) -> dict:
        return next((one for one in self.everybody() if one["crossing_id"] == crossing_id), {})

    def clocks(self, crossing_id: str) -> set[str]:
        return {clock["kind"] for clock in self.person(crossing_id).get("clocks", [])}


def done(answer) -> dict:
    assert answer.status_code == 200, answer.text
    return answer.json()["saved"]


def up_to_the_proposal(room) -> str:
    """Fever, recheck, physical check, list."""
    crossing_id = room.fever("QN 300001")
    assert room.person(crossing_id)["state"] == "held"
    assert room.clocks(crossing_id) == {"physical_check", "temporary_hold", "isolation_list"}
    done(room.act(crossing_id, "check-start"))
    found = {"outcome": "group_a_suspected", "findings": ["fever", "epidemiological_link"]}
    done(room.act(crossing_id, "check-end", **found, actions=["isolation_or_referral", "contact_list"]))
    assert room.person(crossing_id)["next_step"] == "proposed"
    done(room.act(crossing_id, "propose", ground="suspect", proposer="BS. Lê Thị Mơ", list_number="07/DS"))
    assert room.clocks(crossing_id) == {"temporary_hold", "isolation_decision"}
    return crossing_id


def from_the_decision(room, crossing_id) -> None:
    """Order, notice, provisions, contact, hand-over, the facility's word."""
    done(room.act(crossing_id, "decide", is_approved=True, order_number="12/QĐ-CK", signer="Trần Văn Gác"))
    assert room.clocks(crossing_id) == {"gate_isolation", "facility_handover", "person_notice"}
    assert room.person(crossing_id)["next_step"] == "notified"
    done(room.act(crossing_id, "notify", addressee="person", means="in_person"))
    done(room.act(crossing_id, "provide", provisions=["food", "water", "interpreter"]))
    done(room.act(crossing_id, "contact", relation="nearby_seat", full_name="Lý Văn Bạn", telephone="0900 000 001"))
    assert room.person(crossing_id)["provisions"] == ["food", "water", "interpreter"]
    leaving = {"destination": "TTYT Móng Cái", "escort_names": "Vũ Văn Hộ", "escorts": 2, "vehicle_plate": "14A-000.01"}
    done(room.act(crossing_id, "depart", **leaving))
    board = room.client.get("/api/isolation").json()
    assert all(place["person"] is None for place in board["places"]), "the place is free"
    assert [one["crossing_id"] for one in board["in_transit"]] == [crossing_id], "and the person is not lost"
    assert room.clocks(crossing_id) == {"facility_handover", "transfer_arrival"}
    done(room.act(crossing_id, "arrive", means="telephone", confirmed_by="BS. Đỗ Nhận"))
    assert room.person(crossing_id) == {}


@demand("R019", "R021", "R023", "R037", "R046", "R063")
def test_from_fever_to_the_confirmed_arrival_with_every_step_recorded_and_a_kill_between(gate):
    first_half = Room(gate.sign_in())
    crossing_id = up_to_the_proposal(first_half)
    first_half.client.close()
    gate.process.kill()
    gate.process.start()
    room = Room(gate.sign_in())
    assert room.clocks(crossing_id) == {"temporary_hold", "isolation_decision"}, "they ran on while the edge was dead"
    from_the_decision(room, crossing_id)
    case = room.client.get(f"/api/isolation/{crossing_id}").json()
    room.client.close()
    assert case["path"]["state"] == "arrived"
    assert (case["words"]["order_number"], case["words"]["confirmed_by"]) == ("12/QĐ-CK", "BS. Đỗ Nhận")
    assert case["contacts"][0]["full_name"] == "Lý Văn Bạn"
    assert case["forms"]["gate_isolation_order"] == "Mẫu số 03 Phụ lục IV"
    assert [act["event"] for act in case["acts"]] == [
        "admitted", "check_started", "check_ended", "proposed", "decided",
        "notified", "provided", "contact_listed", "departed", "arrived",
    ]  # fmt: skip
    log = (gate.folder / "edge.log").read_text("utf-8")
    assert [name for name in ("Vũ Văn Hộ", "300001") if name in log] == []


def test_the_same_act_asked_twice_is_one_act(room):
    crossing_id, act_id = room.fever("QN 300002"), str(uuid4())
    first = done(room.act(crossing_id, "check-start", act_id=act_id))
    assert done(room.act(crossing_id, "check-start", act_id=act_id)) == first
    refused = room.act(crossing_id, "check-start")
    assert (refused.status_code, refused.json()["code"]) == (409, "step_not_allowed")


def test_a_mere_contact_is_not_isolated_at_the_gate_under_the_law_in_force_and_may_go_on(room):
    crossing_id = room.fever("QN 300003")
    refused = room.act(crossing_id, "propose", ground="contact", proposer="BS. Lê Thị Mơ")
    assert (refused.status_code, refused.json()["code"]) == (409, "ground_not_allowed")
    assert "Điều 14" in json.dumps(refused.json(), ensure_ascii=False)
    words = {"disposition": "cleared", "destination": "Nơi cư trú", "reason": "Chỉ là người tiếp xúc"}
    assert room.client.post(f"/api/isolation/{crossing_id}/discharge", json=words).status_code == 200
    assert room.client.get(f"/api/isolation/{crossing_id}").json()["path"]["state"] == "released"


@demand("R046")
def test_refusal_opens_the_compulsory_file_and_the_order_ends_its_clock(room):
    crossing_id = room.fever("QN 300004")
    done(room.act(crossing_id, "propose", ground="suspect", proposer="BS. Lê Thị Mơ"))
    done(room.act(crossing_id, "decide", is_approved=True, order_number="14/QĐ", signer="Trần Văn Gác"))
    done(room.act(crossing_id, "refuse", reason="Không chịu ở lại"))
    assert "compulsory_order" in room.clocks(crossing_id)
    done(room.act(crossing_id, "compel", order_number="15/QĐ-CC", signer="Trần Văn Gác"))
    case = room.client.get(f"/api/isolation/{crossing_id}").json()
    assert case["path"]["compulsory_form"] == "Mẫu số 05 Phụ lục IV"
    assert "compulsory_order" not in room.clocks(crossing_id)


def test_who_is_brought_back_stands_at_the_gate_again_under_the_same_order(room):
    crossing_id = room.fever("QN 300005")
    done(room.act(crossing_id, "propose", ground="suspect", proposer="BS. Lê Thị Mơ"))
    done(room.act(crossing_id, "decide", is_approved=True, order_number="16/QĐ", signer="Trần Văn Gác"))
    due = {clock["kind"]: clock["due_at"] for clock in room.person(crossing_id)["clocks"]}
    leaving = {"destination": "TTYT", "escort_names": "Vũ Văn Hộ", "escorts": 1, "vehicle_plate": "14A-000.01"}
    done(room.act(crossing_id, "depart", **leaving))
    done(room.act(crossing_id, "return", reason="facility_full"))
    person = room.person(crossing_id)
    assert person["state"] == "isolated"
    back = {clock["kind"]: clock["due_at"] for clock in person["clocks"]}
    assert back["gate_isolation"] == due["gate_isolation"], "the 48 hours did not begin anew"
    assert "transfer_arrival" not in back
    assert room.client.post(f"/api/isolation/{crossing_id}/admit").json()["place_id"] in {"C1", "C2"}


def test_the_board_is_exported_masked_and_only_to_those_who_may_see_it(room, served):
    room.fever("QN 300006")
    answer = room.client.get("/api/isolation/export.csv")
    (row,) = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")))
    assert row["state"] == "held"
    assert row["document_number_masked"].endswith("0006")
    assert "300006" not in answer.text
    administrator = served.sign_in("quantri")
    assert administrator.client.get("/api/isolation/export.csv").status_code == 403
    assert administrator.client.post("/api/isolation/x/propose", json={}).status_code == 403
    administrator.client.close()


@pytest.mark.parametrize(
    ("word", "body", "code"),
    [
        ("decide", {"is_approved": True, "order_number": "", "signer": "A B"}, "bad_field"),
        ("depart", {"destination": "TTYT", "escort_names": "x", "escorts": 0, "vehicle_plate": "14A"}, "bad_field"),
        ("provide", {"provisions": []}, "bad_field"),
        ("check-end", {"outcome": "group_a_suspected", "findings": []}, "check_incomplete"),
    ],
)
def test_what_is_not_complete_is_refused_and_nothing_is_written(room, word, body, code):
    crossing_id = room.fever(f"QN 30{len(word) * 100 + len(code):04d}")
    before = room.client.get("/api/health").json()["head_sequence"]
    answer = room.act(crossing_id, word, **body)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert room.client.get("/api/health").json()["head_sequence"] == before
