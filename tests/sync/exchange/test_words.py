"""Every signed word is covered, for one purpose, by one key, in one spelling."""

from datetime import UTC, datetime

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from sync.agreement.identifiers import IdentifierError, slug
from sync.agreement.vocabulary import IncarnationReason
from sync.exchange import messages
from sync.exchange.envelope import EnvelopeError, body_of, decode_record
from sync.exchange.sealing import sealing_public_key, wrap_episode_key
from sync.exchange.signatures import (
    PUSH_PURPOSE,
    SignatureError,
    canonical_string,
    check_public_key,
    check_signature,
    fingerprint,
    sign,
)
from tests.sync.exchange.journals import EdgeJournal, screened

NOW = datetime(2026, 11, 22, tzinfo=UTC)
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC_KEY = KEY.public_key().public_bytes_raw()
HASH = "ab" * 32
WHO = {"edge": "mong-cai-1", "incarnation": 1, "nonce": "n"}

RECEIPT = messages.Receipt(
    epoch="e", edge_id="mong-cai-1", incarnation=1, sequence=4, hash=HASH, ledger_position=9, received_at=NOW, nonce="n"
)
LEDGER_HEAD = messages.SignedHead(
    epoch="e", position=9, hash=HASH, centre_sequence=2, centre_hash=HASH, issued_at=NOW
).signed(key=KEY)
GRANT = messages.IncarnationGrant(
    edge_id="mong-cai-1", incarnation=2, previous_incarnation=1, epoch="e", issued_at=NOW, nonce="n"
)
OF_AN_EDGE = [
    messages.PushHeaders(**WHO, first=1, last=4, head_hash=HASH, epoch="e"),
    messages.HeadQuestion(
        **WHO, instance="0" * 32, start_number=3, own_sequence=4, own_hash=HASH, witness_position=9, witness_hash=HASH
    ),
    messages.IncarnationQuestion(
        **WHO, own_sequence=4, high_water=5, reason=IncarnationReason.FORK, instance="0" * 32, start_number=3
    ),
    messages.Testimony(**WHO),
    messages.ExpressHeaders(**WHO),
    messages.DownQuestion(**WHO, after=2, after_hash=HASH),
]
OF_THE_CENTRE = [
    RECEIPT,
    LEDGER_HEAD,
    GRANT,
    messages.TestimonyAnswer(epoch="e", is_accepted=False, nonce="n"),
    messages.ExpressAnswer(nonce="n", taken=("one", "two")),
    messages.DownAnswer(
        epoch="e",
        edge_id="mong-cai-1",
        centre_incarnation=1,
        after=2,
        last=2,
        head_hash=HASH,
        length=2,
        issued_at=NOW,
        nonce="n",
    ),
    messages.CourierReturn(edge_id="mong-cai-1", made_at=NOW, receipts=(RECEIPT,)),
]


OTHERS = {
    bool: lambda value: not value,
    int: lambda value: value + 1,
    IncarnationReason: lambda _: IncarnationReason.COPIED,
    str: lambda value: value + "0",
    datetime: lambda value: value.replace(year=2027),
    messages.IncarnationGrant: lambda value: msgspec.structs.replace(value, incarnation=value.incarnation + 1),
    tuple: lambda value: value[1:] if value else ("x",),
    type(None): lambda _: LEDGER_HEAD,
    msgspec.UnsetType: lambda _: GRANT,
}


def other(value):
    """Any other value of the same kind."""
    return OTHERS[type(value)](value)


@pytest.mark.parametrize("words", OF_AN_EDGE, ids=lambda words: type(words).__name__)
def test_every_word_of_an_edge_and_its_body_are_signed(words):
    body = b"body" if words.has_body else b""
    signature = words.signature(body, key=KEY)
    words.check(body, signature=signature, public_key=PUBLIC_KEY)
    assert words.as_http(body, key=KEY)[messages.SIGNATURE_HEADER] == signature
    for name in words.__struct_fields__:
        changed = msgspec.structs.replace(words, **{name: other(getattr(words, name))})
        with pytest.raises(SignatureError):
            changed.check(body, signature=signature, public_key=PUBLIC_KEY)
    if words.has_body:
        with pytest.raises(SignatureError):
            words.check(body + b"x", signature=signature, public_key=PUBLIC_KEY)


@pytest.mark.parametrize("words", OF_AN_EDGE, ids=lambda words: type(words).__name__)
def test_what_travels_in_the_headers_is_read_back_as_it_was_signed(words):
    headers = words.as_http(b"", key=KEY)
    given_back = {name: headers[messages.HEADER_NAMES[name]] for name in words.__struct_fields__}
    assert msgspec.convert(given_back, type(words), strict=False) == words


