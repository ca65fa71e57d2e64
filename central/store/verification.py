"""Recompute everything from the ledger and compare: the one command that an auditor runs.

Every record is hashed again, every chain followed, every crossing and counter made anew by the same
pure rules, every report's totals counted at the position it was frozen at. The first difference is
named by table, key, expected and found. Reads only, all of it at one moment, with little memory: the
ledger goes by twice, once in the order of arrival and once crossing by crossing, the second time
shared among several processes on PostgreSQL. The centre's own journal and what is drawn from it follow
in ``centre_check``.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context

import msgspec
from sqlalchemy import Connection, Engine, Table, exists, func, select

from central.memory import settle_memory
from central.store.centre_check import check_centre_journal
from central.store.chain_check import Chains, check_chains
from central.store.crossing_check import check_crossings, check_other_records
from central.store.crossing_story import Checked, Scope
from central.store.differences import DifferenceError, plain, require_equal, require_same_rows
from central.store.engine import open_engine, reading
from central.store.gate_check import check_gate_tables
from central.store.province_check import check_provinces
from central.store.quarantine import Replay, senders_of
from central.store.report_check import check_reports, held_after, place_reports, read_revisions
from central.store.tables import (
    crossing,
    day_count,
    ledger,
    ledger_head,
    record_quarantine,
    record_replay,
    recovered_record,
)
from sync.exchange.chain import GENESIS_HASH

__all__ = ["DifferenceError", "Verified", "verify"]

WORKERS = 2
SHARES_EACH = 3
"""Shares are a little smaller than they need be, so that no worker waits long for the last."""
WORTH_SHARING = 20_000
"""A shorter ledger is checked before another process has even started."""


class Verified(msgspec.Struct, frozen=True, kw_only=True):
    """What was recomputed and found equal. ``awaiting_replay`` are held records that could be projected now."""

    ledger_records: int
    ledger_hash: str
    chains: int
    crossings: int
    counters: int
    quarantined: int
    unprojected: int
    centre_records: int
    report_revisions: int
    replayed: int = 0
    awaiting_replay: int = 0
    gate_records: int = 0


def verify(engine: Engine, *, cut_off_hour: int, workers: int = WORKERS) -> Verified:
    """Recompute all of it; raise ``DifferenceError`` naming the first difference."""
    with reading(engine) as connection:
        _take_time(connection)
        replays = _check_replays(connection)
        revisions = read_revisions(connection)
        scope = Scope(
            cut_off_hour=cut_off_hour,
            senders=senders_of(connection),
            reports=place_reports(connection, revisions=revisions, replays=replays),
        )
        # Whom the centre has erased decides which rows the ledger explains: so what it erased is judged first.
        centre_records = check_centre_journal(connection)
        chains, checked = _look_twice(engine, connection, scope=scope, workers=workers)
        check_reports(revisions, scope=scope, chains=chains, checked=checked, replays=replays)
        check_provinces(connection, reported=checked.reported)
        check_gate_tables(connection, found=checked.gate)
        counters = _check_tables(connection, checked=checked, replays=replays)
    quarantined, unprojected = held_after(chains.end.dispositions, replays)
    return Verified(
        ledger_records=chains.end.position,
        ledger_hash=chains.end.hash.hex(),
        chains=chains.chains,
        crossings=checked.crossings,
        counters=counters,
        quarantined=quarantined,
        unprojected=unprojected,
        centre_records=centre_records,
        report_revisions=len(revisions),
        replayed=len(replays),
        awaiting_replay=checked.awaiting_replay,
        gate_records=checked.gate.rows,
    )


def _take_time(connection: Connection) -> None:
    """An audit may take longer than any statement of the service, and reads in the order of indexes."""
    if connection.dialect.name == "postgresql":
        for name in ("statement_timeout", "idle_in_transaction_session_timeout"):
            connection.exec_driver_sql(f"SET LOCAL {name} = 0")
        for name in ("enable_seqscan", "enable_bitmapscan"):
            connection.exec_driver_sql(f"SET LOCAL {name} = off")


def _look_twice(engine: Engine, connection: Connection, *, scope: Scope, workers: int) -> tuple[Chains, Checked]:
    """Look at the ledger in both orders, at once where it is long; of several differences raise the first."""
    points = {report.position for reports in scope.reports.values() for report in reports}
    differences: list[DifferenceError] = []
    chains, checked = None, Checked()
    with _crossings_elsewhere(engine, connection, scope=scope, workers=workers) as elsewhere:
        try:
            chains = check_chains(connection, wanted=points)
        except DifferenceError as difference:
            differences.append(difference)
        for look in (check_other_records, *elsewhere):
            try:
                checked.add(look(connection, scope=scope))
            except DifferenceError as difference:
                differences.append(difference)
    if chains is None or differences:
        # Of two at one place the second look knows better what is wrong.
        raise min(reversed(differences), key=lambda difference: difference.rank)
    return chains, checked


@contextmanager
def _crossings_elsewhere(
    engine: Engine, connection: Connection, *, scope: Scope, workers: int
) -> Iterator[list[Callable[..., Checked]]]:
    """Start the checks of the crossings in processes of their own; give the functions that wait for each."""
    length = connection.execute(select(ledger_head.c.position)).scalar_one()
    if connection.dialect.name != "postgresql" or length < WORTH_SHARING or workers < 2:
        yield [check_crossings]
        return
    moment = connection.execute(select(func.pg_export_snapshot())).scalar_one()
    address = engine.url.render_as_string(hide_password=False)
    shares = _shares(connection, scope=scope, number=workers * SHARES_EACH)
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        futures = [pool.submit(check_share, address, moment=moment, scope=share) for share in shares]
        yield [_waiting_for(future) for future in futures]


def _waiting_for(future: "Future[Checked]") -> Callable[..., Checked]:
    return lambda *_, **__: future.result()


def check_share(address: str, *, moment: str, scope: Scope) -> Checked:
    """Check a range of crossings in this process, at the moment at which the one that asked looks."""
    settle_memory()
    engine = open_engine(address)
    try:
        with reading(engine) as connection:
            connection.exec_driver_sql(f"SET TRANSACTION SNAPSHOT '{moment}'")
            _take_time(connection)
            return check_crossings(connection, scope=scope)
    finally:
        engine.dispose()


def _shares(connection: Connection, *, scope: Scope, number: int) -> list[Scope]:
    """Cut the crossings into ranges of about the same size."""
    total = connection.execute(select(func.count()).select_from(crossing)).scalar_one()
    in_order = select(crossing.c.crossing_id).order_by(crossing.c.crossing_id).limit(1)
    found = [connection.execute(in_order.offset(total * cut // number)).scalar() for cut in range(1, number)]
    cuts = [cut for cut in found if cut is not None]
    return [
        msgspec.structs.replace(scope, first=first, until=until)
        for first, until in zip([None, *cuts], [*cuts, None], strict=True)
    ]


def _check_replays(connection: Connection) -> list[Replay]:
    """Follow the chain of the replays; none is before the record that it is about."""
    replays: list[Replay] = []
    previous, reached = GENESIS_HASH, 0
    for row in connection.execute(select(record_replay).order_by(record_replay.c.number)).mappings():
        replay = Replay(**{name: row[name] for name in Replay.__struct_fields__})
        require_equal("record_replay", key=replay.number, expected=len(replays) + 1, found=replay.number)
        previous = replay.hash_after(previous)
        require_equal("record_replay", key=(replay.number, "hash"), expected=previous, found=bytes(row["hash"]))
        is_later = replay.position <= replay.at_position and replay.at_position >= reached
        require_equal("record_replay", key=(replay.number, "at_position"), expected=True, found=is_later)
        reached = replay.at_position
        replays.append(replay)
    return replays


def _check_tables(connection: Connection, *, checked: Checked, replays: list[Replay]) -> int:
    """Compare the counters, and the sizes of the tables whose rows were compared one by one.

    Returns how many counters there are.
    """
    _check_size(connection, crossing, expected=checked.crossings)
    _check_size(connection, record_quarantine, expected=checked.held)
    _check_size(connection, recovered_record, expected=checked.recovered)
    require_equal("record_replay", key="count", expected=checked.replays, found=len(replays))
    counts = checked.counters()
    stored = {plain(row[:-1]): plain(row) for row in connection.execute(select(day_count)) if row[-1] != 0}
    require_same_rows("day_count", expected=counts, found=stored)
    return len(counts)


def _check_size(connection: Connection, table: Table, *, expected: int) -> None:
    """Name a row of ``table`` that no record of the ledger explains, if there is any."""
    found = connection.execute(select(func.count()).select_from(table)).scalar_one()
    if found == expected:
        return
    own, its = table.c.position, ledger.c.position
    if table is crossing:
        own, its = table.c.crossing_id, ledger.c.crossing_id
    strange = select(own).where(~exists().where(its == own)).order_by(own).limit(1)
    key = connection.execute(strange).scalar_one_or_none()
    if key is None:
        require_equal(table.name, key="count", expected=expected, found=found)
    raise DifferenceError(table=table.name, key=key, expected=None, found="a row")
