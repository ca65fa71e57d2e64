"""The permit of a handheld: for how long one officer may work on one device while the edge is out of reach.

The edge signs it and gives it to the device; the device hands it back with each act that was done under it. So
an act keeps its officer however late it comes in, and nothing has to be remembered of permits in between.
"""

import base64
import binascii
from datetime import datetime
from typing import Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sync.exchange.signatures import SignatureError, check_signature, sign

PURPOSE: Final = "kiemdich/handheld-permit/v1"
LONGEST_PERMIT: Final = 1000


class PermitRefusedError(ValueError):
    """This is no permit of this edge; its acts wait for an officer. Retrying does not help."""


class Permit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who may work where, on which device, from when until when (aware times of the edge's clock)."""

    permit_id: str
    handheld_id: str
    officer_ref: str
    lane_id: str
    issued_at: datetime
    expires_at: datetime

    def __post_init__(self) -> None:
        """Refuse a permit without an end after its beginning."""
        if self.issued_at.tzinfo is None or self.expires_at.tzinfo is None or self.expires_at <= self.issued_at:
            msg = "a permit needs two aware times, the end after the beginning"
            raise ValueError(msg)


_ENCODER: Final = msgspec.json.Encoder()
_DECODER: Final = msgspec.json.Decoder(Permit)


def write_permit(permit: Permit, *, key: Ed25519PrivateKey) -> str:
    """Write and sign a permit as one line of text."""
    body = base64.urlsafe_b64encode(_ENCODER.encode(permit)).decode()
    return f"{body}.{sign(PURPOSE, fields={'permit': body}, key=key)}"


def read_permit(text: str, *, public_key: bytes) -> Permit:
    """Read a permit that the holder of ``public_key`` signed; raises ``PermitRefusedError``."""
    body, _, signature = text[:LONGEST_PERMIT].partition(".")
    try:
        check_signature(PURPOSE, fields={"permit": body}, signature=signature, public_key=public_key)
        return _DECODER.decode(base64.urlsafe_b64decode(body))
    except (SignatureError, msgspec.MsgspecError, binascii.Error, ValueError):
        msg = "this is no permit of this edge"
        raise PermitRefusedError(msg) from None
