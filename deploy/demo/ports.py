"""Free ports on the loopback address: the wished one, else the next that nobody holds."""

import socket
from collections.abc import Iterable, Iterator

HOST = "127.0.0.1"
SEARCH_WIDTH = 400


class NoFreePortError(RuntimeError):
    """Every port of the range is held by another program; choose another range with --port."""


def is_free(port: int) -> bool:
    """Whether a server could listen on ``port`` of the loopback address now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def free_ports(first: int) -> Iterator[int]:
    """Yield free ports from ``first`` upwards, each once."""
    for port in range(first, first + SEARCH_WIDTH):
        if is_free(port):
            yield port
    last = first + SEARCH_WIDTH
    msg = f"no free port between {first} and {last} on {HOST}: stop what holds them, or choose others with --port"
    raise NoFreePortError(msg)


def assign(names: Iterable[str], *, first: int) -> dict[str, int]:
    """Give each name a port of its own."""
    return dict(zip(names, free_ports(first), strict=False))
