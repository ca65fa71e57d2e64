"""The commands ``courier-export`` and ``courier-receive``: the way to the centre for a gate without a link."""

import sys
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import msgspec
import typer

from checkpoint.actions.couriering import (
    RETURN_LIMIT_BYTES,
    RETURN_NAME,
    TOLD_NAME,
    CourierTaken,
    Exported,
    collect_return,
    export_package,
    identity_for_courier,
)
from checkpoint.actions.opening import open_gate
from checkpoint.command_line import SettingsOption, fail, is_running, loaded
from checkpoint.settings import Settings
from checkpoint.store.connection import StoreError, hold_folder, write_private_file
from checkpoint.store.edge_store import EdgeStore
from checkpoint.store.identity import known_centre, open_identity
from sync.agreement.deployment import DeploymentError
from sync.agreement.policy import PolicyError
from sync.exchange.courier import CourierError

_EDGE_ANSWERS_WITHIN_S: Final = 60.0
_LOOK_S: Final = 0.2
_ASKING: Final = "  asks the centre for a new incarnation: bring the answer back before the next package\n"


def courier_export_command(
    to: Annotated[Path, typer.Option("--to", help="The file on the stick; written whole or not at all.")],
    settings: SettingsOption = None,
) -> None:
    """Write every record that the centre has not receipted into one signed file, and say what it holds.

    May run beside the serving edge. Names in it are sealed for the province, as on the wire.
    """
    configured = loaded(settings)
    try:
        own = open_identity(configured.data_path, edge_id=configured.edge.edge_id)
        store = EdgeStore.beside(configured.data_path)
        centre = known_centre(configured.edge, files=store.files)
        identity = identity_for_courier(own, centre=centre, incarnation=store.outgoing.delivery().incarnation)
        now = datetime.now(UTC)
        exported = export_package(store, to, identity=identity, data_path=configured.data_path, now=now)
        store.close()
    except (StoreError, CourierError, OSError) as error:
        fail(error)
    sys.stdout.write(_readable(exported, to=to))


def courier_receive_command(
    file: Annotated[Path, typer.Argument(help="What the centre gave back with the stick.")],
    settings: SettingsOption = None,
) -> None:
    """Take the centre's answer: receipts, orders and decisions, its signed head. A running edge takes it itself."""
    configured = loaded(settings)
    folder = configured.data_path
    try:
        if file.stat().st_size > RETURN_LIMIT_BYTES:
            fail(CourierError("this is no courier's return: it is too long"))
        (folder / TOLD_NAME).unlink(missing_ok=True)
        write_private_file(folder / RETURN_NAME, file.read_bytes())
        taken = _told(folder) if is_running(configured) else _taken_here(configured)
    except (StoreError, DeploymentError, PolicyError, OSError) as error:
        fail(error)
    if taken.fault:
        fail(CourierError(taken.fault))
    sys.stdout.write(msgspec.json.encode(taken).decode() + "\n")


def _readable(exported: Exported, *, to: Path) -> str:
    chains = "".join(
        f"  incarnation {chain.incarnation}: records {chain.first} to {chain.last}\n" for chain in exported.chains
    )
    return (
        f"{to}\n"
        f"  edge {exported.edge_id}, made at {exported.made_at:%Y-%m-%d %H:%M:%S} UTC\n"
        f"  {exported.records} records in {exported.batches} batches, {exported.bytes} bytes\n"
        f"{chains}"
        f"{_ASKING if exported.asks_incarnation else ''}"
        "Give the file to the centre (courier-import) and bring its answer back (courier-receive).\n"
    )


def _taken_here(configured: Settings) -> CourierTaken:
    EdgeStore.beside(configured.data_path).close()  # says in words what is missing before there is a database
    claim = hold_folder(configured.data_path)
    gate = open_gate(configured, clock=lambda: datetime.now(UTC))
    try:
        collect_return(gate)
    finally:
        gate.store.close()
        claim.close()
    return _told(configured.data_path)


def _told(folder: Path) -> CourierTaken:
    """Wait for what the running edge says of it."""
    waiting = threading.Event()
    for _ in range(int(_EDGE_ANSWERS_WITHIN_S / _LOOK_S)):
        path = folder / TOLD_NAME
        if path.exists():
            taken = msgspec.json.decode(path.read_bytes(), type=CourierTaken)
            path.unlink()
            return taken
        waiting.wait(_LOOK_S)
    (folder / RETURN_NAME).unlink(missing_ok=True)
    msg = "the running edge did not take the answer; look at its log, then try again"
    raise StoreError(msg)
