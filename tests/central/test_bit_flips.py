"""One bit of one column of one row, changed past every trigger: verification finds it and names the table."""

import os
import random
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from uuid import UUID

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from sqlalchemy import (
    Boolean,
    Connection,
    Date,
    Engine,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    select,
    update,
)

from central.actions.freezing import freeze
from central.actions.opening import open_centre
from central.actions.reception import Reception
from central.reception import read_record
from central.settings import load_settings
from central.store.engine import reading
from central.store.erasure import erase
from central.store.gate_tables import coverage_hour, gate_count, gate_record
from central.store.projection import PROVINCE
from central.store.quarantine import replay_quarantine
from central.store.report_tables import report_summary
from central.store.tables import (
    UtcTime,
    case_review,
    centre_journal,
    crossing,
    day_count,
    edge,
    edge_head,
    erased_episode,
    erasure,
    ledger,
    ledger_head,
    province_case,
    province_figure,
    provisional_case,
    record_quarantine,
    record_replay,
    recovered_record,
    report_revision,
)
from central.store.verification import DifferenceError
from sync.agreement.records import (
    CaseNotified,
    CaseReviewed,
    EpisodesErased,
    FigureReported,
    FiguresReported,
    RecordRecovered,
    TravellerIdentity,
)
from sync.agreement.vocabulary import CaseClass, Disposition, RevocationReason, SettlementReason
from tests.central.conftest import SteppingClock, enrolled
from tests.central.gate_samples import a_shift, company
from tests.central.pushes import push
from tests.central.running import write_settings
from tests.demands import demand
from tests.sync.exchange.journals import MORNING, EdgeJournal, isolated, rechecked, screened

FLIPS = int(os.environ.get("KIEMDICH_FLIPS", "150"))
SEED = int(os.environ.get("KIEMDICH_FLIPS_SEED", "20261122"))
FREE = {
    "edge_head": {"last_contact_at", "frozen_at", "opened_reason", "lost_records", "recovered_records", "own_sequence"},
    "report_revision": {"frozen_by"},
    "ledger_head": {"only"},
    "provisional_case": {"received_at"},
    "erasure": {"keys_destroyed"},
}
"""What no other row knows: it is said nowhere else, so nothing can be found by it."""
TABLES = (
    ledger, ledger_head, edge_head, crossing, day_count, record_quarantine, record_replay, recovered_record,
    report_revision, centre_journal, case_review, province_figure, province_case,
    report_summary, provisional_case, erasure, erased_episode, gate_record, gate_count, coverage_hour,
)  # fmt: skip


@pytest.fixture
def centre(database_url, tmp_path):
    clock = SteppingClock(MORNING + timedelta(minutes=30))
    opened = open_centre(load_settings(write_settings(tmp_path, database_url=database_url, port=0)), clock=clock)
    fill(opened, clock=clock)
    yield opened
    opened.store.close()


def fill(centre, *, clock) -> None:
    """A day with everything: two gates, ends of every kind, held, replayed and recovered records, reports, reviews."""
    store = centre.store
    reception = Reception(store, signing_key=centre.keys.signing, clock=clock)
    one = enrolled(EdgeJournal("mong-cai-1"), gate="mong-cai", store=store, clock=clock)
    one.province_key = X25519PrivateKey.generate().public_key()
    for number in range(6):
        one.write(
            screened(f"m-{number}", disposition=Disposition.PENDING if number % 2 else Disposition.CLEARED),
            who=TravellerIdentity(full_name="TRẦN VĂN THỬ", document_number="T1"),
        )
    one.write(rechecked("m-1", disposition=Disposition.REFERRED))
    one.write(isolated("m-1"))
    one.write(rechecked("nobody", disposition=Disposition.CLEARED))
    for body in (*a_shift("m-1"), *company("m-1"), *company("m-0")):
        one.write(body)
    send_ahead(store, one, clock=clock)
    push(reception, one)
    settle_one(store, clock=clock)
    other = enrolled(EdgeJournal("hoanh-mo-1"), gate="mong-cai", store=store, clock=clock)
    for number in range(3):
        other.write(screened(f"h-{number}", gate="hoanh-mo"))
    push(reception, other)
    freeze(centre, centre.report_day(MORNING), by="cdc", is_early=True)
    with store.engine.begin() as connection:
        connection.execute(update(edge).where(edge.c.edge_id == "hoanh-mo-1").values(point_of_entry_id="hoanh-mo"))
        connection.execute(update(edge).values(incarnation=2))
    replay_quarantine(store.engine, cut_off_hour=centre.deployment.cut_off_hour, now=clock())
    store.review(
        CaseReviewed(crossing_id="m-1", case_class=CaseClass.SUSPECTED, note="", reviewer_ref="cdc"), now=clock()
    )
    recover(reception, store=store, clock=clock, key=other.key)
    order = EpisodesErased(
        erasure_id="e-1", episode_ids=("m-0", "m-2"), legal_basis="x", requested_by="y", erased_at=clock()
    )
    erase(store.engine, order, ordered_by="cdc")
    report_province(reception, store=store, clock=clock)
    freeze(centre, centre.report_day(MORNING), by="cdc", is_early=True)


