"""Pictures of faces: held in memory for moments, and one sealed crop behind a raised reading."""

from checkpoint.images.crop import FaceCrop, cut_face
from checkpoint.images.glimpses import Glimpses
from checkpoint.images.sealed_crop import open_crop, seal_crop, waiting_key

__all__ = ["FaceCrop", "Glimpses", "cut_face", "open_crop", "seal_crop", "waiting_key"]
