"""Keeping the wrapped keys that come along with records, but never again the key of somebody who was erased."""

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection

from central.store.bulk import Row, as_arrays, insert_missing_rows, tell, unnested
from central.store.erasure import erased_among
from central.store.tables import episode_key
from sync.exchange.sealing import EpisodeKey

_HOLD_CENTRE = b"SELECT 1 FROM centre FOR SHARE"
"""As ``erased_among`` does: no erasure is carried out between this and the commit."""
_COLUMNS = ", ".join(episode_key.columns.keys())
# Names are this program's own; every value travels as a parameter.
_KEEP = (
    f"INSERT INTO episode_key ({_COLUMNS})"  # noqa: S608
    f" SELECT {_COLUMNS} FROM {unnested(episode_key)} WITH ORDINALITY AS coming ({_COLUMNS}, place)"
    " WHERE NOT EXISTS (SELECT 1 FROM erased_episode WHERE erased_episode.episode_id = coming.episode_id)"
    " ORDER BY place ON CONFLICT DO NOTHING"
).encode()
"""In the order given: newer versions of PostgreSQL would look the erased up in an order of their own."""


def key_rows(keys: Iterable[EpisodeKey], *, edge_id: str) -> list[Row]:
    """Return the rows of ``episode_key``, always in one order: two who keep the same keys wait in no circle."""
    return sorted(
        (edge_id, key.episode_id, recipient, wrapped) for key in keys for recipient, wrapped in key.wrapped.items()
    )


def keep_keys(connection: Connection, *, edge_id: str, keys: Sequence[EpisodeKey]) -> None:
    """Keep the keys that are not there yet; inside ``together`` PostgreSQL is not waited for."""
    rows = key_rows(keys, edge_id=edge_id)
    if not rows:
        return
    if connection.dialect.name == "postgresql":
        tell(connection, _HOLD_CENTRE, parameters={})
        tell(connection, _KEEP, parameters=as_arrays(episode_key, rows=rows))
        return
    erased = erased_among(connection, episode_ids=[key.episode_id for key in keys])
    insert_missing_rows(connection, table=episode_key, rows=[row for row in rows if row[1] not in erased])
