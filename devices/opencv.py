"""OpenCV, loaded when it is first used: the one place that imports it.

It takes 17 MB and 80 ms of a core (more with a net), which an edge with face terminals alone never needs. To readers
and type checkers ``from devices.opencv import cv2`` is ``import cv2``. So that it stays unloaded, no module may read
one of its names while being imported: constants too are looked up within functions.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import cv2
else:

    class _LoadedWhenUsed:
        """Stands for the package until one of its names is wanted, and keeps each name it has handed out."""

        def __getattr__(self, name: str) -> object:
            """Load the package; ``AttributeError`` as from it if it has no such name."""
            found = getattr(import_module("cv2"), name)
            setattr(self, name, found)
            return found

    cv2 = _LoadedWhenUsed()

__all__ = ["cv2"]
