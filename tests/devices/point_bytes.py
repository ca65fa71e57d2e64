"""Frames of point thermometers built by hand from the makers' pages, for tests; synthetic, never captured."""

import struct

GOLDEN = bytes.fromhex("5A5A45040E4209C41A")
"""36.50 °C before it, itself 25.00 °C: computed from the page of the GY-MCU90614."""
CLONE_GOLDEN = bytes.fromhex("666601040E4209C4EE")
"""The same from a clone in automatic mode."""


def frame(object_c, *, own_c=25.0, header="5A5A4504", sum_error=0):
    """One frame of nine bytes."""
    body = bytes.fromhex(header) + struct.pack(">hh", round(object_c * 100), round(own_c * 100))
    return body + bytes(((sum(body) + sum_error) & 0xFF,))


def person(skin_c, *, header="5A5A4504", wall_c=24.0):
    """The empty place for four frames, then somebody for the five that make one reading."""
    return frame(wall_c, header=header) * 4 + frame(skin_c, header=header) * 5
