"""The commands between a province and the nation: who may report, and what was reported."""

import json
from datetime import datetime
from typing import Annotated

import msgspec
import typer

from central.command_line import MISUSED, REFUSED, SettingsFile, opened, settings_of, stop
from central.store.edges import EnrolmentError
from central.store.keys import load_keys
from central.store.projection import PROVINCE
from central.store.provinces import provinces_on
from sync.agreement.identifiers import IdentifierError, slug
from sync.exchange.signatures import public_text

_PUBLIC_KEY_BYTES = 32


def register(app: typer.Typer) -> None:
    """Add the commands to the centre's command line."""
    app.command("federation-identity")(federation_identity_command)
    app.command("enrol-province")(enrol_province_command)
    app.command("provinces")(provinces_command)


def federation_identity_command(settings: SettingsFile = None) -> None:
    """Print under which name and key this province reports to the national centre, as JSON."""
    configured = settings_of(settings)
    key = public_text(load_keys(configured.data_path).federation)
    typer.echo(json.dumps({"province_id": configured.centre.centre_id, "public_key": key}))


def enrol_province_command(
    *,
    province_id: Annotated[str, typer.Option(help="The province's centre_id.")],
    public_key: Annotated[str, typer.Option(help="64 hex digits, from the province's federation-identity.")],
    settings: SettingsFile = None,
) -> None:
    """Register a province at this national centre; the same words again change nothing."""
    centre = opened(settings)
    try:
        key = bytes.fromhex(public_key)
        if len(key) != _PUBLIC_KEY_BYTES:
            stop("--public-key: 64 hex digits are needed", code=MISUSED)
        enrolled = centre.store.edges.enrol(
            slug(province_id), point_of_entry_id=province_id, public_key=key, now=centre.clock(), kind=PROVINCE
        )
    except (EnrolmentError, IdentifierError, ValueError) as error:
        stop(str(error), code=REFUSED)
    typer.echo(json.dumps({"province_id": enrolled.edge_id, "incarnation": enrolled.incarnation}))


def provinces_command(
    *,
    day: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="The report day, YYYY-MM-DD.")],
    settings: SettingsFile = None,
) -> None:
    """Print what each province reported for a day, as one JSON line per province."""
    centre = opened(settings)
    for province in provinces_on(centre.store.engine, day.date()):
        typer.echo(msgspec.json.encode(province).decode())
