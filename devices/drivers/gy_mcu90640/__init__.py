"""GY-MCU90640, a thermal array behind a microcontroller: the parser of its stream and the commands it obeys."""

from devices.drivers.gy_mcu90640.commands import ARGUMENTS, Command, build_command
from devices.drivers.gy_mcu90640.parser import GyMcu90640

__all__ = ["ARGUMENTS", "Command", "GyMcu90640", "build_command"]
