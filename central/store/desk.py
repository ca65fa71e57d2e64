"""What the CDC desk looks at: people in our care, due first, and one case with everything about it."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import msgspec
from sqlalchemy import Connection, Engine, or_, select

from central.ledger import OPEN_DISPOSITIONS, CrossingState
from central.reception import read_record
from central.store.centre_journal import Review, reviews_of
from central.store.contacts import Contact, contacts_of
from central.store.engine import reading
from central.store.gate_reading import records_about
from central.store.projection import decode_state
from central.store.provisional import ProvisionalCase, provisional_cases
from central.store.settlement import ExpressOnly, express_only, reasons_to_settle, settle
from central.store.tables import case_review, crossing, episode_key, ledger, record_replay
from sync.agreement.trust_records import ExpressSettled
from sync.agreement.vocabulary import CaseClass, Disposition, SettlementReason
from sync.exchange.envelope import Envelope
from sync.exchange.sealing import EpisodeKey

REFERRED_SHOWN_FOR = timedelta(days=14)
_FAR_AWAY = datetime.max.replace(tzinfo=UTC)


class DeskCase(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the desk: the crossing and the class that the last review gave it.

    ``provisional_since`` is set while records of it have come by the express lane only.
    """

    crossing: CrossingState
    case_class: CaseClass | None
    provisional_since: datetime | None = None


class CaseRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One record about a case, as it came: its envelope, when it arrived, and where (``None``: by express)."""

    envelope: Envelope
    received_at: datetime
    ledger_position: int | None


class CaseFile(msgspec.Struct, frozen=True, kw_only=True):
    """Everything about one case but the person."""

    crossing: CrossingState
    records: tuple[CaseRecord, ...]
    reviews: tuple[Review, ...]
    provisional_since: datetime | None = None
    settled_at: datetime | None = None
    may_settle_as: tuple[SettlementReason, ...] = ()
    contacts: tuple[Contact, ...] = ()


class SealedPerson(msgspec.Struct, frozen=True, kw_only=True):
    """The sealed part of a crossing and its episode's wrapped key; the key is ``None`` once destroyed."""

    envelope: Envelope
    episode_key: EpisodeKey | None


class Desk:
    """Reads, and settles; each call sees one moment."""

    def __init__(self, engine: Engine, *, cut_off_hour: int) -> None:
        """Over an opened, migrated database."""
        self._engine = engine
        self._cut_off_hour = cut_off_hour

    def cases(self, *, now: datetime) -> list[DeskCase]:
        """Return the people in our care and those referred lately, the earliest deadline first.

        What came by the express lane is among them, marked, until the ledger has it.
        """
        in_care = crossing.c.disposition.in_((Disposition.PENDING.value, Disposition.ISOLATED.value))
        referred = crossing.c.disposition == Disposition.REFERRED.value
        is_recent = crossing.c.observed_at >= now - REFERRED_SHOWN_FOR
        query = select(crossing.c.crossing_id, crossing.c.state).where(or_(in_care, referred & is_recent))
        with reading(self._engine) as connection:
            states = {key: decode_state(state) for key, state in connection.execute(query)}
            early = {case.crossing.crossing_id: case for case in self._provisional(connection)}
            states |= {key: case.crossing for key, case in early.items()}
            classes = _classes(connection, crossing_ids=list(states))
        cases = [
            DeskCase(
                crossing=state,
                case_class=classes.get(key),
                provisional_since=early[key].received_at if key in early else None,
            )
            for key, state in states.items()
            if state.disposition in OPEN_DISPOSITIONS
        ]
        return sorted(cases, key=lambda case: (case.crossing.due_at or _FAR_AWAY, case.crossing.observed_at))

    def state(self, crossing_id: str) -> CrossingState | None:
        """Return one crossing, also one that only came by the express lane."""
        with reading(self._engine) as connection:
            early = self._provisional(connection, crossing_id=crossing_id)
            return early[0].crossing if early else _state(connection, crossing_id=crossing_id)

    def case_file(self, crossing_id: str) -> CaseFile | None:
        """Return one case with its records and reviews, or ``None``."""
        with reading(self._engine) as connection:
            early = next(iter(self._provisional(connection, crossing_id=crossing_id)), None)
            state = _state(connection, crossing_id=crossing_id) if early is None else early.crossing
            if state is None:
                return None
            records = [*_records(connection, state=state), *_early_records(early)]
            records += _beside(connection, crossing_id=crossing_id)
            reviews = reviews_of(connection, crossing_id=crossing_id)
            contacts = contacts_of(connection, state)
        return CaseFile(
            crossing=state,
            records=tuple(records),
            reviews=tuple(reviews),
            provisional_since=None if early is None else early.received_at,
            settled_at=None if early is None else early.settled_at,
            may_settle_as=tuple(reasons_to_settle(self._engine, crossing_id)) if early is not None else (),
            contacts=tuple(contacts),
        )

    def contacts(self, crossing_id: str) -> tuple[CrossingState, list[Contact]] | None:
        """Return a case and everybody who came with it, also on its pass; ``None`` if there is no such case."""
        with reading(self._engine) as connection:
            state = _state(connection, crossing_id=crossing_id)
            return None if state is None else (state, contacts_of(connection, state, has_pass=True))

    def express_only(self, *, since: date, until: date) -> list[ExpressOnly]:
        """Return the crossings of some report days that are known by the express lane alone, for good."""
        with reading(self._engine) as connection:
            return express_only(connection, since=since, until=until)

    def settle(self, crossing_id: str, *, reason: SettlementReason, by: str, now: datetime) -> ExpressSettled:
        """State that what came by express will never arrive: see ``central.store.settlement``."""
        return settle(self._engine, crossing_id, reason=reason, by=by, now=now, cut_off_hour=self._cut_off_hour)

    def sealed_person(self, crossing_id: str) -> SealedPerson | None:
        """Return the ciphertext of who it was, or ``None`` if the crossing has none."""
        with reading(self._engine) as connection:
            early = next(iter(self._provisional(connection, crossing_id=crossing_id)), None)
            state = _state(connection, crossing_id=crossing_id) if early is None else early.crossing
            if state is None or state.sealed_record_id is None:
                return None
            records = [*_records(connection, state=state), *_early_records(early)]
            envelopes = (each.envelope for each in records)
            sealed = next((each for each in envelopes if str(each.record_id) == state.sealed_record_id), None)
            if sealed is None:
                return None
            key = _episode_key(connection, envelope=sealed)
        return SealedPerson(envelope=sealed, episode_key=key)

    def _provisional(self, connection: Connection, *, crossing_id: str | None = None) -> list[ProvisionalCase]:
        return provisional_cases(connection, cut_off_hour=self._cut_off_hour, crossing_id=crossing_id)


