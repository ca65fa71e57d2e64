"""The services that tests rely on are real, and survive what tests do to them."""

import threading

import psycopg
import pytest
from paho.mqtt import client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from sqlalchemy import create_engine, text

from central.store.engine import open_engine
from migrations import upgrade
from tests.services.processes import is_listening, wait_until
from tests.services.zygote import run_program


def connected(broker, *, client_id: str) -> mqtt.Client:
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=client_id, clean_session=False)
    client.connect(broker.host, broker.port)
    client.loop_start()
    wait_until(client.is_connected, timeout_s=5, what="the connection")
    return client


def test_a_killed_broker_keeps_what_it_acknowledged(mqtt_broker):
    listener = connected(mqtt_broker, client_id="edge")
    subscribed = threading.Event()
    listener.on_subscribe = lambda *_: subscribed.set()
    listener.subscribe("scan/+", qos=1)
    assert subscribed.wait(5)
    listener.loop_stop()
    listener.disconnect()
    scanner = connected(mqtt_broker, client_id="scanner")
    for number in range(20):
        scanner.publish("scan/8", str(number), qos=1).wait_for_publish(5)
    scanner.loop_stop()
    scanner.disconnect()

    mqtt_broker.kill()
    assert not is_listening(mqtt_broker.port)
    mqtt_broker.start()

    got: list[str] = []
    late = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="edge", clean_session=False)
    late.on_message = lambda _client, _userdata, message: got.append(message.payload.decode())
    late.connect(mqtt_broker.host, mqtt_broker.port)
    late.loop_start()
    wait_until(lambda: len(set(got)) == 20, timeout_s=10, what="redelivery of all messages")
    late.loop_stop()
    late.disconnect()
    assert sorted(set(got), key=int) == [str(number) for number in range(20)]


def test_each_test_has_a_database_of_its_own(postgres_url):
    engine = create_engine(postgres_url)
    with engine.begin() as connection:
        tables = text("SELECT count(*) FROM pg_tables WHERE tablename = 'here'")
        assert connection.execute(tables).scalar_one() == 0, "another test's table"
        connection.execute(text("CREATE TABLE here (id integer)"))
    engine.dispose()


@pytest.mark.timeout(60)
def test_a_killed_postgresql_keeps_what_it_committed(own_postgres):
    url = own_postgres.create_database().replace("+psycopg", "")
    with psycopg.connect(url) as connection:
        assert connection.execute("SHOW fsync").fetchone() == ("on",)
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    own_postgres.kill()
    own_postgres.start()
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)


def test_the_browser_shows_vietnamese_with_all_its_marks(page):
    page.set_content("<h1 lang=vi>Kiểm dịch y tế biên giới</h1>")
    assert page.get_by_role("heading").inner_text() == "Kiểm dịch y tế biên giới"


def test_a_program_is_forked_in_a_session_of_its_own_and_says_how_it_ended(tmp_path):
    done = run_program("central", "no-such-command", folder=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "No such command" in done.stderr


def test_a_schema_that_is_remembered_is_the_one_that_was_migrated(tmp_path):
    found = []
    for number in range(3):
        engine = open_engine(f"sqlite:///{tmp_path / f'{number}.db'}")
        upgrade("central", engine)
        with engine.connect() as connection:
            found.append(connection.exec_driver_sql("SELECT name, sql FROM sqlite_master ORDER BY name").all())
        engine.dispose()
    assert len(found[0]) > 40
    assert found[1:] == [found[0]] * 2
