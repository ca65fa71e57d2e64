"""Pushing a journal's records straight into a reception, and counting what came of it."""

from collections.abc import Mapping

import pytest
from sqlalchemy import select

from central.actions.reception import PushRefusedError, Reception
from central.rollup import CountKey, Figure, fold
from central.store import CentralStore
from central.store.engine import reading
from central.store.projection import decode_state
from central.store.tables import crossing, day_count
from sync.agreement.vocabulary import Direction, TravellerCategory
from sync.exchange.messages import PUSH_PURPOSE, PushAnswer, PushHeaders, pack_batch
from sync.exchange.signatures import sign
from tests.sync.exchange.journals import EdgeJournal


def ask(reception: Reception, journal: EdgeJournal):
    question = journal.question(nonce="n")
    return reception.answer_head(question, signature=question.signature(key=journal.key))


def words_of(journal: EdgeJournal, *, first: int, last: int, epoch: str, nonce: str = "nonce-1") -> PushHeaders:
    return PushHeaders(
        edge=journal.edge_id,
        incarnation=journal.incarnation,
        first=first,
        last=last,
        head_hash=journal.entries[last - 1].hash.hex(),
        epoch=epoch,
        nonce=nonce,
    )


def body_of_batch(journal: EdgeJournal, *, first: int, last: int) -> bytes:
    batch = journal.entries[first - 1 : last]
    keys = [entry.episode_key for entry in batch if entry.episode_key is not None]
    return pack_batch((entry.record for entry in batch), episode_keys=keys)


def push(
    reception: Reception, journal: EdgeJournal, *, first: int | None = None, last: int | None = None, nonce="nonce-1"
) -> PushAnswer:
    """Push records first..last (from the centre's head to the end, if not said)."""
    head = ask(reception, journal)
    first = head.sequence + 1 if first is None else first
    last = len(journal.entries) if last is None else last
    headers = words_of(journal, first=first, last=last, epoch=head.epoch, nonce=nonce)
    return send(reception, headers, body=body_of_batch(journal, first=first, last=last), journal=journal)


def send(reception: Reception, headers: PushHeaders, *, body: bytes, journal: EdgeJournal) -> PushAnswer:
    signature = sign(PUSH_PURPOSE, fields=headers.signed_fields(body), key=journal.key)
    return reception.take_push(headers, signature=signature, body=body)


def refusal_of(call, *arguments, **keywords) -> PushRefusedError:
    with pytest.raises(PushRefusedError) as refused:
        call(*arguments, **keywords)
    return refused.value


def counters(store: CentralStore) -> dict[CountKey, int]:
    with reading(store.engine) as connection:
        rows = connection.execute(select(day_count).where(day_count.c["count"] != 0)).all()
    return {
        CountKey(day, gate, Direction(direction), TravellerCategory(category), Figure(figure)): count
        for day, gate, direction, category, figure, count in rows
    }


def counted_anew(store: CentralStore) -> Mapping[CountKey, int]:
    with reading(store.engine) as connection:
        states = connection.execute(select(crossing.c.state)).scalars().all()
    return fold(decode_state(state) for state in states)
