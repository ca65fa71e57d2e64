"""The commands ``give-badge``, ``import-roster`` and ``shift-report``."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from checkpoint.actions.entrusting import BadgeOrder, RosterOrder
from checkpoint.actions.policy_then import PolicyHistory
from checkpoint.actions.shift_papers import PAPER_LANGUAGES, report_pdf
from checkpoint.actions.shift_report import ShiftReport, shift_report
from checkpoint.command_line import SettingsOption, fail, loaded, stop, words_of
from checkpoint.settings import Settings
from checkpoint.shifts.hours import DayPlan, ShiftHours, ShiftHoursError
from checkpoint.shifts.roster import RosterError, read_roster
from checkpoint.store.connection import StoreError
from checkpoint.store.edge_store import EdgeStore
from checkpoint.writing import have_written
from sync.agreement.deployment import Deployment, DeploymentError, load_deployment
from sync.agreement.labels_catalogue import Catalogue
from web.passwords import PasswordRefusedError
from web.pins import Pins
from web.stations import Badge, badge_in


def give_badge_command(
    username: Annotated[str, typer.Option(help="Whose badge it is; the account must be an officer's.")],
    badge: Annotated[str, typer.Option(help="The number on the badge: 4 to 16 letters and digits.")],
    settings: SettingsOption = None,
) -> None:
    """Give an officer a badge, or another one; the PIN (6 to 12 digits) is the first line of standard input."""
    configured = loaded(settings)
    number = badge_in(badge)
    if not number:
        stop("a badge has 4 to 16 letters and digits; write the number that is printed on it")
    pin = sys.stdin.readline().rstrip("\r\n")
    try:
        pin_hash = Pins().hash_pin(pin, badge=number)
    except PasswordRefusedError as error:
        stop(f"the PIN is {error.code.replace('_', ' ')}: choose another one")
    have_written(configured, [BadgeOrder(badge=Badge(username=username, badge=number, pin_hash=pin_hash))])
    sys.stdout.write(msgspec.json.encode({"username": username, "badge": number}).decode() + "\n")


def import_roster_command(
    file: Annotated[Path, typer.Option("--file", help="CSV with day, shift, lane_id, username; or TOML.")],
    settings: SettingsOption = None,
) -> None:
    """Read who is planned where; with a mistake in it, nothing of it. Each day in the list is replaced as a whole."""
    configured = loaded(settings)
    plan = _plan(_deployment(configured))
    try:
        text = file.read_text(encoding="utf-8-sig")
        lines = read_roster(text, is_toml=file.suffix == ".toml", plan=plan, lanes=configured.lanes)
    except (OSError, UnicodeDecodeError, RosterError) as error:
        stop(words_of(error, file=file))
    rows = have_written(configured, [RosterOrder(lines=lines)])
    sys.stdout.write(msgspec.json.encode({"lines": rows}).decode() + "\n")


def shift_report_command(  # noqa: PLR0917  # typer passes every option by its name
    day: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="The day on which the shift began.")],
    shift: Annotated[str, typer.Option(help="The shift's code, such as morning.")],
    pdf: Annotated[Path | None, typer.Option("--pdf", help="Where to write the page.")] = None,
    language: Annotated[str, typer.Option(help="vi, en or zh: the language of the page.")] = "vi",
    settings: SettingsOption = None,
) -> None:
    """Print the figures of one shift as JSON, and write the page to be signed. Needs no uplink; the edge may run."""
    if language not in PAPER_LANGUAGES:
        stop(f"a page is printed in one of {', '.join(PAPER_LANGUAGES)}")
    configured = loaded(settings)
    deployment = _deployment(configured)
    try:
        hours = _plan(deployment).find(day.date(), code=shift)
    except ShiftHoursError as error:
        stop(str(error))
    report = _report(configured, deployment=deployment, hours=hours)
    path = pdf or Path(f"shift-{hours.shift_day}-{hours.code}.pdf")
    try:
        path.write_bytes(report_pdf(report, catalogue=Catalogue.load(language)))
    except OSError as error:
        fail(error)
    sys.stdout.write(msgspec.json.encode({**msgspec.to_builtins(report), "pdf": str(path)}).decode() + "\n")


def _report(settings: Settings, *, deployment: Deployment, hours: ShiftHours) -> ShiftReport:
    try:
        store = EdgeStore.beside(settings.data_path)
    except StoreError as error:
        fail(error)
    try:
        at = datetime.now(UTC)
        history = PolicyHistory(store, settings=settings, deployment=deployment)
        with store.readers.connect() as connection:
            return shift_report(
                connection, settings=settings, deployment=deployment, policy_at=history.at, hours=hours, at=at
            )
    finally:
        store.close()


def _deployment(settings: Settings) -> Deployment:
    try:
        return load_deployment(Path(settings.edge.deployment))
    except (DeploymentError, OSError) as error:
        fail(error)


def _plan(deployment: Deployment) -> DayPlan:
    return DayPlan([(one.code, one.minute_of_day) for one in deployment.shifts])
