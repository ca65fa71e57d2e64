"""A gate without any link: its journal goes to the centre on a stick, and the answer comes back on it.

The package is what pushes and questions would have been, sealed as a whole (``sync.exchange.courier``).
An edge takes back only the answer to the last package it wrote, and of it only what its own journal and
its own mirror confirm. A running edge takes the answer itself: the command lays it into the data folder.
"""

import os
import secrets
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec
import structlog

from checkpoint.actions.gate import Gate, Turn
from checkpoint.actions.mirroring import Mirror, position_of
from checkpoint.store.accounts import COMMIT_TIMEOUT_S
from checkpoint.store.connection import StoreError, write_private_file
from checkpoint.store.edge_store import EdgeStore
from checkpoint.store.identity import CentreFile, EdgeIdentity, known_centre
from checkpoint.store.mirror import load_head
from checkpoint.store.outgoing import StoredJournal
from checkpoint.store.recovery import StartFinding, note_finding, open_finding
from sync.agreement.vocabulary import IncarnationReason
from sync.exchange.batching import JournalBatches
from sync.exchange.chain import GENESIS_HASH
from sync.exchange.courier import (
    CourierErrand,
    CourierError,
    check_return,
    down_records,
    granted_in,
    head_told,
    pack_chain,
    plan_errand,
    write_package,
)
from sync.exchange.down_rules import DownlinkError
from sync.exchange.ends import Abandonment, ChainAtCentre, OutgoingChain, UplinkIdentity
from sync.exchange.messages import CourierBatch, CourierReturn, IncarnationGrant, Receipt, WitnessError

ERRAND_NAME: Final = "courier-errand.json"
RETURN_NAME: Final = "courier-return.json"
TOLD_NAME: Final = "courier-told.json"
RETURN_LIMIT_BYTES: Final = 16 * 1024 * 1024
_log = structlog.get_logger("checkpoint")


class ChainExported(msgspec.Struct, frozen=True, kw_only=True):
    """Which records of one chain a package holds."""

    incarnation: int
    first: int
    last: int


class Exported(msgspec.Struct, frozen=True, kw_only=True):
    """What a package holds: for the screen of whoever carries it, and for the paper that goes with it."""

    edge_id: str
    made_at: datetime
    batches: int
    records: int
    bytes: int
    chains: tuple[ChainExported, ...]
    asks_incarnation: bool = False


class CourierTaken(msgspec.Struct, frozen=True, kw_only=True):
    """What the answer said: receipts that count, batches refused, records of the centre; or why nothing counts.

    ``incarnation`` is the number under which the gate writes from now on, if it was given a new one.
    """

    receipts: int = 0
    refusals: tuple[str, ...] = ()
    centre_records: int = 0
    incarnation: int = 0
    fault: str = ""


def identity_for_courier(own: EdgeIdentity, *, centre: CentreFile | None, incarnation: int) -> UplinkIdentity:
    """Return who signs the package; raises ``StoreError`` where no centre is known yet."""
    if centre is None:
        msg = "no centre is known here: enrol this edge first, or name centre_url and centre_public_key in the settings"
        raise StoreError(msg)
    return UplinkIdentity(
        edge_id=own.edge_id,
        incarnation=incarnation,
        signing_key=own.signing_key,
        centre_public_key=bytes.fromhex(centre.centre_public_key),
    )


def export_package(
    store: EdgeStore,
    target: Path,
    *,
    identity: UplinkIdentity,
    data_path: Path,
    now: datetime,
    random_bytes: Callable[[int], bytes] = secrets.token_bytes,
) -> Exported:
    """Write everything that no receipt covers into ``target``, whole or not at all, and remember the errand."""
    with store.readers.connect() as connection:
        position = position_of(load_head(connection))
    chains = store.outgoing.chains()
    finding = store.outgoing.finding()
    errand = plan_errand(
        identity, chains=chains, position=position, now=now, random_bytes=random_bytes, finding=finding
    )
    packed: list[CourierBatch] = []

    def batches() -> Iterator[CourierBatch]:
        for chain in chains if finding is None else chains[:-1]:  # what it may not be sure of waits for its number
            source = JournalBatches(store.outgoing)
            for batch in pack_chain(chain, source=source, identity=identity, errand=errand.remember):
                packed.append(msgspec.structs.replace(batch, body=b""))
                yield batch

    size_bytes = _write_whole(target, write_package(errand.head, batches=batches(), key=identity.signing_key))
    # After the package: an errand whose file never came to be would refuse the return of the one before.
    write_private_file(data_path / ERRAND_NAME, msgspec.json.encode(errand.remember) + b"\n")
    return Exported(
        edge_id=identity.edge_id,
        made_at=now,
        batches=len(packed),
        records=sum(batch.headers.last - batch.headers.first + 1 for batch in packed),
        bytes=size_bytes,
        chains=tuple(_exported(chain, packed=packed) for chain in chains if _of(chain, packed=packed)),
        asks_incarnation=finding is not None,
    )


