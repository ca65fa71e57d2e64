"""Who writes under which number: new incarnations, and testimony to a centre that forgot.

An incarnation number is issued by the centre, grows, and is never used twice. An edge that was
restored, cloned or set up anew asks for one; a centre that was restored is shown its own signatures.
"""

from typing import ClassVar

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sync.exchange.messages.heads import SignedHead
from sync.exchange.messages.pushes import Receipt
from sync.exchange.messages.words import (
    AwareTime,
    CentreWords,
    Count,
    EdgeWords,
    Incarnation,
    Instance,
    RenewalReason,
    check_nonce,
)
from sync.exchange.signatures import INCARNATION_PURPOSE, TESTIMONY_PURPOSE, SignatureError


class IncarnationQuestion(EdgeWords, frozen=True, kw_only=True):
    """Asks for the next incarnation. ``incarnation`` is the newest that the edge has.

    The grant must be greater than it, whatever the centre remembers. ``own_sequence`` is that chain's
    head at the edge, ``high_water`` the newest sequence the edge is known to have written there.
    """

    purpose: ClassVar[str] = INCARNATION_PURPOSE + "/question"

    own_sequence: Count
    high_water: Count
    reason: RenewalReason
    instance: Instance
    start_number: Count


class IncarnationGrant(CentreWords, frozen=True, kw_only=True):
    """The centre's signed word that this edge, and nobody before it, writes under ``incarnation``."""

    purpose: ClassVar[str] = INCARNATION_PURPOSE

    edge_id: str
    incarnation: Incarnation
    previous_incarnation: Incarnation
    epoch: str
    issued_at: AwareTime
    nonce: str


def check_grant(grant: IncarnationGrant, *, question: IncarnationQuestion, public_key: bytes) -> None:
    """Raise ``SignatureError`` unless the centre granted this edge a number that it never had."""
    check_nonce(question.nonce, answered=grant.nonce)
    grant.check(public_key=public_key)
    if grant.edge_id != question.edge or grant.incarnation <= question.incarnation:
        message = "the grant is for another edge, or for a number that was used"
        raise SignatureError(message)


class Evidence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The body of a testimony: exactly one thing that the centre once signed."""

    receipt: Receipt | None = None
    ledger_head: SignedHead | None = None
    grant: IncarnationGrant | None = None

    def __post_init__(self) -> None:
        """Refuse an empty or a mixed body: one testimony, one question to answer."""
        if sum(part is not None for part in (self.receipt, self.ledger_head, self.grant)) != 1:
            message = "a testimony shows exactly one signed word"
            raise ValueError(message)


class Testimony(EdgeWords, frozen=True, kw_only=True):
    """The signed words that come with an ``Evidence`` in JSON: something the centre signed and seems to deny."""

    purpose: ClassVar[str] = TESTIMONY_PURPOSE
    has_body: ClassVar[bool] = True


class TestimonyAnswer(CentreWords, frozen=True, kw_only=True):
    """Whether the centre knew its own signature; ``epoch`` is a new one if it found that it was restored."""

    purpose: ClassVar[str] = TESTIMONY_PURPOSE + "/answer"

    epoch: str
    is_accepted: bool
    nonce: str


_EVIDENCE = msgspec.json.Decoder(Evidence)


def read_evidence(body: bytes) -> Evidence:
    """Read a testimony's body; raise ``ValueError`` (``msgspec.DecodeError`` is one) for anything else."""
    return _EVIDENCE.decode(body)


def sign_grant(unsigned: IncarnationGrant, *, key: Ed25519PrivateKey) -> IncarnationGrant:
    """Return the grant with the centre's signature."""
    return unsigned.signed(key=key)
