"""Run by Alembic for each upgrade of the centre's database, over the connection handed to it."""

from alembic import context

from central.store.gate_tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