WITH_A_GRANT = messages.CourierReturn(edge_id="mong-cai-1", made_at=NOW, receipts=(RECEIPT,), grant=GRANT)


@pytest.mark.parametrize("said", [*OF_THE_CENTRE, WITH_A_GRANT], ids=lambda said: type(said).__name__)
def test_every_word_of_the_centre_is_signed_and_survives_the_wire(said):
    signed = msgspec.json.decode(msgspec.json.encode(said.signed(key=KEY)), type=type(said))
    signed.check(public_key=PUBLIC_KEY)
    for name in set(signed.__struct_fields__) - {"signature", "v", "refusals", "down"}:
        changed = msgspec.structs.replace(signed, **{name: other(getattr(signed, name))})
        with pytest.raises(SignatureError):
            changed.check(public_key=PUBLIC_KEY)


def test_a_head_answer_is_signed_in_all_its_parts_for_one_question():
    question = OF_AN_EDGE[1]
    answer = messages.HeadAnswer(
        epoch="e",
        edge_id="mong-cai-1",
        incarnation=1,
        sequence=4,
        hash=HASH,
        receipt=RECEIPT.signed(key=KEY),
        ledger_head=LEDGER_HEAD,
    ).signed(key=KEY)
    answer.check(question, public_key=PUBLIC_KEY)
    forged_head = msgspec.structs.replace(LEDGER_HEAD, position=10)
    changes = {
        "epoch": "f", "edge_id": "x", "incarnation": 2, "sequence": 5, "hash": "cd" * 32, "is_frozen": True,
        "newest_incarnation": 7, "down_sequence": 7, "ledger_head": None, "signature": "00" * 64,
        "receipt": msgspec.structs.replace(RECEIPT, ledger_position=10),
    }  # fmt: skip
    for name, value in [*changes.items(), ("ledger_head", forged_head)]:
        with pytest.raises(SignatureError):
            msgspec.structs.replace(answer, **{name: value}).check(question, public_key=PUBLIC_KEY)
    with pytest.raises(SignatureError, match="another request"):
        answer.check(msgspec.structs.replace(question, nonce="m"), public_key=PUBLIC_KEY)


def test_a_signature_for_one_purpose_is_worth_nothing_for_another():
    signatures = {type(each): each.signature(b"", key=KEY) for each in OF_AN_EDGE}
    for words in OF_AN_EDGE:
        for kind, signature in signatures.items():
            if kind is not type(words):
                with pytest.raises(SignatureError):
                    words.check(b"", signature=signature, public_key=PUBLIC_KEY)
    purposes = [each.purpose for each in [*OF_AN_EDGE, *OF_THE_CENTRE]]
    assert len(set(purposes)) == len(purposes)


def test_a_line_break_cannot_smuggle_a_second_word_under_one_signature():
    for text in ("n\nfirst: 1", "n\r", "\n"):
        with pytest.raises(SignatureError, match="line break"):
            canonical_string(PUSH_PURPOSE, fields={"nonce": text})
    for edge in ("mong-cai-1\n", "mong-cai-1\r\nx"):
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert({**WHO, "edge": edge}, messages.Testimony)
        with pytest.raises(IdentifierError):
            slug(edge)


P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P


def plus(one, two):
    """Add two points of edwards25519 (RFC 8032 section 5.1.4, affine)."""
    (x1, y1), (x2, y2) = one, two
    mixed = D * x1 * x2 * y1 * y2 % P
    return (x1 * y2 + x2 * y1) * pow(1 + mixed, -1, P) % P, (y1 * y2 + x1 * x2) * pow(1 - mixed, -1, P) % P


