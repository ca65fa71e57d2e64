"""The paths of the protocol over HTTP: bounds of every body, the pace of every edge, refusals with Retry-After."""

from pathlib import Path

import msgspec
import pytest

from central.actions.enrolling import make_code
from central.actions.opening import open_centre
from central.settings import load_settings
from sync.exchange import messages
from sync.exchange.messages import (
    DownAnswer,
    DownQuestion,
    EnrolmentAnswer,
    ExpressAnswer,
    ExpressHeaders,
    HeadAnswer,
    IncarnationGrant,
    IncarnationQuestion,
    pack_batch,
)
from tests.central.running import write_settings
from tests.central.test_enrolment import request_of
from tests.central.visitors import HandClock, signed_in
from tests.sync.exchange.journals import screened


@pytest.fixture
def clock():
    return HandClock()


@pytest.fixture
def centre(database_url: str, tmp_path: Path, clock):
    opened = open_centre(load_settings(write_settings(tmp_path, database_url=database_url, port=0)), clock=clock)
    yield opened
    opened.store.close()


@pytest.fixture
def store(centre):
    return centre.store


@pytest.fixture
def line(centre):
    with signed_in(centre, username="quantri", role="administrator") as browser:
        yield browser


def common(journal, nonce="n"):
    return {"edge": journal.edge_id, "incarnation": journal.incarnation, "nonce": nonce}


def read(answer, kind):
    assert answer.status_code == 200, answer.text
    return msgspec.json.decode(answer.content, type=kind)


def test_every_path_answers_an_edge_that_signed(line, journal, centre):
    journal.write(screened("c1"))
    key, public_key = journal.key, centre.keys.signing.public_key().public_bytes_raw()
    question = journal.question(nonce="n")
    head = read(line.get_with("/sync/v1/head", question.as_http(key=key)), HeadAnswer)
    head.check(question, public_key=public_key)

    body = pack_batch([journal.entries[0].record])
    words = ExpressHeaders(**common(journal))
    sent = line.post("/sync/v1/express", content=body, headers=words.as_http(body, key=key))
    assert len(read(sent, ExpressAnswer).taken) == 1

    evidence = b'{"receipt":' + msgspec.json.encode(head.receipt) + b"}"
    words = messages.Testimony(**common(journal))
    shown = line.post("/sync/v1/testimony", content=evidence, headers=words.as_http(evidence, key=key))
    assert read(shown, messages.TestimonyAnswer).is_accepted

    down = DownQuestion(**common(journal), after=0, after_hash="0" * 64)
    assert (
        read(line.get_with("/sync/v1/down", down.as_http(key=key)), DownAnswer).last == 1
    )  # the edge itself was enrolled

    asked = IncarnationQuestion(
        **common(journal), own_sequence=1, high_water=1, reason="reimaged", instance="0" * 32, start_number=1
    )
    assert read(line.post("/sync/v1/incarnation", headers=asked.as_http(key=key)), IncarnationGrant).incarnation == 2

    code = make_code(centre, "mong-cai-7", point_of_entry_id="mong-cai", by="quantri").code
    request = msgspec.json.encode(request_of(code))
    assert not read(line.post("/sync/v1/enrol", content=request), EnrolmentAnswer).is_confirmed


def test_each_body_has_its_bound(line, journal):
    key = journal.key
    for path, words, size in (
        ("express", ExpressHeaders(**common(journal)), 257 * 1024),
        ("testimony", messages.Testimony(**common(journal)), 17 * 1024),
    ):
        body = bytes(size)
        refused = line.post(f"/sync/v1/{path}", content=body, headers=words.as_http(body, key=key))
        assert (refused.status_code, refused.json()["code"]) == (413, "too_large")
    assert line.post("/sync/v1/enrol", content=bytes(5 * 1024)).status_code == 413
    rubbish = b'{"edge_id":'
    for path in ("enrol", "testimony", "express", "incarnation"):
        refused = line.post(f"/sync/v1/{path}", content=rubbish)
        assert (refused.status_code, refused.json()["code"]) == (400, "malformed")


def test_an_edge_that_asks_too_often_is_told_when_to_come_back(line, journal, other_journal, clock):
    question = journal.question(nonce="n").as_http(key=journal.key)
    codes = [line.get_with("/sync/v1/head", question).status_code for _ in range(121)]
    assert codes == [200] * 120 + [429]
    refused = line.get_with("/sync/v1/head", question)
    assert (refused.json()["code"], refused.headers["retry-after"]) == ("busy", "1")
    assert line.get_with("/sync/v1/head", other_journal.question(nonce="n").as_http(key=other_journal.key)).is_success


def test_a_forged_name_uses_up_nobodys_share(line, journal, other_journal):
    forged = journal.question(nonce="n").as_http(key=other_journal.key)
    assert {line.get_with("/sync/v1/head", forged).status_code for _ in range(130)} == {401}
    assert line.get_with("/sync/v1/head", journal.question(nonce="n").as_http(key=journal.key)).status_code == 200


def test_guessing_a_code_is_refused_with_the_time_to_wait(line, centre):
    make_code(centre, "mong-cai-7", point_of_entry_id="mong-cai", by="quantri")
    wrong = msgspec.json.encode(request_of("0" * 32))
    answers = [line.post("/sync/v1/enrol", content=wrong) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [403] * 5 + [429]
    assert int(answers[-1].headers["retry-after"]) == 30
