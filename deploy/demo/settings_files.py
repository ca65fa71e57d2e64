"""The settings files of the demonstration, written the way an administrator would write them.

TOML's strings, numbers, booleans and arrays of these are written as JSON writes them, so the
standard library's encoder serves.
"""

import json
import re
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from deploy.demo import ports, shift
from deploy.demo.layout import Site

ROOT = Path(__file__).resolve().parent.parent.parent
PROVINCE = ROOT / "deploy/provinces/quang-ninh.toml"
DEMO_ORDER = Path(__file__).resolve().parent / "order-demo-outbound-tourism.toml"
BROKER_TEMPLATE = ROOT / "deploy/broker/nats.conf.template"
BROKER_KEY = "broker-key.conf"
"""What the broker encrypts waiting messages with; made once, since the store opens with no other."""
EDGE_LABELS = {"lane-1": "Làn 1", "lane-2": "Làn 2"}

Scalar = str | int | float | bool | Sequence[str]


def write_all(site: Site, *, now: datetime) -> None:
    """Write every file that needs no key: deployment, centre, simulators, broker. Edges follow with ``write_edges``."""
    _write(site.state / "deployment.toml", deployment(now=now))
    _write(site.centre_settings, centre(site))
    for gate_id in shift.EDGES:
        _write(site.simulator_settings(gate_id), simulators(site, gate_id))
    _write(site.state / "nats.conf", broker(site))
    if not (site.state / BROKER_KEY).exists():
        _write(site.state / BROKER_KEY, f"key: {json.dumps(secrets.token_hex(32))}\n")
    write_edges(site, province_sealing_key="", centre_public_key="")


def write_edges(site: Site, *, province_sealing_key: str, centre_public_key: str) -> None:
    """Write each edge's settings with the keys of the province that its records are sealed for."""
    for gate_id in shift.EDGES:
        _write(
            site.edge_settings(gate_id),
            edge(site, gate_id, province_sealing_key=province_sealing_key, centre_public_key=centre_public_key),
        )


def deployment(*, now: datetime) -> str:
    """Quảng Ninh as deployed, with an invented order and a cut-off that a short shift does not cross."""
    text = PROVINCE.read_text(encoding="utf-8")
    wished = re.search(r"^cut_off_hour\s*=\s*(\d+)", text, flags=re.MULTILINE)
    if wished:
        hour = quiet_cut_off_hour(int(wished[1]), now=now)
        text = text[: wished.start(1)] + str(hour) + text[wished.end(1) :]
    return re.sub(r"^orders\s*=\s*\[", f"orders = [{json.dumps(str(DEMO_ORDER))}, ", text, count=1, flags=re.MULTILINE)


def quiet_cut_off_hour(wished: int, *, now: datetime, margin: timedelta = timedelta(minutes=45)) -> int:
    """A cut-off hour that does not fall into a short shift that begins ``now``, so that it is one report day.

    >>> from deploy.demo.layout import LOCAL_TIME
    >>> noon = datetime(2026, 11, 22, 12, 0, tzinfo=LOCAL_TIME)
    >>> quiet_cut_off_hour(17, now=noon), quiet_cut_off_hour(12, now=noon.replace(hour=11, minute=50))
    (17, 13)
    """
    cut_off = now.replace(hour=wished % 24, minute=0, second=0, microsecond=0)
    if timedelta(0) < (cut_off - now) % timedelta(days=1) <= margin:
        return (wished + 1) % 24
    return wished


def centre(site: Site) -> str:
    """The centre's settings: an SQLite ledger, for a demonstration only."""
    return _section(
        "[centre]",
        {
            "centre_id": "quang-ninh",
            "data_dir": str(site.state / "centre"),
            "host": ports.HOST,
            "port": site.ports["centre"],
            "database_url": f"sqlite:///{site.state / 'centre' / 'central.db'}",
            "deployment": str(site.state / "deployment.toml"),
            "law": site.law,
            "silent_after_min": 15,
            "is_demo": True,
        },
    )


