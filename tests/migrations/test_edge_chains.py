"""From one chain to several: a database that was filled by the old program loses nothing, even to a kill."""

import os
import random
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
from alembic import command

from checkpoint.store.connection import DATABASE_NAME, database_key, open_connection
from checkpoint.store.edge_store import migration_engine
from checkpoint.store.instants import to_text
from migrations import configuration, upgrade
from sync.exchange.chain import GENESIS_HASH, ChainHead, record_hash, verify_chain
from sync.exchange.envelope import encode_record
from tests.checkpoint.people import MORNING
from tests.demands import demand
from tests.migrations.earlier import crossing, stamped

ROOT = Path(__file__).resolve().parent.parent.parent
MIGRATE = """
import sys
from pathlib import Path
from checkpoint.store.edge_store import migration_engine
from migrations import upgrade
engine = migration_engine(Path(sys.argv[1]))
print("begun", flush=True)
upgrade("edge", engine)
"""


def fill(folder: Path, *, records: int, delivered: int) -> None:
    """Write a database as the program before wrote it: schema 0001, one chain, its read model, its cursor."""
    engine = migration_engine(folder)
    config = configuration("edge")
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.commit()
    engine.dispose()
    connection = open_connection(folder / DATABASE_NAME, key=database_key(folder))
    connection.execute("BEGIN IMMEDIATE")
    head = GENESIS_HASH
    for sequence in range(1, records + 1):
        body, row = crossing(sequence, is_raised=sequence % 10 == 0)
        record = encode_record(body, stamp=stamped(sequence, previous_hash=head))
        head = record_hash(record)
        at = to_text(MORNING + timedelta(minutes=sequence))
        connection.execute(
            "INSERT INTO journal VALUES (?,?,?,?,?,?)",
            (sequence, f"record-{sequence}", body.type_name, head, record, at),
        )
        marks = ",".join(f":{name}" for name in row)
        connection.execute(f"INSERT INTO crossing ({','.join(row)}) VALUES ({marks})", row)
    connection.execute("INSERT INTO journal_head VALUES (1, 'mong-cai-1', 1, ?, ?)", (records, head))
    connection.execute("INSERT INTO uplink_cursor VALUES (1, ?, NULL, ?)", (delivered, to_text(MORNING)))
    connection.execute("INSERT INTO episode_key VALUES ('crossing-1', x'7b7d')")
    connection.execute("COMMIT")
    connection.close()


def everything(folder: Path, sql: str) -> list[tuple]:
    connection = open_connection(folder / DATABASE_NAME, key=database_key(folder))
    rows = [tuple(row) for row in connection.execute(sql).fetchall()]
    connection.close()
    return rows


OLD_JOURNAL = "SELECT sequence, record_id, type, hash, bytes, recorded_at FROM journal ORDER BY sequence"
NEW_JOURNAL = "SELECT entry, record_id, type, hash, bytes, recorded_at FROM journal ORDER BY entry"


@demand("R002")
def test_a_filled_journal_moves_whole_byte_for_byte_with_heads_cursor_and_read_model(tmp_path):
    fill(tmp_path, records=120, delivered=85)
    before = everything(tmp_path, OLD_JOURNAL)
    crossings = everything(tmp_path, "SELECT * FROM crossing ORDER BY sequence")
    engine = migration_engine(tmp_path)
    upgrade("edge", engine)
    engine.dispose()

    assert everything(tmp_path, NEW_JOURNAL) == before
    assert everything(tmp_path, "SELECT * FROM crossing ORDER BY entry") == crossings
    assert everything(tmp_path, "SELECT DISTINCT incarnation, entry - sequence FROM journal") == [(1, 0)]
    (head,) = everything(tmp_path, "SELECT incarnation, edge_id, sequence, hash, is_current FROM journal_head")
    assert head == (1, "mong-cai-1", 120, before[-1][3], 1)
    assert verify_chain(row[4] for row in before) == ChainHead(sequence=120, hash=before[-1][3])
    assert everything(tmp_path, "SELECT incarnation, sequence FROM uplink_cursor") == [(1, 85)]
    assert everything(tmp_path, "SELECT count(*) FROM episode_key") == [(1,)]
    assert everything(tmp_path, "PRAGMA integrity_check") == [("ok",)]


def test_alarms_that_the_centre_does_not_hold_yet_take_the_fast_lane_from_now_on(tmp_path):
    fill(tmp_path, records=120, delivered=85)
    engine = migration_engine(tmp_path)
    upgrade("edge", engine)
    engine.dispose()
    assert everything(tmp_path, "SELECT entry FROM express_pending ORDER BY entry") == [(90,), (100,), (110,), (120,)]


def test_an_empty_database_of_the_old_program_is_no_special_case(tmp_path):
    fill(tmp_path, records=0, delivered=0)
    engine = migration_engine(tmp_path)
    upgrade("edge", engine)
    engine.dispose()
    assert everything(tmp_path, "SELECT incarnation, sequence FROM journal_head") == [(1, 0)]


@pytest.mark.slow
def test_a_migration_killed_in_the_middle_leaves_the_old_database_or_the_new_one(tmp_path):
    fill(tmp_path, records=4000, delivered=0)
    before = everything(tmp_path, OLD_JOURNAL)
    chance, seen = random.Random(11), set()
    for _ in range(12):
        words = [sys.executable, "-c", MIGRATE, str(tmp_path)]
        with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout.readline() == "begun\n"
            # The first is killed at once: however quick the machine, one kill finds the old database.
            time.sleep(chance.uniform(0.0, 0.25) if seen else 0.0)
            os.kill(child.pid, signal.SIGKILL)
        (version,) = everything(tmp_path, "SELECT version_num FROM alembic_version")[0]
        assert everything(tmp_path, OLD_JOURNAL if version == "0001" else NEW_JOURNAL) == before
        seen.add(version)
        if version != "0001":
            break
    engine = migration_engine(tmp_path)
    upgrade("edge", engine)
    engine.dispose()
    assert everything(tmp_path, NEW_JOURNAL) == before
    assert "0001" in seen
