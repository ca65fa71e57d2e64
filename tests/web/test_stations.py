"""Badge and PIN at a workstation: whose it is, what a PIN may never open, and what guessing costs."""

from datetime import timedelta

import anyio
import argon2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.checkpoint.people import MORNING
from tests.web.stage import Clock, MemoryStore
from web.attempts import AttemptDelays
from web.passwords import PasswordRefusedError
from web.pins import Pins
from web.sign_in import SessionStanding, SignIn, SignInRefusedError, User
from web.stations import Badge, Stations, badge_in

CHEAP = Pins(argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
PIN = "804173"


class Book:
    """Badges, locks and standings in memory."""

    def __init__(self, store):
        self.store = store
        self.badges = {
            number: Badge(username=name, badge=number, pin_hash=CHEAP.hash_pin(PIN, badge=number))
            for number, name in {"004217": "canbo", "004218": "quantri", "004219": "cdc"}.items()
        }
        self.standings = {}

    def find_badge(self, badge):
        return self.badges.get(badge)

    def find_standing(self, token_hash):
        return self.standings.get(token_hash, SessionStanding())

    def add_pin_session(self, session):
        self.store.add_session(session)
        self.standings[session.token_hash] = SessionStanding(is_by_pin=True)

    def lock_session(self, token_hash, *, locked_at):
        known = self.find_standing(token_hash)
        self.standings[token_hash] = SessionStanding(is_by_pin=known.is_by_pin, is_locked=True)


class Workstation:
    def __init__(self):
        self.store, self.clock = MemoryStore(), Clock()
        self.book = Book(self.store)
        self.stations = Stations(
            users=self.store, sessions=self.store, badges=self.book, locks=self.book, clock=self.clock, pins=CHEAP
        )
        self.sign_in = SignIn(
            users=self.store, sessions=self.store, clock=self.clock, is_in_memory=True, standings=self.book
        )

    def change(self, badge, pin=PIN, token="before"):
        return anyio.run(lambda: self.stations.change_officer(badge, pin=pin, station="10.0.0.5", token=token))

    def resume(self, token, *, is_activity=True):
        return anyio.run(lambda: self.sign_in.resume(token, is_activity=is_activity))

    def refusal(self, badge, pin=PIN):
        with pytest.raises(SignInRefusedError) as refused:
            self.change(badge, pin)
        return refused.value


def test_whoever_shows_badge_and_pin_gets_a_new_session_and_the_one_before_ends():
    station = Workstation()
    first = station.change("KD-CB-004217")
    second = station.change("004217", token=first.token)

    assert second.token != first.token
    assert station.resume(first.token) is None
    assert station.resume(second.token).username == "canbo"


@pytest.mark.parametrize("badge", ["004218", "004219"])
def test_a_pin_never_opens_an_account_that_is_no_officers(badge):
    assert Workstation().refusal(badge).code == "wrong_pin"


def test_an_officer_who_became_an_administrator_is_out_until_the_password():
    station = Workstation()
    session = station.change("004217")
    user = station.store.users["canbo"]
    station.store.users["canbo"] = User(
        username=user.username, name=user.name, role="administrator", password_hash=user.password_hash
    )

    assert station.resume(session.token) is None


def test_a_wrong_pin_and_an_unknown_badge_are_refused_alike():
    station = Workstation()

    assert station.refusal("004217", "000000").code == station.refusal("999999").code == "wrong_pin"


def test_guessing_costs_a_growing_delay_and_never_a_lock_out():
    station = Workstation()
    waits = [station.refusal("004217", "000000").retry_after_s for _ in range(6)]
    assert waits == [0, 0, 0, 0, 5, 5]
    assert station.refusal("004217").code == "wait", "not even the right PIN, before the delay is over"
    station.clock.advance(seconds=20)
    assert station.change("004217").username == "canbo"


def test_many_badges_from_one_station_are_slowed_down_together():
    station = Workstation()
    codes = [station.refusal(f"77{number:04d}").code for number in range(16)]
    assert codes[:15] == ["wrong_pin"] * 15
    assert codes[15] == "wait"


def test_a_locked_session_waits_longer_than_an_idle_one_but_not_longer_than_a_shift():
    station = Workstation()
    session = station.change("004217")
    anyio.run(lambda: station.stations.lock(session.token))
    station.clock.advance(hours=11)
    assert station.resume(session.token).is_locked
    station.clock.advance(hours=1, minutes=1)
    assert station.resume(session.token) is None


def test_being_looked_at_does_not_unlock():
    station = Workstation()
    session = station.change("004217")
    anyio.run(lambda: station.stations.lock(session.token))
    for _ in range(3):
        station.clock.advance(seconds=90)
        assert station.resume(session.token, is_activity=True).is_locked


@pytest.mark.parametrize(
    ("pin", "code"),
    [
        ("80417", "too_short"),
        ("8041738041738", "too_long"),
        ("123456", "guessable"),
        ("80a173", "guessable"),
        ("004217", "guessable"),
    ],
)
def test_a_pin_that_is_guessed_first_is_not_taken(pin, code):
    with pytest.raises(PasswordRefusedError) as refused:
        CHEAP.hash_pin(pin, badge="004217")
    assert refused.value.code == code


def test_a_pin_costs_less_than_a_password_and_still_has_memory_to_pay():
    hashed = Pins().hash_pin(PIN, badge="004217")
    assert hashed.startswith("$argon2id$")
    assert "m=19456,t=2,p=1" in hashed


def test_a_document_is_no_badge():
    assert badge_in("P<CHNCHEN<<GUOQIANG") == ""
    assert badge_in(" kd-cb:ab12 ") == "AB12"


def test_a_prank_of_the_morning_slows_nobody_down_for_long():
    station = Workstation()
    for number in range(40):
        while station.refusal(f"77{number:04d}").code == "wait":
            station.clock.advance(seconds=61)
    station.clock.advance(seconds=61)
    assert station.change("004217").username == "canbo", "a minute, not a day"
    assert station.refusal("004217", "000000").retry_after_s == 0, "a good PIN has wiped the slate"


@given(st.lists(st.integers(0, 7200), max_size=300))
@settings(max_examples=60)
def test_whoever_guesses_one_badge_gets_four_an_hour_beside_the_first_ones(pauses_s):
    delays, now = AttemptDelays(free_failures=5), MORNING
    began, guesses = now, 0
    for pause_s in pauses_s:
        now += timedelta(seconds=pause_s)
        if delays.wait_s("004217", at=now) == 0:
            delays.note_failure("004217", at=now)
            guesses += 1
    hours = (now - began).total_seconds() / 3600
    assert guesses <= 5 + 8 + 4 * hours + 1
