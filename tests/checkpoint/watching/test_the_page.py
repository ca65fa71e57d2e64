"""The page of limits and drift over the interface: everybody at the gate reads it, its head alone changes anything."""

import csv
import io

import pytest

from checkpoint.app import create_app
from checkpoint.workers import Workers
from tests.checkpoint.watching.test_watching import answered, limit_of, ordered, passed
from tests.web.serving import Visitor, served
from tests.web.stage import CHEAP, PASSWORD, labels
from web.sign_in import User


@pytest.fixture
def url(edge):
    for username, role in (("canbo", "officer"), ("truong", "gate_head")):
        hashed = CHEAP.hash_password(PASSWORD, username=username)
        edge.gate.store.accounts.put_officer(User(username=username, name=username, role=role, password_hash=hashed))
    ordered(edge, "adaptive")
    passed(edge, 36.0)
    answered(edge, 37.2, clinical_c=36.6)
    app = create_app(edge.gate, workers=Workers(edge.gate), labels=labels(), passwords=CHEAP)
    with served(app) as address:
        yield address


def test_the_head_of_the_gate_takes_back_what_an_officer_may_only_read(edge, url):
    officer, head = Visitor(url).sign_in("canbo"), Visitor(url).sign_in("truong")
    for visitor in (officer, head):
        visitor.headers["X-CSRF-Token"] = visitor.csrf
    shown = officer.get("/api/watch").json()
    (limit,) = shown["limits"]
    assert (limit["device_id"], limit["method"], limit["target"]) == ("face-1", "adaptive", 0.05)
    assert limit["citation"]["clause"] == "1"
    (latest,) = (change for change in shown["changes"] if change["is_latest"])
    command = {name: latest[name] for name in ("device_id", "lane_id", "kind", "site", "number")}
    command["reason"] = "trial_readings"
    assert officer.post("/api/watch/reverse", json=command).status_code == 403
    assert head.post("/api/watch/reverse", json=command).status_code == 200
    assert limit_of(edge).figures.limit_c == latest["before_c"]
    assert head.post("/api/watch/reverse", json=command).status_code == 409
    assert head.post("/api/watch/restart", json={"device_id": "face-1", "reason": "looked_into"}).status_code == 200
    assert head.get("/api/watch").json()["charts"] == []


def test_changes_and_drift_are_files_too(url):
    officer = Visitor(url).sign_in("canbo")
    changes = list(csv.DictReader(io.StringIO(officer.get("/api/watch/changes.csv").content.decode("utf-8-sig"))))
    assert {change["reason"] for change in changes} >= {"false_alarm"}
    points = list(csv.DictReader(io.StringIO(officer.get("/api/watch/drift.csv").content.decode("utf-8-sig"))))
    assert [(point["subject"], float(point["value_c"])) for point in points] == [("normal_readings", 36.0)]
