"""Why the edge does not do what an officer asked: a stable code, its values, and an HTTP code.

The words stand in the labels under ``[refusal]``, keys ``CODE`` and ``CODE_do``.
"""

from collections.abc import Mapping


class ActionRefusedError(Exception):
    """Nothing was written. The caller must look at the lane again or correct what was entered."""

    def __init__(
        self, code: str, *, http_code: int = 409, values: Mapping[str, str | float | int] | None = None
    ) -> None:
        """``values`` fill the label's placeholders and never name a person."""
        super().__init__(code)
        self.code = code
        self.http_code = http_code
        self.values = dict(values or {})
