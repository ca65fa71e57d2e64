"""The edge's command line: ``python -m checkpoint COMMAND``."""

import typer

from checkpoint.commands_documents import read_document_command

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Edge service of one crossing.")
app.command("read-document")(read_document_command)


@app.callback()
def main() -> None:
    """Keep the command names even while there is only one."""


if __name__ == "__main__":
    app(prog_name="python -m checkpoint")
