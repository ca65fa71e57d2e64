"""Attacks 19 to 22: what comes down is rolled back, frozen or forged; what comes back is not the centre's.

The man in the middle stands between a real centre and the real drivers of an edge: he records, replays
and alters answers, and signs with a key of his own. Where it says so he even has the centre's key.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from central.store.keys import load_keys
from sync.agreement.records import CaseReviewed
from sync.agreement.vocabulary import CaseClass
from sync.exchange.chain import record_hash
from sync.exchange.downlink import Downlink
from sync.exchange.ends import CentreRecord, MirrorPosition
from sync.exchange.messages import DownAnswer, DownQuestion
from sync.exchange.phases import Phase
from sync.exchange.transport import HttpTransport
from tests.attacks.drivers import Above, identity_of
from tests.central.test_ordering import text as order_text
from tests.faults.fault_proxy import Exchange, FaultProxy
from tests.faults.network_faults import page
from tests.sync.exchange.journals import EdgeJournal

pytestmark = [pytest.mark.timeout(120), pytest.mark.xdist_group("sync-attacks")]
Change = Callable[[DownAnswer], DownAnswer]


class Mirror:
    """The edge's copy of the centre's journal, in memory."""

    def __init__(self) -> None:
        self.place = MirrorPosition()
        self.records: list[CentreRecord] = []

    def position(self) -> MirrorPosition:
        return self.place

    def take(self, answer: DownAnswer, records) -> None:
        self.records += records
        self.place = MirrorPosition(
            incarnation=answer.centre_incarnation,
            sequence=answer.last,
            hash=bytes.fromhex(answer.head_hash),
            epoch=answer.epoch,
            issued_at=answer.issued_at,
        )


class ManInTheMiddle:
    """A transport that gives on what the centre says, changed. ``recorded`` has every honest answer."""

    def __init__(self, url: str) -> None:
        self._honest = HttpTransport(url)
        self.recorded: list[DownAnswer] = []
        self.change: Change = lambda answer: answer

    def ask_down(self, question: DownQuestion, *, key: Ed25519PrivateKey) -> DownAnswer:
        self.recorded.append(self._honest.ask_down(question, key=key))
        return self.change(self.recorded[-1])

    def close(self) -> None:
        self._honest.close()


class Below:
    """An edge that listens to its centre by way of the man in the middle."""

    def __init__(self, target, journal: EdgeJournal) -> None:
        self.mirror, self.middle = Mirror(), ManInTheMiddle(target.url)
        self.contradictions: list[str] = []
        self.driver = Downlink(
            identity_of(target, journal),
            journal=self.mirror,
            transport=self.middle,
            clock=lambda: datetime.now(UTC),
            on_contradiction=self.contradictions.append,
        )

    def listen(self) -> None:
        """Take all that there is."""
        while self.driver.step() == 0.0:
            pass

    def hear(self, change: Change) -> str:
        """Hear one changed answer; why it was refused. Nothing may be taken from it."""
        before = (self.mirror.place, list(self.mirror.records))
        self.middle.change = change
        self.driver.step()
        self.middle.change = lambda answer: answer
        assert (self.mirror.place, self.mirror.records) == before
        assert self.driver.state.failures > 0
        return self.driver.state.reason


def review(target, journal: EdgeJournal, case_class: CaseClass) -> None:
    """The centre decides a case, in its own journal."""
    crossing_id = f"{journal.edge_id}-1-1"
    body = CaseReviewed(crossing_id=crossing_id, case_class=case_class, note="", reviewer_ref="cdc")
    target.store.review(body, now=datetime.now(UTC))


@pytest.fixture
def edge(target):
    return target.edge()


@pytest.fixture
def below(target, edge):
    """An edge that has taken two decisions of its centre."""
    made = Below(target, edge)
    for case_class in (CaseClass.SUSPECTED, CaseClass.CONFIRMED):
        review(target, edge, case_class)
        made.listen()
    made.driver.step()
    assert len(made.mirror.records) >= 2
    yield made
    made.middle.close()


@pytest.fixture
def stolen_key(target):
    """The centre's own signing key, in the wrong hands."""
    return load_keys(target.centre.settings.parent / "centre").signing


def test_attack_19_downlink_rollback(below, stolen_key):
    first = below.middle.recorded[0]
    assert below.hear(lambda _: first) == "forged_answer", "a recorded answer is for another question"
    shorter = below.hear(
        lambda honest: msgspec.structs.replace(honest, length=honest.after - 1, records=()).signed(key=stolen_key)
    )
    assert shorter == "goes_backwards", "even under the centre's own key"
    restarted = below.hear(
        lambda honest: msgspec.structs.replace(
            honest, centre_incarnation=honest.centre_incarnation + 1, after=0, last=0, length=0, head_hash="00" * 32
        ).signed(key=stolen_key)
    )
    assert restarted == "unannounced_incarnation"
    assert below.contradictions == ["goes_backwards", "unannounced_incarnation"], "and the centre will hear of it"


def test_attack_20_freeze_by_old_signed_answers(target, edge, below, stolen_key):
    review(target, edge, CaseClass.DISCARDED)
    no_news = next(answer for answer in below.middle.recorded if not answer.records)
    age = below.mirror.place.issued_at
    assert below.hear(lambda _: no_news) == "forged_answer"
    assert below.hear(lambda honest: msgspec.structs.replace(no_news, nonce=honest.nonce)) == "forged_answer"
    backdated = below.hear(
        lambda honest: msgspec.structs.replace(
            honest,
            issued_at=honest.issued_at - timedelta(days=1),
            records=(),
            last=honest.after,
            head_hash=below.mirror.place.hash.hex(),
        ).signed(key=stolen_key)
    )
    assert backdated == "stale"
    assert below.mirror.place.issued_at == age, "what is frozen grows old, and shows its age"
    below.listen()
    assert below.mirror.place.issued_at > age
    held = msgspec.json.decode(below.mirror.records[-1].record)
    assert held["open"]["case_class"] == "discarded"


