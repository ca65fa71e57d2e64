"""Which erasures were ordered, kept beside the keys: a database put back from a backup has forgotten the newest.

An order names episodes, a law and the number of a file, never a person. What the database does not know any more is
carried out again before anybody is answered, so that no backup of the keys brings an erased person back.
"""

import os
from pathlib import Path

import msgspec
import structlog
from sqlalchemy import Engine, select

from central.store.alarms import OF_THE_CENTRE
from central.store.engine import reading
from central.store.erasure import erase
from central.store.tables import centre_journal, erasure
from sync.agreement.records import EpisodesErased
from sync.exchange.envelope import body_of, decode_record

_LOG = structlog.get_logger(__name__)
_NAME = "erasures.jsonl"
_ORDERS = msgspec.json.Decoder(EpisodesErased)


class ErasureFile:
    """One order a line, only ever added to. Without a folder it remembers nothing."""

    def __init__(self, folder: Path | None) -> None:
        """``folder`` is that of the keys."""
        self._path = None if folder is None else folder / _NAME

    def orders(self) -> list[EpisodesErased]:
        """Return what was noted, oldest first; a line that was torn by a power cut is left out."""
        if self._path is None or not self._path.exists():
            return []
        found = []
        for line in self._path.read_bytes().splitlines():
            try:
                found.append(_ORDERS.decode(line))
            except msgspec.DecodeError:
                _LOG.error("erasure_line_torn")
        return found

    def note(self, order: EpisodesErased) -> None:
        """Keep an order durably."""
        if self._path is None:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            # A new line first: what a power cut tore before stays a line of its own.
            stream.write(b"\n" + msgspec.json.encode(order) + b"\n")
            stream.flush()
            os.fsync(stream.fileno())


def repeat_forgotten(engine: Engine, file: ErasureFile) -> int:
    """Carry out again what the database forgot, note what the file lacks; return how many were repeated."""
    noted = {order.erasure_id: order for order in file.orders()}
    with reading(engine) as connection:
        known = set(connection.execute(select(erasure.c.erasure_id)).scalars())
        written = select(centre_journal.c.bytes).where(centre_journal.c.type == EpisodesErased.type_name)
        bodies = [body_of(decode_record(bytes(record))) for record in connection.execute(written).scalars()]
    for body in bodies:
        if isinstance(body, EpisodesErased) and body.erasure_id not in noted:
            file.note(body)
    forgotten = [order for erasure_id, order in noted.items() if erasure_id not in known]
    for order in forgotten:
        _LOG.critical("erasure carried out again", erasure_id=order.erasure_id, episodes=len(order.episode_ids))
        erase(engine, order, ordered_by=OF_THE_CENTRE, must_be_known=False)
    return len(forgotten)
