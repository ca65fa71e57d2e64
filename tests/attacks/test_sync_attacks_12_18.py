"""Attacks 12 to 18: foreign gates, lying clocks, ambiguous bytes, weak keys, bombs and slow senders."""

import json
import socket
import time
import unicodedata
from datetime import UTC, datetime, timedelta

import httpx
import msgspec
import pytest
import zstandard

from sync.exchange.chain import record_hash
from sync.exchange.messages import BODY_LIMIT_BYTES, PushHeaders, pack_batch
from tests.attacks.slow_centre import BODY_WITHIN_S, serve_impatiently
from tests.attacks.target import Refused, refusal
from tests.central.test_push_attacks import bombs
from tests.faults.programs import Program, warm_up
from tests.services.processes import free_port, is_listening, wait_until
from tests.sync.exchange.journals import MORNING, screened

pytestmark = [pytest.mark.timeout(120), pytest.mark.xdist_group("sync-attacks")]
ORDER_OF_THE_CURVE = 2**252 + 27742317777372353535851937790883648493


@pytest.fixture
def edge(target):
    """An edge with three people, of whom the centre has two."""
    return target.edge()


def test_attack_12_an_edge_writes_as_another_site(target, edge):
    other = target.edge(gate="hoanh-mo", people=1, delivered=0)
    before = target.contents()
    epoch = target.epoch(edge)
    stolen = pack_batch([other.entries[0].record])
    head_hash = other.entries[0].hash.hex()
    for incarnation in (1, 2):
        answer = target.push(
            edge, first=1, last=1, body=stolen, head_hash=head_hash, epoch=epoch, incarnation=incarnation
        )
        assert answer.status_code in {409, 422}
        assert answer.json()["code"] in {"record_refused", "wrong_incarnation"}
    assert refusal(target.push(edge, first=1, last=1, body=stolen, edge=other.edge_id)) == Refused(401, "bad_signature")
    assert target.contents() == before

    gate_b = "SELECT count(*) FROM crossing WHERE point_of_entry_id = 'hoanh-mo'"
    counted = target.rows(gate_b)
    target.person(edge, gate="hoanh-mo")
    assert target.push(edge, first=3, last=4).status_code == 200
    assert target.dispositions(edge)[2:] == ["projected", "quarantined"], "kept as evidence, and never counted"
    assert target.rows(gate_b) == counted


def test_attack_13_backdated_events_come_as_a_revision_and_never_change_a_frozen_report(target):
    edge, past = target.edge(people=0, delivered=0), MORNING - timedelta(days=9)
    day = past.date().isoformat()
    for number in (1, 2):
        edge.write(screened(f"{edge.edge_id}-past-{number}", at=past, temperature_c=36.5), at=past)
    assert target.push(edge, first=1, last=2).status_code == 200
    first = target.command("report", "--day", day).stdout
    assert json.loads(first)["totals"]["crossings"] == 2
    backdated = past - timedelta(hours=2)
    edge.write(screened(f"{edge.edge_id}-backdated", at=backdated, temperature_c=36.5), at=backdated)
    assert target.push(edge, first=3, last=3).status_code == 200

    assert target.command("report", "--day", day, "--revision", "1").stdout == first
    second = json.loads(target.command("report", "--day", day, "--now").stdout)
    assert (second["revision"], second["totals"]["crossings"]) == (2, 3), "late, said so, and numbered"
    kept = target.rows("SELECT sequence, received_at FROM ledger WHERE edge_id = %s ORDER BY position", edge.edge_id)
    assert [row[0] for row in kept] == [1, 2, 3], "order comes from the sequence"
    assert kept[2][1] > datetime.now(UTC) - timedelta(minutes=2), "and the centre's own clock is kept beside"


def test_attack_14_far_future_events_touch_no_figure_of_today_and_hold_nothing_up(target, edge):
    today = "SELECT sum(count) FROM day_count WHERE report_day <= current_date + 1 AND figure = 'crossings'"
    before = target.rows(today)
    later = edge.entries.pop()
    for at in ("9999-12-31T23:59:59Z", "2999-12-31T23:59:59Z", "2126-11-22T08:00:00Z"):
        record = msgspec.json.decode(later.record)
        head = edge.head()
        fields = {"sequence": head.sequence + 1, "previous_hash": head.hash.hex(), "observed_at": at}
        fields["record_id"] = f"00000000-0000-4000-8000-{abs(hash((edge.edge_id, at))) % 10**12:012d}"
        record["open"] |= {"crossing_id": f"{edge.edge_id}-{at[:4]}"}
        edge.append(msgspec.json.encode(record | fields), episode_key=None)
    assert target.push(edge, first=3, last=5).status_code == 200
    assert target.rows(today) == before
    target.person(edge)
    assert target.push(edge, first=6, last=6).status_code == 200
    assert target.dispositions(edge)[-1] == "projected"


