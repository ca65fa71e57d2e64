"""The edge's interface over real HTTP, in the real program."""

import contextlib
import json
import os
import signal
import threading
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from tests.checkpoint.app.running import PASSWORD, RunningEdge
from tests.checkpoint.edges import LANE
from tests.demands import demand
from tests.services.processes import wait_until

MOST_RESIDENT_MB = 250


@demand("R008")
def test_present_measure_close_and_saved_only_after_the_commit(officer, served):
    head = officer.client.get("/api/health").json()["head_sequence"]
    view = officer.screen("QN 200001")
    assert (view["phase"], view["verdict"]["outcome"], view["saved"]) == ("verdict", "cleared", None)
    assert view["person"]["document_number_masked"].startswith("••••")
    closed = officer.lane("close", draft_id=view["draft_id"]).json()
    assert (closed["phase"], closed["saved"]["sequence"]) == ("empty", head + 1)
    assert officer.client.get("/api/health").json()["head_sequence"] == head + 1


@demand("R008")
def test_closing_without_a_reading_is_refused_with_a_code_and_words(officer):
    view = officer.lane("present", text="QN 200002").json()
    refused = officer.lane("close", draft_id=view["draft_id"])
    assert refused.status_code == 409
    assert refused.json()["what_to_do_key"] == "refusal.lane_move_not_allowed_do"
    assert officer.lane("discard", draft_id=view["draft_id"], reason="Thử").json()["phase"] == "empty"


@demand("R021", "R019")
def test_a_fever_goes_from_the_alarm_to_the_room_and_out(officer):
    view = officer.screen("QN 200003", 38.6)
    assert (view["phase"], view["saved"]["outcome"]) == ("awaiting_recheck", "pending")
    assert view["verdict"]["clocks"][0]["kind"] == "recheck"
    crossing_id = view["draft_id"]
    view = officer.lane("recheck", crossing_id=crossing_id, temperature_c=38.9, site="axillary").json()
    place = view["closed"]["place_id"]
    room = officer.client.get("/api/isolation").json()
    person = next(one["person"] for one in room["places"] if one["place_id"] == place)
    assert person["crossing_id"] == crossing_id
    assert person["clocks"]
    words = {"disposition": "referred", "destination": "Trung tâm Y tế", "reason": "Chuyển tuyến"}
    refused = officer.client.post(f"/api/isolation/{crossing_id}/discharge", json=words)
    assert refused.json()["code"] == "disposition_not_allowed", "nobody goes to a facility without an escort"
    escorted = {"escort_names": "Vũ Văn Hộ", "vehicle_plate": "14A-000.01", "destination": "Trung tâm Y tế"}
    escorted["act_id"] = str(uuid4())
    assert officer.client.post(f"/api/isolation/{crossing_id}/depart", json=escorted).status_code == 200
    room = officer.client.get("/api/isolation").json()
    assert all(one["person"] is None for one in room["places"])


def test_the_list_masks_numbers_and_finds_by_name_or_whole_number(officer):
    officer.clear("QN 200004")
    rows = officer.client.post("/api/crossings/find", json={"query": "QN 200004"}).json()["crossings"]
    assert len(rows) == 1
    assert "200004" not in json.dumps(rows).replace("••••0004", "")
    page = officer.client.get("/api/crossings", params={"limit": 1}).json()["crossings"]
    older = officer.client.get("/api/crossings", params={"before": page[0]["sequence"], "limit": 1}).json()
    assert all(row["sequence"] < page[0]["sequence"] for row in older["crossings"])


def test_a_passport_is_found_by_its_number_however_it_is_typed(officer):
    document = {"kind": "passport", "document_number": "C7654321", "full_name": "LE VAN THU", "nationality": "VNM"}
    officer.lane("present", document=document, has_declaration=True)
    by_hand = {"temperature_c": 36.5, "device_kind": "infrared_thermometer", "site": "forehead"}
    draft_id = officer.lane("measure", **by_hand).json()["draft_id"]
    officer.lane("close", draft_id=draft_id)
    for typed in ("C7654321", "c 7654321", "thu le"):
        rows = officer.client.post("/api/crossings/find", json={"query": typed}).json()["crossings"]
        assert [row["crossing_id"] for row in rows] == [draft_id]


def test_corrections_and_withdrawals_over_http(officer):
    officer.clear("QN 200005")
    crossing_id = officer.client.get("/api/crossings", params={"limit": 1}).json()["crossings"][0]["crossing_id"]
    path = f"/api/crossings/{crossing_id}"
    assert officer.client.post(f"{path}/correct", json={"reason": "Nhầm", "purpose": "medical"}).status_code == 200
    assert officer.client.post(f"{path}/withdraw", json={"reason": "Ghi hai lần"}).json()["saved"]["sequence"]
    row = officer.client.get("/api/crossings", params={"limit": 1}).json()["crossings"][0]
    assert (row["purpose"], row["disposition"]) == ("medical", "withdrawn")


