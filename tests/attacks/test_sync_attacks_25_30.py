"""Attacks 25 to 30: the database changed behind the centre's back, counters, poison and floods of it."""

import time
from contextlib import closing, contextmanager

import msgspec
import psycopg
import pytest
from psycopg import errors

from sync.agreement.records import CrossingScreened
from tests.sync.exchange.journals import MORNING

pytestmark = [pytest.mark.timeout(180), pytest.mark.xdist_group("sync-attacks")]
FLOOD_BATCHES, BATCH = 5, 500

CHANGES = (
    "UPDATE ledger SET type = 'x'",
    "DELETE FROM ledger",
    "TRUNCATE ledger",
    "TRUNCATE ledger CASCADE",
)


@pytest.fixture
def role(target):
    """The role that the service is given in production: made by an operator, granted by our command."""
    target.as_superuser("CREATE ROLE kiemdich_service LOGIN")
    granted = target.command("grant-role", "--role", "kiemdich_service")
    assert granted.returncode == 0, granted.stderr
    yield target.address.replace("//kiemdich@", "//kiemdich_service@")
    target.as_superuser("DROP OWNED BY kiemdich_service", "DROP ROLE kiemdich_service")


def test_attack_25_the_service_role_rewrites_the_ledger(target, role):
    records = len(target.edge(people=3, delivered=3).entries)
    before = target.contents()
    tables = [
        name
        for (name,) in target.rows(
            "SELECT c.oid::regclass::text FROM pg_class c WHERE c.relkind IN ('r', 'p')"
            " AND c.oid::regclass::text ~ '^(ledger($|_p|_rest|_before|_[0-9])|centre_journal|report_revision)'"
        )
    ]
    assert "ledger" in tables
    assert len(tables) > 3, "the partitions themselves, too"
    for table in tables:
        for change in (f"UPDATE {table} SET hash = ''", f"DELETE FROM {table}", f"TRUNCATE {table} CASCADE"):
            assert refuses(role, change.replace("hash = ''", "sha256 = ''") if "revision" in table else change), change
    for way_around in (
        "ALTER TABLE ledger DISABLE TRIGGER ALL",
        "SET session_replication_role = replica",
        "DROP TABLE ledger",
        "ALTER TABLE ledger DETACH PARTITION ledger_rest",
    ):
        assert refuses(role, way_around), way_around
    with closing(psycopg.connect(role)) as connection:
        assert connection.execute("SELECT count(*) FROM ledger").fetchone()[0] >= records, "reading is its work"
    assert target.contents() == before


def refuses(address: str, statement: str) -> bool:
    """Whether the database itself says that this role may not."""
    with closing(psycopg.connect(address)) as connection:
        try:
            connection.execute(statement)
        except (errors.InsufficientPrivilege, errors.RaiseException):
            return True
        return False


def test_attack_25_even_the_owner_is_stopped_by_the_trigger(target):
    target.edge()
    before = target.contents()
    for change in CHANGES:
        with closing(psycopg.connect(target.address)) as connection, pytest.raises(psycopg.Error):
            connection.execute(change)
    assert target.contents() == before


def first_difference(target) -> tuple[str, str]:
    """Which table and row ``python -m central verify`` names; fails if it finds nothing."""
    said = target.verify()
    assert (said["ok"], said["exit"]) == (False, 1)
    return said["first_difference"]["table"], said["first_difference"]["key"]


@contextmanager
def tampered(target, table: str, *, change: str, where: str):
    """Change rows past every trigger, and put them back as they were."""
    target.as_superuser(f"CREATE TABLE kept AS SELECT * FROM {table} WHERE {where}")
    columns = [name for (name,) in target.rows(COLUMNS, table) if name != "report_day"]
    target.as_superuser(f"UPDATE {table} SET {change} WHERE {where}")
    yield
    back = ", ".join(f"{name} = kept.{name}" for name in columns)
    keys = " AND ".join(f"{table}.{name} = kept.{name}" for name in KEYS[table])
    target.as_superuser(f"UPDATE {table} SET {back} FROM kept WHERE {keys}", "DROP TABLE kept")


COLUMNS = "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND table_schema = 'public'"
KEYS = {
    "ledger": ["position"],
    "day_count": ["report_day", "point_of_entry_id", "direction", "category", "figure"],
    "crossing": ["crossing_id"],
}


