"""The head count of a party: declared, screened, slips; what does not add up is named, never rounded away."""

from collections.abc import Iterable

import msgspec

from checkpoint.places.party import PlaceError, PlaceFault
from sync.agreement.place_words import DifferenceReason
from sync.agreement.vocabulary import Disposition


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """What the count needs of one crossing; ``person_key`` is empty for somebody whom nothing tells from another."""

    crossing_id: str
    disposition: Disposition
    has_proof: bool = False
    person_key: str = ""


class HeadCount(msgspec.Struct, frozen=True, kw_only=True):
    """``declared + beyond_declared == screened + not_screened`` and ``with_proof + without_proof == screened``.

    ``waiting`` are those screened whose alarm is open, ``isolated`` those in the room or referred.
    """

    declared: int
    screened: int
    not_screened: int
    beyond_declared: int
    with_proof: int
    without_proof: int
    waiting: int
    isolated: int
    withdrawn: int

    @property
    def adds_up(self) -> bool:
        """Whether exactly those who were declared were screened."""
        return self.not_screened == 0 and self.beyond_declared == 0


_ISOLATED = frozenset({Disposition.ISOLATED, Disposition.REFERRED})


def head_count(declared: int, *, members: Iterable[Member]) -> HeadCount:
    """Count a party by people: who was screened twice fills nobody else's place, and a withdrawn crossing nobody's.

    >>> members = [Member(crossing_id="a", disposition=Disposition.CLEARED, has_proof=True)]
    >>> count = head_count(3, members=members)
    >>> count.screened, count.not_screened, count.with_proof
    (1, 2, 1)
    """
    by_crossing = {member.crossing_id: member for member in members}
    standing = [member for member in by_crossing.values() if member.disposition is not Disposition.WITHDRAWN]
    people = _by_person(standing)
    with_proof = sum(any(one.has_proof for one in crossings) for crossings in people)
    isolated = [crossings for crossings in people if any(one.disposition in _ISOLATED for one in crossings)]
    others = [crossings for crossings in people if crossings not in isolated]
    return HeadCount(
        declared=declared,
        screened=len(people),
        not_screened=max(0, declared - len(people)),
        beyond_declared=max(0, len(people) - declared),
        with_proof=with_proof,
        without_proof=len(people) - with_proof,
        waiting=sum(any(one.disposition is Disposition.PENDING for one in crossings) for crossings in others),
        isolated=len(isolated),
        withdrawn=len(by_crossing) - len(standing),
    )


def _by_person(standing: Iterable[Member]) -> list[list[Member]]:
    people: dict[str, list[Member]] = {}
    for member in standing:
        people.setdefault(member.person_key or member.crossing_id, []).append(member)
    return list(people.values())


def require_reasons(count: HeadCount, *, reasons: tuple[DifferenceReason, ...]) -> None:
    """Refuse to let a party go while somebody of it was not screened and nobody says why.

    Raises:
        PlaceError: ``REASON_MISSING``.
    """
    if count.not_screened and not reasons:
        raise PlaceError(PlaceFault.REASON_MISSING)
