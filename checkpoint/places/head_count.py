"""The head count of a party: declared, screened, slips; what does not add up is named, never rounded away."""

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from checkpoint.places.party import PlaceError, PlaceFault
from sync.agreement.place_words import DifferenceReason
from sync.agreement.vocabulary import Disposition


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """What the count needs of one crossing. ``person_key`` is empty for somebody without a strong identifier."""

    crossing_id: str
    disposition: Disposition
    has_proof: bool = False
    person_key: str = ""
    seen_at: datetime | None = None


class HeadCount(msgspec.Struct, frozen=True, kw_only=True):
    """``declared + beyond_declared == screened + not_screened`` and ``with_proof + without_proof == screened``.

    People are counted, not crossings: ``seen_again`` are crossings of somebody who is counted already. ``waiting``
    are those screened whose alarm is open, ``isolated`` those in the room or referred.
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
    seen_again: int = 0

    @property
    def adds_up(self) -> bool:
        """Whether exactly those who were declared were screened."""
        return self.not_screened == 0 and self.beyond_declared == 0


_ISOLATED = frozenset({Disposition.ISOLATED, Disposition.REFERRED})


def head_count(declared: int, *, members: Iterable[Member]) -> HeadCount:
    """Count a party; a crossing that was withdrawn is nobody's screening, and nobody is screened for somebody else.

    >>> members = [Member(crossing_id="a", disposition=Disposition.CLEARED, has_proof=True)]
    >>> count = head_count(3, members=members)
    >>> count.screened, count.not_screened, count.with_proof
    (1, 2, 1)
    """
    by_crossing = {member.crossing_id: member for member in members}
    standing = [member for member in by_crossing.values() if member.disposition is not Disposition.WITHDRAWN]
    people = _by_person(standing)
    with_proof = sum(any(member.has_proof for member in person) for person in people)
    gravest = [_gravest(person) for person in people]
    return HeadCount(
        declared=declared,
        screened=len(people),
        not_screened=max(0, declared - len(people)),
        beyond_declared=max(0, len(people) - declared),
        with_proof=with_proof,
        without_proof=len(people) - with_proof,
        waiting=sum(one is Disposition.PENDING for one in gravest),
        isolated=sum(one in _ISOLATED for one in gravest),
        withdrawn=len(by_crossing) - len(standing),
        seen_again=len(standing) - len(people),
    )


def seen_before_at(members: Iterable[Member], *, person_key: str, crossing_id: str) -> datetime | None:
    """Return when this person was last screened in the party by another crossing; ``None`` if that is not known."""
    times = [
        member.seen_at
        for member in members
        if member.seen_at is not None
        and member.person_key == person_key
        and member.crossing_id != crossing_id
        and member.disposition is not Disposition.WITHDRAWN
    ]
    return max(times, default=None) if person_key else None


def require_reasons(count: HeadCount, *, reasons: tuple[DifferenceReason, ...]) -> None:
    """Refuse to let a party go while somebody of it was not screened and nobody says why.

    Raises:
        PlaceError: ``REASON_MISSING``.
    """
    if count.not_screened and not reasons:
        raise PlaceError(PlaceFault.REASON_MISSING)


def _by_person(members: Iterable[Member]) -> list[list[Member]]:
    """Bring the crossings of one person together; who cannot be told from others is a person each time."""
    people: dict[str, list[Member]] = {}
    for member in members:
        people.setdefault(member.person_key or member.crossing_id, []).append(member)
    return list(people.values())


def _gravest(person: Sequence[Member]) -> Disposition:
    """Return where a person is who crossed twice: the room before an open alarm, and both before a passage."""
    dispositions = [member.disposition for member in person]
    return max(dispositions, key=lambda one: (one in _ISOLATED, one is Disposition.PENDING))
