"""A courier's file: a gate without a link hands its journal over on a stick, and gets the answer back.

The file is lines of JSON: the package's head with the questions, one line for each batch (a push as it
would have been sent), and a seal: how many batches, the SHA-256 of everything before, the edge's
signature. A file that was cut off, changed or put together from two has no seal that fits, and nothing
of it is taken. Taking it twice changes nothing: a push that is known is answered ``exists``.

Pure: the callers read and write the files.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sync.exchange.batching import BatchSource
from sync.exchange.chain import ChainHead
from sync.exchange.down_rules import DownlinkError, check_down, question_after
from sync.exchange.ends import CentreRecord, Finding, MirrorPosition, OutgoingChain, UplinkIdentity
from sync.exchange.messages import (
    BATCH_LIMIT_RECORDS,
    COURIER_EPOCH,
    CourierBatch,
    CourierPackage,
    CourierReturn,
    DownQuestion,
    HeadQuestion,
    IncarnationGrant,
    IncarnationQuestion,
    PushHeaders,
    Receipt,
    SignedDownQuestion,
    SignedHeadQuestion,
    SignedIncarnationQuestion,
    check_grant,
)
from sync.exchange.signatures import COURIER_PURPOSE, SignatureError, check_signature, sign

LINE_LIMIT_BYTES = 2 * 1024 * 1024
"""A batch of 1 MiB in base64, and its words."""
NONCE_BYTES = 16
_HEADS = msgspec.json.Decoder(CourierPackage)
_BATCHES = msgspec.json.Decoder(CourierBatch)


class CourierError(ValueError):
    """The file is not whole, not the edge's, or not for this errand: nothing of it is taken."""


class CourierSeal(msgspec.Struct, frozen=True, kw_only=True):
    """The last line: what the file must consist of. ``sha256`` covers every byte before this line."""

    batches: int
    sha256: str
    signature: str

    def signed_fields(self, *, edge: str) -> dict[str, str | int]:
        """Return what the edge signs."""
        return {"edge": edge, "batches": self.batches, "sha256": self.sha256}


_SEALS = msgspec.json.Decoder(CourierSeal)


class CourierErrand(msgspec.Struct, frozen=True, kw_only=True):
    """What an edge remembers of the last package it wrote: only that one's return is taken."""

    made_at: datetime
    nonce: str
    down_question: DownQuestion
    incarnation_question: IncarnationQuestion | None = None


class Errand(msgspec.Struct, frozen=True, kw_only=True):
    """A package about to be written: its head, and what to remember of it."""

    head: CourierPackage
    remember: CourierErrand


def plan_errand(
    identity: UplinkIdentity,
    *,
    chains: Iterable[OutgoingChain],
    position: MirrorPosition,
    now: datetime,
    random_bytes: Callable[[int], bytes],
    finding: Finding | None = None,
) -> Errand:
    """Put the questions together: where the centre stands with each chain, and what it has issued since.

    With a ``finding`` the next incarnation is asked for too: a gate without any link has no other way to it.
    """
    chains = tuple(chains)
    nonce = random_bytes(NONCE_BYTES).hex()
    heads = [_head_question(identity, chain=chain, nonce=f"{nonce}-head-{chain.incarnation}") for chain in chains]
    down = question_after(position, identity=identity, nonce=f"{nonce}-down")
    number = None if finding is None else _number_question(identity, chain=chains[-1], finding=finding, nonce=nonce)
    key = identity.signing_key
    head = CourierPackage(
        edge=identity.edge_id,
        made_at=now,
        head_questions=tuple(SignedHeadQuestion(question=each, signature=each.signature(key=key)) for each in heads),
        down_question=SignedDownQuestion(question=down, signature=down.signature(key=key)),
        incarnation_question=None
        if number is None
        else SignedIncarnationQuestion(question=number, signature=number.signature(key=key)),
    )
    remember = CourierErrand(made_at=now, nonce=nonce, down_question=down, incarnation_question=number)
    return Errand(head=head, remember=remember)


def _number_question(
    identity: UplinkIdentity, *, chain: OutgoingChain, finding: Finding, nonce: str
) -> IncarnationQuestion:
    return IncarnationQuestion(
        edge=identity.edge_id,
        incarnation=chain.incarnation,
        nonce=f"{nonce}-incarnation",
        own_sequence=chain.head.sequence,
        high_water=max(finding.high_water, chain.head.sequence),
        reason=finding.reason,
        instance=identity.instance,
        start_number=identity.start_number,
    )


def _head_question(identity: UplinkIdentity, *, chain: OutgoingChain, nonce: str) -> HeadQuestion:
    return HeadQuestion(
        edge=identity.edge_id,
        incarnation=chain.incarnation,
        nonce=nonce,
        instance=identity.instance,
        start_number=identity.start_number,
        own_sequence=chain.head.sequence,
        own_hash=chain.head.hash.hex(),
    )


def pack_chain(
    chain: OutgoingChain, *, source: BatchSource, identity: UplinkIdentity, errand: CourierErrand
) -> Iterator[CourierBatch]:
    """Pack what the last receipt does not cover, batch by batch, in order."""
    after = chain.delivered or ChainHead()
    while after.sequence < chain.head.sequence:
        batch = source.batch_after(after, incarnation=chain.incarnation, limit=BATCH_LIMIT_RECORDS)
        if batch is None:
            return
        headers = PushHeaders(
            edge=identity.edge_id,
            incarnation=chain.incarnation,
            first=batch.first,
            last=batch.last,
            head_hash=batch.head_hash.hex(),
            epoch=COURIER_EPOCH,
            nonce=f"{errand.nonce}-{batch.first}",
        )
        signature = headers.signature(batch.body, key=identity.signing_key)
        yield CourierBatch(headers=headers, signature=signature, body=batch.body)
        after = ChainHead(sequence=batch.last, hash=batch.head_hash)


