"""The brokers' settings as shipped: they start, they keep what they acknowledged, they let nobody be another."""

import shutil
import subprocess
import time

import paho.mqtt.client as paho
import pytest

from tests.services.brokers import Broker, nats_program
from tests.services.processes import absent, free_port, wait_until

NAMES = {"EDGE_PASSWORD": "edge-secret", "TERMINAL_ID": "1000001", "TERMINAL_PASSWORD": "terminal-secret"}


def fill(template, values):
    text = template.read_text(encoding="utf-8")
    for name, value in values.items():
        text = text.replace("{{" + name + "}}", str(value))
    return text


def nats_with_users(root, folder):
    port = free_port()
    values = NAMES | {"MQTT_PORT": port, "CLIENT_PORT": free_port(), "STORE_DIR": folder / "store"}
    (folder / "store").mkdir()
    settings = fill(root / "deploy/broker/nats.conf.template", values)
    assert "# include" in settings
    (folder / "nats.conf").write_text(settings.replace("# include", "include"), encoding="utf-8")
    users = fill(root / "deploy/broker/broker-users.conf.template", values)
    (folder / "broker-users.conf").write_text(users, encoding="utf-8")
    command = [str(nats_program()), "-c", str(folder / "nats.conf")]
    return Broker("nats", command=command, port=port, store=folder / "store")


def mosquitto_with_users(root, folder):
    program = shutil.which("mosquitto", path="/usr/sbin:/usr/bin:/usr/local/sbin")
    if program is None:
        absent("Mosquitto is not installed (apt-get install mosquitto)")
    port, passwords, rights = free_port(), folder / "passwords", folder / "acl"
    (folder / "store").mkdir()
    (folder / "store").chmod(0o777)
    passwords.write_text("edge:edge-secret\n1000001:terminal-secret\n", encoding="utf-8")
    subprocess.run(["mosquitto_passwd", "-U", str(passwords)], check=True)
    rights.write_text((root / "deploy/broker/mosquitto-acl.template").read_text(encoding="utf-8"), encoding="utf-8")
    values = {"MQTT_PORT": port, "STORE_DIR": folder / "store", "PASSWORD_FILE": passwords, "ACL_FILE": rights}
    settings = fill(root / "deploy/broker/mosquitto.conf.template", values) + "user root\n"
    (folder / "mosquitto.conf").write_text(settings, encoding="utf-8")
    return Broker(
        "mosquitto", command=[program, "-c", str(folder / "mosquitto.conf")], port=port, store=folder / "store"
    )


@pytest.fixture(params=[nats_with_users, mosquitto_with_users], ids=["nats", "mosquitto"])
def broker(request, root, tmp_path):
    made = request.param(root, tmp_path)
    made.start()
    yield made
    made.kill()


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
