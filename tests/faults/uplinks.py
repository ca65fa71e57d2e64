"""The uplink of an opened edge, as ``checkpoint.centre_link`` makes it, but for transport, clock and chance."""

from collections.abc import Callable
from datetime import datetime

from checkpoint.actions.gate import Gate
from checkpoint.store.identity import count_start
from sync.exchange.ends import UplinkIdentity
from sync.exchange.transport import HttpTransport
from sync.exchange.uplink import Uplink


def identity_of(gate: Gate) -> UplinkIdentity:
    """Who this edge is, after one more counted start."""
    started = count_start(gate.store.files, random_bytes=gate.random_bytes)
    return UplinkIdentity(
        edge_id=gate.identity.edge_id,
        incarnation=gate.identity.incarnation,
        signing_key=gate.identity.signing_key,
        centre_public_key=bytes.fromhex(gate.settings.edge.centre_public_key),
        instance=started.instance,
        start_number=started.number,
    )


def uplink_of(
    gate: Gate, *, transport: HttpTransport, clock: Callable[[], datetime], draw: Callable[[], float]
) -> Uplink:
    """Drive this edge's real journal over this transport."""
    return Uplink(identity_of(gate), journal=gate.store.outgoing, transport=transport, clock=clock, draw=draw)
