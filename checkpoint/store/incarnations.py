"""Beginning a new incarnation: one transaction in the database, and the identity files on both sides of it.

    grant.json (the centre's word)  ->  the database: old chain closed, new one begun  ->  incarnation (the number)

A kill between the first two leaves a grant that was never used: the old chain grows on, and the next
handshake asks again. A kill between the last two is healed at the next start, because the grant is there.
"""

from collections.abc import Sequence

import msgspec
from sqlalchemy import bindparam, select, text, update

from checkpoint.store.connection import StoreError
from checkpoint.store.identity import read_grant, read_incarnation, write_grant, write_incarnation
from checkpoint.store.journal import Origin, RandomBytes, append, open_chain
from checkpoint.store.private_files import PrivateFiles
from checkpoint.store.recovery import abandon_chain, open_finding, settle_findings
from checkpoint.store.statements import compiled
from checkpoint.store.tables import journal_head
from checkpoint.store.unstated import Opening, Unstated, local_chains, lost_before, not_delivered
from checkpoint.store.writer import Transaction
from sync.agreement.records import IncarnationOpened
from sync.exchange.ends import Abandonment, ChainAtCentre
from sync.exchange.messages import IncarnationGrant, RenewalReason

_CURRENT = compiled(
    select(journal_head.c.edge_id, journal_head.c.incarnation, journal_head.c.sequence).where(text("is_current = 1"))
)
_GRANT_OF = compiled(
    select(journal_head.c.grant_bytes).where(journal_head.c.incarnation == bindparam("of_incarnation"))
)
_GRANTED = compiled(
    update(journal_head)
    .where(journal_head.c.incarnation == bindparam("of_incarnation"))
    .values(grant_bytes=bindparam("granted"))
)


class UsedIncarnationError(StoreError):
    """A grant for a number that this edge has used already: it is not followed; ask the centre again."""


class Adoption:
    """The identity files as a new incarnation needs them."""

    def __init__(self, files: PrivateFiles) -> None:
        """Use the identity's own files."""
        self._files = files
        self.unstated = Unstated(files)

    def keep_grant(self, grant: IncarnationGrant) -> None:
        """Before anything is written under the new number."""
        write_grant(self._files, grant)

    def keep_incarnation(self, incarnation: int) -> None:
        """After the database has it."""
        write_incarnation(self._files, incarnation)

    def heal(self, incarnation: int) -> None:
        """Finish what a kill left between the commit and the file, if the grant proves that it was ours."""
        grant, written = read_grant(self._files), read_incarnation(self._files)
        if grant is not None and grant.incarnation == incarnation and written is not None and written < incarnation:
            write_incarnation(self._files, incarnation)


def begin_incarnation(  # the centre's word, and what the uplink knows about the chains before
    transaction: Transaction,
    grant: IncarnationGrant,
    *,
    abandon: Sequence[Abandonment],
    reason: RenewalReason,
    centre_sequence: int,
    earlier: Sequence[ChainAtCentre] = (),
    unstated: Unstated | None = None,
    origin: Origin,
    random_bytes: RandomBytes,
) -> None:
    """Close the chain that grew, begin the granted one with the record that says why, in the caller's transaction.

    ``lost_records``: how many records of the chain before are known to have been written, and are neither
    here nor at the centre, and with them what an opening stated that was lost itself. The same grant again
    changes nothing: what came after this commit failed (a full disk), and the caller tries it all once more.
    """
    edge_id, incarnation, sequence = transaction.execute(_CURRENT).fetchone()
    if _has_begun(transaction, grant):
        return
    if grant.incarnation <= incarnation or grant.edge_id != edge_id:
        msg = f"the grant of incarnation {grant.incarnation} for {grant.edge_id} does not follow {incarnation}"
        raise UsedIncarnationError(msg)
    spoken_of = _opening_of(transaction, grant, previous=incarnation, sequence=sequence)
    lost_earlier = 0 if unstated is None else _restate(transaction, unstated, opening=spoken_of, earlier=earlier)
    open_chain(transaction, edge_id=edge_id, incarnation=grant.incarnation)
    transaction.execute(_GRANTED, {"of_incarnation": grant.incarnation, "granted": msgspec.json.encode(grant)})
    opened = IncarnationOpened(
        reason=reason,
        previous_incarnation=incarnation,
        previous_sequence=sequence,
        high_water=max(spoken_of.high_water, sequence),
        lost_records=max(0, spoken_of.high_water - max(spoken_of.own_sequence, centre_sequence)) + lost_earlier,
    )
    append(transaction, opened, origin=origin, random_bytes=random_bytes)
    for chain in abandon:
        abandon_chain(transaction, chain.incarnation, after=chain.last_known_sequence)
    settle_findings(transaction, at=origin.recorded_at)


def _opening_of(transaction: Transaction, grant: IncarnationGrant, *, previous: int, sequence: int) -> Opening:
    """Say how far the chain before reached once: a finding about it knows more than its head."""
    found = open_finding(transaction)
    own, high_water = sequence, sequence
    if found is not None and found.incarnation == previous:
        own, high_water = found.own_sequence, found.high_water
    return Opening(
        incarnation=grant.incarnation, previous=previous, own_sequence=own, high_water=high_water, sequence=sequence
    )


def _restate(
    transaction: Transaction, unstated: Unstated, *, opening: Opening, earlier: Sequence[ChainAtCentre]
) -> int:
    """Count what must be stated once more, and keep what the new opening speaks of before it is committed."""
    chains = local_chains(transaction)
    open_ones = not_delivered(unstated.read(), chains=chains, current=opening.previous)
    left, lost = lost_before(open_ones, chains=chains, told={one.incarnation: one for one in earlier})
    unstated.write((*left, opening))
    return lost


def _has_begun(transaction: Transaction, grant: IncarnationGrant) -> bool:
    kept = transaction.execute(_GRANT_OF, {"of_incarnation": grant.incarnation}).fetchone()
    return kept is not None and bytes(kept[0] or b"") == msgspec.json.encode(grant)
