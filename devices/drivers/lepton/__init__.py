"""FLIR Lepton cameras live: as a USB camera that gives raw frames (Y16), and as a tCam over TCP."""

from devices.drivers.lepton.tcam import LeptonTcam
from devices.drivers.lepton.uvc import LeptonUvc

__all__ = ("LeptonTcam", "LeptonUvc")
