"""Holding the frozen reports against the ledger: each at the very place at which it was drawn."""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date

import msgspec
from sqlalchemy import Connection, func, select, tuple_

from central.report.daily_report import DailyReport, decode_report
from central.store.bulk import Row
from central.store.chain_check import Chains
from central.store.crossing_story import Checked, ReportPoint, Scope
from central.store.differences import DifferenceError, require_equal, require_same_rows
from central.store.quarantine import Replay
from central.store.report_recount import check_figures
from central.store.report_tables import report_summary
from central.store.reports import Summary
from central.store.tables import ledger, report_revision
from sync.agreement.vocabulary import RecordDisposition


def read_revisions(connection: Connection) -> list[DailyReport]:
    """Check what stands beside each frozen revision against its content, and return the contents without its lists.

    The lists name crossings, thousands a day; one revision at a time is held with them. Only ``frozen_by`` stands
    nowhere else: who froze a report is in the access log.
    """
    reports: list[DailyReport] = []
    summaries: dict[object, Row] = {}
    key_columns = report_revision.primary_key.columns
    for key in connection.execute(select(*key_columns).order_by(*key_columns)).all():
        row = connection.execute(select(report_revision).where(tuple_(*key_columns) == tuple(key))).one()
        content = bytes(row.snapshot)
        digest = hashlib.sha256(content).hexdigest()
        require_equal("report_revision", key=(*key, "sha256"), expected=digest, found=row.sha256)
        report = decode_report(content)
        beside = (row.report_day, row.revision, row.ledger_position, row.frozen_at)
        inside = (report.report_day, report.revision, report.ledger_records, report.taken_at)
        names = ("report_day", "revision", "ledger_position", "frozen_at")
        for name, expected, found in zip(names, inside, beside, strict=True):
            require_equal("report_revision", key=(*key, name), expected=expected, found=found)
        summaries[tuple(key)] = msgspec.structs.astuple(Summary.of(report))
        reports.append(msgspec.structs.replace(report, referred=(), unmeasured=(), express_only=(), changes=()))
    _check_index(connection, expected=summaries)
    return reports


def _check_index(connection: Connection, *, expected: Mapping[object, Row]) -> None:
    """Compare what the list of reports says of each revision with its content."""
    found: dict[object, Row] = {tuple(row[:2]): tuple(row[2:]) for row in connection.execute(select(report_summary))}
    require_same_rows("report_summary", expected=expected, found=found)


def place_reports(
    connection: Connection, *, revisions: Sequence[DailyReport], replays: Sequence[Replay]
) -> dict[date, list[ReportPoint]]:
    """Find how many replays each report had seen: where some took effect at its very position, its counts tell."""
    placed: dict[date, list[ReportPoint]] = {}
    for report in revisions:
        position = report.ledger_records
        certain = sum(replay.at_position < position for replay in replays)
        possible = range(certain, sum(replay.at_position <= position for replay in replays) + 1)
        seen = certain
        if len(possible) > 1:
            seen = _matching(connection, report=report, replays=replays, possible=possible)
        point = ReportPoint(report_day=report.report_day, revision=report.revision, position=position, replays=seen)
        placed.setdefault(report.report_day, []).append(point)
    return placed


def _matching(connection: Connection, *, report: DailyReport, replays: Sequence[Replay], possible: range) -> int:
    dispositions = (
        select(ledger.c.disposition, func.count())
        .where(ledger.c.position <= report.ledger_records)
        .group_by(ledger.c.disposition)
    )
    arrived = {disposition: int(count) for disposition, count in connection.execute(dispositions)}
    said = (report.quarantined_records, report.unprojected_records)
    return next((seen for seen in possible if held_after(arrived, replays[:seen]) == said), possible[-1])


def held_after(arrived: Mapping[str, int], replays: Sequence[Replay]) -> tuple[int, int]:
    """Return how many records are quarantined and how many unprojected after these replays."""
    gone = Counter(replay.disposition for replay in replays)
    held = (RecordDisposition.QUARANTINED.value, RecordDisposition.UNPROJECTED.value)
    quarantined, unprojected = (arrived.get(name, 0) - gone[name] for name in held)
    return quarantined, unprojected


def check_reports(
    revisions: Sequence[DailyReport], *, scope: Scope, chains: Chains, checked: Checked, replays: Sequence[Replay]
) -> None:
    """Count each report's day anew at the very position of the ledger that it was drawn at."""
    places = {(point.report_day, point.revision): point for points in scope.reports.values() for point in points}
    for report in revisions:
        key = (report.report_day, report.revision)
        point = places[key]
        there = chains.points.get(point.position)
        if there is None:
            where, length = (*key, "ledger_position"), chains.end.position
            raise DifferenceError(table="report_revision", key=where, expected=length, found=point.position)
        require_equal("report_revision", key=(*key, "ledger_hash"), expected=there.hash.hex(), found=report.ledger_hash)
        held = held_after(there.dispositions, replays[: point.replays])
        found = (report.quarantined_records, report.unprojected_records)
        require_equal("report_revision", key=(*key, "quarantined_records"), expected=held, found=found)
        check_figures(report, seen=checked.seen_by(point))
