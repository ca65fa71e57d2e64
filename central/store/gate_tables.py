"""What gates write beside crossings, drawn from the ledger: each record's place, the counters, the reconciled hours.

All three can be rebuilt from the ledger, byte for byte. Edges are named, not gates: where an edge stands is read
from table ``edge``. Of a person who was erased there is no row in ``gate_record``; the counters stay.
"""

from sqlalchemy import BigInteger, Column, Date, Index, Integer, LargeBinary, Table, Text

from central.store.columns import UtcTime
from central.store.tables import metadata

__all__ = ["coverage_hour", "gate_count", "gate_record", "metadata"]

gate_record = Table(
    "gate_record",
    metadata,
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("edge_id", Text, nullable=False),
    Column("report_day", Date, nullable=False),
    Column("observed_at", UtcTime, nullable=False),
    Column("type", Text, nullable=False),
    Column("crossing_id", Text, index=True),
    Column("reference", Text, index=True),
    Index("ix_gate_record_report_day_type", "report_day", "type"),
)

gate_count = Table(
    "gate_count",
    metadata,
    Column("report_day", Date, primary_key=True),
    Column("edge_id", Text, primary_key=True),
    Column("figure", Text, primary_key=True),
    Column("detail", Text, primary_key=True),
    Column("count", BigInteger, nullable=False),
)

coverage_hour = Table(
    "coverage_hour",
    metadata,
    Column("edge_id", Text, primary_key=True),
    Column("starts_at", UtcTime, primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("lanes", LargeBinary, nullable=False),
    Index("ix_coverage_hour_starts_at", "starts_at"),
)
"""``lanes`` is the JSON of the newest revision's lanes, as ``CoverageReconciled`` has them."""
