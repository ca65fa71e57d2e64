"""Judging what an edge shows under the centre's own signature, and beginning a new life where it must be.

A receipt, a signed head or a grant that the database knows nothing of means that the database went back
to an earlier state; one that the database contradicts means that somebody rewrote it. Either way no
number may be given out twice, so a new epoch begins at once, and an alarm says what was shown.
"""

from datetime import datetime

import msgspec
from sqlalchemy import Connection, Engine, select, update

from central.store.alarms import OF_THE_CENTRE, Alarm, AlarmKind, raise_alarm
from central.store.centre_journal import append
from central.store.engine import writing
from central.store.epochs import Epoch, Epochs, epoch_of, number_in
from central.store.handshakes import hash_in_ledger
from central.store.tables import centre, edge, edge_head
from central.store.witness import contradiction_of, is_of_lost_life
from sync.agreement.records import IncarnationGranted
from sync.agreement.vocabulary import EpochReason, IncarnationReason
from sync.exchange.messages import Evidence, IncarnationGrant, Receipt, SignedHead


class _Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """What the evidence means; ``shown_epoch`` is the one it was signed in."""

    kind: AlarmKind
    sequence: int
    expected_hash: bytes = b""
    found_hash: bytes = b""


class Testimonies:
    """Each call is one transaction."""

    def __init__(self, engine: Engine, *, epochs: Epochs) -> None:
        """Over an opened, migrated database."""
        self._engine = engine
        self._epochs = epochs

    def take(self, evidence: Evidence, *, edge_id: str, now: datetime) -> Epoch:
        """Judge evidence whose signature is ours; return the epoch that holds from now on."""
        with writing(self._engine) as connection:
            # The edge before the centre: see the order of locks in ``central.store``.
            connection.execute(select(edge.c.edge_id).where(edge.c.edge_id == edge_id).with_for_update()).all()
            epoch = epoch_of(connection.execute(select(centre).with_for_update()).one())
            judged = _judge(connection, evidence, epoch=epoch)
            if judged is None:
                return epoch
            if 0 < self._epochs.noted < number_in(_epoch_shown(evidence)):
                _raise_file_behind(
                    connection, noted=self._epochs.noted, number=number_in(_epoch_shown(evidence)), now=now
                )
            renewed = self._epochs.renew_in(
                connection,
                reason=EpochReason.OWN_WITNESS if edge_id == OF_THE_CENTRE else EpochReason.TESTIMONY,
                by=edge_id,
                now=now,
                beyond=number_in(_epoch_shown(evidence)),
            )
            if evidence.grant is not None:
                _remember_grant(connection, evidence.grant, now=now)
            _raise(connection, judged, edge_id=edge_id, before=epoch, now=now)
        return renewed

    def renew(self, *, by: str, reason: str, now: datetime) -> Epoch:
        """Begin a new epoch on an operator's word, and keep an alarm that says who and why."""
        with writing(self._engine) as connection:
            renewed = self._epochs.renew_in(connection, reason=EpochReason.OPERATOR, by=by, now=now)
            raise_alarm(
                connection,
                Alarm(
                    kind=AlarmKind.CENTRE_RESTORED,
                    edge_id=OF_THE_CENTRE,
                    incarnation=renewed.number,
                    sequence=renewed.position,
                    raised_at=now,
                    detail={"by": by, "reason": reason, "epoch": renewed.number},
                ),
            )
        return renewed

    def start_beyond(self, *, database: int, beyond: int, now: datetime) -> Epoch:
        """Begin a new life because something outside this row of the database knows of a later one."""
        with writing(self._engine) as connection:
            epoch = epoch_of(connection.execute(select(centre).with_for_update()).one())
            if epoch.number >= beyond:
                return epoch  # somebody else was faster
            renewed = self._epochs.renew_in(
                connection, reason=EpochReason.OWN_WITNESS, by=OF_THE_CENTRE, now=now, beyond=beyond
            )
            raise_alarm(
                connection,
                Alarm(
                    kind=AlarmKind.CENTRE_RESTORED,
                    edge_id=OF_THE_CENTRE,
                    incarnation=epoch.number,
                    sequence=renewed.position,
                    raised_at=now,
                    detail={"witness": OF_THE_CENTRE, "database": database, "known": beyond},
                ),
            )
        return renewed

    def tell_file_behind(self, *, noted: int, number: int, now: datetime) -> None:
        """Keep an alarm that the folder of the keys is of an earlier life than the database."""
        with writing(self._engine) as connection:
            _raise_file_behind(connection, noted=noted, number=number, now=now)


