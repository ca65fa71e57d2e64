"""Attacks 9 to 11: expired and self-made certificates, and the enrolment code that opens the door once.

Our edges sign their requests, and no client certificate exists. What an attacker can bring is a server
of his own, and what has a term is the code.
"""

import ssl
import tomllib

import httpx
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from checkpoint.settings import SettingsError, load_settings
from sync.exchange.ends import TransportError
from sync.exchange.messages import EnrolmentRequest, fingerprint
from sync.exchange.transport import HttpTransport
from tests.attacks.foreign_tls import Authority, TlsServer
from tests.attacks.target import Refused, refusal
from tests.faults.edges import write_settings
from tests.services.processes import wait_until
from tests.sync.exchange.journals import EdgeJournal

pytestmark = [pytest.mark.timeout(120), pytest.mark.xdist_group("sync-attacks")]
WRONG_CODE = "0001-0203-0405-0607-0809-0a0b-0c0d-0e0f"


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path)


@pytest.fixture
def served():
    """Starts TLS servers, and ends them all."""
    servers = []

    def serve(certificate):
        servers.append(TlsServer(certificate))
        return servers[-1]

    yield serve
    for server in servers:
        server.stop()


def reason_of_asking(server, **settings) -> str:
    """Why a question for the head to this server came to nothing."""
    client = httpx.Client(trust_env=False, timeout=10, **settings) if settings else None
    transport, journal = HttpTransport(server.url, client=client), EdgeJournal("mong-cai-1")
    with pytest.raises(TransportError) as failed:
        transport.ask_head(journal.question(nonce="n"), key=journal.key)
    transport.close()
    return failed.value.reason


def test_attack_09_an_expired_certificate_hears_no_word_of_an_edge(authority, served):
    trusting = {"verify": ssl.create_default_context(cafile=str(authority.path))}
    expired, valid = (served(authority.certificate(days=days)) for days in ((-9, -1), (-1, 9)))
    assert reason_of_asking(expired, **trusting) == "no_link"
    wait_until(lambda: expired.handshakes_failed == 1, timeout_s=10, what="the broken handshake")
    assert expired.heard == []
    assert reason_of_asking(valid, **trusting) == "not_the_centre"
    assert b"KD-Signature" in valid.heard[0], "the same authority, a certificate that is in force: it is heard"


def test_attack_09_an_enrolment_past_its_time_opens_nothing(target):
    code = code_for(target, "late-1")
    target.as_superuser("UPDATE enrolment_code SET expires_at = now() - interval '1 s' WHERE edge_id = 'late-1'")
    before = target.contents()
    assert refusal(enrol(target, "late-1", code=code)) == Refused(403, "code_refused")
    assert target.rows("SELECT 1 FROM edge WHERE edge_id = 'late-1'") == []
    assert target.contents() == before


def test_attack_10_a_self_signed_centre_is_not_spoken_to(authority, served, monkeypatch, tmp_path):
    server = served(authority.certificate(days=(-1, 9)))
    assert reason_of_asking(server) == "no_link"
    for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.setenv(name, str(authority.path))
    monkeypatch.setenv("HTTPS_PROXY", server.url)
    assert reason_of_asking(server) == "no_link", "nor by the environment"
    assert server.heard == []

    path = write_settings(tmp_path, "mong-cai-1", centre_url=server.url)
    honest = path.read_text("utf-8")
    assert tomllib.loads(honest)["edge"]["centre_url"] == server.url
    for switch in ("verify = false", "insecure = true", "tls_verify = false", 'trust = "all"'):
        path.write_text(honest.replace("[edge]\n", f"[edge]\n{switch}\n"), "utf-8")
        with pytest.raises(SettingsError):
            load_settings(path)


def code_for(target, edge_id: str) -> str:
    done = target.command("enrolment-code", "--edge-id", edge_id, "--point-of-entry-id", "mong-cai")
    assert done.returncode == 0, done.stderr
    return msgspec.json.decode(done.stdout)["code"]


def enrol(target, edge_id: str, *, code: str, key: Ed25519PrivateKey | None = None) -> httpx.Response:
    """Introduce a key by a code, as an edge does."""
    key = key or Ed25519PrivateKey.generate()
    words = EnrolmentRequest(
        edge_id=edge_id,
        public_key=key.public_key().public_bytes_raw().hex(),
        site_sealing_key="09" * 32,
        nonce="nonce",
    )
    return target.web.post("/enrol", json=msgspec.to_builtins(words.proven(code=code, key=key)))


def test_attack_11_a_code_opens_once_and_only_for_a_key_that_a_person_confirms(target):
    code, journal, thief = code_for(target, "new-1"), EdgeJournal("new-1"), EdgeJournal("new-1", key=_key())
    target.person(journal)
    assert code not in target.centre.process.log.read_text("utf-8"), "no log knows it"
    assert target.rows("SELECT 1 FROM enrolment_code WHERE code_hash = %s", code.replace("-", "")) == []
    assert enrol(target, "new-1", code=code, key=journal.key).status_code == 200
    before = target.contents()
    assert refusal(enrol(target, "new-1", code=code, key=thief.key)) == Refused(403, "code_refused")
    assert enrol(target, "new-1", code=code, key=journal.key).status_code == 200, "its answer was lost: asked again"
    assert target.ask(journal).json()["code"] == "not_confirmed"
    assert refusal(target.ask(thief, key=thief.key)).code in {"bad_signature", "not_confirmed"}
    assert target.contents() == before

    wrong = target.command("confirm-edge", "--edge-id", "new-1", "--fingerprint", fingerprint(thief.public_key))
    assert wrong.returncode != 0
    assert target.ask(journal).json()["code"] == "not_confirmed"
    right = target.command("confirm-edge", "--edge-id", "new-1", "--fingerprint", fingerprint(journal.public_key))
    assert right.returncode == 0, right.stderr
    assert target.push(journal, first=1, last=1).status_code == 200


def _key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()


def test_attack_11_trying_codes_ends_after_a_few_tries_even_with_the_right_one(target):
    code = code_for(target, "brute-1")
    before = target.contents()
    answers = [refusal(enrol(target, "brute-1", code=WRONG_CODE)) for _ in range(12)]
    assert answers[0] == Refused(403, "code_refused")
    assert answers[-1] == Refused(429, "too_many_attempts")
    last = enrol(target, "brute-1", code=code)
    assert refusal(last) == Refused(429, "too_many_attempts"), "the right code came too late"
    assert int(last.headers["Retry-After"]) > 0
    assert target.rows("SELECT 1 FROM edge WHERE edge_id = 'brute-1'") == []
    assert target.contents() == before
    assert target.edge().entries, "nobody else is kept out"
