"""Meridian SenXor arrays: the parser of their packets, what these say, and the commands they obey."""

from devices.drivers.senxor.commands import read_registers, write_register
from devices.drivers.senxor.parser import Senxor

__all__ = ["Senxor", "read_registers", "write_register"]