def _rotated(record: bytes) -> bytes:
    fields = list(msgspec.json.decode(record).items())
    return msgspec.json.encode(dict([fields[0], fields[2], fields[1], *fields[3:]]))


def _capital_identifier(record: bytes) -> bytes:
    name = msgspec.json.decode(record)["record_id"]
    return record.replace(name.encode(), name.upper().encode(), 1)


AMBIGUOUS = {
    "doubled key": lambda record: record.replace(b'"lane_id":', b'"lane_id":"lane-9","lane_id":', 1),
    "NaN": lambda record: record.replace(b'"monotonic_ns":3', b'"monotonic_ns":NaN', 1),
    "1e400": lambda record: record.replace(b'"monotonic_ns":3', b'"monotonic_ns":1e400', 1),
    "minus zero": lambda record: record.replace(b'"monotonic_ns":3', b'"monotonic_ns":-0', 1),
    "float": lambda record: record.replace(b'"monotonic_ns":3', b'"monotonic_ns":3.0', 1),
    "lone surrogate": lambda record: record.replace(b'"boot-1"', rb'"boot-\ud800"', 1),
    "escaped ASCII": lambda record: record.replace(b'"boot-1"', rb'"boot-\u0031"', 1),
    "raw invalid UTF-8": lambda record: record.replace(b'"boot-1"', b'"boot-\xff"', 1),
    "overlong UTF-8": lambda record: record.replace(b'"boot-1"', b'"boot-\xc0\xb1"', 1),
    "space": lambda record: record.replace(b'"v":1,', b'"v":1, ', 1),
    "another order of keys": _rotated,
    "extra key": lambda record: record[:-1] + b',"extra":1}',
    "byte order mark": lambda record: record.replace(b'{"v":1', b'{"v":1\xef\xbb\xbf', 1),
    "trailing comma": lambda record: record[:-1] + b",}",
    "number as text": lambda record: record.replace(b'"sequence":3', b'"sequence":"3"', 1),
    "leading zero": lambda record: record.replace(b'"sequence":3', b'"sequence":03', 1),
    "identifier in capitals": _capital_identifier,
}


def test_attack_15_a_record_has_one_spelling(target, edge, unchanged):
    own = edge.entries[2].record
    epoch = target.epoch(edge)
    for name, spell in AMBIGUOUS.items():
        record = spell(own)
        assert record != own, name
        answer = target.push(
            edge, first=3, last=3, body=pack_batch([record]), head_hash=record_hash(record).hex(), epoch=epoch
        )
        assert answer.status_code in {400, 422}, name
        assert answer.json()["code"] in {"record_refused", "malformed"}, name


def test_attack_15_both_spellings_of_a_vietnamese_name_stay_as_they_were_written(target, edge):
    """NFC and NFD are two texts: the bytes are stored and hashed as they came, and nobody normalises them."""
    spellings = [unicodedata.normalize(form, "Nguyễn") for form in ("NFC", "NFD")]
    for spelling in spellings:
        assert target.person(edge, lane_id=spelling)
    assert target.push(edge, first=3, last=5).status_code == 200
    sql = "SELECT bytes, hash FROM ledger WHERE edge_id = %s ORDER BY sequence"
    stored = [(bytes(record), bytes(digest)) for record, digest in target.rows(sql, edge.edge_id)]
    assert stored == [(entry.record, entry.hash) for entry in edge.entries]
    assert spellings[0] != spellings[1]
    for spelling, (record, _) in zip(spellings, stored[3:], strict=True):
        assert spelling.encode() in record


