"""CPTV recordings of FLIR Lepton cameras: the driver, the container, the unpacking of pictures."""

from devices.drivers.cptv.camera import CptvDriver

__all__ = ["CptvDriver"]
