"""The desk's list and one case over the real service: what CDC knows before asking who it is."""

from pathlib import Path

import msgspec

from central.actions.opening import open_centre
from central.actions.reception import Reception
from central.settings import load_settings
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