@pytest.mark.parametrize(
    ("word", "body", "code"),
    [
        ("present", b'{"text": 7}', (422, "bad_field")),
        ("present", b"{", (400, "bad_request")),
        ("present", b"{}", (422, "present_one_document")),
        ("present", b'{"text": "?"}', (422, "document_unreadable")),
        ("present", b'{"text": "' + b"x" * 20_000 + b'"}', (400, "bad_request")),
        ("measure", b'{"temperature_c": 1e999, "device_kind": "clinical_thermometer", "site": "ear"}', (400, None)),
        ("close", b'{"draft_id": "not-a-uuid"}', (422, "bad_field")),
        ("recheck", b'{"crossing_id": "018f0000-0000-7000-8000-000000000000", "temperature_c": 37, "site": "ear"}',
         (409, "draft_is_gone")),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_with_a_code_and_changes_nothing(officer, word, body, code):
    before = officer.client.get("/api/health").json()["head_sequence"]
    answer = officer.client.post(f"/api/lanes/{LANE}/{word}", content=body)
    assert answer.status_code in {code[0], 422}
    assert code[1] is None or answer.json()["code"] == code[1]
    assert officer.client.get("/api/health").json()["head_sequence"] == before


def test_who_is_not_signed_in_or_has_another_role_sees_no_lane(served):
    assert httpx.get(f"{served.url}/api/lanes/{LANE}/state").status_code == 401
    administrator = served.sign_in("quantri")
    assert administrator.client.get(f"/api/lanes/{LANE}/state").status_code == 403
    assert administrator.lane("present", text="QN 1").status_code == 403
    assert administrator.client.get("/api/crossings").status_code == 403
    administrator.client.close()


def test_a_change_without_the_token_of_the_session_is_refused(served):
    one = served.sign_in()
    del one.client.headers["X-CSRF-Token"]
    assert one.lane("present", text="QN 1").status_code == 403
    one.client.close()


def test_an_unknown_lane_is_not_there(officer):
    assert officer.client.get("/api/lanes/lane-9/state").status_code == 404
    assert [lane["lane_id"] for lane in officer.client.get("/api/lanes").json()] == ["lane-1", "lane-2"]


def test_health_and_metrics_tell_states_and_nobodys_name(officer, served):
    officer.screen("QN 200006")
    draft_id = officer.client.get(f"/api/lanes/{LANE}/state").json()["draft_id"]
    for path in ("/api/health", "/metrics"):
        text = httpx.get(served.url + path).raise_for_status().text
        assert "200006" not in text
        assert draft_id not in text
    assert "kiemdich_journal_head" in httpx.get(f"{served.url}/metrics").text
    officer.lane("close", draft_id=draft_id)


def test_the_stream_sends_the_whole_lane_after_each_change(served, officer):
    versions, watcher = [], served.sign_in()

    def follow() -> None:
        with watcher.client.stream("GET", f"/api/lanes/{LANE}/events") as stream:
            for line in stream.iter_lines():
                if line.startswith("data: "):
                    view = json.loads(line.removeprefix("data: "))
                    versions.append((view["version"], view["phase"]))
                    if len(versions) > 1 and view["phase"] == "empty":
                        return

    thread = threading.Thread(target=follow)
    thread.start()
    wait_until(lambda: versions, timeout_s=10, what="the first state")
    officer.clear("QN 200007")
    thread.join(10)
    watcher.client.close()
    assert not thread.is_alive()
    assert [version for version, _ in versions] == sorted(version for version, _ in versions)
    assert versions[-1][1] == "empty"


def test_the_process_stays_small(tmp_path):
    edge = RunningEdge(tmp_path, has_own_interpreter=True)
    edge.add_officer()
    edge.process.start()
    officer = edge.sign_in()
    for number in range(30):
        officer.clear(f"QN 3000{number:02d}")
    status = Path(f"/proc/{edge.process.pid}/status").read_text()
    officer.client.close()
    edge.process.kill()
    resident_kb = int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1])
    assert resident_kb / 1024 < MOST_RESIDENT_MB


def test_logs_are_json_and_name_nobody(served):
    for line in (served.folder / "edge.log").read_text(encoding="utf-8").splitlines():
        assert json.loads(line)["event"]
        assert "QN 2" not in line


