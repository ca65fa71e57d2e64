"""The centre's database: the ledger, what is drawn from it, and who may look."""

from central.store.central_store import CentralStore

__all__ = ["CentralStore"]
