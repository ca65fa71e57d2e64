"""A ``RunningCentre`` whose programs are forked from one that has imported everything: ready in a blink."""

import subprocess
from pathlib import Path

from tests.central.running import RunningCentre
from tests.faults.central_commands import central_command
from tests.faults.centre_program import serve
from tests.faults.programs import Program, warm_up
from tests.services.processes import is_listening, wait_until

START_WITHIN_S = 40.0


class ForkedService:
    """``python -m central serve``, as ``tests.services.processes.ServerProcess`` would run it."""

    def __init__(self, settings: Path, *, port: int) -> None:
        self.log = settings.parent / "centre.log"
        self._port = port
        self._program = Program(serve, str(settings), log=self.log)

    def start(self) -> None:
        """Start it and wait until it listens."""
        self._program.start()
        wait_until(self._is_up, timeout_s=START_WITHIN_S, what="start of the centre")

    def kill(self) -> None:
        """kill -9."""
        self._program.kill()

    stop = kill

    def _is_up(self) -> bool:
        assert self._program.is_running, self._program.last_words()
        return is_listening(self._port)


class ForkedCentre(RunningCentre):
    """The same settings, commands and uplinks; only the programs start faster."""

    def __init__(self, folder: Path, *, database_url: str) -> None:
        warm_up()
        super().__init__(folder, database_url=database_url)
        self.process = ForkedService(self.settings, port=self.port)

    def command(self, *words: str, standard_input: str = "") -> subprocess.CompletedProcess[str]:
        """Run one command of the centre to its end."""
        if standard_input:
            return super().command(*words, standard_input=standard_input)
        return central_command(*words, "--settings", str(self.settings), folder=self.settings.parent)