def take_return(gate: Gate, content: bytes) -> CourierTaken:
    """Take a courier's return into a running gate; never raises for what the file holds."""
    try:
        return _take(gate, content)
    except (CourierError, DownlinkError, StoreError, WitnessError) as error:
        _log.error("courier_return_refused", reason=str(error))
        return CourierTaken(fault=str(error))


def collect_return(gate: Gate) -> None:
    """Take a return that the command laid into the data folder, and lay beside it what became of it."""
    folder = gate.settings.data_path
    path = folder / RETURN_NAME
    if not path.exists():
        return
    content = path.read_bytes()
    path.unlink()
    taken = take_return(gate, content)
    write_private_file(folder / TOLD_NAME, msgspec.json.encode(taken) + b"\n")


def _take(gate: Gate, content: bytes) -> CourierTaken:
    centre = known_centre(gate.settings.edge, files=gate.store.files)
    outgoing = gate.store.outgoing
    identity = identity_for_courier(gate.identity, centre=centre, incarnation=outgoing.delivery().incarnation)
    returned, errand = _read(content), _errand(gate.settings.data_path)
    receipts = check_return(returned, errand=errand, identity=identity)
    mirror = Mirror(gate)
    records = down_records(returned, errand=errand, position=mirror.position(), identity=identity)
    grant = granted_in(returned, errand=errand, identity=identity)
    counted = _note_receipts(outgoing, receipts)
    if returned.ledger_head is not None:
        outgoing.note_ledger_head(returned.ledger_head)
    if returned.down is not None:
        mirror.take(returned.down, records)
    granted = 0 if grant is None else _begin(outgoing, grant, errand=errand, receipts=receipts)
    _note_denial(gate, returned, errand=errand)
    return CourierTaken(
        incarnation=granted,
        receipts=counted,
        refusals=tuple(sorted({refused.refusal.code for refused in returned.refusals})),
        centre_records=len(records),
    )


def _note_receipts(outgoing: StoredJournal, receipts: tuple[Receipt, ...]) -> int:
    """Keep the receipts that our journal confirms; one below what a receipt of the same epoch said is old news."""
    delivered = {chain.incarnation: chain for chain in outgoing.chains()}
    counted = 0
    for receipt in sorted(receipts, key=lambda one: (one.incarnation, one.sequence)):
        chain = delivered.get(receipt.incarnation)
        known = _hash_at(outgoing, receipt)
        if chain is None or known is None or known.hex() != receipt.hash:
            continue
        is_old = chain.delivered is not None and chain.delivered_epoch == receipt.epoch
        if not is_old or (chain.delivered is not None and receipt.sequence > chain.delivered.sequence):
            outgoing.note_receipt(receipt)
            counted += 1
    return counted


def _begin(
    outgoing: StoredJournal, grant: IncarnationGrant, *, errand: CourierErrand, receipts: tuple[Receipt, ...]
) -> int:
    """Begin the granted chain as a grant of the wire is begun; one that came by another way meanwhile is old news.

    What the centre cannot take under the old number, because it holds another history there, is re-entered.
    """
    asked, current = errand.incarnation_question, outgoing.chains()[-1]
    if asked is None or current.incarnation != asked.incarnation:
        return 0
    told = head_told(receipts, errand=errand, incarnation=current.incarnation)
    abandon: tuple[Abandonment, ...] = ()
    own = None if told is None else _hash_at(outgoing, told)
    if told is not None and (own is None or own.hex() != told.hash):
        known = current.delivered.sequence if current.delivered and current.delivered_epoch == told.epoch else 0
        last_known = min(known, current.head.sequence)
        abandon = (Abandonment(incarnation=current.incarnation, last_known_sequence=last_known),)
    outgoing.adopt(
        grant,
        abandon=abandon,
        reason=asked.reason,
        centre_sequence=0 if told is None else told.sequence,
        earlier=_told_earlier(outgoing, receipts, errand=errand),
    )
    return grant.incarnation


