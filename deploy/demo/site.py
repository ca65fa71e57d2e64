"""Everything an administrator would set up for two gates and a centre: folders, settings, keys, accounts, orders.

Written once into the state folder and used again by the next start, so that a demonstration goes on
where it stopped. Nothing here is imported from the services: settings are files, keys and accounts
are made by the services' own commands.
"""

import csv
import json
import os
import secrets
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import asdict, fields
from datetime import date, datetime
from pathlib import Path

from deploy.demo import ports, settings_files, shift
from deploy.demo.layout import LOCAL_TIME, Account, Site
from deploy.demo.processes import python_module

ROOT = Path(__file__).resolve().parent.parent.parent
HOLDER_COUNT = 600
ACCOUNTS = (
    ("canbo", "officer", "Phạm Thu Hà"),
    ("truong", "gate_head", "Đào Minh Sơn"),
    ("cdc", "cdc", "Vũ Minh Đức"),
    ("chihuy", "command", "Lê Minh Quân"),
    ("quantri", "administrator", "Đỗ Ngọc Ánh"),
)
ROLES_AT_A_GATE = frozenset({"officer", "gate_head"})
MAXIMUM_SOCKET_PATH = 100
"""A Unix socket's path may have 107 bytes on Linux; the simulators' control sockets stand in the state folder."""


class SiteError(RuntimeError):
    """The demonstration cannot be set up; the message says what failed and what to do."""


def open_site(state: Path, *, law: str, first_port: int, is_fresh: bool, frame_rate_hz: int) -> Site:
    """Make or reopen the demonstration in ``state`` and write its settings for the ports that are free now."""
    if is_fresh and state.exists():
        shutil.rmtree(state)
    state.mkdir(parents=True, exist_ok=True)
    state.chmod(0o700)
    if len(str(state / "mong-cai.sock").encode()) > MAXIMUM_SOCKET_PATH:
        msg = f"the path {state} is too long for the scanners' control sockets; choose a shorter one with --state"
        raise SiteError(msg)
    names = ("centre", *shift.EDGES, "broker", "broker-client")
    site = Site(
        state=state,
        law=law,
        ports=ports.assign(names, first=first_port),
        accounts=_accounts(state),
        frame_rate_hz=frame_rate_hz,
    )
    settings_files.write_all(site, now=datetime.now(LOCAL_TIME))
    return site


def prepare(site: Site) -> None:
    """Make keys, accounts and the pass register with the services' own commands. Safe to repeat."""
    _make_identities(site)
    for account in site.accounts:
        if account.role in ROLES_AT_A_GATE:
            for gate_id in shift.EDGES:
                _add_account(account, package="checkpoint", settings=site.edge_settings(gate_id))
        else:
            _add_account(account, package="central", settings=site.centre_settings)
    _import_holders(site)


def _make_identities(site: Site) -> None:
    centre = json.loads(run_command("central", "identity", settings=site.centre_settings))
    settings_files.write_edges(
        site, province_sealing_key=centre["province_sealing_key"], centre_public_key=centre["public_key"]
    )
    for gate_id, edge_id in shift.EDGES.items():
        edge = json.loads(run_command("checkpoint", "identity", settings=site.edge_settings(gate_id)))
        words = ("--edge-id", edge_id, "--point-of-entry-id", gate_id, "--public-key", edge["public_key"])
        run_command("central", "enrol", *words, settings=site.centre_settings)


def _add_account(account: Account, *, package: str, settings: Path) -> None:
    words = ["--username", account.username, "--name", account.name]
    words += ["--role", account.role]
    command = "add-user" if package == "central" else "add-officer"
    run_command(package, command, *words, settings=settings, standard_input=account.password + "\n")


def _import_holders(site: Site) -> None:
    today = datetime.now(LOCAL_TIME).date()
    register = site.state / "register.csv"
    write_register(register, shift.holders(count=HOLDER_COUNT, today=today))
    for gate_id in shift.EDGES:
        run_command("checkpoint", "import-holders", "--csv", str(register), settings=site.edge_settings(gate_id))


def write_register(path: Path, holders: Iterable[shift.Holder]) -> None:
    """Write the pass register as the CSV file that ``import-holders`` reads."""
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.DictWriter(file, [column.name for column in fields(shift.Holder)])
        rows.writeheader()
        rows.writerows(asdict(holder) for holder in holders)
    path.chmod(0o600)


def run_command(package: str, command: str, *words: str, settings: Path, standard_input: str | None = None) -> str:
    """Run one of the services' commands and return what it printed; a failure becomes a ``SiteError``."""
    done = subprocess.run(
        python_module(package, command, "--settings", str(settings), *words),
        cwd=ROOT,
        input=standard_input,
        stdin=subprocess.DEVNULL if standard_input is None else None,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        said = (done.stderr or done.stdout).strip()[-600:]
        msg = f"python -m {package} {command} failed (code {done.returncode}): {said}"
        raise SiteError(msg)
    return done.stdout


def _accounts(state: Path) -> tuple[Account, ...]:
    path = state / "accounts.json"
    if path.exists():
        return tuple(Account(**row) for row in json.loads(path.read_text(encoding="utf-8")))
    accounts = tuple(
        Account(
            username=username,
            role=role,
            name=name,
            password=f"{secrets.token_hex(2)}-{secrets.token_hex(2)}-{secrets.token_hex(2)}",
        )
        for username, role, name in ACCOUNTS
    )
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump([asdict(account) for account in accounts], file, ensure_ascii=False, indent=1)
    return accounts


def local_today() -> date:
    """Today's date where the gates are."""
    return datetime.now(LOCAL_TIME).date()
