"""The command that issues a policy document: an order, or a new version of the procedure."""

import json
from pathlib import Path
from typing import Annotated

import typer

from central.actions.ordering import OrderRefusedError, check_order, issue_order
from central.command_line import REFUSED, SettingsFile, opened, stop


def register(app: typer.Typer) -> None:
    """Add the command to the centre's command line."""
    app.command("issue-policy")(issue_policy_command)


def issue_policy_command(
    *,
    file: Annotated[Path, typer.Option(help="The policy document (TOML), as those of the deployment.")],
    issued_by: Annotated[str, typer.Option(help="Who issues it, as it stands in the journal.")] = "command_line",
    is_check: Annotated[bool, typer.Option("--check", help="Only say whether it could be issued.")] = False,
    settings: SettingsFile = None,
) -> None:
    """Write a policy document into the centre's journal; every gate follows it once it has fetched it."""
    centre = opened(settings)
    try:
        text = file.read_text(encoding="utf-8")
        if is_check:
            document = check_order(text, policy=centre.policy, deployment=centre.deployment)
            told = {"policy_id": document.id, "version": document.version, "rules": len(document.rules)}
        else:
            body = issue_order(
                text,
                shelf=centre.shelf,
                deployment=centre.deployment,
                issued=centre.issued,
                by=issued_by,
                now=centre.clock(),
            )
            told = {"policy_id": body.policy_id, "version": body.version}
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text in UTF-8"
        stop(f"{file}: cannot be read ({why}); hand in an order as TOML, saved in UTF-8", code=REFUSED)
    except OrderRefusedError as error:
        stop(f"{file}: {error.code}: {error.detail}", code=REFUSED)
    typer.echo(json.dumps(told))
