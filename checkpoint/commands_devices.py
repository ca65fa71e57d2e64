"""The command ``device-report``: a device's self-test, from JSON to a PDF."""

import sys
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from checkpoint.command_line import REFUSED, stop
from checkpoint.papers.device_report import device_report_pdf
from devices.selftest import SelfTestReport


def device_report_command(
    to: Annotated[Path, typer.Option(help="PDF to write", dir_okay=False)],
    report: Annotated[str, typer.Argument(help="file that 'python -m devices selftest' printed, or - for input")] = "-",
) -> None:
    """Print the self-test of a device, as "python -m devices selftest" judged it, on paper."""
    try:
        printed = sys.stdin.buffer.read() if report == "-" else Path(report).read_bytes()
        read = msgspec.json.decode(printed, type=SelfTestReport)
    except OSError as error:
        stop(f"{report}: {error.strerror}; name the file that 'python -m devices selftest' printed", code=REFUSED)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        stop(f"{report}: no self-test ({error}); give what 'python -m devices selftest' printed", code=REFUSED)
    try:
        to.write_bytes(device_report_pdf(read))
    except OSError as error:
        stop(f"{to}: cannot be written ({error.strerror}); name another file", code=REFUSED)
    sys.stdout.write(f"{to}\n")
