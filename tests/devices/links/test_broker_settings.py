"""The brokers' settings as shipped: they start, they keep what they acknowledged, they let nobody be another."""

import base64
import contextlib
import random
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import paho.mqtt.client as paho
import pytest

from devices.drivers.mqtt_json import MqttJson
from devices.errors import DeviceConfigurationError, LinkLostError
from devices.links.mqtt import MqttLink
from devices.registry import DeviceConfig
from tests.devices.certificates import make_certificates
from tests.services.brokers import Broker, nats_program
from tests.services.processes import absent, free_port, wait_until

MEMORY = Path("/dev/shm")
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF" + random.Random(7).randbytes(3000) + b"\xff\xd9"
NAMES = {
    "EDGE_PASSWORD": "edge-secret",
    "TERMINAL_ID": "1000001",
    "TERMINAL_PASSWORD": "terminal-secret",
    "THERMOMETER": "gate1",
    "THERMOMETER_PASSWORD": "thermometer-secret",
}


def fill(template, values):
    text = template.read_text(encoding="utf-8")
    for name, value in values.items():
        text = text.replace("{{" + name + "}}", str(value))
    return text


def tls_values(folder, *, must_show):
    made = make_certificates(folder)
    for file in folder.iterdir():
        file.chmod(0o644)
    return {
        "CERT_FILE": made.server_cert,
        "KEY_FILE": made.server_key,
        "CA_FILE": made.ca_cert,
        "MUST_SHOW_CERTIFICATE": must_show,
    }, made


def nats_with_users(root, folder, tls=None):
    port = free_port()
    values = NAMES | {"MQTT_PORT": port, "CLIENT_PORT": free_port(), "STORE_DIR": folder / "store"}
    (folder / "store").mkdir()
    (folder / "broker-key.conf").write_text(f'key: "{"5a" * 32}"\n', encoding="utf-8")
    settings = fill(root / "deploy/broker/nats.conf.template", values)
    settings = settings.replace('# include "broker-users.conf"', 'include "broker-users.conf"')
    if tls is not None:
        settings = settings.replace('# include "mqtt-tls.conf"', 'include "mqtt-tls.conf"')
        text = fill(root / "deploy/broker/mqtt-tls.conf.template", tls)
        (folder / "mqtt-tls.conf").write_text(text, encoding="utf-8")
    (folder / "nats.conf").write_text(settings, encoding="utf-8")
    users = fill(root / "deploy/broker/broker-users.conf.template", values)
    (folder / "broker-users.conf").write_text(users, encoding="utf-8")
    command = [str(nats_program()), "-c", str(folder / "nats.conf")]
    return Broker("nats", command=command, port=port, store=folder / "store")


def mosquitto_with_users(root, folder, tls=None):
    program = shutil.which("mosquitto", path="/usr/sbin:/usr/bin:/usr/local/sbin")
    if program is None:
        absent("Mosquitto is not installed (apt-get install mosquitto)")
    port, passwords, rights = free_port(), folder / "passwords", folder / "acl"
    memory = Path(tempfile.mkdtemp(prefix="kiemdich-broker-", dir=MEMORY))
    memory.chmod(0o777)
    passwords.write_text("edge:edge-secret\n1000001:terminal-secret\ngate1:thermometer-secret\n", encoding="utf-8")
    subprocess.run(["mosquitto_passwd", "-U", str(passwords)], check=True)
    rights.write_text((root / "deploy/broker/mosquitto-acl.template").read_text(encoding="utf-8"), encoding="utf-8")
    values = {"MQTT_PORT": port, "MEMORY_DIR": memory, "PASSWORD_FILE": passwords, "ACL_FILE": rights}
    settings = fill(root / "deploy/broker/mosquitto.conf.template", values) + "user root\n"
    if tls is not None:
        places = {"TLS_PORT": (port := free_port()), "TLS_ADDRESS": "127.0.0.1"}
        settings += fill(root / "deploy/broker/mosquitto-tls.conf.template", tls | places)
    (folder / "mosquitto.conf").write_text(settings, encoding="utf-8")
    return Broker("mosquitto", command=[program, "-c", str(folder / "mosquitto.conf")], port=port, store=memory)


def ended(broker):
    """Kill a broker, and let go of what it kept in memory."""
    broker.kill()
    if broker.store.parent == MEMORY:
        shutil.rmtree(broker.store)


@pytest.fixture(params=[nats_with_users, mosquitto_with_users], ids=["nats", "mosquitto"])
def broker(request, root, tmp_path):
    made = request.param(root, tmp_path)
    made.start()
    yield made
    ended(made)


@pytest.fixture
def connect(broker):
    clients = []

    def connected(user, password, *topics):
        client = paho.Client(paho.CallbackAPIVersion.VERSION2, client_id=f"as-{user}-{len(clients)}")
        client.username_pw_set(user, password)
        client.heard = []
        client.on_connect = lambda client, *_: [client.subscribe(topic, qos=1) for topic in topics]
        client.on_message = lambda client, _userdata, message: client.heard.append((message.topic, message.payload))
        client.connect(broker.host, broker.port)
        client.loop_start()
        clients.append(client)
        wait_until(client.is_connected, timeout_s=5, what=f"connection of {user}")
        time.sleep(0.3)
        return client

    yield connected
    for client in clients:
        client.disconnect()
        client.loop_stop()


