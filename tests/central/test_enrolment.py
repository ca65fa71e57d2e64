"""Taking an edge in: a code that is shown once, a fingerprint that a person compares, and a way out."""

from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select

from central.actions.enrolling import (
    EdgeUnknownError,
    Enrolling,
    FingerprintError,
    confirm_edge,
    make_code,
    revoke_edge,
)
from central.actions.opening import open_centre
from central.actions.reception import Reception
from central.reception import read_record
from central.settings import load_settings
from central.store.edges import EnrolmentError
from central.store.engine import reading
from central.store.tables import access_log, centre_journal, enrolment_code
from sync.agreement.deployment import DeploymentError
from sync.agreement.trust_records import EdgeConfirmed, EdgeEnrolled, EdgeRevoked, EpochRenewed
from sync.agreement.vocabulary import EpochReason, RevocationReason
from sync.exchange.messages import EnrolmentRequest, code_key, fingerprint
from tests.central.pushes import ask, push, refusal_of
from tests.central.running import write_settings
from tests.central.visitors import HandClock
from tests.sync.exchange.journals import EdgeJournal, screened

EDGE = "mong-cai-7"


@pytest.fixture
def clock():
    return HandClock()


@pytest.fixture
def centre(database_url: str, tmp_path: Path, clock):
    opened = open_centre(load_settings(write_settings(tmp_path, database_url=database_url, port=0)), clock=clock)
    yield opened
    opened.store.close()


@pytest.fixture
def enrolling(centre):
    return Enrolling(centre)


@pytest.fixture
def code(centre):
    return make_code(centre, EDGE, point_of_entry_id="mong-cai", by="quantri").code


def request_of(code: str, *, key: Ed25519PrivateKey | None = None, edge_id: str = EDGE, nonce="n") -> EnrolmentRequest:
    key = key or EdgeJournal(edge_id).key
    unproven = EnrolmentRequest(
        edge_id=edge_id,
        public_key=key.public_key().public_bytes_raw().hex(),
        site_sealing_key="5" * 64,
        nonce=nonce,
    )
    return unproven.proven(code=code, key=key)


def test_a_code_takes_an_edge_in_and_a_person_confirms_it(centre, enrolling, code):
    request = request_of(code)
    answer = enrolling.take(request)
    answer.check(request, code=code)
    assert (answer.point_of_entry_id, answer.is_confirmed) == ("mong-cai", False)

    reception = Reception(centre.store, signing_key=centre.keys.signing, clock=centre.clock)
    journal = EdgeJournal(EDGE)
    journal.write(screened("c1"))
    refused = refusal_of(ask, reception, journal)
    assert (refused.http_code, refused.refusal.code) == (403, "not_confirmed")

    assert answer.fingerprint == fingerprint(journal.public_key)
    confirm_edge(centre, EDGE, fingerprint_shown=answer.fingerprint.upper().replace("-", " "), by="quantri")
    assert push(reception, journal).sequence == 1

    assert revoke_edge(centre, EDGE, reason=RevocationReason.LOST, by="quantri")
    assert not revoke_edge(centre, EDGE, reason=RevocationReason.LOST, by="quantri")
    refused = refusal_of(ask, reception, journal)
    assert (refused.http_code, refused.refusal.code) == (403, "revoked_edge")
    assert centre.store.verify().ledger_records == 1
    with reading(centre.store.engine) as connection:
        assert list(connection.execute(select(access_log.c.action).order_by(access_log.c.entry_id)).scalars()) == [
            "make_enrolment_code",
            "confirm_edge",
            "revoke_edge",
        ]


def test_the_code_itself_is_nowhere_in_the_database(centre, code):
    with reading(centre.store.engine) as connection:
        (row,) = connection.execute(select(enrolment_code)).mappings()
    kept = " ".join(str(value) for value in row.values())
    assert code not in kept
    assert code.replace("-", "") not in kept
    assert code_key(code).hex() in kept


def test_a_code_opens_once_and_answers_the_same_edge_again(enrolling, code):
    first = enrolling.take(request_of(code))
    assert enrolling.take(request_of(code, nonce="again")).fingerprint == first.fingerprint
    stranger = request_of(code, key=Ed25519PrivateKey.generate())
    assert refusal_of(enrolling.take, stranger).refusal.code == "code_refused"


def test_a_code_dies_after_a_quarter_of_an_hour(enrolling, code, clock):
    clock.now += timedelta(minutes=15, seconds=1)
    refused = refusal_of(enrolling.take, request_of(code))
    assert (refused.http_code, refused.refusal.code) == (403, "code_refused")


def test_a_code_is_good_for_one_edge_only_and_the_newest_one_holds(centre, enrolling, code):
    other = request_of(code, edge_id="mong-cai-8")
    assert refusal_of(enrolling.take, other).refusal.code == "code_refused"
    newer = make_code(centre, EDGE, point_of_entry_id="mong-cai", by="quantri").code
    assert refusal_of(enrolling.take, request_of(code)).refusal.code == "code_refused"
    assert enrolling.take(request_of(newer)).edge_id == EDGE


WRONG = "0" * 32


