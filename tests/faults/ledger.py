"""What the centre's database holds, read with nothing of the centre's own code."""

from contextlib import closing

import psycopg

from tests.faults.edges import journal_rows


class Ledger:
    """Reads a centre's PostgreSQL beside the service."""

    def __init__(self, database_url: str) -> None:
        self.address = database_url.replace("+psycopg", "")

    def rows(self, sql: str, *parameters: object) -> list[tuple]:
        """Run one query on a connection of its own."""
        with closing(psycopg.connect(self.address, connect_timeout=10)) as connection:
            return connection.execute(sql, parameters).fetchall()

    def of_edge(self, edge_id: str) -> list[tuple[int, int, str, bytes]]:
        """The edge's records: (incarnation, sequence, record_id, hash) in the order of its chains."""
        rows = self.rows(
            "SELECT incarnation, sequence, record_id::text, hash FROM ledger WHERE edge_id = %s"
            " ORDER BY incarnation, sequence",
            edge_id,
        )
        return [(incarnation, sequence, record_id, bytes(digest)) for incarnation, sequence, record_id, digest in rows]

    def head_of(self, edge_id: str) -> int:
        """How many records of this edge there are."""
        return self.rows("SELECT count(*) FROM ledger WHERE edge_id = %s", edge_id)[0][0]

    def differences(self) -> list[str]:
        """Identities that must hold between the tables, whatever happened; empty when they do."""
        checks = {
            "positions are not dense": "SELECT count(*) FROM ledger HAVING count(*) <> coalesce(max(position), 0)",
            "a record twice": "SELECT record_id FROM ledger GROUP BY record_id HAVING count(*) > 1",
            "ledger head": "SELECT 1 FROM ledger_head WHERE position <> (SELECT count(*) FROM ledger)",
            "an edge's head": "SELECT edge_id FROM edge_head h WHERE sequence <> (SELECT coalesce(max(sequence), 0)"
            " FROM ledger l WHERE l.edge_id = h.edge_id AND l.incarnation = h.incarnation)",
            "a chain with a gap": "SELECT edge_id, incarnation FROM ledger GROUP BY edge_id, incarnation"
            " HAVING count(*) <> max(sequence)",
            "crossings counted": "SELECT 1 WHERE (SELECT coalesce(sum(count), 0) FROM day_count"
            " WHERE figure = 'crossings') <> (SELECT count(*) FROM crossing)",
            "figures add up": "SELECT 1 WHERE (SELECT coalesce(sum(count), 0) FROM day_count WHERE figure IN"
            " ('cleared', 'isolated', 'referred', 'refused', 'pending', 'withdrawn'))"
            " <> (SELECT count(*) FROM crossing)",
        }
        return [what for what, sql in checks.items() if self.rows(sql)]


def is_delivered(gate, ledger: Ledger) -> bool:
    """Whether the centre holds the edge's whole journal, byte for byte by its hashes, once and in order."""
    own = [
        (incarnation, sequence, str(record_id), bytes(digest))
        for incarnation, sequence, record_id, digest in journal_rows(gate)
    ]
    return own == ledger.of_edge(gate.identity.edge_id)
