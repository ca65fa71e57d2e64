"""What a command writes: by the edge that runs on the folder, or here while none does; never by two programs."""

import sys
from collections.abc import Iterable

from checkpoint.actions.entrusting import CarriedOut, Order, carry_out, entrust
from checkpoint.command_line import fail, is_running, standing_still, stop
from checkpoint.settings import Settings
from checkpoint.store.connection import DATABASE_NAME, StoreError, naming_damage
from checkpoint.store.edge_store import EdgeStore, migration_engine
from checkpoint.store.identity import open_identity
from migrations import DatabaseTooNewError, upgrade


def prepare(settings: Settings) -> None:
    """Bring the database's schema up to date. The caller holds the folder."""
    folder = settings.data_path
    try:
        open_identity(folder, edge_id=settings.edge.edge_id)
        engine = migration_engine(folder)
        with naming_damage(folder / DATABASE_NAME):
            upgrade("edge", engine)
        engine.dispose()
    except (StoreError, DatabaseTooNewError, OSError) as error:
        fail(error)


def have_written(settings: Settings, orders: Iterable[Order]) -> int:
    """Have orders written by the edge that runs on the folder, or here while none does; returns the rows."""
    if is_running(settings):
        return sum(_entrusted(settings, order) for order in orders)
    with standing_still(settings):
        prepare(settings)
        try:
            own = open_identity(settings.data_path, edge_id=settings.edge.edge_id)
            store = EdgeStore.open(settings.data_path, identity=own, places=settings.isolation.places)
        except StoreError as error:
            fail(error)
        try:
            return sum(_carried_out(store, order) for order in orders)
        finally:
            store.close()


def _carried_out(store: EdgeStore, order: Order) -> int:
    try:
        done = carry_out(store, order)
    except StoreError as error:
        fail(error)
    return _told(done)


def _entrusted(settings: Settings, order: Order) -> int:
    try:
        done = entrust(settings.data_path, order)
    except (StoreError, OSError) as error:
        fail(error)
    return _told(done)


def _told(done: CarriedOut) -> int:
    """Say what an order left aside and what to do, and return its rows; or stop with why it wrote nothing."""
    if done.fault:
        stop(done.fault)
    for marks in done.left_aside:
        told = f"left aside: pass …{marks} is another person's here (name, and birth date or border differ)"
        sys.stderr.write(f"{told}; correct the list, or cancel the pass in the register first\n")
    return done.rows
