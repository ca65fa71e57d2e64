"""Following contacts up: written into the centre's own journal, and drawn from it when somebody looks (R024).

There is no table beside the journal: what is drawn cannot differ from what is signed. An index finds the records.
"""

from datetime import date, datetime

from sqlalchemy import Connection, Engine, Index, select

from central.follow_ups import FollowUp, follow_ups
from central.store.centre_journal import append
from central.store.engine import reading, writing
from central.store.tables import centre_journal, erased_episode
from sync.agreement.contact_records import ContactFollowedUp, ContactRecord, FollowUpOpened, FollowUpOutcome
from sync.exchange.envelope import body_of, decode_record

Index("ix_centre_journal_type", centre_journal.c.type)
_TYPES = (FollowUpOpened.type_name, ContactFollowedUp.type_name)


class NotFollowedUpError(LookupError):
    """Nobody follows this contact up on that day. Nothing was written."""


class FollowUps:
    """Each call is one transaction."""

    def __init__(self, engine: Engine) -> None:
        """Over an opened, migrated database."""
        self._engine = engine

    def all(self) -> dict[tuple[str, str], FollowUp]:
        """Return whom the centre follows up, by case and contact; nobody who was erased."""
        with reading(self._engine) as connection:
            drawn = _drawn(connection)
            named = {name for key in drawn for name in key}
            gone = select(erased_episode.c.episode_id).where(erased_episode.c.episode_id.in_(named))
            erased = set(connection.execute(gone).scalars())
        return {key: one for key, one in drawn.items() if not erased.intersection(key)}

    def open(self, about: str, *, contact: str, first_day: date, days: int, by: str, now: datetime) -> None:
        """Begin to follow a contact up, or change its days; what was found stays."""
        body = FollowUpOpened(about=about, contact=contact, first_day=first_day, days=days)
        with writing(self._engine) as connection:
            append(connection, body, officer_ref=by, now=now)

    def note(self, about: str, *, contact: str, day: date, outcome: FollowUpOutcome, by: str, now: datetime) -> None:
        """Write down what was found on a day. Raises ``NotFollowedUpError``."""
        body = ContactFollowedUp(about=about, contact=contact, day=day, outcome=outcome)
        with writing(self._engine) as connection:
            known = _drawn(connection).get((about, contact))
            if known is None or not known.has(day):
                raise NotFollowedUpError
            append(connection, body, officer_ref=by, now=now)


def _drawn(connection: Connection) -> dict[tuple[str, str], FollowUp]:
    query = (
        select(centre_journal.c.bytes)
        .where(centre_journal.c.type.in_(_TYPES))
        .order_by(centre_journal.c.incarnation, centre_journal.c.sequence)
    )
    bodies = (body_of(decode_record(bytes(record))) for record in connection.execute(query).scalars())
    return follow_ups(body for body in bodies if isinstance(body, ContactRecord))