def test_attack_16_malleable_signatures_and_keys_of_small_order(target, edge, unchanged):
    words = target.words(edge, first=3, last=3)
    body = pack_batch([edge.entries[2].record])
    good = bytes.fromhex(words.signature(body, key=edge.key))
    shifted = int.from_bytes(good[32:], "little") + ORDER_OF_THE_CURVE
    malleable = good[:32] + shifted.to_bytes(32, "little")
    for signature in (malleable.hex(), good.hex() + "00", good.hex()[:-2], ""):
        answer = _push_words(target, words, body=body, signature=signature)
        assert refusal(answer) == Refused(401, "bad_signature")

    weak = [bytes(32), (1).to_bytes(32, "little"), (2**255 - 20).to_bytes(32, "little"), b"\xff" * 32]
    for number, public_key in enumerate(weak):
        words_of_enrolment = ("--edge-id", f"weak-{number}", "--point-of-entry-id", "mong-cai")
        done = target.command("enrol", *words_of_enrolment, "--public-key", public_key.hex())
        assert done.returncode != 0, public_key.hex()
    assert target.rows("SELECT count(*) FROM edge WHERE edge_id LIKE 'weak-%%'") == [(0,)]


def _push_words(target, words: PushHeaders, *, body: bytes, signature: str) -> httpx.Response:
    headers = {f"KD-{name.replace('_', '-')}": str(getattr(words, name)) for name in words.__struct_fields__}
    return target.web.post("/push", headers=headers | {"KD-Signature": signature}, content=body)


def test_attack_17_oversize_depth_and_bombs(target, edge, unchanged):
    epoch = target.epoch(edge)
    for body, http_code in bombs():
        assert target.push(edge, first=3, last=3, body=body, epoch=epoch).status_code == http_code
    too_long = bytes(BODY_LIMIT_BYTES + 1)
    assert refusal(target.push(edge, first=3, last=3, body=too_long, epoch=epoch)) == Refused(413, "too_large")
    headers = target.words(edge, first=3, last=3).as_http(b"", key=edge.key)
    endless = (bytes(65536) for _ in range(64))
    assert target.web.post("/push", headers=headers, content=endless).status_code == 413, "without a length, too"
    deep = b'{"v":1,"open":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    body = zstandard.ZstdCompressor().compress(deep)
    assert target.push(edge, first=3, last=3, body=body, epoch=epoch).status_code in {400, 413, 422}


def test_attack_18_slow_senders_hold_up_nobody_and_are_shown_out(target, tmp_path):
    edge = target.edge()
    warm_up()
    settings = target.centre.settings.read_text(encoding="utf-8")
    port = free_port()
    impatient = tmp_path / "impatient.toml"
    impatient.write_text(settings.replace(f"port = {target.centre.port}", f"port = {port}"), encoding="utf-8")
    program = Program(serve_impatiently, str(impatient), log=tmp_path / "impatient.log")
    program.start()
    try:
        wait_until(lambda: is_listening(port), timeout_s=20, what="start of the centre")
        words = target.words(edge, first=3, last=3)
        slow = [_sender(port, beginning) for beginning in _beginnings(words, edge) for _ in range(40)]
        began = time.monotonic()
        with httpx.Client(base_url=f"http://127.0.0.1:{port}/sync/v1", timeout=10, trust_env=False) as quick:
            body = pack_batch([edge.entries[2].record])
            answer = quick.post("/push", headers=words.as_http(body, key=edge.key), content=body)
            assert answer.status_code == 200
        assert time.monotonic() - began < 5.0
        for sender in slow:
            assert _answer_to(sender) in {b"408", b""}, "none of them may stay for ever"
    finally:
        program.kill()


def _beginnings(words: PushHeaders, edge) -> list[bytes]:
    """Nothing at all; half of the headers; the headers and three of a thousand bytes."""
    signed = words.as_http(bytes(1000), key=edge.key)
    head = "".join(f"{name}: {value}\r\n" for name, value in signed.items())
    whole = f"POST /sync/v1/push HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n{head}\r\nabc".encode()
    return [b"", whole[:80], whole]


def _sender(port: int, beginning: bytes) -> socket.socket:
    """Begins a request, and then takes its time."""
    sender = socket.create_connection(("127.0.0.1", port), timeout=BODY_WITHIN_S + 15)
    sender.sendall(beginning)
    return sender


def _answer_to(sender: socket.socket) -> bytes:
    """The code of the answer; empty when the connection was closed or reset without one."""
    with sender:
        try:
            return sender.recv(64)[9:12]
        except ConnectionResetError:
            return b""
