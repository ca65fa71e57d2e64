"""The journal of a drill, read whole: a drill is some hundred records long, and nothing but its own is in it."""

from sqlalchemy import Connection, select

from checkpoint.store.tables import journal

_ALL = select(journal.c.bytes).order_by(journal.c.entry)


def read_whole_journal(connection: Connection) -> list[bytes]:
    """Return the bytes of every record, in the order in which they were written."""
    return [bytes(row[0]) for row in connection.execute(_ALL)]