def write_package(head: CourierPackage, *, batches: Iterable[CourierBatch], key: Ed25519PrivateKey) -> Iterator[bytes]:
    """Yield the file's lines; without the last one it is worth nothing."""
    digest, count = hashlib.sha256(), 0
    first = msgspec.json.encode(msgspec.structs.replace(head, batches=())) + b"\n"
    digest.update(first)
    yield first
    for batch in batches:
        line = msgspec.json.encode(batch) + b"\n"
        digest.update(line)
        count += 1
        yield line
    seal = CourierSeal(batches=count, sha256=digest.hexdigest(), signature="")
    signature = sign(COURIER_PURPOSE, fields=seal.signed_fields(edge=head.edge), key=key)
    yield msgspec.json.encode(msgspec.structs.replace(seal, signature=signature)) + b"\n"


def read_head(line: bytes) -> CourierPackage:
    """Read the first line, to know whose key must fit; raise ``CourierError``."""
    try:
        return _HEADS.decode(_bounded(line))
    except (msgspec.DecodeError, ValueError):
        message = "this is no courier's file"
        raise CourierError(message) from None


def check_package(lines: Iterable[bytes], *, public_key: bytes) -> int:
    """Read the whole file once; return the number of batches, or raise ``CourierError``. Nothing is kept."""
    digest, previous, count = hashlib.sha256(), b"", -2
    edge = ""
    for number, line in enumerate(lines):
        digest.update(previous)
        edge = read_head(line).edge if number == 0 else edge
        previous, count = _bounded(line), count + 1
    try:
        seal = _SEALS.decode(previous)
        fields = seal.signed_fields(edge=edge)
        check_signature(COURIER_PURPOSE, fields=fields, signature=seal.signature, public_key=public_key)
    except (msgspec.DecodeError, ValueError):
        message = "the file has no seal of this edge: it is cut off, changed, or not this edge's"
        raise CourierError(message) from None
    if (seal.batches, seal.sha256) != (count, digest.hexdigest()):
        message = "the seal is of another file"
        raise CourierError(message)
    return count


def batches_in(lines: Iterable[bytes], *, count: int) -> Iterator[CourierBatch]:
    """Read the batches of a file that ``check_package`` found whole, one at a time."""
    for number, line in enumerate(lines):
        if 0 < number <= count:
            try:
                yield _BATCHES.decode(_bounded(line))
            except (msgspec.DecodeError, ValueError):
                message = f"line {number + 1} is no batch"
                raise CourierError(message) from None


def check_return(returned: CourierReturn, *, errand: CourierErrand, identity: UplinkIdentity) -> tuple[Receipt, ...]:
    """Return the receipts of the answer to this errand; raise ``CourierError``.

    The caller keeps a receipt only where its own journal has the same hash at the same place.
    """
    public_key = identity.centre_public_key
    try:
        returned.check(public_key=public_key)
        for receipt in returned.receipts:
            receipt.check(public_key=public_key)
        if returned.ledger_head is not None:
            returned.ledger_head.check(public_key=public_key)
    except SignatureError as error:
        message = "the return is not the centre's"
        raise CourierError(message) from error
    is_ours = returned.edge_id == identity.edge_id and returned.made_at == errand.made_at
    names = {(receipt.edge_id, receipt.nonce.startswith(errand.nonce + "-")) for receipt in returned.receipts}
    if not is_ours or not names <= {(identity.edge_id, True)}:
        message = "the return is for another errand"
        raise CourierError(message)
    return returned.receipts


def granted_in(returned: CourierReturn, *, errand: CourierErrand, identity: UplinkIdentity) -> IncarnationGrant | None:
    """Return the incarnation that this errand asked for and was granted; raise ``CourierError`` for any other.

    ``check_return`` comes first: the return as a whole is the centre's.
    """
    if returned.grant is msgspec.UNSET:
        return None
    if errand.incarnation_question is None:
        message = "the return grants a number that was not asked for"
        raise CourierError(message)
    try:
        check_grant(returned.grant, question=errand.incarnation_question, public_key=identity.centre_public_key)
    except SignatureError as error:
        message = f"the grant is not taken: {error}"
        raise CourierError(message) from error
    return returned.grant


def head_told(receipts: Iterable[Receipt], *, errand: CourierErrand, incarnation: int) -> Receipt | None:
    """Return what the centre said of a chain's head after it took the package; ``None`` if it did not say."""
    asked = f"{errand.nonce}-head-{incarnation}"
    return next((one for one in receipts if one.incarnation == incarnation and one.nonce == asked), None)


def down_records(
    returned: CourierReturn, *, errand: CourierErrand, position: MirrorPosition, identity: UplinkIdentity
) -> tuple[CentreRecord, ...]:
    """Return the centre's records that may be taken, by the rules of the downlink; raise ``CourierError``."""
    if returned.down is None:
        return ()
    try:
        return check_down(
            returned.down,
            question=errand.down_question,
            position=position,
            public_key=identity.centre_public_key,
        )
    except DownlinkError as error:
        message = f"the centre's journal is not taken: {error.reason}"
        raise CourierError(message) from error


def _bounded(line: bytes) -> bytes:
    if len(line) > LINE_LIMIT_BYTES:
        message = "a line of a courier's file has at most 2 MiB"
        raise CourierError(message)
    return line