def _early_records(early: ProvisionalCase | None) -> list[CaseRecord]:
    if early is None:
        return []
    return [
        CaseRecord(envelope=record.envelope, received_at=early.received_at, ledger_position=None)
        for record in early.records
    ]


def _state(connection: Connection, *, crossing_id: str) -> CrossingState | None:
    query = select(crossing.c.state).where(crossing.c.crossing_id == crossing_id)
    found = connection.execute(query).scalar_one_or_none()
    return None if found is None else decode_state(found)


def _records(connection: Connection, *, state: CrossingState) -> list[CaseRecord]:
    """Return what the records of a crossing say, each once: also those replayed later, and those inside another."""
    of_replays = select(record_replay.c.position).where(record_replay.c.crossing_id == state.crossing_id)
    # Read first: a subquery beside OR would make PostgreSQL read the whole ledger.
    replayed = connection.execute(of_replays).scalars().all()
    query = (
        select(ledger.c.position, ledger.c.received_at, ledger.c.bytes)
        .where(or_(ledger.c.crossing_id == state.crossing_id, ledger.c.position.in_(replayed)))
        .where(ledger.c.edge_id == state.edge_id)
        .order_by(ledger.c.position)
    )
    found: dict[UUID, CaseRecord] = {}
    for position, received_at, record in connection.execute(query):
        envelope = read_record(bytes(record)).subject.envelope
        line = CaseRecord(envelope=envelope, received_at=received_at, ledger_position=position)
        found.setdefault(envelope.record_id, line)
    return list(found.values())


def _beside(connection: Connection, *, crossing_id: str) -> list[CaseRecord]:
    """Return what gates wrote of a crossing's declaration, slips, paper and company."""
    return [
        CaseRecord(envelope=read_record(record).subject.envelope, received_at=received_at, ledger_position=position)
        for position, received_at, record in records_about(connection, crossing_id)
    ]


def _classes(connection: Connection, *, crossing_ids: list[str]) -> dict[str, CaseClass]:
    """Return the class of the last review of each crossing."""
    query = (
        select(case_review.c.crossing_id, case_review.c.case_class)
        .where(case_review.c.crossing_id.in_(crossing_ids))
        .order_by(case_review.c.incarnation, case_review.c.sequence)
    )
    return {crossing_id: CaseClass(case_class) for crossing_id, case_class in connection.execute(query)}


def _episode_key(connection: Connection, *, envelope: Envelope) -> EpisodeKey | None:
    if envelope.sealing is None:
        return None
    query = select(episode_key.c.recipient, episode_key.c.wrapped).where(
        episode_key.c.edge_id == envelope.edge_id, episode_key.c.episode_id == envelope.sealing.episode_id
    )
    wrapped = {row.recipient: row.wrapped for row in connection.execute(query)}
    return EpisodeKey(episode_id=envelope.sealing.episode_id, wrapped=wrapped) if wrapped else None
