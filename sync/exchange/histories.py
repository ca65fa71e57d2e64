"""Which chain is next, and whether the centre's history of it is ours.

Pure: compares what the centre says of a chain with what the journal and its receipts say.
"""

from collections.abc import Sequence

from sync.exchange.ends import Abandonment, Finding, OutgoingChain
from sync.exchange.messages import RenewalReason
from sync.exchange.phases import HeadReceived, Renewal, UplinkState


def choose_chain(chains: Sequence[OutgoingChain], *, state: UplinkState, finding: Finding | None) -> OutgoingChain:
    """Return the oldest chain that this epoch may still lack; with a finding the current one comes first."""
    if finding is None:
        for chain in chains[:-1]:
            is_known = bool(state.epoch) and chain.is_drained(epoch=state.epoch)
            if not is_known and chain.incarnation not in state.settled:
                return chain
    return chains[-1]


def contradiction_in(event: HeadReceived) -> RenewalReason | None:
    """Say why this chain cannot be delivered under its own name, if it cannot."""
    answer, chain = event.answer, event.chain
    if event.own_hash is None:
        return RenewalReason.CENTRE_IS_AHEAD
    if event.own_hash.hex() != answer.hash:
        return RenewalReason.FORK
    if answer.is_frozen and (chain.is_current or answer.sequence < chain.head.sequence):
        return RenewalReason.FROZEN
    return None


def renewal_for(reason: RenewalReason, *, event: HeadReceived) -> Renewal:
    """Say what to ask for: the finding of the start, if there is one, knows best why."""
    answer, chain, finding = event.answer, event.chain, event.finding
    abandonment = Abandonment(incarnation=chain.incarnation, last_known_sequence=last_known_sequence(event))
    if not chain.is_current:
        return Renewal(reason=reason, abandon=(abandonment,))
    high_water = max(chain.head.sequence, answer.sequence if reason is RenewalReason.CENTRE_IS_AHEAD else 0)
    if finding is not None:
        reason, high_water = finding.reason, max(high_water, finding.high_water)
    return Renewal(reason=reason, high_water=high_water, centre_sequence=answer.sequence, abandon=(abandonment,))


def last_known_sequence(event: HeadReceived) -> int:
    """Return up to where the centre of this epoch is known to hold the chain as ours: equal head, or last receipt."""
    answer, chain = event.answer, event.chain
    if event.own_hash is not None and event.own_hash.hex() == answer.hash:
        return answer.sequence
    if chain.delivered is not None and chain.delivered_epoch == answer.epoch:
        return min(chain.delivered.sequence, chain.head.sequence)
    return 0