def test_a_terminal_is_heard_under_its_own_number_and_gets_its_answers(connect):
    edge = connect("edge", "edge-secret", "mqtt/face/1000001/Rec", "mqtt/face/heartbeat")
    terminal = connect("1000001", "terminal-secret", "mqtt/face/1000001")
    terminal.publish("mqtt/face/1000001/Rec", b"measured", qos=1)
    terminal.publish("mqtt/face/heartbeat", b"alive", qos=0)
    edge.publish("mqtt/face/1000001", b"answered", qos=1)
    wait_until(lambda: len(edge.heard) == 2 and terminal.heard, timeout_s=5, what="both directions")
    assert set(edge.heard) == {("mqtt/face/1000001/Rec", b"measured"), ("mqtt/face/heartbeat", b"alive")}
    assert terminal.heard == [("mqtt/face/1000001", b"answered")]


def test_a_terminal_cannot_speak_as_another_and_cannot_read_anothers_answers(connect):
    edge = connect("edge", "edge-secret", "mqtt/face/#")
    terminal = connect("1000001", "terminal-secret", "mqtt/face/2000002")
    terminal.publish("mqtt/face/2000002/Rec", b"forged", qos=0)
    edge.publish("mqtt/face/2000002", b"not for you", qos=1)
    time.sleep(1)
    assert (b"forged" in dict(edge.heard).values(), terminal.heard) == (False, [])


THERMOMETER_TOPICS = (
    "tele/{}/SENSOR",
    "tele/{}/LWT",
    "{}/sensor/object/state",
    "{}/status",
    "zigbee2mqtt/{}",
    "zigbee2mqtt/{}/availability",
)


def test_a_thermometer_is_heard_under_its_own_name_and_under_no_other(connect):
    edge = connect("edge", "edge-secret", *(topic.format("+") for topic in THERMOMETER_TOPICS))
    gate1 = connect("gate1", "thermometer-secret", "tele/gate2/SENSOR", "mqtt/face/1000001/Rec")
    terminal = connect("1000001", "terminal-secret")
    for topic in THERMOMETER_TOPICS:
        gate1.publish(topic.format("gate1"), b"own", qos=0)
    for name in ("gate2", "1000001", "edge"):
        for topic in THERMOMETER_TOPICS:
            gate1.publish(topic.format(name), b"forged", qos=0)
    gate1.publish("mqtt/face/1000001/Rec", b"forged", qos=0)
    terminal.publish("tele/gate1/SENSOR", b"forged", qos=0)
    wait_until(lambda: len(edge.heard) >= len(THERMOMETER_TOPICS), timeout_s=5, what="its own messages")
    time.sleep(0.5)
    assert {topic for topic, _ in edge.heard} == {topic.format("gate1") for topic in THERMOMETER_TOPICS}
    assert {payload for _, payload in edge.heard} == {b"own"}
    assert gate1.heard == []


@pytest.mark.parametrize("make", [nats_with_users, mosquitto_with_users], ids=["nats", "mosquitto"])
@pytest.mark.parametrize("must_show", ["true", "false"])
# paho drops the socket of a handshake that failed and leaves its closing to the collector
@pytest.mark.filterwarnings("ignore:Exception ignored in. .ssl.SSLSocket:pytest.PytestUnraisableExceptionWarning")
def test_over_tls_the_edge_and_a_device_meet_and_a_stranger_does_not(make, must_show, root, tmp_path):
    (tmp_path / "tls").mkdir()
    values, made = tls_values(tmp_path / "tls", must_show=must_show)
    made.device_key.chmod(0o600)
    secret = tmp_path / "edge.secret"
    secret.write_text("edge-secret", encoding="utf-8")
    secret.chmod(0o600)
    broker = make(root, tmp_path, values)
    broker.start()
    url = f"mqtts://edge@127.0.0.1:{broker.port}?password_file={secret}&ca_file={made.ca_cert}"
    try:
        heard = heard_over(f"{url}&cert_file={made.device_cert}&key_file={made.device_key}", broker=broker, made=made)
        assert heard == b"tele/gate1/SENSOR {}"
        assert is_refused(url) is (must_show == "true"), "without a certificate of its own"
        assert is_refused(url.replace(f"&ca_file={made.ca_cert}", "")), "without trusting this authority"
    finally:
        ended(broker)


def heard_over(url, *, broker, made):
    link = link_to(url)
    link.open()
    device = paho.Client(paho.CallbackAPIVersion.VERSION2, client_id="gate1")
    device.username_pw_set("gate1", "thermometer-secret")
    device.tls_set_context(made.client_context(with_cert=True))
    device.connect(broker.host, broker.port)
    device.loop_start()
    device.publish("tele/gate1/SENSOR", b"{}", qos=1).wait_for_publish(5)
    delivery = link.receive(timeout_s=5)
    device.disconnect()
    device.loop_stop()
    link.close()
    return delivery.payload