def _raise_file_behind(connection: Connection, *, noted: int, number: int, now: datetime) -> None:
    raise_alarm(
        connection,
        Alarm(
            kind=AlarmKind.EPOCH_FILE_BEHIND,
            edge_id=OF_THE_CENTRE,
            incarnation=number,
            sequence=noted,
            raised_at=now,
            detail={"noted": noted, "known": number},
        ),
    )


def _judge(connection: Connection, evidence: Evidence, *, epoch: Epoch) -> _Judgement | None:
    shown = _epoch_shown(evidence)
    if shown != epoch.name and number_in(shown) >= epoch.number:
        # Signed by us in a life that this database has never seen.
        return _Judgement(kind=AlarmKind.CENTRE_RESTORED, sequence=_place_of(evidence))
    if evidence.receipt is not None:
        return _judge_receipt(connection, evidence.receipt, is_present=shown == epoch.name)
    if evidence.ledger_head is not None:
        return _judge_head(connection, evidence.ledger_head, epoch=epoch)
    return _judge_grant(connection, evidence.grant) if evidence.grant is not None else None


def _judge_receipt(connection: Connection, receipt: Receipt, *, is_present: bool) -> _Judgement | None:
    if not is_present or receipt.sequence == 0:
        return None
    query = select(edge_head.c.sequence).where(
        edge_head.c.edge_id == receipt.edge_id, edge_head.c.incarnation == receipt.incarnation
    )
    held = connection.execute(query).scalar_one_or_none() or 0
    stored = hash_in_ledger(
        connection, edge_id=receipt.edge_id, incarnation=receipt.incarnation, sequence=receipt.sequence
    )
    if stored is not None and stored.hex() == receipt.hash:
        return None
    kind = AlarmKind.CENTRE_RESTORED if held < receipt.sequence else AlarmKind.LEDGER_REWRITTEN
    return _Judgement(
        kind=kind, sequence=receipt.sequence, expected_hash=bytes.fromhex(receipt.hash), found_hash=stored or b""
    )


def _judge_head(connection: Connection, head: SignedHead, *, epoch: Epoch) -> _Judgement | None:
    if is_of_lost_life(head, epoch=epoch):
        return None
    found = contradiction_of(connection, head)
    if found is None or (found.table == "centre_journal" and head.epoch != epoch.name):
        return None
    return _Judgement(
        kind=AlarmKind.LEDGER_REWRITTEN if found.found else AlarmKind.CENTRE_RESTORED,
        sequence=found.position,
        expected_hash=bytes.fromhex(found.expected),
        found_hash=bytes.fromhex(found.found),
    )


def _judge_grant(connection: Connection, grant: IncarnationGrant) -> _Judgement | None:
    query = select(edge.c.incarnation).where(edge.c.edge_id == grant.edge_id)
    known = connection.execute(query).scalar_one_or_none()
    if known is None or known >= grant.incarnation:
        return None
    return _Judgement(kind=AlarmKind.CENTRE_RESTORED, sequence=grant.incarnation)


def _remember_grant(connection: Connection, grant: IncarnationGrant, *, now: datetime) -> None:
    """Take back what was granted and forgotten: the number is used, and stands in the journal again."""
    changed = connection.execute(
        update(edge)
        .where(edge.c.edge_id == grant.edge_id, edge.c.incarnation < grant.incarnation)
        .values(incarnation=grant.incarnation)
    )
    if changed.rowcount:
        granted = IncarnationGranted(
            edge_id=grant.edge_id,
            incarnation=grant.incarnation,
            previous_incarnation=grant.previous_incarnation,
            reason=IncarnationReason.CENTRE_IS_AHEAD,
        )
        append(connection, granted, officer_ref=grant.edge_id, now=now)


def _raise(connection: Connection, judged: _Judgement, *, edge_id: str, before: Epoch, now: datetime) -> None:
    raise_alarm(
        connection,
        Alarm(
            kind=judged.kind,
            edge_id=OF_THE_CENTRE,
            incarnation=before.number,
            sequence=judged.sequence,
            expected_hash=judged.expected_hash,
            found_hash=judged.found_hash,
            raised_at=now,
            detail={"witness": edge_id},
        ),
    )


def _epoch_shown(evidence: Evidence) -> str:
    shown = evidence.receipt or evidence.ledger_head or evidence.grant
    return "" if shown is None else shown.epoch


def _place_of(evidence: Evidence) -> int:
    if evidence.receipt is not None:
        return evidence.receipt.sequence
    if evidence.ledger_head is not None:
        return evidence.ledger_head.position
    return 0 if evidence.grant is None else evidence.grant.incarnation
