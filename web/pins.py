"""PINs: short secrets that mean something only at a workstation where somebody signed in before.

The cost is their own: a switch of officers must take less than a second, so a PIN is hashed with less memory
than a password (argon2id, 19 MiB, two passes: the least that OWASP names). What a short PIN lacks against
guessing, the growing delay gives (``web.attempts``).
"""

from itertools import pairwise

import argon2

from web.passwords import PasswordRefusedError

SHORTEST_PIN = 6
LONGEST_PIN = 12


class Pins:
    """Hash and verify. A badge that nobody has is verified against a hash that nobody knows."""

    def __init__(self, hasher: argon2.PasswordHasher | None = None) -> None:
        """``hasher``: argon2 parameters; tests hand in a cheap one."""
        self._hasher = hasher or argon2.PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
        self._nobody = self._hasher.hash("nobody knows this one")

    def hash_pin(self, pin: str, *, badge: str) -> str:
        """Return the argon2id text to store; raises PasswordRefusedError."""
        if len(pin) < SHORTEST_PIN:
            raise PasswordRefusedError(code="too_short")
        if len(pin) > LONGEST_PIN:
            raise PasswordRefusedError(code="too_long")
        if not (pin.isascii() and pin.isdigit()) or is_guessable(pin) or pin in badge:
            raise PasswordRefusedError(code="guessable")
        return self._hasher.hash(pin)

    def verify(self, pin: str, *, pin_hash: str | None) -> bool:
        """Tell whether they match; ``None`` (no such badge) costs the same and never matches."""
        try:
            self._hasher.verify(pin_hash or self._nobody, pin[: LONGEST_PIN + 1])
        except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
            return False
        return pin_hash is not None


def is_guessable(pin: str) -> bool:
    """Tell whether a PIN is among those that people guess first: few digits, runs, a group again and again.

    >>> [pin for pin in ("111111", "123456", "654321", "121212", "804173") if is_guessable(pin)]
    ['111111', '123456', '654321', '121212']
    """
    if len(set(pin)) < 3:
        return True
    steps = {(int(after) - int(before)) % 10 for before, after in pairwise(pin)}
    return steps <= {1} or steps <= {9}
