"""A broker that dies between a terminal's publish and the edge's acknowledgement, again and again.

The terminals live in the test and are the oracle: each keeps what it showed and resends it until it is
answered. The edge is a real process; its encrypted database is opened afterwards.
"""

import contextlib
import random
import time
from collections.abc import Iterator
from pathlib import Path

from devices.simulator.face_terminal import FaceTerminal
from tests.faults.edge_program import only_send
from tests.faults.edges import open_edge, write_settings
from tests.faults.field import Outcome
from tests.faults.programs import Program
from tests.services.brokers import Broker, make_mosquitto_broker, make_nats_broker

ANSWER_WITHIN_S = 60.0
TERMINAL = {"resend_s": 0.5, "heartbeat_s": 5.0}


class BrokerUnderFire:
    """One broker with one terminal and one edge."""

    def __init__(self, folder: Path, broker: Broker) -> None:
        self.broker = broker
        url = f"mqtt://{broker.host}:{broker.port}"
        edge_id = f"edge-{broker.name}"
        self.settings = write_settings(folder, edge_id, broker_url=url)
        self.edge = Program(only_send, str(self.settings), log=folder / f"{edge_id}.log")
        self.terminal = FaceTerminal(f"face-{edge_id}", url, TERMINAL)
        self.shown = 0
        self.killed_while_waiting = 0

    def start(self) -> None:
        """Broker first, then those who look for it."""
        self.broker.start()
        self.edge.start()
        self.terminal.start()

    def show(self) -> None:
        """A person looks into the terminal."""
        self.shown += 1
        self.terminal.perform("show", {"skin_c": 36.0 + self.shown % 15 / 10})

    def wait_for_answers(self) -> None:
        """Everything that was shown is answered."""
        deadline = time.monotonic() + ANSWER_WITHIN_S
        while self.terminal.waiting_count:
            if time.monotonic() > deadline:
                message = f"{self.broker.name}: {self.terminal.waiting_count} readings were never answered"
                raise TimeoutError(message)
            time.sleep(0.02)

    def kill_broker(self) -> None:
        """kill -9, and the next life on the same store."""
        self.broker.kill()
        self.killed_while_waiting += self.terminal.waiting_count > 0
        self.broker.start()

    def stored(self) -> list[str]:
        """The delivery keys in the edge's database, once the edge is dead."""
        gate = open_edge(self.settings)
        try:
            with gate.store.readers.connect() as connection:
                return [row[0] for row in connection.exec_driver_sql("SELECT delivery_key FROM device_reading")]
        finally:
            gate.store.close()

    def end(self) -> None:
        """Nothing is left behind."""
        self.terminal.stop()
        self.edge.kill()
        self.broker.kill()


@contextlib.contextmanager
def brokers(folder: Path) -> Iterator[list[BrokerUnderFire]]:
    """Both brokers that the product supports, each with an edge and a terminal."""
    both = [BrokerUnderFire(folder, make(folder)) for make in (make_nats_broker, make_mosquitto_broker)]
    try:
        for one in both:
            one.start()
        yield both
    finally:
        for one in both:
            one.end()


def broker_kills(both: list[BrokerUnderFire], *, kills: int, chance: random.Random) -> Outcome:
    """Kill the brokers in turn while readings wait for their answer; then everything must be stored once."""
    violations: list[str] = []
    try:
        for number in range(kills):
            one = both[number % len(both)]
            one.wait_for_answers()  # both ends have found the broker again
            for _ in range(3):
                one.show()
            time.sleep(chance.uniform(0.0, 0.03))
            one.kill_broker()
            if number % 10 >= 8:
                one.edge.kill()
                one.edge.start()
        for one in both:
            one.wait_for_answers()
    except TimeoutError as error:
        violations.append(str(error))
    return _compare(both, violations=violations)


def _compare(both: list[BrokerUnderFire], *, violations: list[str]) -> Outcome:
    acknowledged = lost = doubled = 0
    for one in both:
        one.edge.kill()
        keys = one.stored()
        answered = one.shown - one.terminal.waiting_count
        acknowledged += answered
        lost += max(0, answered - len(set(keys)))
        doubled += len(keys) - len(set(keys)) + max(0, len(set(keys)) - one.shown)
        if one.killed_while_waiting == 0:
            violations.append(f"{one.broker.name} never died between publish and answer: nothing was proven")
    return Outcome(acknowledged, lost, doubled, violations)