def is_refused(url):
    link = link_to(url)
    try:
        link.open()
    except LinkLostError:
        return True
    finally:
        link.close()
    return False


def link_to(url):
    options = {"preset": "tasmota", "topic": "tele/gate1/SENSOR"}
    config = DeviceConfig(device_id="lane-1", driver="mqtt_json", url=url, options=options)
    return MqttLink(config, manifest=MqttJson.manifest)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("mqtt://edge@127.0.0.1?ca_file=/x", "mqtts"),
        ("mqtts://edge@127.0.0.1?ca_file=/nowhere", "cannot be used"),
        ("mqtt://edge@127.0.0.1?password_file=/nowhere", "cannot be read"),
        ("mqtt://edge@127.0.0.1?keepalive=3", "keepalive"),
    ],
)
def test_a_mistake_in_the_brokers_url_is_told_before_anything_connects(url, told):
    with pytest.raises(DeviceConfigurationError, match=told):
        link_to(url)


def test_nobody_without_a_password_comes_in(broker):
    refused = []
    client = paho.Client(paho.CallbackAPIVersion.VERSION2, client_id="stranger", reconnect_on_failure=False)
    client.on_connect = lambda _client, _userdata, _flags, reason, _properties: refused.append(reason.is_failure)
    client.connect(broker.host, broker.port)
    client.loop_start()
    wait_until(lambda: refused, timeout_s=5, what="an answer")
    client.loop_stop()
    assert refused == [True]


def test_nats_syncs_before_it_acknowledges_and_repeats_soon(root):
    settings = (root / "deploy/broker/nats.conf.template").read_text(encoding="utf-8")
    assert "sync_interval: always" in settings
    assert 'ack_wait: "4s"' in settings


def away_edge(broker, *, enough):
    """An edge with a lasting session that takes messages until it has enough and then is gone; what it took."""
    took = []
    client = paho.Client(paho.CallbackAPIVersion.VERSION2, client_id="the-edge", clean_session=False, manual_ack=True)
    client.username_pw_set("edge", "edge-secret")
    subscribed = []

    def take(_client, _userdata, message):
        if not enough(took):
            took.append(message.payload)
            client.ack(message.mid, message.qos)

    client.on_message = take
    client.on_connect = lambda *_: client.subscribe("mqtt/face/+/Rec", qos=1)
    client.on_subscribe = lambda *_: subscribed.append(True)
    client.connect(broker.host, broker.port)
    client.loop_start()
    wait_until(lambda: subscribed and enough(took), timeout_s=15, what="enough messages at the edge")
    client.disconnect()
    client.loop_stop()
    return took


def where_the_picture_is(*folders):
    """Every file that holds a part of the photograph, as bytes or as a terminal writes it."""
    text = base64.b64encode(JPEG)
    parts = [JPEG[:10], JPEG[1000:1030], text[:14], text[1333:1373], text[1334:1374]]
    found = []
    for path in (path for folder in folders for path in folder.rglob("*") if path.is_file()):
        with contextlib.suppress(FileNotFoundError):  # a broker at work renames its files
            content = path.read_bytes()
            found += [path] if any(part in content for part in parts) else []
    return found


def photographs(first, count):
    picture = base64.b64encode(JPEG)
    return [b'{"RecordID":"%d","pic":"data:image/jpeg;base64,%s"}' % (n, picture) for n in range(first, first + count)]


def test_photographs_that_wait_for_an_edge_lie_on_no_disk_in_clear_and_none_is_lost(broker, connect, tmp_path):
    away_edge(broker, enough=lambda took: True)
    terminal = connect("1000001", "terminal-secret")
    sent = photographs(0, 6)
    for payload in sent:
        terminal.publish("mqtt/face/1000001/Rec", payload, qos=1).wait_for_publish(5)
    first = away_edge(broker, enough=lambda took: len(took) == 2)
    assert where_the_picture_is(tmp_path) == [], "with the edge stopped in the middle"
    broker.kill()
    kept = b"".join(path.read_bytes() for path in broker.store.rglob("*") if path.is_file())
    assert len(kept) > 4 * len(JPEG), "the broker keeps what waits"
    assert where_the_picture_is(tmp_path) == [], "after the broker was killed"
    broker.start()
    if broker.name == "mosquitto":  # a killed one forgets what was on its way: the terminal was not answered
        for payload in set(sent) - set(first):
            terminal.publish("mqtt/face/1000001/Rec", payload, qos=1)
    away_edge(broker, enough=lambda took: set(took) >= set(sent) - set(first))
    assert where_the_picture_is(tmp_path) == []
    (tmp_path / "planted").write_bytes(sent[0])
    assert where_the_picture_is(tmp_path) == [tmp_path / "planted"], "the search would find it"


def test_a_broker_without_its_key_does_not_start(root, tmp_path):
    broker = nats_with_users(root, tmp_path)
    (tmp_path / "broker-key.conf").unlink()
    done = subprocess.run(broker.command, capture_output=True, text=True, check=False, timeout=20)
    assert done.returncode != 0
    assert "broker-key.conf" in done.stderr
