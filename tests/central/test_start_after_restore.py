"""A centre that is started over an older database, or an older folder of keys, knows it before it answers anybody."""

import pytest
from sqlalchemy import delete, text, update

from central.actions.opening import open_centre
from central.actions.reception import Reception
from central.actions.witnessing import Witnessing
from central.settings import load_settings
from central.store.engine import writing
from central.store.epochs import EpochFile
from central.store.tables import edge, ledger, ledger_head, signed_head
from tests.central.conftest import SteppingClock, enrolled
from tests.central.pushes import push
from tests.central.running import write_settings
from tests.central.test_incarnations import drop_append_only
from tests.sync.exchange.journals import MORNING, EdgeJournal, screened


@pytest.fixture
def start(database_url: str, tmp_path):
    settings = load_settings(write_settings(tmp_path, database_url=database_url, port=0))
    opened = []

    def start():
        opened.append(open_centre(settings, clock=SteppingClock(MORNING)))
        return opened[-1]

    yield start
    for centre in opened:
        centre.store.close()


def kinds(centre) -> list[str]:
    return [alarm.kind for alarm in centre.store.alarms.standing()]


def number(centre) -> int:
    return centre.store.edges.epochs.present(now=centre.clock()).number


def file_of(centre) -> EpochFile:
    return EpochFile(centre.settings.data_path / "identity")


def test_a_start_over_what_stood_there_changes_nothing(start):
    first = start()
    Witnessing(first.store, signing_key=first.keys.signing, clock=first.clock).sign_head()
    second = start()
    assert (number(second), kinds(second), file_of(second).highest()) == (1, [], 1)


def test_a_database_older_than_the_number_beside_the_keys_begins_a_new_life(start):
    first = start()
    first.store.testimonies.renew(by="operator", reason="x", now=first.clock())
    with writing(first.store.engine) as connection:  # a backup from before is put in place
        drop_append_only(connection)
        connection.execute(text("DELETE FROM centre_journal"))
        connection.execute(text("DELETE FROM alarm"))
        connection.execute(text("UPDATE centre SET centre_incarnation = 1, epoch = 'old'"))
    second = start()
    assert (number(second), kinds(second), file_of(second).highest()) == (3, ["centre_restored"], 3)
    third = start()
    assert (number(third), kinds(third)) == (3, ["centre_restored"]), "once is enough"


def test_a_database_cut_behind_its_own_newest_head_begins_a_new_life_without_any_edge(start):
    first = start()
    journal = enrolled(EdgeJournal("mong-cai-1"), gate="mong-cai", store=first.store, clock=first.clock)
    reception = Reception(first.store, signing_key=first.keys.signing, clock=first.clock)
    witnessing = Witnessing(first.store, signing_key=first.keys.signing, clock=first.clock)
    journal.write(screened("c1"))
    push(reception, journal)
    one = witnessing.sign_head()
    journal.write(screened("c2"))
    push(reception, journal)
    witnessing.sign_head()
    with writing(first.store.engine) as connection:  # the backup knows of the first record only
        drop_append_only(connection)
        connection.execute(delete(ledger).where(ledger.c.position > 1))
        connection.execute(delete(signed_head).where(signed_head.c.position > 1))
        connection.execute(update(ledger_head).values(position=1, hash=bytes.fromhex(one.hash)))
    second = start()
    assert (number(second), kinds(second)) == (2, ["centre_restored"])
    assert number(start()) == 2, "it is heard once"


def test_a_folder_of_keys_older_than_the_database_is_put_right_and_told(start):
    first = start()
    first.store.testimonies.renew(by="operator", reason="x", now=first.clock())
    (first.settings.data_path / "identity" / "epoch").write_text("1\n")
    second = start()
    assert (number(second), file_of(second).highest()) == (2, 2)
    assert kinds(second) == ["centre_restored", "epoch_file_behind"]


def test_a_row_older_than_what_edges_have_taken_begins_a_new_life(start):
    first = start()
    enrolled(EdgeJournal("mong-cai-1"), gate="mong-cai", store=first.store, clock=first.clock)
    with writing(first.store.engine) as connection:
        connection.execute(update(edge).values(down_incarnation=5))
    second = start()
    assert (number(second), kinds(second)) == (6, ["centre_restored"])
