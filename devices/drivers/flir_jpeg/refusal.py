"""Why a file gives no picture."""

from devices.reading import FaultCode


class RefusedFileError(ValueError):
    """The file is not what it must be; ``code`` and the message become the fault."""

    def __init__(self, code: FaultCode, reason: str) -> None:
        super().__init__(reason)
        self.code = code
