"""A server of the product itself, forked from a process that has imported it."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

from tests.services.processes import Child, ServerProcess
from tests.services.zygote import ForkedProgram


class ProductServer(ServerProcess):
    """``python -m WORDS`` on a port: started, stopped, killed and paused like any other server."""

    def __init__(self, *words: str, port: int, log: Path, env: Mapping[str, str] | None = None) -> None:
        super().__init__(words, port=port, log=log, env=env)

    def _begun(self, log: BinaryIO) -> Child:
        with open(os.devnull, "rb") as nothing:  # noqa: PTH123 - the descriptor is what is wanted
            streams = (nothing.fileno(), log.fileno(), log.fileno())
            return ForkedProgram(self.command, streams=streams, env=self.env or os.environ, folder="/")