def torsion_of(y):
    """L times the point with this y: a point whose order divides 8; ``None`` where no point has it."""
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if (x * x - square) % P == 0 else x * pow(2, (P - 1) // 4, P) % P
    if (x * x - square) % P:
        return None
    sum_, doubled, times = (0, 1), (x, y), L
    while times:
        sum_, doubled, times = plus(sum_, doubled) if times & 1 else sum_, plus(doubled, doubled), times >> 1
    return sum_


TORSION_Y = sorted({point[1] for y in range(2, 60) if (point := torsion_of(y)) is not None})
SMALL = [y | sign_bit << 255 for y in TORSION_Y for sign_bit in (0, 1)]
SECOND_SPELLINGS = [y | sign_bit << 255 for y in range(P, 2**255) for sign_bit in (0, 1)]


def test_keys_of_small_order_are_refused_with_whatever_they_would_have_signed():
    assert len(TORSION_Y) == 5
    fields = {"edge": "mong-cai-1"}
    forged = (bytes([1]) + bytes(31) + bytes(32)).hex()
    identity = (1).to_bytes(32, "little")
    Ed25519PublicKey.from_public_bytes(identity).verify(bytes.fromhex(forged), b"any message at all")
    for y in SMALL + SECOND_SPELLINGS:
        key = y.to_bytes(32, "little")
        with pytest.raises(SignatureError, match="no public key"):
            check_public_key(key)
        with pytest.raises(SignatureError):
            check_signature(PUSH_PURPOSE, fields=fields, signature=forged, public_key=key)
    for key in (b"", PUBLIC_KEY[:-1], PUBLIC_KEY + b"\x00"):
        with pytest.raises(SignatureError):
            check_public_key(key)


@given(st.binary(min_size=32, max_size=32))
def test_no_key_that_an_edge_makes_is_refused(seed):
    made = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
    assert check_public_key(made) is None


def test_a_signature_has_one_form_only():
    fields = {"edge": "mong-cai-1"}
    signature = bytes.fromhex(sign(PUSH_PURPOSE, fields=fields, key=KEY))
    s = int.from_bytes(signature[32:], "little")
    forms = [signature[:32] + (s + times * L).to_bytes(32, "little") for times in range(1, 15)]
    forms += [signature + b"\x00", signature[:-1], b"", bytes(64)]
    for form in forms:
        with pytest.raises(SignatureError):
            check_signature(PUSH_PURPOSE, fields=fields, signature=form.hex(), public_key=PUBLIC_KEY)
    spelt = signature.hex()
    for text in (
        "zz" * 64,
        "é",
        " ",
        spelt.upper(),
        spelt + " ",
        spelt + "\n",
        f" {spelt}",
        f"{spelt[:64]} {spelt[64:]}",
    ):
        with pytest.raises(SignatureError):
            check_signature(PUSH_PURPOSE, fields=fields, signature=text, public_key=PUBLIC_KEY)


def test_a_sealing_key_of_small_order_wraps_nothing():
    for u in (0, 1, 2**255 - 20, 2**255 - 19, 2**255 - 18):
        with pytest.raises(ValueError, match=r".*"):
            wrap_episode_key(
                bytes(32), episode_id="c1", recipients={"site": sealing_public_key(u.to_bytes(32, "little").hex())}
            )


RECORD = EdgeJournal("mong-cai-1").write(screened("c1", temperature_c=36.5))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"sequence":1', b'"sequence":1,"sequence":2'),
        (b'"sequence":1', b'"sequence":2,"sequence":1'),
        (b'{"v":1', b'{"v":1,"v":1'),
        (b'"sequence":1', b'"sequence":1.0'),
        (b'"sequence":1', b'"sequence":1e0'),
        (b'"sequence":1', b'"sequence":01'),
        (b'"sequence":1', b'"sequence":NaN'),
        (b'"sequence":1', b'"sequence":1e400'),
        (b'"monotonic_ns":1', b'"monotonic_ns":-0'),
        (b'"boot_id":"boot-1"', b'"boot_id":"\\u0062oot-1"'),
        (b'"boot_id":"boot-1"', b'"boot_id":"\\ud800"'),
        (b'"boot_id":"boot-1"', b'"boot_id":"\xed\xa0\x80"'),
        (b'"boot_id":"boot-1"', b'"boot_id":"\xff"'),
        (b'"v":1,', b'"v":1, '),
        (b'"v":1,', b'"v":1,"w":1,'),
        (b"an offset instead of Z", b""),
        (b'"lane_id":"lane-1"', b'"lane_id":"lane-1","lane_id":null'),
    ],
)
def test_a_record_has_one_spelling_however_it_could_be_misread(old, new):
    spelling = RECORD.replace(old, new, 1) if old in RECORD else RECORD.replace(b'Z"', b'+00:00"', 1)
    assert spelling != RECORD
    with pytest.raises(EnvelopeError):
        decode_record(spelling)
    assert decode_record(RECORD)


@pytest.mark.parametrize("number", [b"NaN", b"1e400", b"-1e400", b"Infinity", b"0x24", b"36.5.1"])
def test_a_temperature_that_is_no_number_is_never_read(number):
    spelling = RECORD.replace(b'"temperature_c":36.5', b'"temperature_c":' + number)
    assert spelling != RECORD
    with pytest.raises(EnvelopeError):
        body_of(decode_record(spelling))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"disposition":"cleared"', b'"disposition":"cleared","disposition":"referred"'),
        (b'"crossing_id":"c1"', b'"crossing_id":"c2","crossing_id":"c1"'),
        (b'"temperature_c":36.5', b'"temperature_c":36.50'),
        (b'"temperature_c":36.5', b'"temperature_c":365e-1'),
        (b'"age_years":41', b'"age_years":41.0'),
        (b'"is_document_cancelled":false', b'"is_document_cancelled":false,"is_anything":true'),
        (b'"crossing_id":"c1"', b'"crossing_id":"\\u00631"'),
        (b'"crossing_id":"c1"', b'"crossing_id": "c1"'),
    ],
)
def test_what_happened_has_one_spelling_too(old, new):
    assert old in RECORD
    with pytest.raises(EnvelopeError, match="no crossing_screened"):
        body_of(decode_record(RECORD.replace(old, new, 1)))


