"""GY-MCU90614, GY-MCU90615 and their clones, point thermometers: parser, presence before them, commands."""

from devices.drivers.gy_mcu9061x.commands import Command, build_command
from devices.drivers.gy_mcu9061x.parser import GyMcu9061x

__all__ = ["Command", "GyMcu9061x", "build_command"]
