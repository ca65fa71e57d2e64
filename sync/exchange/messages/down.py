"""The way down: the centre's own signed journal (orders, policies, case decisions, erasures)."""

from typing import Annotated, ClassVar

import msgspec

from sync.exchange.messages.words import AwareTime, CentreWords, Count, EdgeWords, HashText, Incarnation
from sync.exchange.signatures import DOWN_PURPOSE

DOWN_LIMIT_RECORDS = 200
DOWN_LIMIT_BYTES = 512 * 1024


class DownQuestion(EdgeWords, frozen=True, kw_only=True):
    """Asks for the centre's records after ``after``, whose hash at the edge is ``after_hash`` (hex).

    ``centre_incarnation`` says which of the centre's own chains that is; an edge that has taken nothing
    yet asks for 1, after 0, with the genesis hash. The centre answers from that chain until it is at
    its end, then from the next one, after 0. A hash that the centre does not have at ``after`` is
    refused as ``fork``.
    """

    purpose: ClassVar[str] = DOWN_PURPOSE

    centre_incarnation: Incarnation = 1
    after: Count
    after_hash: HashText


class DownAnswer(CentreWords, frozen=True, kw_only=True):
    """The records ``after + 1`` to ``last`` of the centre's chain ``centre_incarnation``, as bytes.

    ``head_hash`` (hex) is the hash at ``last``, so that signature and chain together cover every record;
    without records ``last`` equals ``after``. ``length`` is how long that chain is now. ``epoch`` is the
    centre's present epoch, and empty while it hands out a chain of an earlier incarnation.
    """

    purpose: ClassVar[str] = DOWN_PURPOSE + "/answer"

    epoch: str
    edge_id: str
    centre_incarnation: Incarnation
    after: Count
    last: Count
    head_hash: HashText
    length: Count
    issued_at: AwareTime
    nonce: str
    records: Annotated[tuple[bytes, ...], msgspec.Meta(max_length=DOWN_LIMIT_RECORDS)] = ()

    def signed_fields(self) -> dict[str, str | int]:
        """Cover the records by their number and the chain's hash at the last of them."""
        fields = {name: value for name, value in msgspec.structs.asdict(self).items() if name != "records"}
        del fields["signature"]
        return {**fields, "issued_at": self.issued_at.isoformat(), "count": len(self.records)}
