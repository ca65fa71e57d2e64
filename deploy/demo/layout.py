"""Where everything of one demonstration is: folders, addresses, accounts."""

from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from deploy.demo import ports

LOCAL_TIME = ZoneInfo("Asia/Ho_Chi_Minh")


@dataclass(frozen=True, kw_only=True)
class Account:
    """A demonstration account; its password is made up anew for each state folder."""

    username: str
    role: str
    name: str
    password: str


@dataclass(frozen=True, kw_only=True)
class Site:
    """Where everything of one demonstration is: folders, addresses, accounts."""

    state: Path
    law: str
    ports: dict[str, int]
    accounts: tuple[Account, ...]
    frame_rate_hz: int

    @property
    def logs(self) -> Path:
        """The folder of the processes' logs."""
        return self.state / "logs"

    @property
    def centre_settings(self) -> Path:
        """The centre's settings file."""
        return self.state / "central.toml"

    def edge_settings(self, gate_id: str) -> Path:
        """The settings file of the edge at ``gate_id``."""
        return self.state / f"edge-{gate_id}.toml"

    def simulator_settings(self, gate_id: str) -> Path:
        """The settings file of the simulated scanners at ``gate_id``."""
        return self.state / f"simulator-{gate_id}.toml"

    def control_socket(self, gate_id: str) -> Path:
        """Where the simulated scanners of ``gate_id`` take their orders."""
        return self.state / f"{gate_id}.sock"

    def url(self, name: str) -> str:
        """The address of the centre (``centre``) or of a gate's edge."""
        return f"http://{ports.HOST}:{self.ports[name]}"

    def account(self, role: str) -> Account:
        """The account of ``role``."""
        return next(account for account in self.accounts if account.role == role)
