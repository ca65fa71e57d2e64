"""The index beside the frozen reports: what their list says of each revision, drawn from its bytes once.

Can be rebuilt at any time (``central.store.reports``); the bytes of a revision are the report.
"""

from sqlalchemy import BigInteger, Boolean, Column, Date, ForeignKeyConstraint, Integer, Table

from central.store.tables import metadata

report_summary = Table(
    "report_summary",
    metadata,
    Column("report_day", Date, primary_key=True),
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("crossings", BigInteger, nullable=False),
    Column("identities_hold", Boolean, nullable=False),
    Column("changes", Integer, nullable=False),
    ForeignKeyConstraint(
        ["report_day", "revision"],
        ["report_revision.report_day", "report_revision.revision"],
        name="fk_report_summary_report_day_report_revision",
    ),
)
