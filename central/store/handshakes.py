"""What an edge says of itself, held against what is stored: forks, doubles, witnesses, new incarnations.

A fork freezes the chain for pushes: nothing is overwritten, both histories come in under incarnations of
their own. A double (two programs with one key) is told by the start that each names and by what it drew
at that start. The witness that the edge brings back must be what the ledger says at that place.
"""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from sqlalchemy import Connection, Engine, bindparam, select, update

from central.reception import ReceivedRecord
from central.store.alarms import OF_THE_CENTRE, Alarm, AlarmKind, raise_alarm
from central.store.centre_journal import append, centre_incarnation, head_of
from central.store.edges import Edge, freeze_chain, note_standing
from central.store.engine import glancing, writing
from central.store.epochs import Epoch, epoch_of
from central.store.tables import centre, edge, edge_head, ledger, ledger_head, signed_head
from sync.agreement.records import IncarnationGranted, IncarnationOpened, RecordRecovered
from sync.agreement.vocabulary import IncarnationReason
from sync.exchange.chain import ChainHead
from sync.exchange.messages import HeadQuestion, IncarnationQuestion

_LOST_BY = frozenset(
    {
        IncarnationReason.RESTORED_DATABASE,
        IncarnationReason.RESTORED_IDENTITY,
        IncarnationReason.REIMAGED,
        IncarnationReason.CENTRE_IS_AHEAD,
    }
)
"""Reasons that may mean lost records; a fork or a frozen chain has an alarm of its own."""
_SAID_OTHERWISE = {
    "frozen_incarnation": IncarnationReason.FROZEN,
    "wrong_incarnation": IncarnationReason.RESTORED_IDENTITY,
    "newer_incarnation": IncarnationReason.RESTORED_IDENTITY,
}


class Door(msgspec.Struct, frozen=True, kw_only=True):
    """What must be known before a signature is looked at: the present epoch, and the edge if there is one."""

    epoch: Epoch
    edge: Edge | None


_DOOR = select(centre, *(edge.c[name].label(f"edge_{name}") for name in Edge.__struct_fields__)).select_from(
    centre.outerjoin(edge, edge.c.edge_id == bindparam("caller"))
)


_CENTRE = select(centre)
_POSITION = select(ledger_head.c.position)
_SAY_OWN_HEAD = (
    update(edge_head)
    .where(edge_head.c.edge_id == bindparam("caller"), edge_head.c.incarnation == bindparam("of_incarnation"))
    .values(own_sequence=bindparam("said"))
)
_HASH_IN_LEDGER = select(ledger.c.hash).where(
    ledger.c.edge_id == bindparam("caller"),
    ledger.c.incarnation == bindparam("of_incarnation"),
    ledger.c.sequence == bindparam("of_sequence"),
)
_LEDGER_HASH = select(ledger.c.ledger_hash).where(ledger.c.position == bindparam("at"))
_SIGNED_AT = select(signed_head.c.hash).where(
    signed_head.c.epoch == bindparam("of_epoch"), signed_head.c.position == bindparam("at")
)


