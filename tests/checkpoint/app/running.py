"""A real edge served by ``checkpoint serve`` in its own process, and an officer at it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import httpx

from tests.checkpoint.edges import LANE, ROOT, write_settings
from tests.services.processes import ServerProcess, free_port
from tests.services.programs import ProductServer
from tests.services.zygote import run_program

PASSWORD = "mot-hai-ba-bon"


class RunningEdge:
    """``start``, ``kill`` and ``command`` drive the real programs over the same settings file.

    ``has_own_interpreter`` where the process itself is looked at: its words, its environment, its memory.
    """

    def __init__(self, folder: Path, *, has_own_interpreter: bool = False) -> None:
        self.folder = folder
        self.port = free_port()
        self.settings = write_settings(folder, port=self.port, has_device=False)
        self.url = f"http://127.0.0.1:{self.port}"
        words = ("checkpoint", "serve", "--settings", str(self.settings))
        log = folder / "edge.log"
        self.process: ServerProcess = ProductServer(*words, port=self.port, log=log)
        if has_own_interpreter:
            environment = {**os.environ, "PYTHONPATH": str(ROOT)}
            self.process = ServerProcess([sys.executable, "-m", *words], port=self.port, log=log, env=environment)

    def command(self, *words: str, given: str = "") -> subprocess.CompletedProcess[str]:
        """Run one command of the edge's command line."""
        words = ("checkpoint", *words, "--settings", str(self.settings))
        return run_program(*words, given=given, folder=self.folder)

    def add_officer(self, username: str = "canbo", role: str = "officer") -> None:
        words = ["--username", username, "--name", "Cán bộ trực", "--role", role]
        done = self.command("add-officer", *words, given=PASSWORD + "\n")
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["username"] == username

    def sign_in(self, username: str = "canbo") -> "Officer":
        client = httpx.Client(base_url=self.url, timeout=60)
        assert client.post("/sign-in", json={"username": username, "password": PASSWORD}).status_code == 204
        client.headers["X-CSRF-Token"] = client.get("/api/session").json()["csrf_token"]
        return Officer(client)


class Officer:
    """Who presses the keys."""

    def __init__(self, client: httpx.Client) -> None:
        self.client = client

    def lane(self, word: str, **body: object) -> httpx.Response:
        return self.client.post(f"/api/lanes/{LANE}/{word}", json=body)

    def screen(self, number: str, temperature_c: float = 36.5) -> dict:
        """Present and measure one person; the answer is the lane."""
        assert self.lane("present", text=number, has_declaration=True).status_code == 200
        answer = self.lane("measure", temperature_c=temperature_c, device_kind="infrared_thermometer", site="forehead")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def clear(self, number: str) -> dict:
        view = self.screen(number)
        return self.lane("close", draft_id=view["draft_id"]).json()