def test_attack_26_an_administrator_edits_a_record_past_every_trigger(target):
    edge = target.edge(people=3, delivered=3)
    sql = "SELECT position FROM ledger WHERE edge_id = %s AND sequence = 2"
    position = target.rows(sql, edge.edge_id)[0][0]
    honest = edge.entries[1].record
    forged = honest.replace(b'"temperature_c":36.5', b'"temperature_c":35.5')
    assert forged != honest
    for change in (
        f"bytes = decode('{forged.hex()}', 'hex')",
        f"hash = decode('{bytes(32).hex()}', 'hex')",
        f"ledger_hash = decode('{bytes(32).hex()}', 'hex')",
        "received_at = received_at + interval '1 us'",
        "disposition = 'quarantined'",
        "type = 'x'",
    ):
        with tampered(target, "ledger", change=change, where=f"position = {position}"):
            table, key = first_difference(target)
            assert (table, key.split(", ")[0]) == ("ledger", str(position)), change
    assert target.verify()["ok"] is True


def test_attack_28_a_counter_is_tampered_with(target):
    target.edge(people=3, delivered=3)
    day = MORNING.date().isoformat()
    where = f"figure = 'measured' AND report_day = '{day}' AND point_of_entry_id = 'mong-cai'"
    with tampered(target, "day_count", change="count = count + 1", where=where):
        table, key = first_difference(target)
        assert (table, day in key, "measured" in key) == ("day_count", True, True)
    with tampered(target, "day_count", change="count = 0", where=where):
        assert first_difference(target)[0] == "day_count"
    one = "crossing_id = (SELECT min(crossing_id) FROM crossing)"
    with tampered(target, "crossing", change="disposition = 'refused'", where=one):
        assert first_difference(target)[0] == "crossing"
    target.store.verify()


_THIS_VERSION = b'"type_version":%d' % CrossingScreened.type_version
POISON = {
    "a number that is a word": (b'"age_years":41', b'"age_years":"x"'),
    "an identifier of 3,000 letters": (b'"crossing_id":"', b'"crossing_id":"' + b"a" * 3000),
    "a zero byte": (b'"crossing_id":"', rb'"crossing_id":"\u0000'),
    "a type of tomorrow": (b'"type":"crossing_screened"', b'"type":"crossing_dreamt"'),
    "a version of tomorrow": (_THIS_VERSION, b'"type_version":99'),
    "a direction to nowhere": (b'"direction":"entry"', b'"direction":"up"'),
}


def poisoned(target, edge, old: bytes, new: bytes) -> None:
    """Let the edge append, in good order, a record that cannot be projected."""
    target.person(edge)
    record = edge.entries.pop().record
    assert old in record
    edge.append(record.replace(old, new, 1))


def test_attack_29_poison_is_kept_and_holds_up_nobody(target):
    edge = target.edge(people=1, delivered=0)
    for old, new in POISON.values():
        poisoned(target, edge, old, new)
    target.person(edge)
    assert target.push(edge, first=1, last=len(edge.entries)).status_code == 200
    first, *bad, last = target.dispositions(edge)
    assert (first, last) == ("projected", "projected")
    tomorrow = {"a type of tomorrow", "a version of tomorrow"}
    expected = {name: "unprojected" if name in tomorrow else "quarantined" for name in POISON}
    assert dict(zip(POISON, bad, strict=True)) == expected
    stored = target.rows("SELECT bytes FROM ledger WHERE edge_id = %s ORDER BY sequence", edge.edge_id)
    assert [bytes(row[0]) for row in stored] == [entry.record for entry in edge.entries], "as they came"
    reasons = target.rows(
        "SELECT count(*) FROM record_quarantine q JOIN ledger USING (position) WHERE edge_id = %s AND q.reason <> ''",
        edge.edge_id,
    )
    assert reasons == [(len(bad),)], "each with a reason"


def test_attack_30_a_flood_of_poison_is_counted_and_slows_nobody(target):
    flooder, honest = target.edge(people=0, delivered=0), target.edge(people=40, delivered=0)
    for _ in range(FLOOD_BATCHES * BATCH):
        poisoned(target, flooder, b'"direction":"entry"', b'"direction":"up"')
    slowest_s = 0.0
    for number in range(FLOOD_BATCHES):
        first = number * BATCH + 1
        assert target.push(flooder, first=first, last=first + BATCH - 1).status_code == 200
        began = time.monotonic()
        assert target.push(honest, first=number + 1, last=number + 1).status_code == 200
        slowest_s = max(slowest_s, time.monotonic() - began)
    assert slowest_s < 3.0
    assert target.dispositions(honest) == ["projected"] * FLOOD_BATCHES
    again = target.contents()
    assert target.push(flooder, first=1, last=BATCH).status_code == 200
    assert target.contents() == again, "the same poison again is nothing new"
    report = msgspec.json.decode(target.command("report", "--day", f"{MORNING:%Y-%m-%d}", "--now").stdout)
    assert report["quarantined_records"] >= FLOOD_BATCHES * BATCH, "printed, not hidden"
    assert target.store.verify().quarantined == report["quarantined_records"]
