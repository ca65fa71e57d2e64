"""Attacks 1 to 8: replays, order, forks and keys. Refused on the wire, alarmed, and nothing changed."""

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sync.exchange.messages import pack_batch
from tests.attacks.target import Refused, refusal
from tests.central.pushes import body_of_batch
from tests.sync.exchange.journals import MORNING, EdgeJournal, screened

pytestmark = [pytest.mark.timeout(120), pytest.mark.xdist_group("sync-attacks")]


@pytest.fixture
def edge(target):
    """An edge with three people, of whom the centre has two."""
    return target.edge()


def test_attack_01_replay_of_an_old_batch(target, edge, request):
    words = target.words(edge, first=1, last=2)
    body = body_of_batch(edge, first=1, last=2)
    recorded = words.as_http(body, key=edge.key) | {"Content-Type": "application/zstd"}
    assert target.push(edge, first=3, last=3).status_code == 200
    request.getfixturevalue("unchanged")
    for _ in range(3):
        answer = target.web.post("/push", headers=recorded, content=body)
        assert answer.status_code == 200
        assert {each["disposition"] for each in answer.json()["dispositions"]} == {"exists"}
        assert answer.json()["receipt"]["nonce"] == words.nonce, "the old question gets an answer for itself only"
    assert target.alarms(edge.edge_id) == []


def test_attack_02_replay_to_another_centre_or_epoch(target, edge, own_target, unchanged):
    """The same edge is enrolled at two centres; what it signed for the one is worth nothing at the other."""
    own_target.store.edges.enrol(edge.edge_id, point_of_entry_id="mong-cai", public_key=edge.public_key, now=MORNING)
    before = own_target.contents()
    body = body_of_batch(edge, first=1, last=2)
    recorded = target.words(edge, first=1, last=2).as_http(body, key=edge.key) | {"Content-Type": "application/zstd"}
    answer = own_target.web.post("/push", headers=recorded, content=body)
    assert refusal(answer) == Refused(409, "wrong_epoch")
    assert own_target.contents() == before

    assert own_target.push(edge, first=1, last=2).status_code == 200
    old = own_target.epoch(edge)
    renewed = own_target.command("renew-epoch", "--reason", "restored from a backup")
    assert renewed.returncode == 0, renewed.stderr
    assert own_target.epoch(edge) != old, "effective without a restart"
    assert refusal(own_target.push(edge, first=3, last=3, epoch=old)) == Refused(409, "wrong_epoch")


def test_attack_03_reordered_records_and_reordered_batches(target, edge, unchanged):
    target.person(edge)
    swapped = pack_batch([edge.entries[3].record, edge.entries[2].record])
    assert refusal(target.push(edge, first=3, last=4, body=swapped)) == Refused(422, "chain_broken")
    assert refusal(target.push(edge, first=4, last=4)) == Refused(409, "gap")


def test_attack_04_a_gap_is_refused_and_names_the_head_to_go_on_from(target, edge, unchanged):
    for _ in range(3):
        target.person(edge)
    answer = target.push(edge, first=5, last=6)
    assert refusal(answer) == Refused(409, "gap")
    assert (answer.json()["sequence"], answer.json()["hash"]) == (2, edge.entries[1].hash.hex())


def test_attack_05_same_sequence_other_body(target, edge, unchanged):
    clone = EdgeJournal(edge.edge_id, key=edge.key)
    clone.append(edge.entries[0].record)
    clone.write(screened("forged", temperature_c=36.5))
    answer = target.push(clone, first=1, last=2, epoch=target.epoch(edge))
    assert refusal(answer) == Refused(409, "fork")
    assert ("fork", 2) in target.alarms(edge.edge_id)
    stored = target.rows("SELECT hash FROM ledger WHERE edge_id = %s AND sequence = 2", edge.edge_id)
    assert bytes(stored[0][0]) == edge.entries[1].hash, "nothing is overwritten"
    frozen = target.push(edge, first=3, last=3)
    assert refusal(frozen) == Refused(409, "frozen_incarnation"), "nobody goes on under a name that two use"


def test_attack_06_forged_previous_hash(target, edge, unchanged):
    record = msgspec.json.decode(edge.entries[2].record)
    forged = EdgeJournal(edge.edge_id, key=edge.key)
    for entry in edge.entries[:2]:
        forged.append(entry.record)
    forged.append(msgspec.json.encode(record | {"previous_hash": "ab" * 32}))
    epoch = target.epoch(edge)
    assert refusal(target.push(forged, first=2, last=3, epoch=epoch)) == Refused(422, "chain_broken")
    assert target.alarms(edge.edge_id) == []
    answer = target.push(forged, first=3, last=3, epoch=epoch)
    assert refusal(answer) == Refused(409, "fork"), "another history than the one that is here"
    assert target.alarms(edge.edge_id) == [("fork", 2)]


def test_attack_07_the_key_of_another_edge(target, edge, request):
    other, stranger = target.edge(people=0, delivered=0), Ed25519PrivateKey.generate()
    request.getfixturevalue("unchanged")
    for key in (other.key, stranger):
        assert refusal(target.push(edge, first=3, last=3, key=key)) == Refused(401, "bad_signature")
        assert refusal(target.ask(edge, key=key)) == Refused(401, "bad_signature")
    assert refusal(target.push(edge, first=3, last=3, signature="00" * 64)) == Refused(401, "bad_signature")
    assert target.alarms(edge.edge_id) == []


def test_attack_08_a_revoked_key_is_refused_at_the_next_request(target, edge, request):
    assert target.ask(edge).status_code == 200
    epoch = target.epoch(edge)
    done = target.command("revoke-edge", "--edge-id", edge.edge_id, "--reason", "stolen")
    assert done.returncode == 0, done.stderr
    request.getfixturevalue("unchanged")  # the decision itself stands in the centre's journal
    assert refusal(target.push(edge, first=3, last=3, epoch=epoch)) == Refused(403, "revoked_edge")
    assert refusal(target.ask(edge)) == Refused(403, "revoked_edge")
