"""The command line of ``./run``. Standard library only, so that ``./run --help`` works before any set-up."""

import argparse
from pathlib import Path

LAWS = ("law-vn-2026", "law-vn-2020")
MINIMUM_TRAVELLERS = 1
DEFAULT_TRAVELLERS = 240
MAXIMUM_TRAVELLERS = 20_000


def parser() -> argparse.ArgumentParser:
    """Describe every option of ``./run``; ``tests.documents`` holds the README against it."""
    words = argparse.ArgumentParser(
        prog="./run",
        description="Start two border gates and a provincial centre on this machine, with simulated scanners "
        "that speak the real protocols. Prints the addresses and the demonstration accounts; Ctrl-C stops everything.",
    )
    _add_shift(words)
    _add_place(words)
    return words


def _add_shift(words: argparse.ArgumentParser) -> None:
    words.add_argument(
        "--once",
        action="store_true",
        help="play one scripted shift without a browser, print one JSON line of figures, and end",
    )
    words.add_argument(
        "--seed",
        type=int,
        default=7,
        metavar="N",
        help="seed of the scripted shift; the same seed gives the same figures (default: 7)",
    )
    words.add_argument(
        "--travellers",
        type=_travellers,
        default=DEFAULT_TRAVELLERS,
        metavar="N",
        help=f"travellers of the scripted shift (default: {DEFAULT_TRAVELLERS})",
    )


def _add_place(words: argparse.ArgumentParser) -> None:
    words.add_argument("--law", choices=LAWS, default=LAWS[0], help="law pack in force (default: %(default)s)")
    words.add_argument(
        "--state",
        type=Path,
        metavar="FOLDER",
        help="where databases, keys and logs are kept (default: var/demo, or var/once with --once)",
    )
    words.add_argument(
        "--fresh",
        action="store_true",
        help="forget what an earlier demonstration left in that folder; --once always does",
    )
    words.add_argument(
        "--port",
        type=_port,
        default=8000,
        metavar="N",
        help="first port to try; taken ones are passed over (default: 8000)",
    )


def _travellers(text: str) -> int:
    number = _whole_number(text)
    if not MINIMUM_TRAVELLERS <= number <= MAXIMUM_TRAVELLERS:
        msg = f"{text} is out of range: {MINIMUM_TRAVELLERS} to {MAXIMUM_TRAVELLERS} travellers"
        raise argparse.ArgumentTypeError(msg)
    return number


def _port(text: str) -> int:
    number = _whole_number(text)
    highest = 65_000
    if not 1024 <= number <= highest:
        msg = f"{text} is no port an ordinary user may open: 1024 to {highest}"
        raise argparse.ArgumentTypeError(msg)
    return number


def _whole_number(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        msg = f"{text!r} is no whole number"
        raise argparse.ArgumentTypeError(msg) from None
