"""``python -m central`` in a forked process: the same program, without the second that its imports take."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.faults.programs import Program, warm_up


def run_central(words: tuple[str, ...], out: str, *, tell: Callable[[tuple], None]) -> None:
    """Be the command line: standard output into the file ``out``; the exit code is told."""
    from central.__main__ import app

    sys.stdout = Path(out).open("w", encoding="utf-8")  # noqa: SIM115 - it is flushed by the end below
    code: object = 0
    try:
        app(list(words), prog_name="python -m central")
    except SystemExit as end:
        code = end.code
    sys.stdout.flush()
    tell((int(code or 0),))  # type: ignore[call-overload]


def central_command(*words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run one command of the centre to its end."""
    warm_up()
    out, log = folder / "command.out", folder / "command.log"
    log.unlink(missing_ok=True)
    program = Program(run_central, words, str(out), log=log)
    program.start()
    program.wait()
    code = program.told[-1][0] if program.told else 1
    told = out.read_text("utf-8") if out.exists() else ""
    out.unlink(missing_ok=True)
    return subprocess.CompletedProcess(words, code, stdout=told, stderr=program.last_words())
