"""The desk's list and one case over the real service: what CDC knows before asking who it is."""

import csv
import io
from pathlib import Path

import msgspec
from sqlalchemy import select

from central.actions.desk import EXPORT_ACTION
from central.actions.opening import open_centre
from central.actions.reception import Reception
from central.settings import load_settings
from central.store.tables import access_log
from sync.agreement.records import TravellerIdentity
from sync.agreement.vocabulary import Disposition, Sex
from tests.central.conftest import enrolled
from tests.central.pushes import push
from tests.central.running import write_settings
from tests.central.visitors import HandClock, signed_in
from tests.sync.exchange.journals import EdgeJournal, screened


def test_the_desk_shows_sex_and_age_without_opening_who_it_is(database_url: str, tmp_path: Path):
    clock = HandClock()
    settings = load_settings(write_settings(tmp_path, database_url=database_url, port=0))
    centre = open_centre(settings, clock=clock)
    journal = enrolled(EdgeJournal("mong-cai-1"), gate="mong-cai", store=centre.store, clock=clock)
    for crossing_id, sex in (("c1", Sex.FEMALE), ("c2", None)):
        body = screened(crossing_id, disposition=Disposition.PENDING)
        journal.write(msgspec.structs.replace(body, facts=msgspec.structs.replace(body.facts, sex=sex)))
    push(Reception(centre.store, signing_key=centre.keys.signing, clock=clock), journal)

    with signed_in(centre, username="cdc", role="cdc") as desk:
        cases = {case["crossing_id"]: case for case in desk.get("/api/desk").json()["cases"]}
        opened = desk.get("/api/desk/c1").json()
    centre.store.close()

    assert {name: (case["sex"], case["age_years"]) for name, case in cases.items()} == {
        "c1": ("female", 41),
        "c2": (None, 41),
    }
    assert (opened["sex"], opened["person"]) == ("female", None)


def test_the_list_is_taken_away_as_the_screen_shows_it_without_names_and_the_taking_is_logged(
    database_url: str, tmp_path: Path
):
    clock = HandClock()
    settings = load_settings(write_settings(tmp_path, database_url=database_url, port=0))
    centre = open_centre(settings, clock=clock)
    journal = enrolled(EdgeJournal("mong-cai-1"), gate="mong-cai", store=centre.store, clock=clock)
    journal.province_key = centre.keys.sealing.public_key()
    who = TravellerIdentity(full_name="NGƯỜI THỬ", document_number="T0000031")
    journal.write(screened("c1", disposition=Disposition.PENDING), who=who)
    push(Reception(centre.store, signing_key=centre.keys.signing, clock=clock), journal)

    with signed_in(centre, username="cdc", role="cdc") as desk:
        shown = desk.get("/api/desk").json()["cases"]
        sheet = desk.get("/api/desk.csv").content.decode("utf-8-sig")
    with signed_in(centre, username="chihuy", role="command") as command:
        refused = command.get("/api/desk.csv").status_code
    with centre.store.engine.connect() as connection:
        logged = connection.execute(select(access_log.c.username, access_log.c.action)).all()
    centre.store.close()

    rows = list(csv.DictReader(io.StringIO(sheet)))
    assert [row["case_number"] for row in rows] == [case["case_number"] for case in shown]
    assert (rows[0]["age_years"], rows[0]["disposition"]) == ("41", "pending")
    assert "NGƯỜI THỬ" not in sheet
    assert "T0000031" not in sheet
    assert refused == 403
    assert [tuple(one) for one in logged] == [("cdc", EXPORT_ACTION)]
