"""A gate without any link: its package is taken whole, once, and its receipts come back on the stick."""

import json
import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from central.actions.courier import CourierDesk
from central.actions.opening import open_centre
from central.settings import load_settings
from sync.exchange.batching import JournalBatches
from sync.exchange.courier import CourierError, check_return, down_records, pack_chain, plan_errand, write_package
from sync.exchange.ends import MirrorPosition, UplinkIdentity
from sync.exchange.messages import CourierReturn
from tests.central.conftest import enrolled
from tests.central.pushes import push
from tests.central.running import ROOT, write_settings
from tests.central.test_ordering import issue, text
from tests.central.visitors import HandClock
from tests.sync.exchange.journals import MORNING, EdgeJournal, screened

RECORDS = 1_203


@pytest.fixture
def clock():
    return HandClock()


@pytest.fixture
def settings_path(database_url, tmp_path) -> Path:
    return write_settings(tmp_path, database_url=database_url, port=0)


@pytest.fixture
def centre(settings_path, clock):
    opened = open_centre(load_settings(settings_path), clock=clock)
    yield opened
    opened.store.close()


@pytest.fixture
def journal(centre, clock) -> EdgeJournal:
    known = enrolled(EdgeJournal("mong-cai-1"), gate="mong-cai", store=centre.store, clock=clock)
    for number in range(RECORDS):
        known.write(screened(f"c{number}", temperature_c=36.4))
    return known


@pytest.fixture
def desk(centre, clock) -> CourierDesk:
    return CourierDesk(centre.store, signing_key=centre.keys.signing, clock=clock)


def identity_of(journal: EdgeJournal, centre) -> UplinkIdentity:
    return UplinkIdentity(
        edge_id=journal.edge_id,
        incarnation=1,
        signing_key=journal.key,
        centre_public_key=centre.keys.signing.public_key().public_bytes_raw(),
    )


def export(journal: EdgeJournal, centre, path: Path):
    """Write the package as the gate does; return what the gate remembers of it."""
    identity = identity_of(journal, centre)
    planned = plan_errand(
        identity, chains=journal.chains(), position=MirrorPosition(), now=MORNING, random_bytes=os.urandom
    )
    batches = pack_chain(
        journal.chains()[0], source=JournalBatches(journal), identity=identity, errand=planned.remember
    )
    path.write_bytes(b"".join(write_package(planned.head, batches=batches, key=journal.key)))
    return planned.remember


def test_a_package_is_taken_whole_and_its_receipt_is_worth_as_much_as_one_of_the_wire(centre, journal, desk, tmp_path):
    issue(centre, text())
    errand = export(journal, centre, tmp_path / "stick.kdc")

    taken = desk.take(tmp_path / "stick.kdc")

    assert (taken.batches, taken.taken) == (3, 3)
    identity = identity_of(journal, centre)
    receipts = check_return(taken.answer, errand=errand, identity=identity)
    assert max(receipt.sequence for receipt in receipts) == RECORDS
    _, order = down_records(taken.answer, errand=errand, position=MirrorPosition(), identity=identity)
    assert b"qn-2026-07-residents" in order.record
    assert centre.store.verify().ledger_records == RECORDS


def test_a_package_that_comes_twice_or_after_the_link_changes_nothing(centre, journal, desk, reception_of, tmp_path):
    export(journal, centre, tmp_path / "stick.kdc")
    push(reception_of, journal, first=1, last=400)

    desk.take(tmp_path / "stick.kdc")
    again = desk.take(tmp_path / "stick.kdc")

    assert again.answer.refusals == ()
    assert centre.store.edges.ledger_position() == RECORDS


@pytest.fixture
def reception_of(desk):
    return desk._reception


@pytest.mark.parametrize("spoil", ["cut", "flipped", "another_edge", "empty", "not_ours"])
def test_of_a_package_that_is_not_whole_nothing_is_taken(centre, journal, desk, tmp_path, spoil):
    path = tmp_path / "stick.kdc"
    export(journal, centre, path)
    content = path.read_bytes()
    middle = len(content) // 2
    spoilt = {
        "cut": content[: content.rindex(b"\n", 0, -1) + 1],
        "flipped": content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :],
        "another_edge": content.replace(b'"edge":"mong-cai-1"', b'"edge":"mong-cai-2"', 1),
        "empty": b"",
        "not_ours": b"PK\x03\x04 a zip file",
    }
    path.write_bytes(spoilt[spoil])

    with pytest.raises(CourierError):
        desk.take(path)

    assert centre.store.edges.ledger_position() == 0


def test_a_revoked_gate_sends_no_courier(centre, journal, desk, clock, tmp_path):
    export(journal, centre, tmp_path / "stick.kdc")
    centre.store.edges.revoke(journal.edge_id, now=clock())

    with pytest.raises(CourierError, match="revoked"):
        desk.take(tmp_path / "stick.kdc")


def test_the_command_writes_the_answer_for_the_courier(centre, journal, settings_path, tmp_path):
    errand = export(journal, centre, tmp_path / "stick.kdc")
    back = tmp_path / "stick.kdr"
    words = ["courier-import", str(tmp_path / "stick.kdc"), "--return-to", str(back), "--settings", str(settings_path)]

    done = subprocess.run(
        [sys.executable, "-m", "central", *words], check=False, capture_output=True, text=True, cwd=ROOT
    )

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"edge_id": "mong-cai-1", "batches": 3, "taken": 3, "refused": []}
    returned = msgspec.json.decode(back.read_bytes(), type=CourierReturn)
    assert check_return(returned, errand=errand, identity=identity_of(journal, centre))
