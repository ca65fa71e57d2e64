"""Handhelds at a real edge over HTTP: a device of the test's own signs what it kept; only the clock is by hand."""

import json
import re
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
import zxingcpp
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from checkpoint.app import create_app
from checkpoint.handhelds.device_key import signed_words
from checkpoint.workers import Workers
from sync.agreement.gate_records.handheld import HandheldActTaken, HandheldEnrolled, HandheldRevoked
from sync.agreement.identifiers import uuid7
from sync.agreement.records import CrossingScreened, TemperatureRechecked, TravellerIsolated
from tests.checkpoint.edges import LANE, OTHER_PASS, PASS, Edge
from tests.demands import demand
from tests.web.serving import Visitor, served
from tests.web.stage import CHEAP, PASSWORD, labels
from tests.web.test_screens_in_a_browser import open_page, violations
from web.sign_in import User

FLUSH = "/handheld/v1/flush"
PERMIT = "/api/handhelds/permit"


def put_officer(edge: Edge, username: str = "canbo", *, role: str = "officer", is_disabled: bool = False) -> None:
    hashed = CHEAP.hash_password(PASSWORD, username=username)
    one = User(username=username, name="Phạm Thu Hà", role=role, password_hash=hashed, is_disabled=is_disabled)
    edge.gate.store.accounts.put_officer(one)


class Station:
    """An officer at a workstation of the gate."""

    def __init__(self, url: str, username: str = "canbo") -> None:
        self.url = url
        self.client = Visitor(url).sign_in(username)
        self.client.headers["X-CSRF-Token"] = self.client.csrf

    def post(self, path: str, **body):
        return self.client.post(path, json=body)

    def code(self) -> str:
        return self.post("/api/handhelds/codes", label="Máy 3").json()["code"]

    def view(self) -> dict:
        return self.client.get("/api/handhelds").json()


class Phone:
    """A device: its key, its clock (``ahead_s`` of the edge's), and what it kept."""

    def __init__(self, edge: Edge, station: Station, *, ahead_s: float = 0.0) -> None:
        self.edge, self.station, self.ahead_s = edge, station, ahead_s
        self.key = generate_private_key(SECP256R1())
        self.handheld_id = ""
        self.permit = ""
        self.last_offset_s: float | None = -ahead_s

    @property
    def public_key(self) -> str:
        return self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint).hex()

    @property
    def now(self):
        return self.edge.clock.now + timedelta(seconds=self.ahead_s)

    def enrol(self, code: str):
        answer = self.station.post("/api/handhelds/enrol", code=code, public_key=self.public_key)
        if answer.status_code == 200:
            self.handheld_id = answer.json()["handheld_id"]
        return answer

    def take_up(self, lane_id: str = LANE):
        answer = self.send(PERMIT, {"lane_id": lane_id})
        if answer.status_code == 200:
            self.permit = answer.json()["permit"]
        return answer

    def act(self, text: str = PASS, temperature_c: float | None = 36.5, **fields) -> dict:
        """Do something now, and keep it."""
        at = self.now
        kept = {
            "act_id": str(uuid7(at)),
            "permit": self.permit,
            "observed_at": at.isoformat(),
            "last_offset_s": self.last_offset_s,
            "provisional_outcome": "cleared",
            "scans": [text] if text else [],
            "has_declaration": True,
        }
        if temperature_c is not None:
            kept["temperature_c"] = temperature_c
        return kept | fields

    def flush(self, *acts: dict, **fields):
        return self.send(FLUSH, {"sent_at": self.now.isoformat(), "acts": acts} | fields)

    def send(self, path: str, content: object):
        body = json.dumps(content).encode()
        halves = decode_dss_signature(self.key.sign(signed_words(path, body=body), ECDSA(SHA256())))
        signature = urlsafe_b64encode(b"".join(half.to_bytes(32, "big") for half in halves)).decode()
        headers = {"X-Handheld": self.handheld_id, "X-Handheld-Signature": signature}
        return self.station.client.post(path, content=body, headers=headers)


@pytest.fixture
def edge(tmp_path: Path) -> Iterator[Edge]:
    one = Edge(tmp_path)
    put_officer(one)
    yield one
    one.close()


