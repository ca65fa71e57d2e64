"""What the CDC desk looks at: people in our care, due first, and one case with everything about it."""

from datetime import UTC, datetime, timedelta

import msgspec
from sqlalchemy import Connection, Engine, or_, select

from central.ledger import CrossingState
from central.store.centre_journal import Review, reviews_of
from central.store.engine import reading
from central.store.projection import decode_state
from central.store.tables import case_review, crossing, episode_key, ledger
from sync.agreement.vocabulary import CaseClass, Disposition
from sync.exchange.envelope import Envelope, decode_record
from sync.exchange.sealing import EpisodeKey

REFERRED_SHOWN_FOR = timedelta(days=14)
_FAR_AWAY = datetime.max.replace(tzinfo=UTC)


class DeskCase(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the desk: the crossing and the class that the last review gave it."""

    crossing: CrossingState
    case_class: CaseClass | None


class CaseRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One record about a case, as it came: its envelope and when and where it arrived."""

    envelope: Envelope
    received_at: datetime
    ledger_position: int


class CaseFile(msgspec.Struct, frozen=True, kw_only=True):
    """Everything about one case but the person."""

    crossing: CrossingState
    records: tuple[CaseRecord, ...]
    reviews: tuple[Review, ...]


class SealedPerson(msgspec.Struct, frozen=True, kw_only=True):
    """The sealed part of a crossing and its episode's wrapped key; the key is ``None`` once destroyed."""

    envelope: Envelope
    episode_key: EpisodeKey | None


class Desk:
    """Reads only; each call sees one moment."""

    def __init__(self, engine: Engine) -> None:
        """Over an opened, migrated database."""
        self._engine = engine

    def cases(self, *, now: datetime) -> list[DeskCase]:
        """Return the people in our care and those referred lately, the earliest deadline first."""
        in_care = crossing.c.disposition.in_((Disposition.PENDING.value, Disposition.ISOLATED.value))
        referred = crossing.c.disposition == Disposition.REFERRED.value
        is_recent = crossing.c.observed_at >= now - REFERRED_SHOWN_FOR
        query = select(crossing.c.crossing_id, crossing.c.state).where(or_(in_care, referred & is_recent))
        with reading(self._engine) as connection:
            states = [decode_state(state) for _, state in connection.execute(query)]
            classes = _classes(connection, crossing_ids=[state.crossing_id for state in states])
        cases = [DeskCase(crossing=state, case_class=classes.get(state.crossing_id)) for state in states]
        return sorted(cases, key=lambda case: (case.crossing.due_at or _FAR_AWAY, case.crossing.observed_at))

    def state(self, crossing_id: str) -> CrossingState | None:
        """Return one crossing."""
        with reading(self._engine) as connection:
            return _state(connection, crossing_id=crossing_id)

    def case_file(self, crossing_id: str) -> CaseFile | None:
        """Return one case with its records and reviews, or ``None``."""
        with reading(self._engine) as connection:
            state = _state(connection, crossing_id=crossing_id)
            if state is None:
                return None
            records = _records(connection, state=state)
            reviews = reviews_of(connection, crossing_id=crossing_id)
        return CaseFile(crossing=state, records=tuple(records), reviews=tuple(reviews))

    def sealed_person(self, crossing_id: str) -> SealedPerson | None:
        """Return the ciphertext of who it was, or ``None`` if the crossing has none."""
        with reading(self._engine) as connection:
            state = _state(connection, crossing_id=crossing_id)
            if state is None or state.sealed_record_id is None:
                return None
            records = _records(connection, state=state)
            sealed = [each.envelope for each in records if str(each.envelope.record_id) == state.sealed_record_id]
            key = _episode_key(connection, envelope=sealed[0])
        return SealedPerson(envelope=sealed[0], episode_key=key)


def _state(connection: Connection, *, crossing_id: str) -> CrossingState | None:
    query = select(crossing.c.state).where(crossing.c.crossing_id == crossing_id)
    found = connection.execute(query).scalar_one_or_none()
    return None if found is None else decode_state(found)


def _records(connection: Connection, *, state: CrossingState) -> list[CaseRecord]:
    query = (
        select(ledger.c.position, ledger.c.received_at, ledger.c.bytes)
        .where(ledger.c.crossing_id == state.crossing_id, ledger.c.edge_id == state.edge_id)
        .order_by(ledger.c.position)
    )
    return [
        CaseRecord(envelope=decode_record(record), received_at=received_at, ledger_position=position)
        for position, received_at, record in connection.execute(query)
    ]


def _classes(connection: Connection, *, crossing_ids: list[str]) -> dict[str, CaseClass]:
    """Return the class of the last review of each crossing."""
    query = (
        select(case_review.c.crossing_id, case_review.c.case_class)
        .where(case_review.c.crossing_id.in_(crossing_ids))
        .order_by(case_review.c.sequence)
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