def test_a_stop_ends_open_screens_closes_the_store_and_exits_cleanly(tmp_path):
    edge = RunningEdge(tmp_path)
    edge.add_officer()
    edge.process.start()
    officer = edge.sign_in()
    officer.clear("QN 600001")
    with officer.client.stream("GET", f"/api/lanes/{LANE}/events") as stream:
        lines = stream.iter_lines()
        next(lines)
        child = edge.process.child
        os.kill(child.pid, signal.SIGTERM)
        with contextlib.suppress(httpx.TransportError):
            list(lines)
    assert child.wait(60) == 0
    events = [json.loads(line)["event"] for line in (tmp_path / "edge.log").read_text("utf-8").splitlines()]
    assert events[-1] == "stopped"
    wal = tmp_path / "data" / "edge.db-wal"
    assert not wal.exists() or wal.stat().st_size == 0
    officer.client.close()


def test_signed_in_officers_drafts_and_records_survive_kill_9(tmp_path):
    edge = RunningEdge(tmp_path)
    edge.add_officer()
    edge.process.start()
    officer = edge.sign_in()
    saved = [officer.clear(f"QN 40000{number}")["saved"] for number in range(5)]
    draft_id = officer.screen("QN 400009")["draft_id"]
    edge.process.kill()
    edge.process.start()
    state = officer.client.get(f"/api/lanes/{LANE}/state").json()
    assert (state["phase"], state["draft_id"]) == ("verdict", draft_id)
    closed = officer.lane("close", draft_id=draft_id).json()
    assert closed["saved"]["sequence"] == saved[-1]["sequence"] + 1 == 6
    officer.client.close()
    edge.process.stop()


def test_a_second_edge_on_the_same_folder_is_refused_and_the_first_goes_on(tmp_path):
    edge = RunningEdge(tmp_path)
    edge.add_officer()
    edge.process.start()
    officer = edge.sign_in()
    second = edge.command("serve")
    assert second.returncode == 1
    assert "another edge runs" in second.stderr
    assert "Traceback" not in second.stderr
    assert officer.clear("QN 410001")["saved"]["sequence"] == 1
    edge.process.kill()
    edge.process.start()
    assert officer.clear("QN 410002")["saved"]["sequence"] == 2
    officer.client.close()
    edge.process.stop()


def test_the_command_line_says_what_is_wrong_and_what_to_do(tmp_path):
    edge = RunningEdge(tmp_path)
    register = tmp_path / "register.csv"
    register.write_text("pass_number,full_name,expires_on\nQN 1001,Lỷ A Sềnh,31/01/2027\n", encoding="utf-8")
    refused = edge.command("import-holders", "--csv", str(register))
    assert refused.returncode == 1
    assert "line 2" in refused.stderr
    assert "expires_on" in refused.stderr
    assert "Lỷ" not in refused.stderr
    weak = edge.command("add-officer", "--username", "canbo", "--name", "A", given="canbo123\n")
    assert weak.returncode == 1
    assert "choose another" in weak.stderr
    assert PASSWORD not in weak.stderr
    first = edge.command("identity").stdout
    assert edge.command("identity").stdout == first
    assert len(json.loads(first)["public_key"]) == 64


@demand("R009")
def test_a_scanned_pass_number_becomes_a_known_person_with_history_and_expiry(tmp_path):
    edge = RunningEdge(tmp_path)
    edge.add_officer()
    register = tmp_path / "register.csv"
    register.write_text(
        "pass_number,full_name,date_of_birth,sex,commune,expires_on,is_cancelled\n"
        "QN 100777,Chìu A Múi,1988-05-01,female,Phường Móng Cái 1,2099-01-31,\n"
        "QN 100778,Tằng A Sềnh,1979-02-03,male,Xã Hải Sơn,2020-01-31,\n"
        "QN 100779,Lỷ A Lường,1990-02-03,male,Xã Hải Sơn,2099-01-31,yes\n",
        encoding="utf-8",
    )
    assert json.loads(edge.command("import-holders", "--csv", str(register)).stdout) == {"holders": 3}
    edge.process.start()
    officer = edge.sign_in()
    officer.clear("QN 100777")
    view = officer.screen("qn-100777", 36.7)
    person = view["person"]
    assert (person["full_name"], person["crossings_today"]) == ("Chìu A Múi", 1)
    assert [past["temperature_c"] for past in view["history"]] == [36.5]
    officer.lane("close", draft_id=view["draft_id"])
    for number, code in (("QN 100778", "document_expired"), ("QN 100779", "document_cancelled")):
        view = officer.lane("present", text=number).json()
        assert code in [reason["code"] for reason in view["verdict"]["reasons"]]
        assert view["verdict"]["outcome"] != "cleared"
        officer.lane("discard", draft_id=view["draft_id"], reason="Giấy không còn giá trị")
    officer.client.close()
    edge.process.stop()
