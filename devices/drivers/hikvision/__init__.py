"""Hikvision cameras and access terminals over ISAPI: the alert stream, and what they post."""

from devices.drivers.hikvision.stream import Hikvision, HikvisionPush

__all__ = ["Hikvision", "HikvisionPush"]
