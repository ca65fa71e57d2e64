"""ZKTeco terminals (SpeedFace, ProFace, SenseFace) that push over HTTP."""

from devices.drivers.zkteco_push.terminal import ZktecoPush

__all__ = ["ZktecoPush"]
