"""Whether an answer of the centre's journal may be believed: the rules of the way down, pure.

An answer counts only for this question, under the centre's key, if it continues the chain that the edge
has, never goes back, and is not older than the last one. So a replayed, held back or forged order is
refused, and a centre that forgot its own words is noticed.
"""

from sync.exchange.chain import GENESIS_HASH, ChainBrokenError, ChainHead, extend, record_hash
from sync.exchange.ends import CentreRecord, MirrorPosition, UplinkIdentity
from sync.exchange.envelope import EnvelopeError, decode_record
from sync.exchange.messages import DownAnswer, DownQuestion, check_nonce
from sync.exchange.signatures import SignatureError


class DownlinkError(ValueError):
    """The answer is not taken; ``reason`` is a slug. ``is_contradiction``: the centre's key signed against itself."""

    def __init__(self, reason: str, *, is_contradiction: bool = False) -> None:
        """Keep the reason."""
        self.reason = reason
        self.is_contradiction = is_contradiction
        super().__init__(reason)


def question_after(position: MirrorPosition, *, identity: UplinkIdentity, nonce: str) -> DownQuestion:
    """Ask for what follows the mirror's position."""
    return DownQuestion(
        edge=identity.edge_id,
        incarnation=identity.incarnation,
        nonce=nonce,
        centre_incarnation=max(1, position.incarnation),
        after=position.sequence,
        after_hash=position.hash.hex(),
    )


def check_down(
    answer: DownAnswer, *, question: DownQuestion, position: MirrorPosition, public_key: bytes
) -> tuple[CentreRecord, ...]:
    """Return the records of an answer that may be taken; raise ``DownlinkError``."""
    try:
        check_nonce(question.nonce, answered=answer.nonce)
        answer.check(public_key=public_key)
    except SignatureError as error:
        reason = "forged_answer"
        raise DownlinkError(reason) from error
    if answer.edge_id != question.edge:
        reason = "forged_answer"
        raise DownlinkError(reason)
    _check_place(answer, question=question, position=position)
    _check_time(answer, position=position)
    return _records_of(answer, start=_start_of(answer, position=position))


def _check_place(answer: DownAnswer, *, question: DownQuestion, position: MirrorPosition) -> None:
    """The answer continues the chain asked for, or begins a later one in an epoch that is new to the edge."""
    asked = question.centre_incarnation
    if answer.centre_incarnation < asked:
        reason = "goes_backwards"
        raise DownlinkError(reason, is_contradiction=True)
    if answer.centre_incarnation > asked:
        is_announced = not position.epoch or answer.epoch != position.epoch
        if answer.after != 0 or not is_announced:
            reason = "unannounced_incarnation"
            raise DownlinkError(reason, is_contradiction=True)
        return
    if answer.after != question.after:
        reason = "forged_answer"
        raise DownlinkError(reason)
    if answer.length < position.sequence:
        reason = "goes_backwards"
        raise DownlinkError(reason, is_contradiction=True)


def _check_time(answer: DownAnswer, *, position: MirrorPosition) -> None:
    """Refuse what is older than the last answer of this epoch; a corrected clock comes with a new epoch."""
    if position.issued_at is None or answer.epoch != position.epoch:
        return
    if answer.issued_at < position.issued_at:
        reason = "stale"
        raise DownlinkError(reason)


def _start_of(answer: DownAnswer, *, position: MirrorPosition) -> ChainHead:
    if answer.after == 0:
        return ChainHead(sequence=0, hash=GENESIS_HASH)
    return ChainHead(sequence=position.sequence, hash=position.hash)


def _records_of(answer: DownAnswer, *, start: ChainHead) -> tuple[CentreRecord, ...]:
    """Follow the chain from our place to the signed head; every byte is covered by it."""
    head, records = start, []
    try:
        for record in answer.records:
            envelope = decode_record(record)
            own_hash = record_hash(record)
            head = extend(head, sequence=envelope.sequence, previous_hash=envelope.previous_hash, own_hash=own_hash)
            if envelope.incarnation != answer.centre_incarnation:
                reason = "chain_broken"
                raise DownlinkError(reason, is_contradiction=True)
            records.append(
                CentreRecord(incarnation=envelope.incarnation, sequence=envelope.sequence, record=record, hash=own_hash)
            )
    except (EnvelopeError, ChainBrokenError) as error:
        reason = "chain_broken"
        raise DownlinkError(reason, is_contradiction=True) from error
    if (head.sequence, head.hash.hex()) != (answer.last, answer.head_hash) or answer.length < answer.last:
        reason = "other_history"
        raise DownlinkError(reason, is_contradiction=True)
    return tuple(records)
