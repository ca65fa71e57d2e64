"""Passwords: argon2id, one price for known and unknown names.

The default costs 64 MiB, three passes and about 200 ms, so that a stolen table is slow to guess; hence
callers must cap how many run at once (``SignIn`` does).
"""

import argon2

SHORTEST_PASSWORD = 8
LONGEST_PASSWORD = 256


class PasswordRefusedError(ValueError):
    """The password someone wants to set is no good; ``code`` is the label to show. Choose another."""

    def __init__(self, *, code: str) -> None:
        """``code``: too_short, too_long or guessable."""
        super().__init__(code)
        self.code = code


class Passwords:
    """Hash and verify. A name that nobody has is verified against a hash that nobody knows."""

    def __init__(self, hasher: argon2.PasswordHasher | None = None) -> None:
        """``hasher``: argon2 parameters; tests hand in a cheap one."""
        self._hasher = hasher or argon2.PasswordHasher()
        self._nobody = self._hasher.hash("nobody knows this one, and nobody is let in by it")

    def hash_password(self, password: str, *, username: str) -> str:
        """Return the argon2id text to store; raises PasswordRefusedError."""
        if len(password) < SHORTEST_PASSWORD:
            raise PasswordRefusedError(code="too_short")
        if len(password) > LONGEST_PASSWORD:
            raise PasswordRefusedError(code="too_long")
        if username.casefold() in password.casefold() or len(set(password)) < 4:
            raise PasswordRefusedError(code="guessable")
        return self._hasher.hash(password)

    def verify(self, password: str, *, password_hash: str | None) -> bool:
        """Tell whether they match; ``None`` (no such user) costs the same and never matches."""
        try:
            self._hasher.verify(password_hash or self._nobody, password[: LONGEST_PASSWORD + 1])
        except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
            return False
        return password_hash is not None

    def is_outdated(self, password_hash: str) -> bool:
        """Tell whether the hash was made with weaker parameters than today's."""
        return self._hasher.check_needs_rehash(password_hash)