def test_who_guesses_waits_longer_each_time_and_then_even_with_the_right_code(enrolling, code, clock):
    guess = lambda: refusal_of(enrolling.take, request_of(WRONG), address="203.0.113.7")  # noqa: E731
    assert [guess().refusal.code for _ in range(5)] == ["code_refused"] * 5
    refused = refusal_of(enrolling.take, request_of(code), address="203.0.113.7")
    assert (refused.http_code, refused.refusal.code) == (429, "too_many_attempts")
    waits = []
    for _ in range(4):
        waits.append(guess().retry_after_s)
        clock.now += timedelta(seconds=waits[-1])
        assert guess().refusal.code == "code_refused"
    assert waits == [30, 60, 120, 240]
    clock.now += timedelta(seconds=guess().retry_after_s)
    fresh = make_code(enrolling._centre, EDGE, point_of_entry_id="mong-cai", by="quantri").code
    assert enrolling.take(request_of(fresh), address="203.0.113.7").edge_id == EDGE


def test_the_right_code_works_during_a_flood_from_elsewhere(centre, enrolling, code):
    for number in range(300):
        refusal_of(enrolling.take, request_of(WRONG), address=f"203.0.113.{number % 250}")
        refusal_of(enrolling.take, request_of(WRONG, edge_id=f"gate-{number}"), address="198.51.100.9")
    assert enrolling.take(request_of(code), address="192.0.2.1").edge_id == EDGE
    alarms = [alarm for alarm in centre.store.alarms.standing() if alarm.kind == "enrolment_tried"]
    assert [alarm.edge_id for alarm in alarms] == [EDGE], "a person is told once that somebody tries"


def test_guessing_at_many_names_makes_the_address_wait_and_nobody_else(enrolling, code):
    guesses = [
        refusal_of(enrolling.take, request_of(WRONG, edge_id=f"gate-{number}"), address=f"2001:db8::{number:x}")
        for number in range(1, 31)
    ]
    assert [each.refusal.code for each in guesses] == ["code_refused"] * 20 + ["too_many_attempts"] * 10
    assert enrolling.take(request_of(code), address="2001:db8:0:1::1").edge_id == EDGE


def test_who_must_wait_costs_the_database_nothing(centre, enrolling, code, monkeypatch):
    for _ in range(5):
        refusal_of(enrolling.take, request_of(WRONG), address="203.0.113.7")
    monkeypatch.setattr(centre.store, "enrolment", None)
    assert refusal_of(enrolling.take, request_of(WRONG), address="203.0.113.7").http_code == 429


def test_every_decision_about_trust_stands_in_the_centres_own_chain(centre, enrolling, code):
    answer = enrolling.take(request_of(code))
    confirm_edge(centre, EDGE, fingerprint_shown=answer.fingerprint, by="quantri")
    confirm_edge(centre, EDGE, fingerprint_shown=answer.fingerprint, by="quantri")
    revoke_edge(centre, EDGE, reason=RevocationReason.STOLEN, words="ông A lấy", by="quantri")
    centre.store.testimonies.renew(by="operator", reason="phục hồi", now=centre.clock())
    with reading(centre.store.engine) as connection:
        rows = connection.execute(select(centre_journal).order_by(centre_journal.c.incarnation, "sequence")).all()
    bodies = [read_record(bytes(row.bytes)).body for row in rows]
    assert bodies == [
        EdgeEnrolled(
            edge_id=EDGE,
            point_of_entry_id="mong-cai",
            kind="edge",
            public_key=EdgeJournal(EDGE).public_key.hex(),
            is_confirmed=False,
        ),
        EdgeConfirmed(edge_id=EDGE, fingerprint=answer.fingerprint),
        EdgeRevoked(edge_id=EDGE, reason=RevocationReason.STOLEN),
        EpochRenewed(number=2, previous_number=1, ledger_position=0, reason=EpochReason.OPERATOR, witness=""),
    ]
    assert [(row.incarnation, row.sequence) for row in rows] == [(1, 1), (1, 2), (1, 3), (2, 1)]
    assert not any("ông A" in bytes(row.bytes).decode() for row in rows), "words about a person stay out of the chain"
    assert centre.store.verify().ledger_records == 0


def test_a_proof_moved_to_another_key_is_refused(enrolling, code):
    honest = request_of(code)
    thief = Ed25519PrivateKey.generate()
    stolen = EnrolmentRequest(
        edge_id=EDGE,
        public_key=thief.public_key().public_bytes_raw().hex(),
        site_sealing_key="5" * 64,
        nonce="n",
        proof=honest.proof,
        signature=honest.signature,
    )
    assert refusal_of(enrolling.take, stolen).refusal.code == "code_refused"


def test_what_a_person_types_wrong_changes_nothing(centre, enrolling, code):
    enrolling.take(request_of(code))
    with pytest.raises(FingerprintError):
        confirm_edge(centre, EDGE, fingerprint_shown="0000-0000-0000-0000", by="quantri")
    assert centre.store.edges.find(EDGE).confirmed_at is None
    with pytest.raises(EdgeUnknownError):
        confirm_edge(centre, "nowhere-1", fingerprint_shown="", by="quantri")
    with pytest.raises(EdgeUnknownError):
        revoke_edge(centre, "nowhere-1", by="quantri")
    with pytest.raises(EnrolmentError, match="enrolled already"):
        make_code(centre, EDGE, point_of_entry_id="mong-cai", by="quantri")
    with pytest.raises(DeploymentError):
        make_code(centre, "mong-cai-9", point_of_entry_id="nowhere", by="quantri")
