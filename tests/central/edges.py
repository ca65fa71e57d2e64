"""What an edge says besides its pushes, signed with a journal's key and put straight to the centre's actions."""

from typing import Any

import msgspec

from central.actions.express import ExpressLane
from central.actions.reception import Reception
from central.actions.witnessing import Witnessing
from sync.exchange.messages import (
    Evidence,
    ExpressHeaders,
    HeadAnswer,
    IncarnationGrant,
    IncarnationQuestion,
    Testimony,
    TestimonyAnswer,
    pack_batch,
)
from tests.sync.exchange.journals import EdgeJournal


def ask_as(reception: Reception, journal: EdgeJournal, **changes: Any) -> HeadAnswer:
    """Ask for the head as this journal, with other words where ``changes`` says so."""
    question = msgspec.structs.replace(journal.question(nonce="n"), **changes)
    answer = reception.answer_head(question, signature=question.signature(key=journal.key))
    answer.check(question, public_key=reception._key.public_key().public_bytes_raw())
    return answer


def renew(reception: Reception, journal: EdgeJournal, **changes: Any) -> IncarnationGrant:
    """Ask for the next incarnation."""
    words = {
        "edge": journal.edge_id,
        "incarnation": journal.incarnation,
        "nonce": "renewal",
        "own_sequence": journal.head().sequence,
        "high_water": journal.head().sequence,
        "reason": "restored_database",
        "instance": "0" * 32,
        "start_number": 0,
    }
    question = IncarnationQuestion(**words | changes)
    return reception.grant_incarnation(question, signature=question.signature(key=journal.key))


def bear_witness(
    reception: Reception, witnessing: Witnessing, journal: EdgeJournal, **evidence: Any
) -> TestimonyAnswer:
    """Show the centre something that it signed."""
    words = Testimony(edge=journal.edge_id, incarnation=journal.incarnation, nonce="testimony")
    body = msgspec.json.encode(Evidence(**evidence))
    signature = words.signature(body, key=journal.key)
    return witnessing.hear(words, signature=signature, body=body, doorway=reception.doorway)


def express(reception: Reception, lane: ExpressLane, journal: EdgeJournal, *sequences: int) -> tuple[str, ...]:
    """Send these records of a journal by the express lane."""
    headers = ExpressHeaders(edge=journal.edge_id, incarnation=journal.incarnation, nonce="express")
    chosen = [journal.entries[sequence - 1] for sequence in sequences]
    keys = [entry.episode_key for entry in chosen if entry.episode_key is not None]
    body = pack_batch((entry.record for entry in chosen), episode_keys=keys)
    signature = headers.signature(body, key=journal.key)
    answer = lane.take(headers, signature=signature, body=body, doorway=reception.doorway)
    answer.check(public_key=reception._key.public_key().public_bytes_raw())
    return answer.taken