def _told_earlier(
    outgoing: StoredJournal, receipts: tuple[Receipt, ...], *, errand: CourierErrand
) -> list[ChainAtCentre]:
    """Say what this return tells of the chains of whose loss nothing was delivered."""
    heads = [head_told(receipts, errand=errand, incarnation=chain.incarnation) for chain in outgoing.unstated()]
    return [
        ChainAtCentre(
            incarnation=told.incarnation,
            sequence=told.sequence,
            is_ours=(own := _hash_at(outgoing, told)) is not None and own.hex() == told.hash,
        )
        for told in heads
        if told is not None
    ]


def _note_denial(gate: Gate, returned: CourierReturn, *, errand: CourierErrand) -> None:
    """Keep that the centre holds another history of our chain, or takes no more of it: the next package then asks."""
    current = gate.store.outgoing.chains()[-1]
    told = head_told(returned.receipts, errand=errand, incarnation=current.incarnation)
    own = None if told is None else _hash_at(gate.store.outgoing, told)
    frozen = {one.incarnation for one in returned.refusals if one.refusal.code == "frozen_incarnation"}
    missing = 0 if told is None else max(0, told.sequence - current.head.sequence)
    if told is not None and (own is None or own.hex() != told.hash):
        reason = IncarnationReason.CENTRE_IS_AHEAD if missing else IncarnationReason.FORK
    elif current.incarnation in frozen:
        reason = IncarnationReason.FROZEN
    else:
        return
    found = StartFinding(
        reason=reason, incarnation=current.incarnation, own_sequence=current.head.sequence, missing=missing
    )

    def note(turn: Turn) -> None:
        if open_finding(turn.transaction) is None:
            note_finding(turn.transaction, found, at=turn.at)

    gate.perform(note).result(COMMIT_TIMEOUT_S)


def _hash_at(outgoing: StoredJournal, receipt: Receipt) -> bytes | None:
    """Return our hash where a receipt stands; a centre that was restored to before us holds nothing, and says so."""
    if receipt.sequence == 0:
        return GENESIS_HASH
    return outgoing.hash_at(receipt.sequence, incarnation=receipt.incarnation)


def _read(content: bytes) -> CourierReturn:
    try:
        return msgspec.json.decode(content, type=CourierReturn)
    except (msgspec.DecodeError, ValueError):
        message = "this is no courier's return"
        raise CourierError(message) from None


def _errand(data_path: Path) -> CourierErrand:
    try:
        return msgspec.json.decode((data_path / ERRAND_NAME).read_bytes(), type=CourierErrand)
    except (OSError, msgspec.DecodeError):
        message = "no package was written here, so there is no return to take"
        raise CourierError(message) from None


def _write_whole(target: Path, lines: Iterator[bytes]) -> int:
    """Write beside the target, make it durable, and only then give it its name."""
    partial = target.with_name(f"{target.name}.{secrets.token_hex(4)}.partial")
    size_bytes = 0
    try:
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            for line in lines:
                size_bytes += stream.write(line)
            stream.flush()
            os.fsync(stream.fileno())
        partial.rename(target)
    except OSError:
        partial.unlink(missing_ok=True)
        raise
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return size_bytes


def _of(chain: OutgoingChain, *, packed: list[CourierBatch]) -> list[CourierBatch]:
    return [batch for batch in packed if batch.headers.incarnation == chain.incarnation]


def _exported(chain: OutgoingChain, *, packed: list[CourierBatch]) -> ChainExported:
    own = _of(chain, packed=packed)
    return ChainExported(incarnation=chain.incarnation, first=own[0].headers.first, last=own[-1].headers.last)