@pytest.fixture
def station(edge: Edge) -> Iterator[Station]:
    with served(create_app(edge.gate, workers=Workers(edge.gate), labels=labels(), passwords=CHEAP)) as url:
        yield Station(url)


@pytest.fixture
def phone(edge: Edge, station: Station) -> Phone:
    one = Phone(edge, station)
    assert one.enrol(station.code()).status_code == 200
    assert one.take_up().status_code == 200
    return one


def told(answer) -> list[tuple[str, str]]:
    assert answer.status_code == 200, answer.text
    return [(one["disposition"], one["code"]) for one in answer.json()["answers"]]


def of_type(edge: Edge, kind: type) -> list:
    return [body for body in edge.bodies() if isinstance(body, kind)]


def test_an_act_kept_on_a_handheld_becomes_a_crossing_at_its_own_time(edge, phone):
    done = phone.act()
    done_at = edge.clock.now
    edge.clock.forward(hours=3)

    answer = phone.flush(done)

    assert told(answer) == [("accepted", "")]
    one = answer.json()["answers"][0]
    assert (one["outcome"], one["is_different"], one["crossing_disposition"]) == ("cleared", False, "cleared")
    (screened,) = of_type(edge, CrossingScreened)
    assert (screened.crossing_id, screened.presented_at) == (done["act_id"], done_at)
    (taken,) = of_type(edge, HandheldActTaken)
    assert (taken.kept_crossing_id, taken.clock.value, taken.clock_offset_s) == (done["act_id"], "steady", 0)
    (envelope,) = [one for one in edge.envelopes() if one.type == "crossing_screened"]
    assert (envelope.observed_at, envelope.recorded_at) == (done_at, edge.clock.now)
    assert edge.sheet.state.presentation is None, "the lane itself saw nobody"
    edge.check_chain()


def test_the_same_act_again_is_the_same_act(edge, phone):
    done = phone.act()
    first = phone.flush(done).json()["answers"][0]
    again = phone.flush(done, done).json()["answers"]

    assert [one["disposition"] for one in again] == ["known", "known"]
    assert [one["sequence"] for one in again] == [first["sequence"]] * 2
    assert len(of_type(edge, CrossingScreened)) == 1


def test_the_name_of_an_act_is_not_given_twice(edge, phone):
    done = phone.act()
    phone.flush(done)
    assert told(phone.flush(done | {"scans": [OTHER_PASS]})) == [("held", "handheld_act_used")]
    assert len(of_type(edge, CrossingScreened)) == 1


@demand("R008")
def test_a_late_fever_opens_the_isolation_path_with_its_true_time(edge, phone, station):
    done = phone.act(temperature_c=38.6, provisional_outcome="recheck")
    done_at = edge.clock.now
    edge.clock.forward(minutes=25)

    answer = phone.flush(done).json()["answers"][0]

    assert (answer["outcome"], answer["crossing_disposition"]) == ("recheck", "pending")
    (board,) = station.client.get("/api/isolation").json()["waiting"]
    assert board["crossing_id"] == done["act_id"]
    assert board["clocks"], "the legal clocks run"
    assert {clock["started_at"] for clock in board["clocks"]} == {done_at.isoformat().replace("+00:00", "Z")}

    recheck = phone.act(
        "", 38.9, kind="recheck", rechecked_id=done["act_id"], site="ear", provisional_outcome="referred"
    )
    answer = phone.flush(recheck).json()["answers"][0]
    assert (answer["outcome"], answer["crossing_disposition"], answer["place_id"]) == ("referred", "isolated", "C1")
    assert len(of_type(edge, TemperatureRechecked)) == len(of_type(edge, TravellerIsolated)) == 1
    assert [taken.kept_crossing_id for taken in of_type(edge, HandheldActTaken)] == [done["act_id"]] * 2


def test_what_the_device_showed_milder_than_the_edge_decided_is_marked(edge, phone):
    answer = phone.flush(phone.act(temperature_c=38.6)).json()["answers"][0]
    assert answer["is_different"]
    (taken,) = of_type(edge, HandheldActTaken)
    assert (taken.provisional_outcome.value, taken.outcome.value, taken.is_different) == ("cleared", "recheck", True)