def send_ahead(store, journal: EdgeJournal, *, clock) -> None:
    """By the express lane: a record that comes in its turn, one that others contradict, one that still waits."""
    other = EdgeJournal(journal.edge_id, key=journal.key)
    for number in range(len(journal.entries) + 1):
        other.write(screened(f"x-{number}", disposition=Disposition.PENDING))
    express(store, journal.entries[1], other.entries[3], other.entries[-1], edge_id=journal.edge_id, clock=clock)


def settle_one(store, *, clock) -> None:
    """What a gate sent ahead that was destroyed before it sent the rest."""
    gone = enrolled(EdgeJournal("na-lan-1"), gate="na-lan", store=store, clock=clock)
    gone.write(screened("n-0", gate="na-lan", disposition=Disposition.PENDING))
    express(store, gone.entries[0], edge_id=gone.edge_id, clock=clock)
    store.edges.revoke(gone.edge_id, now=clock(), reason=RevocationReason.DESTROYED)
    store.desk.settle("n-0", reason=SettlementReason.UNIT_GONE, by="cdc", now=clock())


def express(store, *entries, edge_id: str, clock) -> None:
    records = [read_record(entry.record) for entry in entries]
    assert len(store.provisional.take(edge_id, records=records, keys=(), now=clock())) == len(entries)


def recover(reception, *, store, clock, key) -> None:
    """The second edge opens a new chain and carries over two records, one of which the centre has already."""
    old = EdgeJournal("hoanh-mo-1", key=key)
    for number in range(5):
        old.write(screened(f"h-{number}", gate="hoanh-mo"))
    express(store, old.entries[3], edge_id=old.edge_id, clock=clock)
    new = EdgeJournal("hoanh-mo-1", incarnation=2, key=key)
    for entry in old.entries[2:]:
        new.write(
            RecordRecovered(original_incarnation=1, original_sequence=entry.sequence, original=entry.record),
            at=clock(),
        )
    push(reception, new)


def report_province(reception, *, store, clock) -> None:
    """A province sends a day's figures twice, the second time with other numbers for the same revision, and a case."""
    province = enrolled(EdgeJournal("province-1"), gate="", store=store, clock=clock)
    with store.engine.begin() as connection:
        connection.execute(update(edge).where(edge.c.edge_id == "province-1").values(kind=PROVINCE))
    day = date(2026, 11, 22)
    for count in (4, 5):
        figures = tuple(
            FigureReported(point_of_entry_id=gate, direction=None, category=None, figure="crossings", count=count)
            for gate in ("mong-cai", "hoanh-mo")[: 6 - count]
        )
        province.write(FiguresReported(report_day=day, revision=1, ledger_position=9, figures=figures))
    province.write(
        CaseNotified(
            case_ref="a1",
            case_class=CaseClass.SUSPECTED,
            report_day=day,
            point_of_entry_id="mong-cai",
            age_band="40-49",
            sex=None,
            nationality="VNM",
            reviewed_at=MORNING,
        )
    )
    push(reception, province)