def edge(site: Site, gate_id: str, *, province_sealing_key: str, centre_public_key: str) -> str:
    """One gate's edge: two lanes, their scanners and document readers, and an isolation room."""
    sections = [
        _section(
            "[edge]",
            {
                "edge_id": shift.EDGES[gate_id],
                "point_of_entry_id": gate_id,
                "data_dir": str(site.state / gate_id),
                "host": ports.HOST,
                "port": site.ports[gate_id],
                "centre_url": site.url("centre"),
                "province_sealing_key": province_sealing_key,
                "centre_public_key": centre_public_key,
                "deployment": str(site.state / "deployment.toml"),
                "law": site.law,
                "is_demo": True,
            },
        ),
        _section("[pairing]", {"window_s": 10, "stale_after_s": 3}),
        _section(
            "[isolation]", {"room_id": f"{gate_id}-room", "places": [f"C{n + 1}" for n in range(shift.PLACES_PER_GATE)]}
        ),
    ]
    for lane in shift.lanes_of(gate_id):
        sections += [_lane(lane), *(_section("[[device]]", row) for row in _devices(site, lane))]
    return "\n".join(sections)


def _lane(lane: shift.Lane) -> str:
    return _section(
        "[[lane]]",
        {
            "lane_id": lane.lane_id,
            "label": EDGE_LABELS[lane.lane_id],
            "direction": lane.direction,
            "mode_of_entry": "road",
            "devices": [lane.scanner_id, lane.reader_id],
            "automatic_passage_s": 0,
        },
    )


def _devices(site: Site, lane: shift.Lane) -> list[Mapping[str, Scalar]]:
    is_array = lane.scanner is shift.Scanner.THERMAL_ARRAY
    url = serial_url(site, lane.gate_id, lane.scanner_id) if is_array else f"mqtt://{ports.HOST}:{site.ports['broker']}"
    return [
        {"device_id": lane.scanner_id, "driver": lane.scanner.value, "url": url},
        {"device_id": lane.reader_id, "driver": "mrz_reader", "url": serial_url(site, lane.gate_id, lane.reader_id)},
    ]


def serial_url(site: Site, gate_id: str, device_id: str) -> str:
    """The serial port of a simulated device: a link to the pseudo-terminal that its simulator opened."""
    return f"serial://{pseudo_terminal(site, gate_id, device_id)}?baud=115200"


def pseudo_terminal(site: Site, gate_id: str, device_id: str) -> Path:
    """Where the simulator of ``device_id`` links its pseudo-terminal."""
    return site.state / f"{gate_id}-{device_id}.tty"


def simulators(site: Site, gate_id: str) -> str:
    """The simulated devices of one gate."""
    sections = [f"control = {json.dumps(str(site.control_socket(gate_id)))}\n"]
    for lane in shift.lanes_of(gate_id):
        is_array = lane.scanner is shift.Scanner.THERMAL_ARRAY
        link = (
            str(pseudo_terminal(site, gate_id, lane.scanner_id))
            if is_array
            else f"mqtt://{ports.HOST}:{site.ports['broker']}"
        )
        sections.append(
            _section(
                "[[device]]",
                {
                    "device_id": lane.scanner_id,
                    "model": lane.scanner.value,
                    "link": link,
                    "rate_hz": site.frame_rate_hz,
                    "seed": 1,
                    **({"options.physics": True} if is_array else {}),
                },
            )
        )
        sections.append(
            _section(
                "[[device]]",
                {
                    "device_id": lane.reader_id,
                    "model": "mrz_reader",
                    "link": str(pseudo_terminal(site, gate_id, lane.reader_id)),
                },
            )
        )
    return "\n".join(sections)


def broker(site: Site) -> str:
    """The broker's settings from the same template that a site uses."""
    values = {
        "MQTT_PORT": site.ports["broker"],
        "CLIENT_PORT": site.ports["broker-client"],
        "STORE_DIR": site.state / "broker",
    }
    text = BROKER_TEMPLATE.read_text(encoding="utf-8") if BROKER_TEMPLATE.exists() else ""
    for name, value in values.items():
        text = text.replace("{{" + name + "}}", str(value))
    return text


def _section(head: str, rows: Mapping[str, Scalar]) -> str:
    return (
        "\n".join([head, *(f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in rows.items())]) + "\n"
    )


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
