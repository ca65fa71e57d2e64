"""``./run``: the demonstration, or one scripted shift with ``--once``."""

import contextlib
import fcntl
import json
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from deploy.demo import arguments

if TYPE_CHECKING:
    import argparse

    from deploy.demo.layout import Site

ROOT = Path(__file__).resolve().parent.parent.parent
FRAME_RATE_HZ = {True: 40, False: 8}
"""Frames a second of the simulated thermal arrays: as the module's own, or faster for the scripted shift."""


def main(words: list[str]) -> int:
    """Run the demonstration; 0 when it ended as asked, 1 with one sentence when it could not."""
    options = arguments.parser().parse_args(words)
    state = (options.state or ROOT / "var" / ("once" if options.once else "demo")).resolve()
    try:
        with _only_one_in(state):
            return _play(options, state) if options.once else _serve(options, state)
    except KeyboardInterrupt:
        _announce("stopped")
        return 130
    except (OSError, RuntimeError) as error:
        print(f"./run stopped: {error}", file=sys.stderr)
        return 1


def _play(options: "argparse.Namespace", state: Path) -> int:
    from deploy.demo.once import play_once  # noqa: PLC0415 - needs what set-up installs; --help does not
    from deploy.demo.site import open_site  # noqa: PLC0415

    signal.signal(signal.SIGTERM, _interrupt)
    site = open_site(state, law=options.law, first_port=options.port, is_fresh=True, frame_rate_hz=FRAME_RATE_HZ[True])
    figures = play_once(site, seed=options.seed, travellers=options.travellers, announce=_announce)
    print(json.dumps(figures, ensure_ascii=False))
    return 0


def _serve(options: "argparse.Namespace", state: Path) -> int:
    from deploy.demo.processes import Supervisor  # noqa: PLC0415
    from deploy.demo.services import bring_up  # noqa: PLC0415
    from deploy.demo.site import open_site  # noqa: PLC0415
    from deploy.demo.stage import Stage  # noqa: PLC0415

    signal.signal(signal.SIGTERM, _interrupt)
    site = open_site(
        state, law=options.law, first_port=options.port, is_fresh=options.fresh, frame_rate_hz=FRAME_RATE_HZ[False]
    )
    supervisor = Supervisor(announce=_announce)
    try:
        bring_up(supervisor, site)
        Stage(site).start()
        _print_addresses(site)
        wake = threading.Event()
        while not wake.wait(0.5):
            supervisor.tick()
    finally:
        supervisor.stop()
    return 0


def _print_addresses(site: "Site") -> None:
    from deploy.demo import shift  # noqa: PLC0415
    from deploy.demo.site import local_today  # noqa: PLC0415

    lines = ["", "Kiểm Dịch is running; Ctrl-C stops everything.", ""]
    lines += [
        f"  lane         {site.url(lane.gate_id)}/lanes/{lane.lane_id}   ({lane.gate_id}, {lane.direction})"
        for lane in shift.LANES
    ]
    lines += [f"  CDC desk     {site.url('centre')}/desk", f"  command      {site.url('centre')}/command"]
    lines += [f"  reports      {site.url('centre')}/reports", "", "  accounts (of this demonstration only):"]
    lines += [
        f"    {account.username:<8} {account.password}   {account.role}, {account.name}" for account in site.accounts
    ]
    passes = ", ".join(holder.pass_number for holder in shift.holders(count=3, today=local_today()))
    lines += [
        "",
        f"  At Móng Cái type one of these border passes, then Enter: {passes}",
        "  (the person then steps before the scanner by itself; at Hoành Mô scripted officers are at work)",
    ]
    print("\n".join(lines), flush=True)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


@contextlib.contextmanager
def _only_one_in(state: Path) -> Iterator[None]:
    """Hold the state folder: two demonstrations on the same databases would be two writers."""
    state.parent.mkdir(parents=True, exist_ok=True)
    with state.with_name(f"{state.name}.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            msg = f"another demonstration runs in {state}. Stop it, or choose another folder with --state"
            raise RuntimeError(msg) from None
        yield


def _announce(text: str) -> None:
    print(f"  {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
