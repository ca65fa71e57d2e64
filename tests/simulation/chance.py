"""Where all chance of a simulation comes from: one number, split into streams that do not disturb each other."""

import random
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TypeVar

_T = TypeVar("_T")


class Chance:
    """A stream of decisions: the same seed and name give the same stream."""

    def __init__(self, seed: int | str, name: str) -> None:
        self._random = random.Random(f"{name}/{seed}")

    def happens(self, probability: float) -> bool:
        return probability > 0.0 and self._random.random() < probability

    def fraction(self) -> float:
        return self._random.random()

    def number(self, least: int, most: int) -> int:
        return self._random.randint(least, most)

    def amount(self, least: float, most: float) -> float:
        return self._random.uniform(least, most)

    def one_of(self, choices: Sequence[_T]) -> _T:
        return choices[self._random.randrange(len(choices))]

    def weighted(self, weights: Mapping[str, float]) -> str:
        return self._random.choices(list(weights), weights=list(weights.values()))[0]

    def shuffled(self, things: Sequence[_T]) -> list[_T]:
        copied = list(things)
        self._random.shuffle(copied)
        return copied

    def bytes(self, count: int) -> bytes:
        return self._random.randbytes(count)


@contextmanager
def seeded_entropy(seed: int | str) -> Iterator[None]:
    """Give every secret, nonce and identifier this thread draws from the seed: ``secrets`` draws from here.

    A seed runs in one thread. What else lives in the process (a server that another test has not yet ended) goes on
    drawing true entropy, or it would take numbers out of the stream and the seed would not replay.
    """
    stream = random.Random(f"entropy/{seed}")
    kept, seeded_thread = random._urandom, threading.get_ident()

    def drawn(byte_count: int) -> bytes:
        return stream.randbytes(byte_count) if threading.get_ident() == seeded_thread else kept(byte_count)

    random._urandom = drawn
    try:
        yield
    finally:
        random._urandom = kept
