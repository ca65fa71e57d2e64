"""What must not wait in the queue, and what the centre once signed: both kept with, and as surely as, the records."""

from datetime import UTC, datetime, timedelta

import pytest

from checkpoint.actions import saving
from checkpoint.actions.deciding import close_crossing
from checkpoint.actions.rechecking import recheck_person
from checkpoint.store.connection import CREDENTIAL_NAME, KEY_NAME, DatabaseKeyError, database_key
from sync.agreement.records import CrossingScreened, TemperatureRechecked, TravellerIsolated
from sync.exchange.envelope import body_of, decode_record
from sync.exchange.messages import Receipt, SignedHead, WitnessError
from tests.checkpoint.people import NORMAL_C, RAISED_C
from tests.demands import demand


def urgent_types(edge) -> list[type]:
    waiting = edge.gate.store.outgoing.urgent(limit=10)
    return [type(body_of(decode_record(each.record))) for each in waiting]


@demand("R005")
def test_an_alarm_its_end_and_the_isolation_are_urgent_and_a_cleared_person_is_not(edge):
    edge.present()
    edge.scan_face(NORMAL_C)
    edge.do(close_crossing, draft_id=edge.draft_id)
    assert urgent_types(edge) == []
    edge.present("QN 100124")
    edge.scan_face(RAISED_C)
    assert urgent_types(edge) == [CrossingScreened]
    edge.do(recheck_person, crossing_id=edge.draft_id, temperature_c=38.8, site="axillary")
    assert urgent_types(edge) == [TravellerIsolated, TemperatureRechecked, CrossingScreened]
    edge.restart()
    (isolated, rechecked, screened) = edge.gate.store.outgoing.urgent(limit=10)
    assert screened.episode_key is not None
    edge.gate.store.outgoing.note_express([str(decode_record(rechecked.record).record_id)])
    assert urgent_types(edge) == [TravellerIsolated, CrossingScreened]
    assert [one.sequence for one in edge.gate.store.outgoing.pending_after(0, limit=10)] == [1, 2, 3, 4]
    assert isolated.sequence == 4


def test_what_the_ledger_has_is_urgent_no_more(edge):
    edge.present()
    edge.scan_face(RAISED_C)
    held = edge.gate.store.outgoing.head()
    words = {"epoch": "e", "edge_id": "mong-cai-1", "incarnation": 1, "ledger_position": 1, "nonce": "n"}
    at = datetime.now(UTC)
    receipt = Receipt(**words, sequence=held.sequence, hash=held.hash.hex(), received_at=at, signature="s")
    edge.gate.store.outgoing.note_receipt(receipt)
    assert urgent_types(edge) == []


def test_a_referral_that_is_rolled_back_is_not_urgent(edge, monkeypatch):
    edge.present()
    edge.scan_face(RAISED_C)

    def breaking(*_words, **_more):
        raise RuntimeError

    monkeypatch.setattr(saving, "hold_place", breaking)
    with pytest.raises(RuntimeError):
        edge.do(recheck_person, crossing_id=edge.draft_id, temperature_c=38.8, site="axillary")
    assert urgent_types(edge) == [CrossingScreened]


def head(position: int, *, mark: str = "a", epoch: str = "e1", minute: int = 0) -> SignedHead:
    at = datetime(2026, 11, 22, 8, tzinfo=UTC) + timedelta(minutes=minute)
    return SignedHead(
        epoch=epoch, position=position, hash=mark * 64, centre_sequence=0, centre_hash="0" * 64, issued_at=at
    )


def test_heads_of_the_ledger_are_kept_over_a_restart_and_one_that_denies_them_is_refused(edge):
    for number in (3, 7):
        edge.gate.store.outgoing.note_ledger_head(head(number, minute=number))
    edge.restart()
    outgoing = edge.gate.store.outgoing
    assert outgoing.last_ledger_head().position == 7
    with pytest.raises(WitnessError, match="went_back"):
        outgoing.note_ledger_head(head(5, minute=9))
    with pytest.raises(WitnessError, match="another_ledger"):
        outgoing.note_ledger_head(head(7, mark="b", minute=9))
    outgoing.note_ledger_head(head(2, epoch="e2", minute=10))
    with pytest.raises(WitnessError, match="another_ledger"):
        outgoing.note_ledger_head(head(7, mark="b", minute=11))
    assert [one.position for one in outgoing.ledger_heads(limit=9)] == [2, 7, 3]


@pytest.mark.parametrize("as_hex", [True, False])
def test_the_database_key_comes_from_systemd_where_the_service_has_it(tmp_path, as_hex):
    key = bytes(range(32))
    handed = tmp_path / "credentials"
    handed.mkdir()
    (handed / CREDENTIAL_NAME).write_bytes(key.hex().encode() + b"\n" if as_hex else key)
    (handed / CREDENTIAL_NAME).chmod(0o400)
    data = tmp_path / "data"
    data.mkdir()
    environment = {"CREDENTIALS_DIRECTORY": str(handed)}
    assert database_key(data, environment=environment) == key.hex()
    assert not (data / KEY_NAME).exists()
    (handed / CREDENTIAL_NAME).chmod(0o600)
    (handed / CREDENTIAL_NAME).write_bytes(b"short")
    with pytest.raises(DatabaseKeyError, match="64 hex digits"):
        database_key(data, environment=environment)