def test_nobody_passes_unmeasured_and_an_exception_needs_its_reason(edge, phone):
    unmeasured = phone.act(temperature_c=None)
    excepted = phone.act(
        OTHER_PASS, None, exception_code="device_failure", exception_reason="Máy đo hết pin, đang thay"
    )
    answers = phone.flush(unmeasured, excepted)
    assert told(answers)[0] == ("refused", "paper_without_temperature")
    assert told(answers)[1][0] in {"accepted", "refused"}
    assert not [one for one in of_type(edge, CrossingScreened) if one.crossing_id == unmeasured["act_id"]]


def test_an_act_that_cannot_be_taken_waits_at_the_station_until_it_is_mended(edge, phone, station):
    unreadable = phone.act("P<VNM<<<nothing that a machine could read")
    assert told(phone.flush(unreadable)) == [("refused", "document_unreadable")]
    (waiting,) = station.view()["waiting"]
    assert (waiting["act_id"], waiting["answer"]["code"]) == (unreadable["act_id"], "document_unreadable")
    assert "VNM" not in json.dumps(waiting)
    whole = station.post(f"/api/handhelds/acts/{unreadable['act_id']}/reveal").json()
    assert whole["scans"] == unreadable["scans"]

    edge.clock.forward(minutes=5)
    mended = station.post(f"/api/handhelds/acts/{unreadable['act_id']}/mend", text=PASS)

    assert mended.status_code == 200, mended.text
    assert mended.json()["disposition"] == "accepted"
    assert station.view()["waiting"] == []
    assert told(phone.flush(unreadable)) == [("known", "")], "the device may forget its own"
    assert len(of_type(edge, CrossingScreened)) == 1
    actions = [row[0] for row in edge.rows("SELECT action FROM access_log ORDER BY entry_number")]
    assert actions[-2:] == ["handheld_act_revealed", "handheld_act_mended"]


def test_an_act_is_mended_on_the_device_too_and_set_aside_only_when_nothing_was_raised(edge, phone, station):
    unreadable = phone.act("P<VNM<<<")
    phone.flush(unreadable)
    assert told(phone.flush(unreadable | {"scans": [PASS]})) == [("accepted", "")]
    assert station.view()["waiting"] == []

    raised, calm = phone.act("P<VNM<<<", 38.8, provisional_outcome="recheck"), phone.act("P<VNM<<<")
    phone.flush(raised, calm)
    aside = [
        station.post(f"/api/handhelds/acts/{one['act_id']}/set-aside", reason="Ghi hai lần") for one in (raised, calm)
    ]
    assert [one.status_code for one in aside] == [409, 200]
    assert told(phone.flush(calm)) == [("set_aside", "document_unreadable")]
    assert [one["act_id"] for one in station.view()["waiting"]] == [raised["act_id"]]


def test_a_raised_act_that_waits_is_told_at_the_handover_and_on_the_board_of_the_room(edge, phone, station):
    def told_of():
        left = station.client.get("/api/shift").json()["left"]
        return left["waiting_acts"], left["raised_acts"], station.client.get("/api/isolation").json()["raised_acts"]

    raised = phone.act("P<VNM<<<", 38.8, provisional_outcome="recheck")
    phone.flush(raised, phone.act("P<VNM<<<"))
    assert told_of() == (2, 1, 1)
    phone.flush(raised | {"scans": [PASS]})
    assert told_of() == (1, 0, 0)


def test_a_revoked_handheld_writes_nothing_from_the_next_request_on_and_what_it_kept_is_held(edge, phone, station):
    done = phone.act(temperature_c=38.6, provisional_outcome="recheck")
    assert station.post(f"/api/handhelds/{phone.handheld_id}/revoke", reason="lost").status_code == 200

    answer = phone.flush(done)

    assert answer.json()["is_revoked"]
    assert told(answer) == [("held", "handheld_revoked")]
    assert phone.take_up().json()["code"] == "handheld_revoked"
    assert of_type(edge, CrossingScreened) == []
    assert len(of_type(edge, HandheldRevoked)) == len(of_type(edge, HandheldEnrolled)) == 1
    confirmed = station.post(f"/api/handhelds/acts/{done['act_id']}/mend")
    assert confirmed.json()["crossing_disposition"] == "pending"
    (screened,) = of_type(edge, CrossingScreened)
    assert screened.crossing_id == done["act_id"]


