"""Whose signature on a slip counts: the edges of the province, from the centre's own records about them.

The centre's journal comes down to every gate and is kept there, so a post knows the keys without a link. A
machine counts once a person at the centre has compared its key, and no longer once it is revoked: then also
what it signed before is refused, because nobody can tell when a stolen key signed.
"""

from collections.abc import Iterable, Mapping

import msgspec

from checkpoint.papers.clearance_slip import Signer, key_hint
from sync.agreement.trust_records import EdgeConfirmed, EdgeEnrolled, EdgeRevoked
from sync.exchange.signatures import fingerprint

TRUST_TYPES = (EdgeEnrolled.type_name, EdgeConfirmed.type_name, EdgeRevoked.type_name)
"""The types of records that ``signers_after`` reads."""
_GATE = "edge"

Signers = Mapping[bytes, Signer]
"""Hint of the key -> the machine that signs with it."""


def signers_after(signers: Signers, bodies: Iterable[object]) -> dict[bytes, Signer]:
    """Apply records of the centre, in their order; any other record changes nothing."""
    known = dict(signers)
    for body in bodies:
        if isinstance(body, EdgeEnrolled):
            _enrol(known, body)
        elif isinstance(body, EdgeConfirmed | EdgeRevoked):
            _mark(known, body)
    return known


def _enrol(known: dict[bytes, Signer], body: EdgeEnrolled) -> None:
    """Meet a machine; one whose key is no key signs nothing that could be believed."""
    if body.kind != _GATE:
        return
    try:
        public_key = bytes.fromhex(body.public_key)
    except ValueError:
        return
    known[key_hint(public_key)] = Signer(
        edge_id=body.edge_id,
        point_of_entry_id=body.point_of_entry_id,
        public_key=public_key,
        is_confirmed=body.is_confirmed,
    )


def _mark(known: dict[bytes, Signer], body: EdgeConfirmed | EdgeRevoked) -> None:
    for hint, signer in known.items():
        if signer.edge_id != body.edge_id:
            continue
        if isinstance(body, EdgeRevoked):
            known[hint] = msgspec.structs.replace(signer, is_revoked=True)
        elif fingerprint(signer.public_key) == body.fingerprint:
            known[hint] = msgspec.structs.replace(signer, is_confirmed=True)
