"""A picture with few colours, as an indexed PNG: small enough to be kept beside the text."""

import struct
import zlib

import cv2
import numpy as np

COLOURS = 256
SEED = 7


def with_few_colours(png: bytes) -> bytes:
    """The same picture as an indexed PNG: its most frequent colours, every other one as the nearest of them."""
    seen = cv2.cvtColor(cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
    height, width, _ = seen.shape
    flat = seen.reshape(-1, 3).astype(np.uint32)
    packed = (flat[:, 0] << 16) | (flat[:, 1] << 8) | flat[:, 2]
    colours, which, counts = np.unique(packed, return_inverse=True, return_counts=True)
    every = np.stack([colours >> 16 & 255, colours >> 8 & 255, colours & 255], axis=1).astype(np.float32)
    kept = palette(every, counts=counts)
    nearest = np.concatenate(
        [((part[:, None] - kept[None]) ** 2).sum(2).argmin(1) for part in np.array_split(every, 1 + len(every) // 4096)]
    )
    rows = nearest[which].astype(np.uint8).reshape(height, width)
    lines = b"".join(b"\0" + row.tobytes() for row in rows)
    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
        (b"PLTE", np.rint(kept).astype(np.uint8).tobytes()),
        (b"IDAT", zlib.compress(lines, 9)),
        (b"IEND", b""),
    ]
    parts = (
        struct.pack(">I", len(text)) + kind + text + struct.pack(">I", zlib.crc32(kind + text)) for kind, text in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def palette(colours: np.ndarray, *, counts: np.ndarray) -> np.ndarray:
    """At most 256 colours: the frequent ones as they are, and means of the others where it is crowded."""
    if len(colours) <= COLOURS:
        return colours
    often = np.argsort(counts)[::-1]
    exact, others = colours[often[: COLOURS // 2]], colours[often[COLOURS // 2 :]]
    many = min(COLOURS - len(exact), len(others))
    cv2.setRNGSeed(SEED)
    ends = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 12, 1.0)
    _, _, means = cv2.kmeans(others, many, None, ends, 1, cv2.KMEANS_PP_CENTERS)
    return np.concatenate([exact, means])