def test_what_an_officer_did_who_is_gone_waits_for_one_who_is_here(edge, phone, station):
    done = phone.act()
    put_officer(edge, "truc2")
    other = Station(station.url, "truc2")
    put_officer(edge, is_disabled=True)
    assert told(phone.flush(done)) == [("held", "handheld_officer_gone")]
    assert other.post(f"/api/handhelds/acts/{done['act_id']}/mend").status_code == 200
    assert [one.officer_ref for one in edge.envelopes() if one.type == "crossing_screened"] == ["truc2"]


def test_a_permit_ends_with_the_shift_and_is_worth_nothing_on_another_device(edge, phone, station):
    edge.clock.forward(hours=12, minutes=1)
    assert told(phone.flush(phone.act())) == [("held", "handheld_permit_over")]
    stranger = Phone(edge, Station(station.url))
    stranger.enrol(stranger.station.code())
    stranger.permit = phone.permit
    forged = phone.act(permit=phone.permit[:-1] + ("0" if phone.permit[-1] != "0" else "1"))
    assert told(stranger.flush(stranger.act())) == [("held", "handheld_permit_of_another")]
    assert told(phone.flush(forged)) == [("held", "handheld_permit_unknown")]


@pytest.mark.parametrize(
    ("ahead_s", "learnt_s", "clock"), [(540, -540, "steady"), (540, -520, "shifted"), (540, 0, "unsure")]
)
def test_a_clock_that_is_wrong_is_put_right_and_said(edge, station, ahead_s, learnt_s, clock):
    phone = Phone(edge, station, ahead_s=ahead_s)
    phone.enrol(station.code())
    phone.take_up()
    edge.clock.forward(minutes=1)
    phone.last_offset_s = learnt_s
    done = phone.act()
    done_at = edge.clock.now
    edge.clock.forward(minutes=2)

    answer = phone.flush(done).json()["answers"][0]

    assert (answer["clock"], answer["offset_s"]) == (clock, -ahead_s)
    (screened,) = of_type(edge, CrossingScreened)
    assert screened.presented_at == done_at


@pytest.mark.parametrize("ahead_s", [3 * 3600, -3 * 3600])
def test_an_act_keeps_its_time_although_the_network_set_the_clock_right_before_it_was_sent(edge, station, ahead_s):
    phone = Phone(edge, station, ahead_s=ahead_s)
    phone.enrol(station.code())
    phone.take_up()
    edge.clock.forward(hours=2)
    done, done_at = phone.act(), edge.clock.now
    edge.clock.forward(minutes=30)
    phone.ahead_s = 0

    answer = phone.flush(done).json()["answers"][0]

    assert (answer["clock"], answer["offset_s"]) == ("unsure", -ahead_s)
    (screened,) = of_type(edge, CrossingScreened)
    assert screened.presented_at == done_at


def test_devices_and_what_waits_are_searched_in_place_and_taken_as_a_file(page, edge, phone, station):
    edge.clock.forward(hours=12, minutes=1)
    assert [one[0] for one in told(phone.flush(phone.act(), phone.act("QN 300888")))] == ["held", "held"]

    rows = Station(station.url).client.get("/api/handhelds/export.csv").content.decode("utf-8-sig").splitlines()
    assert rows[0].startswith("what,id,label,officer")
    assert [row.split(",")[0] for row in rows[1:]] == ["handheld", "waiting_act", "waiting_act"]
    assert not any("300888" in row for row in rows), "a file shows no more of a document than the page"
    assert edge.rows("SELECT count(*) FROM access_log WHERE action = 'handhelds_exported'") == [(1,)]

    open_page(page, station.url, "/handhelds", username="canbo")
    page.locator("#waiting li").nth(1).wait_for()
    page.keyboard.press("/")
    page.keyboard.type("0888")
    page.wait_for_function("() => document.querySelectorAll('#waiting li').length === 1")
    page.keyboard.type("x")
    page.locator("#waiting .empty", has_text="Không tìm thấy").wait_for()
    assert violations(page) == []
    with page.expect_download() as saved:
        page.keyboard.press("F7")
    assert saved.value.suggested_filename == "handhelds.csv"


