"""Sign-in holds: sessions end when they should, guessing gets slow, nobody learns who exists."""

import asyncio
import functools
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import anyio
import pytest

from tests.web.stage import CHEAP, PASSWORD, Clock, MemoryStore, sign_in_of
from web.passwords import PasswordRefusedError, Passwords
from web.sign_in import SignIn, SignInRefusedError, User, hash_token


def awaited(test):
    """Run an async test on a loop in a thread of its own: a browser of another test may own this thread's."""

    @functools.wraps(test)
    def run(*given, **fixtures):
        with ThreadPoolExecutor(1) as thread:
            thread.submit(lambda: asyncio.run(test(*given, **fixtures))).result()

    return run


@pytest.fixture
def store():
    return MemoryStore()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def sign_in(store, clock):
    return sign_in_of(store, clock)


@awaited
async def test_the_right_password_opens_a_session_whose_token_the_store_never_sees(sign_in, store):
    session = await sign_in.sign_in("canbo", password=PASSWORD, address="10.0.0.1")

    assert session.role == "officer"
    assert list(store.sessions) == [hash_token(session.token)]
    assert session.token not in repr(store.sessions)
    assert len(session.token) >= 43, "256 bits in base64"


@awaited
async def test_a_session_resumes_until_it_is_signed_out(sign_in):
    session = await sign_in.sign_in("canbo", password=PASSWORD, address="10.0.0.1")
    assert (await sign_in.resume(session.token, is_activity=True)).username == "canbo"

    await sign_in.sign_out(session.token)

    assert await sign_in.resume(session.token, is_activity=True) is None


@awaited
async def test_an_idle_session_ends_and_polling_does_not_keep_it_alive(sign_in, clock):
    session = await sign_in.sign_in("canbo", password=PASSWORD, address="10.0.0.1")
    for _ in range(29):
        clock.advance(minutes=1)
        assert await sign_in.resume(session.token, is_activity=False) is not None
    clock.advance(minutes=1)

    assert await sign_in.resume(session.token, is_activity=False) is None


@awaited
async def test_a_busy_session_ends_after_the_shift_all_the_same(sign_in, clock):
    session = await sign_in.sign_in("canbo", password=PASSWORD, address="10.0.0.1")
    for _ in range(12 * 3 - 1):
        clock.advance(minutes=20)
        assert await sign_in.resume(session.token, is_activity=True) is not None
    clock.advance(minutes=20)

    assert await sign_in.resume(session.token, is_activity=True) is None


@awaited
async def test_a_disabled_account_loses_its_session_at_the_next_request(sign_in, store):
    session = await sign_in.sign_in("canbo", password=PASSWORD, address="10.0.0.1")
    known = store.users["canbo"]
    store.users["canbo"] = User(
        username="canbo", name=known.name, role=known.role, password_hash=known.password_hash, is_disabled=True
    )

    assert await sign_in.resume(session.token, is_activity=True) is None
    with pytest.raises(SignInRefusedError, match="wrong_credentials"):
        await sign_in.sign_in("canbo", password=PASSWORD, address="10.0.0.1")


@awaited
async def test_a_changed_role_counts_at_once(sign_in, store):
    session = await sign_in.sign_in("canbo", password=PASSWORD, address="10.0.0.1")
    known = store.users["canbo"]
    store.users["canbo"] = User(
        username="canbo", name=known.name, role="administrator", password_hash=known.password_hash
    )

    assert (await sign_in.resume(session.token, is_activity=False)).role == "administrator"


@pytest.mark.parametrize("token", ["", "x", "a" * 43])
@awaited
async def test_an_invented_token_opens_nothing(sign_in, token):
    assert await sign_in.resume(token, is_activity=False) is None


@awaited
async def test_guessing_gets_slower_and_never_locks_the_officer_out_elsewhere(sign_in, clock):
    waits = []
    for _ in range(8):
        with pytest.raises(SignInRefusedError) as refusal:
            await sign_in.sign_in("canbo", password="đoán mò", address="10.0.0.66")
        waits.append(refusal.value.retry_after_s)
        clock.advance(seconds=refusal.value.retry_after_s)
    assert waits == [0, 0, 0, 0, 5, 10, 20, 40]

    assert (await sign_in.sign_in("canbo", password=PASSWORD, address="10.0.0.1")).username == "canbo"


