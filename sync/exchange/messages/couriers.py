"""A courier's package and its way back: what a push and a downlink say, on a stick instead of a wire."""

import hashlib
from typing import ClassVar, Literal

import msgspec

from sync.exchange.messages.down import DownAnswer, DownQuestion
from sync.exchange.messages.heads import HeadQuestion, SignedHead
from sync.exchange.messages.incarnations import IncarnationGrant, IncarnationQuestion
from sync.exchange.messages.pushes import PushHeaders, Receipt
from sync.exchange.messages.words import AwareTime, CentreWords, EdgeName, Refusal
from sync.exchange.signatures import COURIER_PURPOSE

COURIER_EPOCH = "courier"
"""The epoch of a push that does not know the centre's: only a courier's package may say it."""


class SignedHeadQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """A question for a chain's head, with the edge's signature beside it."""

    question: HeadQuestion
    signature: str


class SignedDownQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """A question for the centre's journal, with the edge's signature beside it."""

    question: DownQuestion
    signature: str


class SignedIncarnationQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """A question for the next incarnation, with the edge's signature beside it."""

    question: IncarnationQuestion
    signature: str


class CourierBatch(msgspec.Struct, frozen=True, kw_only=True):
    """One push as it would have been sent: signed words and zstd body."""

    headers: PushHeaders
    signature: str
    body: bytes


class CourierPackage(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a gate without a link has to say: batches in order, and what it wants to know."""

    v: Literal[1] = 1
    edge: EdgeName
    made_at: AwareTime
    batches: tuple[CourierBatch, ...] = ()
    head_questions: tuple[SignedHeadQuestion, ...] = ()
    down_question: SignedDownQuestion | None = None
    incarnation_question: SignedIncarnationQuestion | None = None


class CourierRefusal(msgspec.Struct, frozen=True, kw_only=True):
    """Which batch was not taken, and why."""

    incarnation: int
    first: int
    last: int
    refusal: Refusal


class CourierReturn(CentreWords, frozen=True, kw_only=True):
    """What the centre sends back with the courier. The parts have signatures of their own as well.

    ``made_at`` is the package's: a return belongs to one package.
    """

    purpose: ClassVar[str] = COURIER_PURPOSE + "/return"

    v: Literal[1] = 1
    edge_id: EdgeName
    made_at: AwareTime
    receipts: tuple[Receipt, ...] = ()
    refusals: tuple[CourierRefusal, ...] = ()
    down: DownAnswer | None = None
    ledger_head: SignedHead | None = None
    grant: IncarnationGrant | msgspec.UnsetType = msgspec.UNSET
    """Left out where none was asked for, so that the signed bytes of such a return are those of earlier programs."""

    def signed_fields(self) -> dict[str, str | int]:
        """Cover every part by its bytes in JSON as this program writes them."""
        unsigned = msgspec.structs.replace(self, signature="")
        return {"edge": self.edge_id, "sha256": hashlib.sha256(msgspec.json.encode(unsigned)).hexdigest()}
