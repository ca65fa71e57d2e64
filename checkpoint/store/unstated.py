"""What a new incarnation states about lost records, kept outside the database until it cannot be lost with it.

``incarnation_opened`` says how many records of the chain before are gone. A database that is put back once
more before that record was sent takes it away. So ``unstated.json`` in the identity folder keeps, for each
incarnation that was begun, what its first record spoke of; the next one states again what was not delivered.
"""

from collections.abc import Mapping, Sequence

import msgspec
from sqlalchemy import select

from checkpoint.store.private_files import PrivateFiles
from checkpoint.store.statements import compiled
from checkpoint.store.tables import journal_head
from checkpoint.store.writer import Transaction
from sync.exchange.ends import ChainAtCentre

_NAME = "unstated.json"
_CHAINS = compiled(select(journal_head.c.incarnation, journal_head.c.sequence, journal_head.c.grant_bytes))


class Opening(msgspec.Struct, frozen=True, kw_only=True):
    """What the first record of ``incarnation`` speaks of: the chain ``previous``.

    That chain is known to have reached ``high_water`` once, was put back to ``own_sequence``, and grew from
    there to ``sequence``: two histories that went apart.
    """

    incarnation: int
    previous: int
    own_sequence: int
    high_water: int
    sequence: int

    @property
    def written(self) -> int:
        """Count every record that this identity is known to have written in the chain before."""
        return self.high_water + self.sequence - self.own_sequence


class LocalChains(msgspec.Struct, frozen=True, kw_only=True):
    """The chains of this database: how far each reaches, and in which the first record is an opening."""

    heads: Mapping[int, int]
    opened: frozenset[int]


class Unstated:
    """The file. A torn or foreign one counts as none, because every number in it only ever helps."""

    def __init__(self, files: PrivateFiles) -> None:
        """Nothing is read before it is needed."""
        self._files = files

    def read(self) -> tuple[Opening, ...]:
        """Return the openings by ascending incarnation."""
        try:
            return msgspec.json.decode(self._files.read(_NAME) or b"[]", type=tuple[Opening, ...])
        except msgspec.DecodeError:
            return ()

    def write(self, openings: Sequence[Opening]) -> None:
        """Keep them durably, before the transaction they belong to is committed."""
        self._files.write(_NAME, msgspec.json.encode(openings) + b"\n")


def local_chains(transaction: Transaction) -> LocalChains:
    """Read how far every chain reaches here; one that was begun by a grant begins with its opening."""
    rows = transaction.execute(_CHAINS).fetchall()
    return LocalChains(
        heads={row[0]: row[1] for row in rows},
        opened=frozenset(row[0] for row in rows if row[2] is not None and row[1] > 0),
    )


def not_delivered(openings: Sequence[Opening], *, chains: LocalChains, current: int) -> tuple[Opening, ...]:
    """Leave out what an opening of this database states: it will be delivered, and spoke of all before it.

    What was written about the ``current`` chain was never begun, or that chain would not be the current one.
    """
    newest = max((opening.incarnation for opening in openings if opening.incarnation in chains.opened), default=0)
    return tuple(opening for opening in openings if opening.incarnation > newest and opening.previous != current)


def lost_before(
    openings: Sequence[Opening], *, chains: LocalChains, told: Mapping[int, ChainAtCentre]
) -> tuple[tuple[Opening, ...], int]:
    """Return which openings have to be stated again, and how many records are lost by them together.

    >>> once = Opening(incarnation=2, previous=1, own_sequence=5, high_water=7, sequence=7)
    >>> here = LocalChains(heads={1: 4, 2: 0}, opened=frozenset())
    >>> lost_before([once], chains=here, told={})[1]
    5
    >>> lost_before([once], chains=here, told={1: ChainAtCentre(incarnation=1, sequence=6)})[1]
    3
    >>> lost_before([once], chains=here, told={2: ChainAtCentre(incarnation=2, sequence=1)})
    ((), 0)
    """
    arrived = max((one.incarnation for one in openings if _has_arrived(told.get(one.incarnation))), default=0)
    left = tuple(opening for opening in openings if opening.incarnation > arrived)
    return left, sum(max(0, one.written - _kept(one, chains=chains, told=told.get(one.previous))) for one in left)


def _has_arrived(told: ChainAtCentre | None) -> bool:
    """Whether the centre has the opening: it holds something of the chain, and not what was written here instead."""
    return told is not None and told.sequence > 0 and not told.is_ours


def _kept(opening: Opening, *, chains: LocalChains, told: ChainAtCentre | None) -> int:
    """Count the records of the chain before that are here, or at the centre, or both."""
    here = chains.heads.get(opening.previous, 0)
    if told is None:
        return here
    if told.is_frozen and not told.is_ours:
        return here + told.sequence - min(opening.own_sequence, here, told.sequence)
    return max(here, told.sequence)
