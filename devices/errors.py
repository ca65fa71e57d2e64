"""What can go wrong with a device, by whose fault it is and whether trying again can help."""


class DeviceError(Exception):
    """Something is wrong with a device, its link or its configuration."""


class DeviceConfigurationError(DeviceError):
    """We were told to use a device in a way that cannot work; a person must change the settings."""


class UnknownDriverError(DeviceConfigurationError):
    """No driver of that name is registered; ``python -m devices list`` shows those that are."""


class LinkLostError(DeviceError):
    """The cable, the broker or the camera went away; likely to work again later, so retry."""
