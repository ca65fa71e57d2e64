"""A real centre in a process of its own, with its command line, and an uplink to it."""

import json
import subprocess
import threading
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

from sync.exchange.batching import BatchesAhead, JournalBatches
from sync.exchange.sealing import sealing_public_key
from sync.exchange.transport import HttpTransport
from sync.exchange.uplink import Uplink, UplinkIdentity
from tests.services.processes import ServerProcess, free_port
from tests.services.programs import ProductServer
from tests.services.zygote import run_program
from tests.sync.exchange.journals import EdgeJournal

ROOT = Path(__file__).resolve().parent.parent.parent


def write_settings(folder: Path, *, database_url: str, port: int) -> Path:
    path = folder / "central.toml"
    path.write_text(
        "[centre]\n"
        'centre_id = "quang-ninh"\n'
        f'data_dir = "{folder / "centre"}"\n'
        f'database_url = "{database_url}"\n'
        f'deployment = "{ROOT / "deploy/provinces/quang-ninh.toml"}"\n'
        f"port = {port}\n"
        "is_demo = true\n",
        encoding="utf-8",
    )
    return path


class RunningCentre:
    """``start``, ``kill`` and ``command`` drive the real programs over the same settings file."""

    def __init__(self, folder: Path, *, database_url: str) -> None:
        self.port = free_port()
        self.settings = write_settings(folder, database_url=database_url, port=self.port)
        self.url = f"http://127.0.0.1:{self.port}"
        words = ("central", "serve", "--settings", str(self.settings))
        self.process: ServerProcess = ProductServer(*words, port=self.port, log=folder / "centre.log")
        self._transports: list[HttpTransport] = []
        self.identity = json.loads(self.command("identity").stdout)

    def command(self, *words: str, standard_input: str = "") -> subprocess.CompletedProcess[str]:
        return run_program("central", *words, "--settings", str(self.settings), given=standard_input)

    def enrol(self, journal: EdgeJournal, *, gate: str) -> None:
        words = ("--edge-id", journal.edge_id, "--point-of-entry-id", gate, "--public-key", journal.public_key.hex())
        done = self.command("enrol", *words)
        assert done.returncode == 0, done.stderr
        journal.province_key = self.province_key

    @property
    def province_key(self) -> X25519PublicKey:
        return sealing_public_key(self.identity["province_sealing_key"])

    def end(self) -> None:
        for transport in self._transports:
            transport.close()
        self.process.kill()

    def uplink(self, journal: EdgeJournal) -> Uplink:
        self._transports.append(HttpTransport(self.url))
        identity = UplinkIdentity(
            edge_id=journal.edge_id,
            incarnation=journal.incarnation,
            signing_key=journal.key,
            centre_public_key=bytes.fromhex(self.identity["public_key"]),
        )
        return Uplink(
            identity,
            journal=journal,
            transport=self._transports[-1],
            clock=lambda: datetime.now(UTC),
            draw=lambda: 0.0,
            batches=BatchesAhead(JournalBatches(journal)),
        )

    def verified(self) -> dict:
        done = self.command("verify")
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)


def drain(uplink: Uplink, journal: EdgeJournal, *, stop: threading.Event | None = None) -> None:
    """Step until the centre's receipt covers the whole journal."""
    stop = stop or threading.Event()
    while not stop.is_set() and (not journal.receipts or journal.receipts[-1].sequence < journal.head().sequence):
        pause_s = uplink.step()
        stop.wait(min(pause_s, 0.2))
