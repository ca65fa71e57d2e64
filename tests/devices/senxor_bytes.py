"""Packets of SenXor arrays built by hand from the maker's description, for tests; synthetic, never captured."""

import numpy as np

SHAPES = {(62, 80): 160, (120, 160): 960, (50, 50): 100}
"""Rows and columns of each array, and the reserved bytes before its header row."""


def packet(command, content=b"", *, sum_error=0):
    """Frame a command's content: mark, length, command, content, sum."""
    counted = f"{len(content) + 8:04X}{command}".encode() + content
    return b"   #" + counted + f"{(sum(counted) + sum_error) & 0xFFFF:04X}".encode()


def content_of(deci_kelvin, *, with_header=True, counter=7):
    """Put pixels behind the reserved bytes and the header row (frame counter, voltage, die temperature, ...)."""
    rows, columns = deci_kelvin.shape
    header = np.zeros(columns, dtype="<u2")
    header[:8] = (counter, 33000, 31000, 1, 0, deci_kelvin.max(), deci_kelvin.min(), 0)
    reserved = bytes(SHAPES[rows, columns])
    return reserved + (header.tobytes() if with_header else b"") + deci_kelvin.astype("<u2").tobytes()


def scene(seed, shape=(62, 80)):
    """A plausible picture of its own for each seed, in tenths of a kelvin."""
    return np.random.default_rng(seed).integers(2930, 3100, size=shape)


def frame(seed, shape=(62, 80), *, with_header=True):
    """A whole frame packet."""
    return packet("GFRA", content_of(scene(seed, shape), with_header=with_header))
