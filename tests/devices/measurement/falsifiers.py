"""Falsifiers as makers ship them, and honest streams to tell them from.

Rules after fjtkchenhuan/TemperatureDemo @10e4ee5 and a public source of ``ThermoCam160B``, read and rewritten from
their description; ``random`` stands for the vendor's random numbers. Each takes what the sensor measured and
gives what the device tells.
"""

from collections.abc import Callable, Iterator
from random import Random

Falsifier = Callable[[float], float]


def shtpa(random: Random) -> Falsifier:
    """35 to 36 becomes one of 36.0 to 36.3 at random, 36 to 36.3 gains 0.3."""

    def told(measured_c: float) -> float:
        if 35.0 <= measured_c < 36.0:
            return random.choice((36.0, 36.1, 36.2, 36.3))
        return measured_c + 0.3 if 36.0 <= measured_c <= 36.3 else measured_c

    return told


def smlx90621(random: Random) -> Falsifier:
    """34 to 35.5 becomes 36.10 to 36.20, 35.5 to 35.9 becomes 36.x, and 36.8 to 37.3 loses 0.4."""

    def told(measured_c: float) -> float:
        if 34.0 <= measured_c < 35.5:
            return 36.0 + random.randint(10, 20) / 100
        if 35.5 <= measured_c < 35.9:
            return 36.0 + random.randint(0, 9) / 10
        return measured_c - 0.4 if 36.8 <= measured_c <= 37.3 else measured_c

    return told


def get_valid(random: Random) -> Falsifier:
    """30 to 36 becomes 36 with the old decimals."""
    return lambda measured_c: 36.0 + measured_c % 1.0 if 30.0 <= measured_c < 36.0 else measured_c


def get_valid_cached(random: Random) -> Falsifier:
    """The same, and four readings of five repeat the last one."""
    whole, count, kept = get_valid(random), 0, 36.5

    def told(measured_c: float) -> float:
        nonlocal count, kept
        kept = whole(measured_c) if count % 5 == 0 else kept
        count += 1
        return kept

    return told


def sym32a(random: Random) -> Falsifier:
    """35 to 36 becomes 36.x at random."""
    return lambda measured_c: 36.0 + random.randint(0, 9) / 10 if 35.0 <= measured_c < 36.0 else measured_c


def thermocam160b(random: Random) -> Falsifier:
    """Everything up to 37.5 is pulled to 36.5 by nine tenths, everything above to 37.3."""

    def told(measured_c: float) -> float:
        if 25.0 <= measured_c < 37.5:
            return measured_c - 0.9 * (measured_c - 36.5)
        return measured_c - 0.9 * (measured_c - 37.3) if measured_c <= 40.0 else measured_c

    return told


VENDORS = (shtpa, smlx90621, get_valid, get_valid_cached, sym32a, thermocam160b)


def people(
    random: Random, *, centre_c: float, spread_c: float, slope: float = 0.0, raised_share: float = 0.0
) -> Iterator[tuple[float, float]]:
    """What an honest sensor measures, person after person, and the room: a slow drift, a day's course, some raised."""
    drift_c, number = 0.0, 0
    while True:
        room_c = 22.0 + 2.5 * ((number % 400) / 200 - 1.0) + random.gauss(0.0, 0.3)
        drift_c = 0.995 * drift_c + random.gauss(0.0, 0.01)
        measured_c = random.gauss(centre_c, spread_c) + drift_c + slope * (room_c - 22.0)
        if random.random() < raised_share:
            measured_c += random.uniform(0.8, 2.5)
        number += 1
        yield measured_c, room_c
