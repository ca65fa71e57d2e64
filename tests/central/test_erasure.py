"""An erased person: no key anywhere, no key comes back, chains and figures stay true, the proof is chained."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import delete, func, select

from central.actions.desk import PersonErasedError, reveal_person
from central.actions.erasing import ERASE_ACTION, ErasureRefusedError, erase_people
from central.actions.express import ExpressLane
from central.actions.opening import open_centre
from central.actions.reception import Reception
from central.settings import load_settings
from central.store.bulk import insert_missing_rows
from central.store.centre_journal import journal_head
from central.store.engine import reading, writing
from central.store.erasure import UnknownEpisodesError, erased_among, erasures
from central.store.key_backup import KEPT_FOR, KeyBackupError, backup_keys, restore_keys
from central.store.tables import access_log, centre_journal, episode_key, erased_episode, erasure
from sync.agreement.records import EpisodesErased, TravellerIdentity
from sync.agreement.vocabulary import Disposition, LookReason
from sync.exchange.envelope import body_of, decode_record
from sync.exchange.sealing import EpisodeKey
from tests.central.conftest import enrolled
from tests.central.edges import express
from tests.central.pushes import counters, push
from tests.central.running import write_settings
from tests.central.test_incarnations import drop_append_only
from tests.central.visitors import HandClock, signed_in
from tests.sync.exchange.journals import EdgeJournal, screened

PERSON = TravellerIdentity(full_name="NGUYỄN THỊ THỬ", document_number="T0000001")
BASIS = "Luật 91/2025/QH15, điều 14"


@pytest.fixture
def clock():
    return HandClock()


@pytest.fixture
def centre(database_url, tmp_path, clock):
    settings = load_settings(write_settings(tmp_path, database_url=database_url, port=0))
    opened = open_centre(settings, clock=clock)
    yield opened
    opened.store.close()


@pytest.fixture
def journal(centre, clock) -> EdgeJournal:
    known = enrolled(EdgeJournal("mong-cai-1"), gate="mong-cai", store=centre.store, clock=clock)
    known.province_key = centre.keys.sealing.public_key()
    return known


@pytest.fixture
def reception(centre, clock) -> Reception:
    return Reception(centre.store, signing_key=centre.keys.signing, clock=clock)


@pytest.fixture
def pushed(journal, reception) -> EdgeJournal:
    for name in ("c1", "c2"):
        journal.write(screened(name, temperature_c=36.4), who=PERSON)
    push(reception, journal)
    return journal


def keys_of(centre, crossing_id: str) -> int:
    query = select(func.count()).select_from(episode_key).where(episode_key.c.episode_id == crossing_id)
    with reading(centre.store.engine) as connection:
        return connection.execute(query).scalar_one()


def erase_c1(centre):
    return erase_people(centre, ["c1"], legal_basis=BASIS, requested_by="YC-12/2026", username="cdc")


@pytest.mark.usefixtures("pushed")
def test_nobody_can_open_an_erased_person_any_more_and_everything_else_stays_true(centre):
    before = counters(centre.store)

    erased = erase_c1(centre)

    assert erased.keys_destroyed > 0
    assert (keys_of(centre, "c1"), keys_of(centre, "c2") > 0) == (0, True)
    assert counters(centre.store) == before
    assert centre.store.verify().crossings == 2
    with signed_in(centre, username="cdc", role="cdc") as cdc:
        token = cdc.get("/api/session").json()["csrf_token"]
        reveal = cdc.post("/api/desk/c1/identity", json={"reason": "tra cứu"}, headers={"X-CSRF-Token": token})
    assert reveal.status_code in {404, 410}
    assert PERSON.full_name not in reveal.text


@pytest.mark.usefixtures("pushed")
def test_the_proof_of_an_erasure_is_a_record_of_the_centres_own_chain_and_names_nobody(centre):
    erased = erase_c1(centre)

    with reading(centre.store.engine) as connection:
        record = connection.execute(
            select(centre_journal.c.bytes).where(centre_journal.c.sequence == erased.centre_sequence)
        ).scalar_one()
        log = connection.execute(select(access_log.c.subject).where(access_log.c.action == ERASE_ACTION)).scalars()
        assert list(log) == ["c1"]
    proof = body_of(decode_record(record))
    assert isinstance(proof, EpisodesErased)
    assert (proof.episode_ids, proof.legal_basis, proof.requested_by) == (("c1",), BASIS, "YC-12/2026")
    assert journal_head(centre.store.engine).sequence == erased.centre_sequence
    assert PERSON.full_name.encode() not in record


def test_a_key_that_arrives_after_the_erasure_is_not_kept(centre, journal, reception):
    journal.write(screened("c1", temperature_c=36.4), who=PERSON)
    push(reception, journal)
    erase_c1(centre)

    push(reception, journal, first=1, last=1, nonce="again")

    assert keys_of(centre, "c1") == 0


def test_a_person_who_only_came_by_the_express_lane_is_erased_too(centre, journal, reception, clock):
    journal.write(screened("c1", disposition=Disposition.PENDING), who=PERSON)
    lane = ExpressLane(centre.store, signing_key=centre.keys.signing, clock=clock)
    express(reception, lane, journal, 1)
    assert keys_of(centre, "c1") == 1

    erase_c1(centre)
    push(reception, journal)

    assert keys_of(centre, "c1") == 0
    with pytest.raises(PersonErasedError):
        reveal_person(centre, "c1", reason=LookReason.REQUEST_OF_THE_PERSON, username="cdc")


@pytest.mark.services
@pytest.mark.postgres
def test_a_batch_under_way_while_a_person_is_erased_brings_no_key_back(central_postgres_url, tmp_path, clock):
    settings = load_settings(write_settings(tmp_path, database_url=str(central_postgres_url), port=0))
    centre = open_centre(settings, clock=clock)
    wrapped = EpisodeKey(episode_id="c1", wrapped={"province": b"wrapped"})
    journal = enrolled(EdgeJournal("mong-cai-1"), gate="mong-cai", store=centre.store, clock=clock)
    journal.write(screened("c1", temperature_c=36.4))
    push(Reception(centre.store, signing_key=centre.keys.signing, clock=clock), journal)

    eraser = threading.Thread(target=erase_c1, args=(centre,))
    with writing(centre.store.engine) as connection:  # a batch that has looked, and has not written yet
        assert erased_among(connection, episode_ids=["c1"]) == frozenset()
        eraser.start()
        eraser.join(1.0)
        row = ("mong-cai-1", wrapped.episode_id, "province", wrapped.wrapped["province"])
        insert_missing_rows(connection, table=episode_key, rows=[row])
    eraser.join(30.0)

    assert keys_of(centre, "c1") == 0
    centre.store.close()


@pytest.mark.usefixtures("pushed")
def test_a_backup_of_the_keys_brings_back_everybody_but_the_erased(centre, tmp_path, clock):
    path, count = backup_keys(centre.store.engine, tmp_path / "keys", now=clock())
    erase_c1(centre)
    with centre.store.engine.begin() as connection:
        connection.execute(episode_key.delete())

    restore_keys(centre.store.engine, path, now=clock())

    assert count > 0
    assert (keys_of(centre, "c1"), keys_of(centre, "c2") > 0) == (0, True)
    assert path.stat().st_mode & 0o077 == 0


@pytest.mark.usefixtures("pushed")
@pytest.mark.usefixtures("pushed")
def test_a_database_from_before_an_erasure_and_a_backup_of_its_keys_bring_nobody_back(centre, tmp_path, clock):
    path, _ = backup_keys(centre.store.engine, tmp_path / "keys", now=clock())
    erased = erase_c1(centre)
    with writing(centre.store.engine) as connection:  # the database of the night before is put in place
        drop_append_only(connection)
        connection.execute(delete(centre_journal).where(centre_journal.c.sequence >= erased.centre_sequence))
        for table in (erased_episode, erasure):
            connection.execute(delete(table))

    again = open_centre(centre.settings, clock=clock)
    restore_keys(again.store.engine, path, now=clock())

    assert (keys_of(again, "c1"), keys_of(again, "c2") > 0) == (0, True)
    (repeated,) = erasures(again.store.engine)
    assert repeated.erasure_id == erased.erasure_id
    assert again.store.verify().crossings == 2
    open_centre(centre.settings, clock=clock).store.close()
    assert len(erasures(again.store.engine)) == 1, "once"
    again.store.close()


@pytest.mark.usefixtures("pushed")
def test_an_erasure_of_which_only_the_database_knows_is_noted_beside_the_keys_at_the_next_start(centre, clock):
    erased = erase_c1(centre)
    (centre.settings.data_path / "identity" / "erasures.jsonl").write_bytes(b'{"erasure_id":"to')
    open_centre(centre.settings, clock=clock).store.close()
    assert [order.erasure_id for order in centre.store.erasure_file.orders()] == [erased.erasure_id]


def test_a_backup_of_the_keys_ends_after_seven_days(centre, tmp_path, clock):
    folder = tmp_path / "keys"
    old, _ = backup_keys(centre.store.engine, folder, now=clock())

    with pytest.raises(KeyBackupError, match="ended"):
        restore_keys(centre.store.engine, old, now=clock() + KEPT_FOR)
    newer, _ = backup_keys(centre.store.engine, folder, now=clock() + KEPT_FOR)

    assert sorted(folder.iterdir()) == [newer]


@pytest.mark.usefixtures("pushed")
def test_of_a_folder_the_newest_backup_of_the_keys_is_put_back(centre, tmp_path, clock):
    with pytest.raises(KeyBackupError, match="holds no backup"):
        restore_keys(centre.store.engine, tmp_path, now=clock())
    backup_keys(centre.store.engine, tmp_path / "keys", now=clock() - timedelta(days=1))
    _, newest = backup_keys(centre.store.engine, tmp_path / "keys", now=clock())
    (tmp_path / "keys" / "ledger.dump").write_bytes(b"no keys")
    assert restore_keys(centre.store.engine, tmp_path / "keys", now=clock()) == newest


@pytest.mark.parametrize("content", [b"", b"not zstd", b"\x28\xb5\x2f\xfd\x00\x00"])
def test_a_file_that_is_no_backup_of_keys_is_refused_and_changes_nothing(centre, tmp_path, clock, content):
    path = tmp_path / "episode-keys.kdk"
    path.write_bytes(content)

    with pytest.raises(KeyBackupError, match="no backup"):
        restore_keys(centre.store.engine, path, now=clock() - timedelta(days=1))


@pytest.mark.usefixtures("pushed")
def test_one_unknown_crossing_stops_the_whole_order(centre):
    before = journal_head(centre.store.engine)
    with pytest.raises(UnknownEpisodesError) as refused:
        erase_people(centre, ["c1", "c9"], legal_basis=BASIS, requested_by="YC-12/2026", username="cdc")

    assert refused.value.crossing_ids == ("c9",)
    assert keys_of(centre, "c1") > 0
    assert journal_head(centre.store.engine) == before


@pytest.mark.parametrize(
    ("crossings", "basis", "requested_by", "code"),
    [
        ([], BASIS, "YC-1", "number_of_crossings"),
        (["c1"], "  ", "YC-1", "legal_basis_required"),
        (["c1"], BASIS, "Nguyễn Thị Thử", "reference_is_no_file_number"),
    ],
)
@pytest.mark.usefixtures("pushed")
def test_an_erasure_needs_crossings_a_legal_basis_and_a_file_number_that_is_no_name(
    centre, crossings, basis, requested_by, code
):
    with pytest.raises(ErasureRefusedError) as refused:
        erase_people(centre, crossings, legal_basis=basis, requested_by=requested_by, username="cdc")

    assert refused.value.code == code
    assert keys_of(centre, "c1") > 0