def test_composed_and_decomposed_letters_are_two_records_with_two_hashes_and_neither_is_rewritten():
    composed, decomposed = (
        EdgeJournal("mong-cai-1").write(screened("c1", redirect_to=name))
        for name in ("Hà Nội", "Ha\u0300 No\u0323\u0302i")
    )
    assert composed != decomposed
    assert messages.pack_batch([composed]) != messages.pack_batch([decomposed])
    for record in (composed, decomposed):
        assert messages.unpack_batch(messages.pack_batch([record]))[0] == [record]
        assert decode_record(record)


def enrolled(code):
    site = X25519PrivateKey.generate().public_key().public_bytes_raw().hex()
    request = messages.EnrolmentRequest(
        edge_id="mong-cai-1", public_key=PUBLIC_KEY.hex(), site_sealing_key=site, nonce="n"
    )
    return request.proven(code=code, key=KEY)


def test_an_edge_and_its_centre_prove_to_each_other_that_they_know_the_code():
    code = messages.new_enrolment_code(lambda count: bytes(range(count)))
    key = messages.code_key(code.upper().replace("-", " "))
    request = enrolled(code)
    request.check(key=key)
    assert code.replace("-", "") not in msgspec.json.encode(request).decode()
    answer = messages.EnrolmentAnswer(
        edge_id="mong-cai-1",
        point_of_entry_id="mong-cai",
        province_sealing_key=HASH,
        centre_public_key=HASH,
        fingerprint=fingerprint(PUBLIC_KEY),
        is_confirmed=False,
        nonce="n",
    ).proven(key=key)
    answer.check(request, code=code)
    for name in answer.__struct_fields__:
        with pytest.raises(SignatureError):
            msgspec.structs.replace(answer, **{name: other(getattr(answer, name))}).check(request, code=code)
    for name in request.__struct_fields__:
        with pytest.raises((SignatureError, ValueError)):
            msgspec.structs.replace(request, **{name: other(getattr(request, name))}).check(key=key)
    for wrong in (messages.code_key(messages.new_enrolment_code()), bytes(32)):
        with pytest.raises(SignatureError, match="another code"):
            request.check(key=wrong)
    for text in ("", "0001", code + "0", "g" * 32):
        with pytest.raises(SignatureError):
            messages.code_key(text)


def test_a_key_of_small_order_cannot_be_enrolled():
    code = messages.new_enrolment_code()
    for y in SMALL:
        forged = msgspec.structs.replace(enrolled(code), public_key=y.to_bytes(32, "little").hex())
        with pytest.raises(SignatureError):
            forged.check(key=messages.code_key(code))


def test_a_testimony_shows_exactly_one_thing_that_the_centre_signed():
    for body in (b"{}", b"[]", b"", msgspec.json.encode({"receipt": RECEIPT, "ledger_head": LEDGER_HEAD})):
        with pytest.raises(ValueError, match=r".*"):
            messages.read_evidence(body)
    shown = messages.Evidence(ledger_head=LEDGER_HEAD)
    assert messages.read_evidence(msgspec.json.encode(shown)) == shown


def test_a_grant_is_for_this_edge_and_a_number_never_used():
    question = OF_AN_EDGE[2]
    grant = OF_THE_CENTRE[2]
    messages.check_grant(grant.signed(key=KEY), question=question, public_key=PUBLIC_KEY)
    for change in ({"edge_id": "hoanh-mo-1"}, {"incarnation": 1}, {"nonce": "older"}):
        forged = msgspec.structs.replace(grant, **change).signed(key=KEY)
        with pytest.raises(SignatureError):
            messages.check_grant(forged, question=question, public_key=PUBLIC_KEY)


def test_two_ledger_heads_of_one_epoch_cannot_both_be_true():
    held = LEDGER_HEAD
    messages.check_witness(held, held=None)
    messages.check_witness(msgspec.structs.replace(held, position=10, hash="cd" * 32), held=held)
    messages.check_witness(msgspec.structs.replace(held, epoch="f", position=1), held=held)
    for change, contradiction in (
        ({"position": 8}, "position_went_back"),
        ({"centre_sequence": 1}, "centre_sequence_went_back"),
        ({"hash": "cd" * 32}, "another_ledger"),
        ({"centre_hash": "cd" * 32}, "another_journal"),
    ):
        with pytest.raises(messages.WitnessError) as denied:
            messages.check_witness(msgspec.structs.replace(held, **change), held=held)
        assert (denied.value.contradiction, denied.value.held) == (contradiction, held)
