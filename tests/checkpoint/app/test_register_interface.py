"""The register over HTTP at the real program: searched in bodies, revealed with a note, labelled, exported."""

import json
from uuid import uuid4

import cv2
import numpy as np
import pytest

from tests.checkpoint.app.running import RunningEdge
from tests.demands import demand

NAME = "Voòng A Tài"


@pytest.fixture
def edge(tmp_path):
    one = RunningEdge(tmp_path)
    one.add_officer()
    one.add_officer("quantri", "administrator")
    one.process.start()
    yield one
    one.process.stop()


@pytest.fixture
def officer(edge):
    one = edge.sign_in()
    yield one
    one.client.close()


@demand("R009")
def test_an_unknown_pass_is_registered_at_the_lane_found_by_name_and_its_number_shown_when_asked(edge, officer):
    view = officer.lane("present", text="QN 999123", has_declaration=True).json()
    assert view["person"]["standing"]["is_registrable"]
    holder_id = str(uuid4())
    entered = {"holder_id": holder_id, "full_name": NAME, "date_of_birth": "1990-05-01", "lane_id": "lane-1"}
    done = officer.client.post("/api/register/holders", json=entered)
    assert (done.status_code, done.json()["holder_id"]) == (200, holder_id)
    state = officer.client.get("/api/lanes/lane-1/state").json()
    assert state["person"]["full_name"] == NAME
    assert not state["person"]["standing"]["is_registrable"]

    found = officer.client.post("/api/register/search", json={"query": "voong tai"}).json()["people"]
    assert [(one["full_name"], one["document_number_masked"]) for one in found] == [(NAME, "••••9123")]
    assert officer.client.get("/api/register/search", params={"query": NAME}).status_code == 405
    shown = officer.client.post(f"/api/register/holders/{holder_id}/reveal", json={}).json()
    assert shown == {"document_number": "QN 999123"}

    logged = (edge.folder / "edge.log").read_text("utf-8")
    assert NAME not in logged
    assert "999123" not in logged


def registered(officer) -> str:
    holder_id = str(uuid4())
    entered = {"holder_id": holder_id, "full_name": NAME, "pass_number": "QN 999123"}
    assert officer.client.post("/api/register/holders", json=entered).status_code == 200
    return holder_id


@demand("R009")
def test_a_label_names_nobody_and_brings_its_holder_to_the_lane_with_one_scan(officer):
    holder_id = registered(officer)
    label = officer.client.post(f"/api/register/holders/{holder_id}/label.png")
    picture = cv2.imdecode(np.frombuffer(label.content, np.uint8), cv2.IMREAD_GRAYSCALE)
    code, _, _ = cv2.QRCodeDetector().detectAndDecode(picture)
    assert code.startswith("KDP-")
    assert officer.client.post(f"/api/register/holders/{holder_id}/label.pdf").content.startswith(b"%PDF")
    assert officer.lane("present", text=code).json()["person"]["full_name"] == NAME


def test_what_is_exported_is_the_list_that_is_seen(edge, officer):
    away = officer.client.post("/api/register/export", json={"part": "away"}).text
    assert away.lstrip("\ufeff").splitlines()[0] == "full_name,document_kind,document_number_masked,is_foreign,left_at"
    assert len(away.splitlines()) == 1, "nobody left, so nobody is on the list"
    registered(officer)
    found = officer.client.post("/api/register/export", json={"search": {"query": NAME}}).text
    nobody = officer.client.post("/api/register/export", json={"search": {"query": "QN 000000"}}).text
    assert NAME in found
    assert len(nobody.splitlines()) == 1


def test_a_list_is_exported_with_masked_numbers_and_only_to_officers(edge, officer):
    registered(officer)
    stranger = edge.sign_in("quantri")
    exported = officer.client.post("/api/register/export", json={"part": "all"}).text
    assert NAME in exported
    assert "999123" not in exported
    for path in ("/api/register/search", "/api/register/list", "/api/register/export"):
        assert stranger.client.post(path, json={"query": "a"}).status_code == 403
    stranger.client.close()


def test_a_list_with_mistakes_names_every_wrong_line_and_no_person_and_imports_nothing(tmp_path):
    edge = RunningEdge(tmp_path)
    register = tmp_path / "register.csv"
    head = "pass_number,full_name,expires_on\n"
    register.write_text(head + f"QN 1001,{NAME},31/01/2027\nQN 1002,{NAME},2027-01-31\nQN 1003,,2027-01-31\n", "utf-8")
    refused = edge.command("import-holders", "--csv", str(register))
    assert refused.returncode == 1
    assert [line.partition(": ")[2].partition(":")[0] for line in refused.stderr.splitlines()] == ["line 2", "line 4"]
    assert NAME not in refused.stderr
    register.write_text(head + f"QN 1002,{NAME},2027-01-31\n", "utf-8")
    for _ in range(2):
        assert json.loads(edge.command("import-holders", "--csv", str(register)).stdout) == {"holders": 1}
