"""Who of a group was seen: announced heads are seen or missing, never anything between."""

from collections.abc import Collection

from msgspec import Struct


class HeadCount(Struct, frozen=True, kw_only=True):
    """``announced`` heads, ``listed`` of them by name; ``missing`` are numbers; ``unexpected`` came beside them."""

    announced: int
    listed: int
    seen: int
    missing: tuple[int, ...]
    unexpected: int

    @property
    def is_complete(self) -> bool:
        """Whether everybody who was announced was seen."""
        return not self.missing


def count_heads(announced: int, *, listed: int, seen: Collection[int], unexpected: int = 0) -> HeadCount:
    """Count a group; ``seen`` are the numbers of members who stood at a lane, from 1 to ``announced``.

    >>> count_heads(3, listed=2, seen={1, 3}).missing
    (2,)
    """
    wrong = [number for number in seen if not 1 <= number <= announced]
    if wrong or listed > announced:
        msg = f"numbers of a group of {announced} lie between 1 and {announced}"
        raise ValueError(msg)
    missing = tuple(number for number in range(1, announced + 1) if number not in seen)
    return HeadCount(
        announced=announced, listed=listed, seen=announced - len(missing), missing=missing, unexpected=unexpected
    )