def flipped(value, *, column, chance: random.Random):
    """The same value with one bit changed, if the column can hold that; else the value."""
    kind = next((kind for kind in FLIPPING if isinstance(column.type, kind)), int)
    return value if value in (None, "", b"") else FLIPPING[kind](value, chance)


def _flip_bytes(value: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(value) * 8)
    return bytes(byte ^ (1 << at % 8 if index == at // 8 else 0) for index, byte in enumerate(bytes(value)))


def _flip_text(value: str, chance: random.Random) -> str:
    try:
        changed = _flip_bytes(value.encode(), chance).decode()
    except UnicodeDecodeError:
        return value
    return value if "\x00" in changed else changed


def _flip_time(value: datetime, chance: random.Random) -> datetime:
    first = datetime(1970, 1, 1, tzinfo=UTC)
    microseconds = (value - first) // timedelta(microseconds=1)
    return first + timedelta(microseconds=microseconds ^ (1 << chance.randrange(50)))


FLIPPING = {
    LargeBinary: _flip_bytes,
    Text: _flip_text,
    Uuid: lambda value, chance: UUID(int=value.int ^ (1 << chance.randrange(128))),
    UtcTime: _flip_time,
    Boolean: lambda value, chance: not value,
    Date: lambda value, chance: date.fromordinal(value.toordinal() ^ (1 << chance.randrange(19))),
    int: lambda value, chance: value ^ (1 << chance.randrange(30)),
}


def unguard(engine: Engine) -> None:
    """What a superuser can do: no trigger fires any more."""
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            names = "SELECT tgrelid::regclass::text, tgname FROM pg_trigger WHERE NOT tgisinternal"
            for table, trigger in connection.exec_driver_sql(names).all():
                connection.exec_driver_sql(f"ALTER TABLE {table} DISABLE TRIGGER {trigger}")
        else:
            for (name,) in connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").all():
                connection.exec_driver_sql(f"DROP TRIGGER {name}")


def rows_of(engine: Engine, table: Table) -> list[dict]:
    with reading(engine) as connection:
        return [dict(row) for row in connection.execute(select(table)).mappings()]


def write(engine: Engine, table: Table, *, key: dict, values: dict) -> None:
    statement = update(table).values(values)
    for name, value in key.items():
        statement = statement.where(table.c[name] == value)
    with unbound(engine) as connection:
        assert connection.execute(statement).rowcount == 1
        connection.commit()


@contextmanager
def unbound(engine: Engine) -> Iterator[Connection]:
    """A connection that no foreign key binds."""
    off, on = "SET session_replication_role = replica", "SET session_replication_role = origin"
    if engine.dialect.name == "sqlite":
        off, on = "PRAGMA foreign_keys = OFF", "PRAGMA foreign_keys = ON"
    with engine.connect() as connection:
        raw = connection.connection.driver_connection
        raw.execute(off)
        raw.commit()
        yield connection
        raw.execute(on)
        raw.commit()


@demand("R003")
def test_any_bit_of_any_row_is_found_and_its_table_named(centre):
    engine = centre.store.engine
    before = centre.store.verify()
    assert (before.replayed, before.report_revisions, before.quarantined) == (3, 2, 1)
    unguard(engine)
    chance = random.Random(SEED)
    stored = {table.name: rows_of(engine, table) for table in TABLES}
    assert all(stored.values()), [name for name, rows in stored.items() if not rows]
    found: Counter[str] = Counter()
    for number in range(FLIPS):
        table = TABLES[number % len(TABLES)]
        while not flip_one(centre.store, table, rows=stored[table.name], chance=chance):
            pass
        found[table.name] += 1
    assert centre.store.verify() == before
    print(f"{found.total()} flips found on {engine.dialect.name}: {dict(found)}")  # noqa: T201 - seen with -s


def flip_one(store, table: Table, *, rows: list[dict], chance: random.Random) -> bool:
    """Flip one bit somewhere in a table and see that it is found; ``False`` if no such change can be stored."""
    row = chance.choice(rows)
    column = chance.choice([each for each in table.columns if each.name not in FREE.get(table.name, set())])
    changed = {column.name: flipped(row[column.name], column=column, chance=chance)}
    if changed[column.name] == row[column.name] or is_taken(store.engine, table, row=row, changed=changed):
        return False
    find(store, table, row=row, changed=changed)
    return True


def is_taken(engine: Engine, table: Table, *, row: dict, changed: dict) -> bool:
    """Whether the changed row would have the key of another: even unguarded, no database stores that."""
    changed_row = row | changed
    keys = [each for each in table.constraints if isinstance(each, PrimaryKeyConstraint | UniqueConstraint)]
    for key in keys:
        names = [each.name for each in key.columns]
        if not changed.keys().isdisjoint(names):
            query = select(table).where(*(table.c[name] == changed_row[name] for name in names))
            with reading(engine) as connection:
                if connection.execute(query).first() is not None:
                    return True
    return False


def first_difference(store) -> DifferenceError | None:
    try:
        store.verify()
    except DifferenceError as difference:
        return difference
    return None


def find(store, table: Table, *, row: dict, changed: dict) -> None:
    """Write the changed value, see that it is found and where, and put it right again."""
    key = {each.name: row[each.name] for each in table.primary_key.columns}
    write(store.engine, table, key=key, values=changed)
    where = f"{table.name} {key}: {changed} instead of {[row[name] for name in changed]}"
    difference = first_difference(store)
    assert difference is not None, f"not found: {where}"
    assert difference.table in NAMED.get(table.name, {table.name}), f"{where}: named {difference}"
    write(
        store.engine,
        table,
        key=key | {name: changed[name] for name in changed if name in key},
        values={name: row[name] for name in changed},
    )


NAMED = {
    "centre_journal": {"centre_journal", "case_review"},
    "record_quarantine": {"record_quarantine", "ledger"},
    "record_replay": {"record_replay", "ledger"},
    "recovered_record": {"recovered_record", "ledger"},
    "case_review": {"case_review", "centre_journal"},
    "erased_episode": {"erased_episode", "erasure"},
    "erasure": {"erasure", "erased_episode"},
    "report_revision": {"report_revision", "report_summary"},
}
"""A row that names another may be missed there first."""


def each_number(part, path=()):
    """Every number of a frozen report that counts people, with the way to it."""
    for name, inner in part.items() if isinstance(part, dict) else enumerate(part):
        if isinstance(inner, dict | list):
            yield from each_number(inner, (*path, name))
        elif isinstance(inner, int | float) and not isinstance(inner, bool):
            yield (*path, name)


COUNTS = ("totals", "gates", "categories", "dimensions")


@demand("R003", "R053")
def test_any_figure_of_a_frozen_report_that_was_forged_with_its_hash_is_found_and_its_line_named(centre):
    """Whoever forges a figure can make the hash beside it right again; what they cannot do is make it count."""
    engine = centre.store.engine
    unguard(engine)
    revision = rows_of(engine, report_revision)[-1]
    key = {name: revision[name] for name in ("report_day", "revision")}
    report = msgspec.json.decode(bytes(revision["snapshot"]))
    paths = [(part, *path) for part in COUNTS for path in each_number(report[part]) if path[-1] != "pending_records"]
    kinds = {path[0] if path[0] != "dimensions" else path[1] for path in paths}
    assert kinds == {"totals", "gates", "categories", "nationality", "sex", "hour"}
    of_kinds = [[path for path in paths if kind in path[:2]] for kind in sorted(kinds)]
    chosen = [path for some in of_kinds for path in some[:: max(1, len(some) // 3)]]  # a few of each, to be quick
    for path in chosen:
        forged = msgspec.json.decode(bytes(revision["snapshot"]))
        part = forged
        for name in path[:-1]:
            part = part[name]
        part[path[-1]] += 1
        content = msgspec.json.encode(forged)
        write(engine, report_revision, key=key, values={"snapshot": content, "sha256": sha256(content).hexdigest()})
        difference = first_difference(centre.store)
        assert difference is not None, path
        assert difference.table in {"report_revision", "report_summary"}, (path, difference)
        if path[0] != "totals":
            assert path[-1] in str(difference.key).split(", "), (path, difference)
    write(engine, report_revision, key=key, values={name: revision[name] for name in ("snapshot", "sha256")})
    centre.store.verify()
    assert len(chosen) > 15
