"""Commands about edges and epochs: enrolment codes, confirming, revoking, and going on after a restore."""

import json
from typing import Annotated

import msgspec
import typer

from central.actions.enrolling import (
    EdgeUnknownError,
    FingerprintError,
    confirm_edge,
    make_code,
    revocation_of,
    revoke_edge,
)
from central.actions.opening import Centre
from central.command_line import REFUSED, SettingsFile, opened, stop
from central.store.edges import OPERATOR, EnrolmentError
from sync.agreement.deployment import DeploymentError
from sync.agreement.identifiers import IdentifierError
from sync.agreement.vocabulary import RevocationReason
from sync.exchange.messages import fingerprint

EdgeId = Annotated[str, typer.Option(help="The edge's identity, as in its settings file.")]
Reason = Annotated[str, typer.Option(help="Why, in your own words; it is kept and shown.")]


def register(app: typer.Typer) -> None:
    """Add these commands to the centre's."""
    app.command("enrolment-code")(enrolment_code)
    app.command("confirm-edge")(confirm)
    app.command("revoke-edge")(revoke)
    app.command("renew-epoch")(renew_epoch)


def enrolment_code(
    *,
    edge_id: EdgeId,
    point_of_entry_id: Annotated[str, typer.Option(help="The point of entry that it serves, as in the deployment.")],
    settings: SettingsFile = None,
) -> None:
    """Print a code for one new edge: shown once, good for 15 minutes and one use."""
    centre = opened(settings)
    try:
        shown = make_code(centre, edge_id, point_of_entry_id=point_of_entry_id, by=OPERATOR)
    except (EnrolmentError, DeploymentError, IdentifierError) as error:
        stop(str(error), code=REFUSED)
    typer.echo(msgspec.json.encode(shown).decode())


def confirm(
    *,
    edge_id: EdgeId,
    fingerprint_shown: Annotated[str, typer.Option("--fingerprint", help="As the edge shows it: four groups of four.")],
    settings: SettingsFile = None,
) -> None:
    """Believe an enrolled edge from now on; the fingerprint must be the one that its own screen shows."""
    centre = opened(settings)
    try:
        edge = confirm_edge(centre, edge_id, fingerprint_shown=fingerprint_shown, by=OPERATOR)
    except (EdgeUnknownError, FingerprintError) as error:
        stop(str(error), code=REFUSED)
    typer.echo(json.dumps({"edge_id": edge_id, "is_confirmed": True, "fingerprint": fingerprint(edge.public_key)}))


def revoke(
    *,
    edge_id: EdgeId,
    reason: Annotated[str, typer.Option(help=f"{', '.join(RevocationReason)}; other words stand for `other`.")],
    settings: SettingsFile = None,
) -> None:
    """Refuse an edge from its next request on; what it sent stays. The journal keeps the code of the reason alone."""
    centre = opened(settings)
    code, words = revocation_of(_said(reason))
    try:
        is_new = revoke_edge(centre, edge_id, reason=code, words=words, by=OPERATOR)
    except EdgeUnknownError as error:
        stop(str(error), code=REFUSED)
    typer.echo(json.dumps({"edge_id": edge_id, "is_revoked": True, "is_new": is_new}))


def renew_epoch(*, reason: Reason, settings: SettingsFile = None) -> None:
    """Begin a new epoch: to be done after the database was restored from a backup."""
    centre = opened(settings)
    epoch = _renewed(centre, reason=_said(reason))
    typer.echo(json.dumps(epoch))


def _renewed(centre: Centre, *, reason: str) -> dict[str, str | int]:
    renewed = centre.store.testimonies.renew(by=OPERATOR, reason=reason, now=centre.clock())
    centre.store.accounts.log_access(
        "renew_epoch", username=OPERATOR, subject=str(renewed.number), reason="operator", at=centre.clock()
    )
    return {"epoch": renewed.name, "number": renewed.number, "ledger_position": renewed.position}


def _said(reason: str) -> str:
    words = reason.strip()[:500]
    if not words:
        stop("--reason: say why", code=REFUSED)
    return words