@awaited
async def test_during_the_wait_even_the_right_password_is_not_looked_at(sign_in):
    for _ in range(5):
        with pytest.raises(SignInRefusedError):
            await sign_in.sign_in("canbo", password="đoán mò", address="10.0.0.66")

    with pytest.raises(SignInRefusedError) as refusal:
        await sign_in.sign_in("canbo", password=PASSWORD, address="10.0.0.66")

    assert refusal.value.code == "wait"
    assert 0 < refusal.value.retry_after_s <= 5


@awaited
async def test_spraying_one_password_over_many_names_slows_the_address(sign_in):
    codes = []
    for number in range(30):
        with pytest.raises(SignInRefusedError) as refusal:
            await sign_in.sign_in(f"nguoi-{number}", password="một mật khẩu", address="10.0.0.66")
        codes.append(refusal.value.code)

    assert codes.count("wait") >= 4


@awaited
async def test_known_and_unknown_names_cost_the_same_time(store, clock):
    sign_in = SignIn(users=store, sessions=store, clock=clock, passwords=Passwords())
    store.users["canbo"] = User(
        username="canbo", name="x", role="officer", password_hash=Passwords().hash_password(PASSWORD, username="canbo")
    )

    async def fastest_s(name):
        spent = []
        for number in range(4):
            started = time.perf_counter()
            with pytest.raises(SignInRefusedError):
                await sign_in.sign_in(name, password="sai mật khẩu", address=f"10.0.1.{number}")
            spent.append(time.perf_counter() - started)
        return min(spent)

    known_s, unknown_s = await fastest_s("canbo"), await fastest_s("khong-co-ai")

    assert unknown_s > 0.02, "an unknown name must cost a real argon2 run"
    assert abs(known_s - unknown_s) < 0.5 * max(known_s, unknown_s)


@awaited
async def test_no_more_than_two_hashes_run_at_once(store, clock):
    # Each hash waits for a second one beside it, so two always meet however slow the machine is.
    pair = threading.Barrier(2, timeout=30)
    counting = threading.Lock()
    running, most = 0, 0

    class Counting(Passwords):
        def verify(self, password, *, password_hash):
            nonlocal running, most
            with counting:
                running += 1
                most = max(most, running)
            pair.wait()
            time.sleep(0.02)
            with counting:
                running -= 1
            return False

    sign_in = sign_in_of(store, clock)
    sign_in._passwords = Counting()

    async def attempt(number):
        with pytest.raises(SignInRefusedError):
            await sign_in.sign_in("canbo", password="x", address=f"10.0.2.{number}")

    async with anyio.create_task_group() as group:
        for number in range(12):
            group.start_soon(attempt, number)

    assert most == 2


@pytest.mark.parametrize(
    ("password", "code"),
    [("ngắn", "too_short"), ("x" * 300, "too_long"), ("CANBO-2026-ơi", "guessable"), ("aaaaaaaaaaaa", "guessable")],
)
def test_bad_passwords_are_refused_when_they_are_set(password, code):
    with pytest.raises(PasswordRefusedError) as refusal:
        CHEAP.hash_password(password, username="canbo")

    assert refusal.value.code == code


@awaited
async def test_sessions_of_an_account_can_all_be_ended(sign_in, store):
    first = await sign_in.sign_in("canbo", password=PASSWORD, address="10.0.0.1")
    second = await sign_in.sign_in("canbo", password=PASSWORD, address="10.0.0.2")
    other = await sign_in.sign_in("cdc", password=PASSWORD, address="10.0.0.3")

    store.remove_sessions_of("canbo")

    assert await sign_in.resume(first.token, is_activity=False) is None
    assert await sign_in.resume(second.token, is_activity=False) is None
    assert await sign_in.resume(other.token, is_activity=False) is not None


@awaited
async def test_activity_is_written_at_most_once_a_minute(sign_in, store, clock):
    session = await sign_in.sign_in("canbo", password=PASSWORD, address="10.0.0.1")
    first_seen = store.sessions[hash_token(session.token)].last_seen_at

    clock.advance(seconds=30)
    await sign_in.resume(session.token, is_activity=True)
    assert store.sessions[hash_token(session.token)].last_seen_at == first_seen

    clock.advance(seconds=31)
    await sign_in.resume(session.token, is_activity=True)
    assert store.sessions[hash_token(session.token)].last_seen_at == first_seen + timedelta(seconds=61)
