"""What a command beside a running edge wants written: one program alone writes a database, so the edge is asked.

The command lays an order into the data folder (0600, whole or not at all), sealed for the edge's own key: names are
in clear nowhere, not even when both are killed. The running edge carries it out in a commit of its own and lays the
answer beside it, sealed too. An order that nobody waits for any more is not carried out.
"""

import secrets
import threading
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec
import structlog

from checkpoint.actions.gate import Gate
from checkpoint.actions.immigration_list import ImmigrationList, import_list
from checkpoint.shifts.roster import RosterLine
from checkpoint.store.accounts import COMMIT_TIMEOUT_S
from checkpoint.store.connection import StoreError
from checkpoint.store.edge_store import EdgeStore
from checkpoint.store.holders import Holder, import_holders
from checkpoint.store.identity import site_key
from checkpoint.store.sealed_files import UnreadableFileError, open_sealed_file, write_sealed
from checkpoint.store.shifts import put_roster
from checkpoint.store.stations import BadgeTakenError, put_badge
from web.sign_in import ROLE_OF_PIN, User
from web.stations import Badge

_PREFIX: Final = "entrusted-"
_ORDER, _ANSWER = ".order", ".answer"
_ANSWERED_WITHIN_S: Final = 60.0
_LOOK_S: Final = 0.1
_LARGEST_BYTES: Final = 64 * 1024 * 1024
_log = structlog.get_logger("checkpoint")


class OfficerOrder(msgspec.Struct, frozen=True, kw_only=True, tag="officer"):
    """Add this account, or replace it."""

    user: User


class HoldersOrder(msgspec.Struct, frozen=True, kw_only=True, tag="holders"):
    """Add these pass holders, or replace those whose number is known: all of them or none."""

    holders: tuple[Holder, ...]


class BadgeOrder(msgspec.Struct, frozen=True, kw_only=True, tag="badge"):
    """Give this badge and PIN to an officer, in the place of what that officer had."""

    badge: Badge


class RosterOrder(msgspec.Struct, frozen=True, kw_only=True, tag="roster"):
    """Plan these officers; each day that is named is replaced as a whole."""

    lines: tuple[RosterLine, ...]


class ImmigrationOrder(msgspec.Struct, frozen=True, kw_only=True, tag="immigration"):
    """Add these lines of the immigration counter's list: keyed hashes and times."""

    given: ImmigrationList
    imported_at: datetime


Order = OfficerOrder | HoldersOrder | BadgeOrder | ImmigrationOrder | RosterOrder


class CarriedOut(msgspec.Struct, frozen=True, kw_only=True):
    """How many rows an order wrote, or why it wrote nothing. ``left_aside``: the last marks of numbers not taken."""

    rows: int = 0
    fault: str = ""
    left_aside: tuple[str, ...] = ()


def carry_out(store: EdgeStore, order: Order) -> CarriedOut:
    """Write what an order says; returns after the commit."""
    if isinstance(order, OfficerOrder):
        store.accounts.put_officer(order.user)
        return CarriedOut(rows=1)
    if isinstance(order, BadgeOrder):
        return _give_badge(store, order.badge)
    if isinstance(order, ImmigrationOrder):
        done = import_list(store, order.given, at=order.imported_at)
        return CarriedOut(rows=done.entries)
    if isinstance(order, RosterOrder):
        lines = order.lines
        return CarriedOut(rows=store.writer.submit(lambda t: put_roster(t, lines)).result(COMMIT_TIMEOUT_S))
    count = store.writer.submit(lambda t: import_holders(t, order.holders)).result(COMMIT_TIMEOUT_S)
    return CarriedOut(rows=count.taken, left_aside=count.left_aside)


def _give_badge(store: EdgeStore, badge: Badge) -> CarriedOut:
    user = store.accounts.find_user(badge.username)
    if user is None or user.role != ROLE_OF_PIN:
        return CarriedOut(fault="only an officer's account has a badge; add the account first")
    try:
        store.writer.submit(lambda transaction: put_badge(transaction, badge)).result(COMMIT_TIMEOUT_S)
    except BadgeTakenError as error:
        return CarriedOut(fault=str(error))
    return CarriedOut(rows=1)


def entrust(folder: Path, order: Order, *, answered_within_s: float = _ANSWERED_WITHIN_S) -> CarriedOut:
    """Hand an order to the edge that runs on ``folder`` and wait; raises ``StoreError`` if it does not answer."""
    name = f"{_PREFIX}{secrets.token_hex(8)}"
    ordered, answered = folder / f"{name}{_ORDER}", folder / f"{name}{_ANSWER}"
    write_sealed(ordered, msgspec.json.encode(order))
    waiting = threading.Event()
    try:
        for _ in range(int(answered_within_s / _LOOK_S)):
            if answered.exists():
                said = open_sealed_file(answered, content=answered.read_bytes(), key=site_key(folder))
                return msgspec.json.decode(said, type=CarriedOut)
            waiting.wait(_LOOK_S)
    finally:
        ordered.unlink(missing_ok=True)
        answered.unlink(missing_ok=True)
    msg = "the running edge did not answer; look at its log, then try again"
    raise StoreError(msg)


def forget_orders(folder: Path) -> None:
    """Leave aside what an earlier run was asked for: whoever asked has long been told that it failed."""
    for path in folder.glob(f"{_PREFIX}*"):
        path.unlink(missing_ok=True)


def carry_out_orders(gate: Gate) -> None:
    """Carry out what commands beside this running edge laid into its folder."""
    folder = gate.settings.data_path
    for path in sorted(folder.glob(f"{_PREFIX}*{_ORDER}")):
        done = _carried_out(gate, path)
        if done is not None:
            write_sealed(path.with_suffix(_ANSWER), msgspec.json.encode(done))


def _carried_out(gate: Gate, path: Path) -> CarriedOut | None:
    """Carry one order out, once; ``None`` if it was taken back meanwhile."""
    try:
        content = path.read_bytes() if path.stat().st_size <= _LARGEST_BYTES else b""
        path.unlink()
    except FileNotFoundError:
        return None
    try:
        plain = open_sealed_file(path, content=content, key=gate.identity.site_key)
        order = msgspec.json.decode(plain, type=Order)
    except (UnreadableFileError, msgspec.DecodeError):
        return CarriedOut(fault="the order cannot be read: command and edge must be of the same version")
    try:
        done = carry_out(gate.store, order)
    except StoreError as error:
        return CarriedOut(fault=str(error))
    _log.info("order_carried_out", kind=type(order).__name__, rows=done.rows)
    return done
