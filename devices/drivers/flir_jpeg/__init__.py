"""Radiometric JPEG files of FLIR cameras: one thermal picture out of each, or a refusal with its reason."""

from devices.drivers.flir_jpeg.importer import FlirJpeg

__all__ = ("FlirJpeg",)
