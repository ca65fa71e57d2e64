"""A crossing says no more where its person went: the words are sealed, and the read model forgets them.

The states are what the newest program makes of the ledger, byte for byte, so each is written again without it.
"""

import msgspec
import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_AT_ONCE = 1000
_CROSSING = sa.table("crossing", sa.column("crossing_id", sa.Text()), sa.column("state", sa.LargeBinary()))
_NEEDLE = b'"destination":'


def upgrade() -> None:
    """Take the words out of every state that has them, some at a time."""
    connection = op.get_bind()
    counted = "instr(state, :needle)" if connection.dialect.name == "sqlite" else "position(:needle IN state)"
    said = sa.text(f"{counted} > 0").bindparams(sa.bindparam("needle", _NEEDLE, type_=sa.LargeBinary()))
    query = sa.select(_CROSSING).where(said).order_by(_CROSSING.c.crossing_id).limit(_AT_ONCE)
    change = (
        sa.update(_CROSSING).where(_CROSSING.c.crossing_id == sa.bindparam("key")).values(state=sa.bindparam("now"))
    )
    reached = ""
    while rows := connection.execute(query.where(_CROSSING.c.crossing_id > reached)).all():
        connection.execute(change, [{"key": row.crossing_id, "now": _without(bytes(row.state))} for row in rows])
        reached = rows[-1].crossing_id


def downgrade() -> None:
    """Refuse: what is sealed must not stand open again."""
    msg = "what this schema holds cannot be taken away again; restore the backup made before"
    raise NotImplementedError(msg)


def _without(state: bytes) -> bytes:
    said = msgspec.json.decode(state)
    said.pop("destination", None)
    return msgspec.json.encode(said)
