"""Face terminals that speak the "facesluice" protocol over MQTT: the driver, its messages, its clock."""

from devices.drivers.facesluice.terminal import FacesluiceDriver

__all__ = ["FacesluiceDriver"]