class Heard(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the answer to a head question says, read at one moment."""

    epoch: Epoch
    head: ChainHead
    is_frozen: bool
    ledger_position: int
    newest_incarnation: int
    down_sequence: int


class Granted(msgspec.Struct, frozen=True, kw_only=True):
    """An incarnation that was issued, and under which epoch."""

    epoch: Epoch
    incarnation: int


class Handshakes:
    """Each call is one transaction."""

    def __init__(self, engine: Engine) -> None:
        """Over an opened, migrated database."""
        self._engine = engine

    def door(self, edge_id: str) -> Door | None:
        """Return the present epoch and the edge; ``None`` before the first epoch was made."""
        with glancing(self._engine) as connection:
            row = connection.execute(_DOOR, {"caller": edge_id}).one_or_none()
        if row is None:
            return None
        if row.edge_edge_id is None:
            return Door(epoch=epoch_of(row), edge=None)
        known = {name: getattr(row, f"edge_{name}") for name in Edge.__struct_fields__}
        return Door(epoch=epoch_of(row), edge=Edge(**known))

    def hear(self, question: HeadQuestion, *, caller: Edge, now: datetime) -> Heard:
        """Note the contact, hold what the edge says against what is stored, and say where the centre stands."""
        with writing(self._engine) as connection:
            standing = note_standing(connection, edge_id=question.edge, incarnation=question.incarnation, now=now)
            epoch = epoch_of(connection.execute(_CENTRE).one())
            _note_own_head(connection, question=question)
            _note_run(connection, question=question, caller=caller, now=now)
            is_fork = _is_fork(connection, question=question, head=standing.head)
            if is_fork:
                freeze_chain(connection, edge_id=question.edge, incarnation=question.incarnation, now=now)
                _raise_fork(connection, question=question, now=now)
            position = connection.execute(_POSITION).scalar_one()
            _compare_witness(connection, question=question, epoch=epoch, position=position, now=now)
            return Heard(
                epoch=epoch,
                head=standing.head,
                is_frozen=standing.is_frozen or is_fork,
                ledger_position=position,
                newest_incarnation=caller.incarnation,
                down_sequence=head_of(connection, incarnation=centre_incarnation(connection)).sequence,
            )

    def grant(self, question: IncarnationQuestion, *, now: datetime) -> Granted:
        """Issue the next incarnation: greater than any that the edge or the centre ever used."""
        reason = _reason_of(question)
        with writing(self._engine) as connection:
            # The edge before the centre: see the order of locks in ``central.store``.
            newest = int(
                connection.execute(
                    select(edge.c.incarnation).where(edge.c.edge_id == question.edge).with_for_update()
                ).scalar_one()
            )
            epoch = epoch_of(connection.execute(select(centre).with_for_update()).one())
            incarnation = max(newest, question.incarnation, epoch.first_incarnation) + 1
            # The asker is the run that goes on: its start counts from here, also if a restore set it back.
            connection.execute(
                update(edge)
                .where(edge.c.edge_id == question.edge)
                .values(
                    incarnation=incarnation,
                    last_instance=question.instance,
                    last_start_number=question.start_number,
                    last_instance_at=now,
                )
            )
            granted = IncarnationGranted(
                edge_id=question.edge,
                incarnation=incarnation,
                previous_incarnation=question.incarnation,
                reason=reason,
            )
            append(connection, granted, officer_ref=question.edge, now=now)
            if reason in _LOST_BY:
                _raise_restored(connection, question=question, incarnation=incarnation, now=now)
        return Granted(epoch=epoch, incarnation=incarnation)

    def freeze(self, edge_id: str, *, incarnation: int, now: datetime) -> None:
        """Take nothing more under an incarnation of which two histories were seen."""
        with writing(self._engine) as connection:
            freeze_chain(connection, edge_id=edge_id, incarnation=incarnation, now=now)


def note_chain_news(connection: Connection, records: Sequence[ReceivedRecord]) -> None:
    """Note what fresh records of one chain say about chains: why it was opened, what is lost, what came again."""
    for record in records:
        if isinstance(record.body, IncarnationOpened):
            _change_head(
                connection, record=record, opened_reason=record.body.reason.value, lost_records=record.body.lost_records
            )
    recovered = [record for record in records if isinstance(record.body, RecordRecovered)]
    if recovered:
        _change_head(connection, record=recovered[0], recovered_records=edge_head.c.recovered_records + len(recovered))


def _change_head(connection: Connection, *, record: ReceivedRecord, **values: object) -> None:
    envelope = record.envelope
    connection.execute(
        update(edge_head)
        .where(edge_head.c.edge_id == envelope.edge_id, edge_head.c.incarnation == envelope.incarnation)
        .values(**values)
    )


def _note_own_head(connection: Connection, *, question: HeadQuestion) -> None:
    said = {"caller": question.edge, "of_incarnation": question.incarnation, "said": question.own_sequence}
    connection.execute(_SAY_OWN_HEAD, said)


def _note_run(connection: Connection, *, question: HeadQuestion, caller: Edge, now: datetime) -> None:
    """Remember the newest run of this identity; an older one, or a second one of the same start, is a double."""
    last = (caller.last_start_number or 0, caller.last_instance or "")
    if caller.last_instance is None or question.start_number > last[0]:
        connection.execute(
            update(edge)
            .where(edge.c.edge_id == question.edge)
            .values(last_instance=question.instance, last_start_number=question.start_number, last_instance_at=now)
        )
    elif (question.start_number, question.instance) != last:
        raise_alarm(
            connection,
            Alarm(
                kind=AlarmKind.IDENTITY_DUPLICATE,
                edge_id=question.edge,
                incarnation=question.incarnation,
                expected_hash=bytes.fromhex(last[1]),
                found_hash=bytes.fromhex(question.instance),
                raised_at=now,
                detail={"last_start_number": last[0], "start_number": question.start_number},
            ),
        )


def _is_fork(connection: Connection, *, question: HeadQuestion, head: ChainHead) -> bool:
    """Whether the edge's own head contradicts what the centre holds at that very number."""
    if not 0 < question.own_sequence <= head.sequence:
        return False
    if question.own_sequence == head.sequence:
        return head.hash.hex() != question.own_hash
    stored = hash_in_ledger(
        connection, edge_id=question.edge, incarnation=question.incarnation, sequence=question.own_sequence
    )
    return stored is not None and stored.hex() != question.own_hash


def hash_in_ledger(connection: Connection, *, edge_id: str, incarnation: int, sequence: int) -> bytes | None:
    """Return the hash of one record of a chain as the ledger has it."""
    place = {"caller": edge_id, "of_incarnation": incarnation, "of_sequence": sequence}
    found = connection.execute(_HASH_IN_LEDGER, place).scalar_one_or_none()
    return None if found is None else bytes(found)


def _raise_fork(connection: Connection, *, question: HeadQuestion, now: datetime) -> None:
    stored = hash_in_ledger(
        connection, edge_id=question.edge, incarnation=question.incarnation, sequence=question.own_sequence
    )
    raise_alarm(
        connection,
        Alarm(
            kind=AlarmKind.FORK,
            edge_id=question.edge,
            incarnation=question.incarnation,
            sequence=question.own_sequence,
            expected_hash=stored or b"",
            found_hash=bytes.fromhex(question.own_hash),
            raised_at=now,
        ),
        is_once_enough=True,
    )


def _compare_witness(
    connection: Connection, *, question: HeadQuestion, epoch: Epoch, position: int, now: datetime
) -> None:
    """Hold the ledger against the head that the edge was given once.

    A head from beyond the ledger's end, or one from beyond where this epoch began that this epoch did not
    sign, may be of an earlier life; it is settled by testimony, where the centre sees its own signature.
    """
    if not question.witness_hash or not 0 < question.witness_position <= position:
        return
    if question.witness_position > epoch.position and not _was_signed(connection, question=question, epoch=epoch):
        return
    stored = connection.execute(_LEDGER_HASH, {"at": question.witness_position}).scalar_one_or_none()
    if stored is None or bytes(stored).hex() != question.witness_hash:
        raise_alarm(
            connection,
            Alarm(
                kind=AlarmKind.LEDGER_REWRITTEN,
                edge_id=OF_THE_CENTRE,
                sequence=question.witness_position,
                expected_hash=bytes.fromhex(question.witness_hash),
                found_hash=bytes(stored or b""),
                raised_at=now,
                detail={"witness": question.edge},
            ),
        )


def _was_signed(connection: Connection, *, question: HeadQuestion, epoch: Epoch) -> bool:
    place = {"of_epoch": epoch.name, "at": question.witness_position}
    signed = {bytes(found).hex() for found in connection.execute(_SIGNED_AT, place).scalars()}
    return epoch.number == 1 or question.witness_hash in signed


def _raise_restored(connection: Connection, *, question: IncarnationQuestion, incarnation: int, now: datetime) -> None:
    """State the lost range as numbers: what the edge once wrote and neither side has."""
    query = select(edge_head.c.sequence).where(
        edge_head.c.edge_id == question.edge, edge_head.c.incarnation == question.incarnation
    )
    held = connection.execute(query).scalar_one_or_none() or 0
    kept = max(held, question.own_sequence)
    raise_alarm(
        connection,
        Alarm(
            kind=AlarmKind.EDGE_RESTORED,
            edge_id=question.edge,
            incarnation=incarnation,
            sequence=question.own_sequence,
            raised_at=now,
            detail={
                "reason": _reason_of(question).value,
                "previous_incarnation": question.incarnation,
                "lost_from": kept + 1,
                "lost_to": max(question.high_water, kept),
                "lost_records": max(0, question.high_water - kept),
            },
        ),
    )


def _reason_of(question: IncarnationQuestion) -> IncarnationReason:
    return _SAID_OTHERWISE.get(question.reason) or IncarnationReason(question.reason)
