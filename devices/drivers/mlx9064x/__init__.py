"""MLX90640 and MLX90641 raw: calibration memory and measurement pages, compensated here instead of in a module."""

from devices.drivers.mlx9064x.array import Mlx9064x

__all__ = ("Mlx9064x",)
