"""Declarations at the centre: sealed copies, each kept until the law's term is over."""

from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import Engine, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from central.store.declaration_tables import declaration
from central.store.engine import told_plainly
from sync.exchange.declaring import KeptDeclaration


class KnownDeclaration(msgspec.Struct, frozen=True, kw_only=True):
    """What stands in the table for an identifier."""

    declared_at: datetime
    fingerprint: bytes


class Declarations:
    """The table of declarations. Its methods block."""

    def __init__(self, engine: Engine) -> None:
        """Use the centre's database."""
        self._engine = engine

    def put(self, kept: KeptDeclaration) -> KnownDeclaration:
        """Keep a declaration durably unless its identifier is known, and return what stands there now."""
        row = {
            "declaration_id": UUID(kept.declaration_id),
            "declared_at": kept.declared_at,
            "keep_until": kept.keep_until,
            "channel": kept.channel.value,
            "fingerprint": kept.fingerprint,
            "sealed": kept.sealed,
        }
        is_postgresql = self._engine.dialect.name == "postgresql"
        insert = postgresql.insert(declaration) if is_postgresql else sqlite.insert(declaration)
        known = select(declaration.c.declared_at, declaration.c.fingerprint).where(
            declaration.c.declaration_id == row["declaration_id"]
        )
        with told_plainly(), self._engine.begin() as connection:
            connection.execute(insert.values(row).on_conflict_do_nothing(index_elements=["declaration_id"]))
            found = connection.execute(known).one()
        return KnownDeclaration(declared_at=found.declared_at, fingerprint=bytes(found.fingerprint))

    def delete_past(self, *, now: datetime) -> int:
        """Delete the copies whose term is over; return how many."""
        with told_plainly(), self._engine.begin() as connection:
            return connection.execute(delete(declaration).where(declaration.c.keep_until < now)).rowcount