def test_attack_20_an_old_version_of_an_order_is_not_issued_again(own_target, tmp_path):
    file = tmp_path / "order.toml"

    def issue(**details) -> int:
        file.write_text(order_text(**details), "utf-8")
        return own_target.command("issue-policy", "--file", str(file)).returncode

    assert issue(version=2) == 0
    before = own_target.contents()
    assert issue(version=1, state="open", redirect_to="") != 0
    assert issue(version=2, state="open", redirect_to="") != 0, "nor another text under the same version"
    assert own_target.contents() == before


def test_attack_21_a_forged_case_decision(target, edge, below, unchanged):
    own = below.mirror.records[-1].record
    decided = own.replace(b'"case_class":"confirmed"', b'"case_class":"discarded"')
    assert decided != own
    nobody = Ed25519PrivateKey.generate()

    def spoilt(honest: DownAnswer, *records: bytes, key: Ed25519PrivateKey | None = None) -> DownAnswer:
        last = honest.after + len(records)
        changed = msgspec.structs.replace(
            honest, records=records, last=last, length=last, head_hash=record_hash(records[-1]).hex()
        )
        return changed.signed(key=key) if key else changed

    assert below.hear(lambda honest: spoilt(honest, decided)) == "forged_answer"
    assert below.hear(lambda honest: spoilt(honest, decided, key=nobody)) == "forged_answer"
    assert below.hear(lambda honest: msgspec.structs.replace(honest, records=(decided,))) in {
        "forged_answer",
        "chain_broken",
    }
    assert below.mirror.records[-1].record == own


def test_attack_21_an_edge_decides_a_case_itself(target, edge):
    crossing_id = f"{edge.edge_id}-1-1"
    edge.write(CaseReviewed(crossing_id=crossing_id, case_class=CaseClass.DISCARDED, note="", reviewer_ref="x"))
    assert target.push(edge, first=3, last=4).status_code == 200
    assert target.dispositions(edge)[-1] == "quarantined"
    assert target.rows("SELECT count(*) FROM case_review WHERE crossing_id = %s", crossing_id) == [(0,)]


@pytest.fixture
def proxy(target):
    running = FaultProxy(target.centre.port)
    running.start()
    yield running
    running.stop()


@pytest.fixture
def above(target, proxy):
    journal = target.edge(people=4, delivered=0)
    made = Above(target, journal, url=proxy.url)
    yield made, journal
    made.transport.close()


def test_attack_22_acknowledgements_forged_by_the_man_in_the_middle(target, above, proxy, unchanged):
    driver, journal = above
    nobody = Ed25519PrivateKey.generate()

    async def swallow_and_acknowledge(exchange: Exchange) -> None:
        while asked := await exchange.request():
            if b" /sync/v1/push" not in asked:
                await exchange.answer(await exchange.ask(asked))
                continue
            words = {
                name.strip().lower(): value.strip()
                for name, _, value in (line.partition(":") for line in asked.decode("latin-1").split("\r\n"))
            }
            receipt = {
                "epoch": words["kd-epoch"],
                "edge_id": words["kd-edge"],
                "incarnation": 1,
                "sequence": int(words["kd-last"]),
                "hash": words["kd-head-hash"],
                "ledger_position": 1,
                "received_at": "2026-11-22T08:00:00Z",
                "nonce": words["kd-nonce"],
                "signature": nobody.sign(b"anything").hex(),
            }
            said = {"epoch": words["kd-epoch"], "sequence": receipt["sequence"], "hash": receipt["hash"]}
            body = msgspec.json.encode({**said, "dispositions": [], "receipt": receipt})
            await exchange.answer(page("200 OK", body, kind="application/json"))

    proxy.suffer(swallow_and_acknowledge)
    driver.step(times=12)
    assert any(asked.endswith("/push") for asked in proxy.requests)
    assert journal.receipts == [], "nothing was believed"
    assert driver.driver.state.reason in {"forged_receipt", ""}
    assert target.dispositions(journal) == []


def test_attack_22_refusals_forged_by_the_man_in_the_middle_cost_time_and_nothing_else(target, above, proxy):
    driver, journal = above
    for code in ("revoked_edge", "unknown_edge", "fork", "frozen_incarnation", "wrong_incarnation", "gap"):

        async def lie(exchange: Exchange, code: str = code) -> None:
            while await exchange.request():
                body = msgspec.json.encode({"code": code, "sequence": 9, "hash": "ab" * 32})
                await exchange.answer(page("409 Conflict", body, kind="application/json"))

        proxy.suffer(lie)
        driver.step(times=6)
    newest = target.rows("SELECT incarnation FROM edge WHERE edge_id = %s", journal.edge_id)
    assert newest == [(1,)], "no lie made the edge change its name"
    proxy.heal()
    driver.skipped += timedelta(minutes=6)
    driver.step(times=12)
    assert journal.receipts[-1].sequence == 4
    assert driver.driver.state.phase in {Phase.IDLE, Phase.ASKING_HEAD}
    assert target.dispositions(journal) == ["projected"] * 4
    assert target.alarms(journal.edge_id) == []