def test_a_code_is_worth_one_device_and_fifteen_minutes(edge, station):
    phone, other = Phone(edge, station), Phone(edge, station)
    code = station.code()
    assert phone.enrol(code.lower()).status_code == 200
    assert other.enrol(code).json()["code"] == "handheld_code_wrong"
    code = station.code()
    edge.clock.forward(minutes=14, seconds=59)
    late = station.code()
    edge.clock.forward(seconds=2)
    assert other.enrol(code).status_code == 403
    assert other.enrol(late).status_code == 200


def test_who_guesses_codes_waits_longer_each_time_and_uses_up_nobody_elses(edge, station):
    phone, thief = Phone(edge, station), Phone(edge, station)
    code = station.code()
    answers = [thief.enrol("0000-0000-0000-0000-0000-0000-0000") for _ in range(6)]
    assert [one.status_code for one in answers] == [403] * 5 + [429]
    assert answers[-1].json()["code"] == "wait"
    assert int(answers[-1].headers["Retry-After"]) == answers[-1].json()["values"]["wait_s"] == 5
    edge.clock.forward(seconds=6)
    assert phone.enrol(code).status_code == 200, "the code that was shown still counts"


def test_a_code_comes_with_a_picture_that_opens_the_page_with_the_code_in_it(edge, station):
    told = station.post("/api/handhelds/codes", label="Máy 3", address="https://gate.example:8443").json()
    assert scanned(told["picture"]) == f"https://gate.example:8443/handheld/#{told['code']}"
    assert station.post("/api/handhelds/codes", label="x", address="javascript:1").status_code == 422


def scanned(picture: dict) -> str:
    """What a reader sees in the path of an SVG."""
    modules = np.full((picture["size"], picture["size"]), 255, np.uint8)
    for column, row, width in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\d+z", picture["path"]):
        modules[int(row), int(column) : int(column) + int(width)] = 0
    (code,) = zxingcpp.read_barcodes(modules.repeat(8, axis=0).repeat(8, axis=1))
    return code.text


def test_what_is_not_signed_by_an_enrolled_device_is_not_read(edge, phone, station):
    thief = Phone(edge, station)
    thief.handheld_id, thief.permit = phone.handheld_id, phone.permit
    assert thief.flush(thief.act()).status_code == 401
    phone.handheld_id = "nobody"
    assert phone.flush(phone.act()).status_code == 401
    assert of_type(edge, CrossingScreened) == []


def test_a_request_is_bounded_in_acts_and_bytes(edge, phone):
    assert phone.flush(*[phone.act() for _ in range(21)]).status_code == 422
    assert phone.flush(stamp="x" * 200_000).status_code == 413
    (unzoned,) = phone.flush(phone.act(observed_at="2026-11-22T01:30:00")).json()["answers"]
    assert (unzoned["disposition"], unzoned["code"]) == ("refused", "bad_field")


def test_the_device_gets_the_limits_in_force_and_newer_ones_only(edge, phone):
    bundle = phone.flush().json()["bundle"]
    limits = {(one["device_kind"], one["site"]): one["stop_at_or_above_c"] for one in bundle["limits"]}
    assert limits["infrared_thermometer", "forehead"] < limits["clinical_thermometer", "ear"] + 1
    assert {"infant", "device_failure"} <= {one["code"] for one in bundle["exceptions"]}
    assert phone.flush(stamp=bundle["stamp"]).json()["bundle"] is None


def test_other_roles_and_locked_stations_see_no_handheld(edge, station):
    put_officer(edge, "quantri", role="administrator")
    other = Station(station.url, "quantri")
    assert other.client.get("/api/handhelds").status_code == 403
    assert other.post("/api/handhelds/codes", label="x").status_code == 403
    assert (
        station.client.post("/api/handhelds/codes", json={"label": "x"}, headers={"X-CSRF-Token": ""}).status_code
        == 403
    )
