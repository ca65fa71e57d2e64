"""One bit of the database or its log turns over, or the file is cut: it is noticed, and the page or record is named.

Every page of the database carries an HMAC, every frame of the log a check sum, every record the hash of the
one before; the newest record is noted outside. A damaged frame ends the log for SQLite without a word, as
if the power had gone before it: then the note outside says which records are missing.
"""

import re
import time
from random import Random
from typing import NamedTuple

import sqlcipher3.dbapi2 as sqlcipher

from checkpoint.store.connection import DATABASE_NAME, KEY_NAME, database_key, open_connection
from checkpoint.store.edge_store import EdgeStore, migration_engine
from checkpoint.store.identity import open_identity
from migrations import upgrade
from tests.powerloss.campaign import Figures
from tests.powerloss.contents import faults_of, rows_of
from tests.powerloss.crashes import Files
from tests.powerloss.recording import put_files
from tests.powerloss.recovery import BROKEN
from tests.powerloss.shifts import EDGE_ID, Image, interrupted_image, morning_image, scratch

_LOG = f"{DATABASE_NAME}-wal"
_PAGE_BYTES = 4096
_PAGE = re.compile(r"page (\d+)")


class Damage(NamedTuple):
    """What was done to which file: a bit turned over, or everything from an offset on cut away."""

    file: str
    offset_bytes: int
    bit: int | None


class Finding(NamedTuple):
    """How it was noticed ("" = it was not), where it was located, and how many records are gone."""

    noticed_by: str
    located: str
    records_gone: int


def damaged(files: Files, damage: Damage) -> Files:
    """Do the damage."""
    content = bytearray(files[damage.file])
    if damage.bit is None:
        del content[damage.offset_bytes :]
    else:
        content[damage.offset_bytes] ^= 1 << damage.bit
    return {**files, damage.file: bytes(content)}


def look(image: Image, files: Files, *, records: int) -> Finding:
    """Open what is there as the edge does, read everything, and tell what was noticed."""
    with scratch() as folder:
        put_files(folder, image.beside)
        put_files(folder, files)
        located = "" if _LOG in files else _bad_page(files, key=image.beside[KEY_NAME].hex())
        try:
            return _start_and_read(folder, located=located, records=records)
        except BROKEN as error:
            return Finding(f"refused: {type(error).__name__}", located, 0)


def _start_and_read(folder, *, located, records) -> Finding:
    engine = migration_engine(folder)
    upgrade("edge", engine)
    engine.dispose()
    identity = open_identity(folder, edge_id=EDGE_ID)
    EdgeStore.open(folder, identity=identity, places=("C1", "C2")).close()
    connection = open_connection(folder / DATABASE_NAME, key=database_key(folder))
    try:
        bad = connection.execute("PRAGMA cipher_integrity_check").fetchall()
        faults = [str(row[0]) for row in bad] + faults_of(connection.execute)
        notices = rows_of(connection.execute, "sync_notice")
        gone = records - len(rows_of(connection.execute, "journal"))
    finally:
        connection.close()
    if faults:
        return Finding("read", located or faults[0], gone)
    if notices:
        return Finding("missing records stated", str(notices[-1]["detail"]), gone)
    return Finding("", "", gone)


def _bad_page(files: Files, *, key: str) -> str:
    """Ask SQLCipher which page of the database is not as it was written."""
    with scratch() as folder:
        put_files(folder, files)
        path = folder / DATABASE_NAME
        connection = sqlcipher.connect(str(path))
        try:
            connection.execute(f"PRAGMA key = \"x'{key}'\"")
            found = connection.execute("PRAGMA cipher_integrity_check").fetchall()
        except sqlcipher.DatabaseError:
            return "page 1"
        finally:
            connection.close()
        pages = [_PAGE.search(str(row[0])) for row in found]
        return f"page {pages[0][1]}" if pages and pages[0] else str(found[0][0]) if found else ""


def records_of(image: Image) -> int:
    """Count the records of an undamaged image."""
    with scratch() as folder:
        put_files(folder, image.beside)
        put_files(folder, image.files)
        connection = open_connection(folder / DATABASE_NAME, key=database_key(folder))
        count = len(rows_of(connection.execute, "journal"))
        connection.close()
        return count


def draw(chance: Random, *, number: int) -> tuple[Image, Damage]:
    """Choose what is damaged: of three, two are the closed database and one the log of an interrupted edge."""
    image, file = (interrupted_image(), _LOG) if number % 3 == 2 else (morning_image(), DATABASE_NAME)
    offset = chance.randrange(len(image.files[file]))
    return image, Damage(file, offset, None if number % 20 == 0 else chance.randrange(8))


def run_flips(count: int, *, seed: int) -> Figures:
    """Damage so many times; a violation is a damage that nobody noticed, or a page that was named wrongly."""
    figures, chance, started = Figures(), Random(seed), time.monotonic()
    counts = {DATABASE_NAME: records_of(morning_image()), _LOG: records_of(interrupted_image())}
    for number in range(count):
        image, damage = draw(chance, number=number)
        finding = look(image, damaged(image.files, damage), records=counts[damage.file])
        wrong = wrong_with(damage, finding)
        figures.states += 1
        figures.kinds[finding.noticed_by or "harmless"] += 1
        figures.lost += finding.records_gone > 0 and not finding.noticed_by
        figures.violations += bool(wrong)
        if wrong:
            figures.examples.append(f"{damage}: {wrong}; {finding}")
    figures.seconds = time.monotonic() - started
    return figures


def wrong_with(damage: Damage, finding: Finding) -> str:
    """Say what is wrong with how a damage was noticed, or nothing."""
    if not finding.noticed_by:
        return "not noticed" if damage.file == DATABASE_NAME or finding.records_gone else ""
    expected = f"page {damage.offset_bytes // _PAGE_BYTES + 1}"
    if damage.file == DATABASE_NAME and damage.bit is not None and finding.located != expected:
        return f"located at {finding.located or 'no page'} instead of {expected}"
    return ""
