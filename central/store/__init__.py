"""The centre's database: the ledger, what is drawn from it, and who may look.

Whoever locks more than one row of PostgreSQL takes them in this order, and never goes back:

1. ``edge_head`` (one chain), 2. ``ledger_head``, 3. ``edge``, 4. ``provisional_case``, 5. ``centre``.

The centre's row comes last: whoever writes into the centre's own journal, raises an alarm or keeps an
episode's key holds it until the commit. Two transactions that keep this order never wait in a circle.
"""

from central.store.central_store import CentralStore

__all__ = ["CentralStore"]
