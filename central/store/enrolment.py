"""Enrolment codes and what a person says about an edge: confirmed, revoked.

A code is kept only as its hash, is bound to one edge and gate, lives a quarter of an hour and opens once.
Wrong tries are counted and do not end it: nobody without a secret can take a code from its edge. The edge
that used it is taken in unconfirmed: nothing of it is believed until a person has compared the fingerprint.
"""

from datetime import datetime, timedelta

import msgspec
from sqlalchemy import Connection, Engine, RowMapping, insert, select, update

from central.store.centre_journal import append
from central.store.edges import DRILL_REFUSED, Edge, EnrolmentError, add_edge, find_edge
from central.store.engine import reading, writing
from central.store.tables import edge, enrolment_code
from sync.agreement.exercise import is_exercise_name
from sync.agreement.trust_records import EdgeConfirmed
from sync.exchange.messages import fingerprint

CODE_LIVES_FOR = timedelta(minutes=15)


class EnrolmentCode(msgspec.Struct, frozen=True, kw_only=True):
    """A code that was handed out; ``key`` is its hash, which is also what a proof is checked with."""

    key: bytes
    edge_id: str
    point_of_entry_id: str
    made_by: str
    made_at: datetime
    expires_at: datetime
    used_at: datetime | None = None
    attempts: int = 0


class NewEdge(msgspec.Struct, frozen=True, kw_only=True):
    """An edge that proved its code: its keys, raw."""

    edge_id: str
    public_key: bytes
    site_sealing_key: bytes


class Enrolment:
    """Each call is one transaction."""

    def __init__(self, engine: Engine) -> None:
        """Over an opened, migrated database."""
        self._engine = engine

    def add_code(self, code: EnrolmentCode) -> None:
        """Keep a new code; older ones for the same edge end with it. Raises ``EnrolmentError``."""
        if is_exercise_name(code.edge_id):
            raise EnrolmentError(DRILL_REFUSED)
        with writing(self._engine) as connection:
            if find_edge(connection, code.edge_id) is not None:
                msg = f"{code.edge_id} is enrolled already; a new machine gets a name of its own"
                raise EnrolmentError(msg)
            connection.execute(
                update(enrolment_code)
                .where(enrolment_code.c.edge_id == code.edge_id, enrolment_code.c.expires_at > code.made_at)
                .values(expires_at=code.made_at)
            )
            values = {name: getattr(code, name) for name in EnrolmentCode.__struct_fields__ if name != "key"}
            connection.execute(insert(enrolment_code).values(code_hash=code.key.hex(), **values))

    def open_codes(self, edge_id: str, *, now: datetime) -> list[EnrolmentCode]:
        """Return the codes of an edge that have not expired, used or not, tried out or not."""
        query = select(enrolment_code).where(enrolment_code.c.edge_id == edge_id, enrolment_code.c.expires_at > now)
        with reading(self._engine) as connection:
            return [_code_of(row) for row in connection.execute(query).mappings()]

    def note_wrong_try(self, edge_id: str, *, now: datetime) -> None:
        """Count a wrong proof against every open code of the edge."""
        with writing(self._engine) as connection:
            connection.execute(
                update(enrolment_code)
                .where(enrolment_code.c.edge_id == edge_id, enrolment_code.c.expires_at > now)
                .values(attempts=enrolment_code.c.attempts + 1)
            )

    def use(self, code: EnrolmentCode, *, by: NewEdge, now: datetime) -> Edge:
        """Use a code and take the edge in, unconfirmed; the same edge again gets the same answer.

        Raises ``EnrolmentError`` where another key used it first.
        """
        with writing(self._engine) as connection:
            used = connection.execute(
                update(enrolment_code)
                .where(enrolment_code.c.code_hash == code.key.hex(), enrolment_code.c.used_at.is_(None))
                .values(used_at=now)
            )
            known = find_edge(connection, by.edge_id)
            if used.rowcount == 1 and known is None:
                return _take_in(connection, code=code, by=by, now=now)
            if known is None or (known.public_key, known.site_sealing_key) != (by.public_key, by.site_sealing_key):
                msg = f"{by.edge_id} was enrolled with another key"
                raise EnrolmentError(msg)
            return known

    def confirm(self, edge_id: str, *, by: str, now: datetime) -> None:
        """Believe an edge from now on; the fingerprint was compared by a person."""
        with writing(self._engine) as connection:
            changed = connection.execute(
                update(edge)
                .where(edge.c.edge_id == edge_id, edge.c.confirmed_at.is_(None))
                .values(confirmed_at=now, confirmed_by=by)
                .returning(edge.c.public_key)
            )
            for key in changed.scalars().all():
                confirmed = EdgeConfirmed(edge_id=edge_id, fingerprint=fingerprint(bytes(key)))
                append(connection, confirmed, officer_ref=by, now=now)


def _take_in(connection: Connection, *, code: EnrolmentCode, by: NewEdge, now: datetime) -> Edge:
    added = Edge(
        edge_id=by.edge_id,
        point_of_entry_id=code.point_of_entry_id,
        public_key=by.public_key,
        site_sealing_key=by.site_sealing_key,
        incarnation=1,
        enrolled_at=now,
    )
    add_edge(connection, added, by=code.made_by)
    return added


def _code_of(row: RowMapping) -> EnrolmentCode:
    values = {str(name): value for name, value in row.items()}
    return EnrolmentCode(key=bytes.fromhex(values.pop("code_hash")), **values)
