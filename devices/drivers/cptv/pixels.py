"""Unpacking one CPTV picture: differences of differences, packed to as few bits as they need.

A frame stores how it differs from the frame before it, and of these differences, along a path that
runs right on even rows and left on odd ones, the change from pixel to pixel: the first as a signed
32-bit number, the others in two's complement of ``bit_width`` bits, most significant bit first.
"""

import numpy as np
import numpy.typing as npt

from devices.drivers.cptv.container import ContainerError, PackedFrame, first_value

Counts = npt.NDArray[np.int64]
WIDEST_BITS = 32


def unpack(frame: PackedFrame, *, previous: Counts) -> Counts:
    """Give the sensor's counts, rows by columns; ``previous`` is the frame before (zeros for the first)."""
    rows, columns = previous.shape
    changes = np.empty(rows * columns, dtype=np.int64)
    changes[0] = first_value(frame.content)
    changes[1:] = _signed_fields(frame.content[4:], bit_width=frame.bit_width, count=changes.size - 1)
    difference = np.cumsum(changes).reshape(rows, columns)
    difference[1::2] = difference[1::2, ::-1]
    counts: Counts = previous + difference
    return counts


def _signed_fields(packed: bytes, *, bit_width: int, count: int) -> Counts:
    """Cut a bit stream into ``count`` two's complement numbers of ``bit_width`` bits."""
    if not 1 <= bit_width <= WIDEST_BITS or len(packed) * 8 < bit_width * count:
        msg = "a frame with fewer bits than pixels"
        raise ContainerError(msg)
    if bit_width == 8:
        return np.frombuffer(packed, dtype=np.int8, count=count).astype(np.int64)
    bits = np.unpackbits(np.frombuffer(packed, dtype=np.uint8), count=bit_width * count)
    weights = 1 << np.arange(bit_width - 1, -1, -1, dtype=np.int64)
    weights[0] = -weights[0]  # two's complement: the first bit counts negative
    signed: Counts = bits.reshape(count, bit_width) @ weights
    return signed
