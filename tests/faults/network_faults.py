"""Named faults of a network, each a few lines over ``fault_proxy``: what travellers' hotels, mobile links,
proxies, firewalls and failing switches do to HTTP.

``FAULTS`` has them all. A fault that lets requests through in the end (slowly, twice, or one a
connection) is *passable*: everything must arrive while it lasts. Of the others nothing may be believed.
"""

import asyncio
import gzip
import random
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from tests.faults.fault_proxy import Exchange, Fault

LOGIN_PAGE = "<html><head><title>Wi-Fi</title></head><body><form>Đăng nhập để dùng mạng</form></body></html>".encode()
HOUR_S = 3600


class NamedFault(NamedTuple):
    """A fault, and whether records get through while it lasts."""

    fault: Fault | None
    is_passable: bool = False


FAULTS: dict[str, NamedFault] = {}


def fault(*, is_passable: bool = False) -> Callable[[Fault], Fault]:
    """Enter a fault under its own name."""

    def enter(made: Fault) -> Fault:
        FAULTS[made.__name__] = NamedFault(made, is_passable)
        return made

    return enter


def page(code: str, content: bytes = LOGIN_PAGE, *, kind: str = "text/html", more: str = "") -> bytes:
    """An answer by somebody who is not the centre."""
    head = f"HTTP/1.1 {code}\r\nContent-Type: {kind}\r\nContent-Length: {len(content)}\r\n{more}\r\n"
    return head.encode() + content


def answering(name: str, content: bytes) -> None:
    """Enter a fault that gives this answer to everything."""

    async def answer_all(exchange: Exchange) -> None:
        while await exchange.request():
            await exchange.answer(content)

    FAULTS[name] = NamedFault(answer_all)


def on_push(do: Callable[[Exchange, bytes], Awaitable[None]]) -> Fault:
    """Make a fault that strikes pushes only; the question for the head before them goes well."""

    async def strike(exchange: Exchange) -> None:
        while request := await exchange.request():
            if request.startswith(b"POST"):
                await do(exchange, request)
            else:
                await exchange.answer(await exchange.ask(request))

    strike.__name__ = do.__name__
    return strike


def _spoil(content: bytes, *, share: float, seed: int) -> bytes:
    chance = random.Random(seed)
    return bytes(byte ^ chance.randrange(1, 256) if chance.random() < share else byte for byte in content)


# ---------------------------------------------------------------- slow


@fault(is_passable=True)
async def latency_of_a_satellite(exchange: Exchange) -> None:
    while request := await exchange.request():
        await asyncio.sleep(0.06)
        answer = await exchange.ask(request)
        await asyncio.sleep(0.06)
        await exchange.answer(answer)


@fault(is_passable=True)
async def bandwidth_of_a_modem(exchange: Exchange) -> None:
    while request := await exchange.request():
        answer = await exchange.ask(request)
        for start in range(0, len(answer), 256):
            await exchange.answer(answer[start : start + 256])
            await asyncio.sleep(0.02)


@fault()
async def one_byte_a_second(exchange: Exchange) -> None:
    while request := await exchange.request():
        for byte in await exchange.ask(request):
            await exchange.answer(bytes([byte]))
            await asyncio.sleep(1)


@fault(is_passable=True)
@on_push
async def answer_delayed_beyond_the_time_out(exchange: Exchange, request: bytes) -> None:
    answer = await exchange.ask(request)
    await asyncio.sleep(2)
    await exchange.answer(answer)


# ---------------------------------------------------------------- cut


@fault()
@on_push
async def request_cut_after_its_head(exchange: Exchange, request: bytes) -> None:
    await exchange.ask(request, upto=request.index(b"\r\n\r\n") + 4)
    exchange.reset()


@fault()
@on_push
async def request_cut_in_mid_body(exchange: Exchange, request: bytes) -> None:
    await exchange.ask(request, upto=len(request) - 40)
    exchange.writer.close()


@fault()
async def answer_cut_in_its_head(exchange: Exchange) -> None:
    while request := await exchange.request():
        await exchange.answer((await exchange.ask(request))[:40])
        return


@fault()
async def answer_cut_in_mid_body(exchange: Exchange) -> None:
    while request := await exchange.request():
        await exchange.answer((await exchange.ask(request))[:-40])
        return


@fault(is_passable=True)
@on_push
async def reset_in_mid_answer(exchange: Exchange, request: bytes) -> None:
    await exchange.answer((await exchange.ask(request))[:-40])
    exchange.reset()


@fault(is_passable=True)
@on_push
async def answer_lost_after_the_commit(exchange: Exchange, request: bytes) -> None:
    await exchange.ask(request)
    exchange.reset()


@fault(is_passable=True)
@on_push
async def silence_after_the_commit(exchange: Exchange, request: bytes) -> None:
    await exchange.ask(request)
    await exchange.silence()


@fault()
async def half_open(exchange: Exchange) -> None:
    await exchange.silence()


@fault()
async def accepted_and_closed_at_once(exchange: Exchange) -> None:
    del exchange


FAULTS["refused"] = NamedFault(None)


@fault(is_passable=True)
async def closed_after_each_answer(exchange: Exchange) -> None:
    if request := await exchange.request():
        await exchange.answer(await exchange.ask(request))


# ---------------------------------------------------------------- twice, late, out of order


@fault(is_passable=True)
async def each_request_twice(exchange: Exchange) -> None:
    while request := await exchange.request():
        await exchange.ask(request)
        await exchange.answer(await exchange.ask(request))


@fault(is_passable=True)
async def each_request_twice_at_the_same_time(exchange: Exchange) -> None:
    while request := await exchange.request():
        first, _ = await asyncio.gather(exchange.ask(request), exchange.ask(request))
        await exchange.answer(first)


def overtaken() -> Fault:
    """The first push is held back, times out at the edge, and arrives after the push that replaced it."""
    held: list[bytes] = []

    async def overtaken_by_its_own_repetition(exchange: Exchange) -> None:
        while request := await exchange.request():
            if request.startswith(b"POST") and not held:
                held.append(request)
                await exchange.silence()
            answer = await exchange.ask(request)
            if request.startswith(b"POST") and held:
                await exchange.ask(held[0])
            await exchange.answer(answer)

    return overtaken_by_its_own_repetition


FAULTS["overtaken_by_its_own_repetition"] = NamedFault(overtaken(), is_passable=True)


def cached() -> Fault:
    """A cache gives every later question the first answer."""
    kept: list[bytes] = []

    async def answers_from_a_cache(exchange: Exchange) -> None:
        while request := await exchange.request():
            if not kept:
                kept.append(await exchange.ask(request))
            await exchange.answer(kept[0])

    return answers_from_a_cache


FAULTS["answers_from_a_cache"] = NamedFault(cached())


@fault(is_passable=True)
async def every_third_connection_dies(exchange: Exchange) -> None:
    if exchange.proxy.connections % 3 == 1:
        exchange.reset()
    else:
        await closed_after_each_answer(exchange)


# ---------------------------------------------------------------- spoilt


@fault()
async def third_of_the_request_corrupted(exchange: Exchange) -> None:
    while request := await exchange.request():
        await exchange.answer(await exchange.ask(_spoil(request[:-4], share=0.3, seed=1) + b"\r\n\r\n"))


@fault()
@on_push
async def third_of_the_body_corrupted(exchange: Exchange, request: bytes) -> None:
    head, _, body = request.partition(b"\r\n\r\n")
    await exchange.answer(await exchange.ask(head + b"\r\n\r\n" + _spoil(body, share=0.3, seed=2)))


@fault()
async def third_of_the_answer_corrupted(exchange: Exchange) -> None:
    while request := await exchange.request():
        await exchange.answer(_spoil(await exchange.ask(request), share=0.3, seed=3))


@fault()
async def one_bit_of_each_answer_flipped(exchange: Exchange) -> None:
    while request := await exchange.request():
        head, _, body = (await exchange.ask(request)).partition(b"\r\n\r\n")
        place = body.rindex(b'"signature":"') + 20
        digit = b"1" if body[place : place + 1] != b"1" else b"2"
        await exchange.answer(head + b"\r\n\r\n" + body[:place] + digit + body[place + 1 :])


@fault()
async def answer_claims_to_be_zipped(exchange: Exchange) -> None:
    while request := await exchange.request():
        answer = await exchange.ask(request)
        await exchange.answer(answer.replace(b"\r\n", b"\r\nContent-Encoding: gzip\r\n", 1))


@fault()
async def answer_zipped_by_a_proxy(exchange: Exchange) -> None:
    while request := await exchange.request():
        _, _, body = (await exchange.ask(request)).partition(b"\r\n\r\n")
        more = "Content-Encoding: gzip\r\n"
        await exchange.answer(page("200 OK", gzip.compress(body), kind="application/json", more=more))


@fault()
async def broken_chunks(exchange: Exchange) -> None:
    while request := await exchange.request():
        _, _, body = (await exchange.ask(request)).partition(b"\r\n\r\n")
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        await exchange.answer(head + b"40\r\n" + body[:64] + b"\r\nZZ\r\n" + body[64:])


@fault()
async def truncated_json(exchange: Exchange) -> None:
    while request := await exchange.request():
        _, _, body = (await exchange.ask(request)).partition(b"\r\n\r\n")
        await exchange.answer(page("200 OK", body[: len(body) // 2], kind="application/json"))


@fault()
async def right_answer_of_the_wrong_type(exchange: Exchange) -> None:
    while request := await exchange.request():
        _, _, body = (await exchange.ask(request)).partition(b"\r\n\r\n")
        await exchange.answer(page("200 OK", body, kind="text/plain"))


@fault()
async def endless_answer(exchange: Exchange) -> None:
    while await exchange.request():
        await exchange.answer(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
        while True:
            await exchange.answer(b" " * 65536)


@fault()
async def garbage_of_another_protocol(exchange: Exchange) -> None:
    await exchange.answer(b"\x15\x03\x01\x00\x02\x02\x28" * 50)  # what a TLS port says to plain HTTP
    exchange.writer.close()


@fault()
async def banner_of_another_service(exchange: Exchange) -> None:
    await exchange.answer(b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n")
    await exchange.silence()


# ---------------------------------------------------------------- somebody else answers

answering("captive_portal", page("200 OK"))
answering("captive_portal_with_login_required", page("511 Network Authentication Required"))
answering("redirected_to_a_login", page("302 Found", more="Location: http://login.invalid/\r\n"))
answering("gateway_502", page("502 Bad Gateway", b"<html>Bad Gateway</html>"))
answering("gateway_504", page("504 Gateway Time-out", b"<html>Gateway Time-out</html>"))
answering("come_back_in_an_hour", page("503 Service Unavailable", b"", more=f"Retry-After: {HOUR_S}\r\n"))
answering("too_many_requests", page("429 Too Many Requests", b"", more="Retry-After: 20\r\n"))
answering("empty_200", page("200 OK", b"", kind="application/json"))
answering("json_of_another_service", page("200 OK", b'{"ok":true}', kind="application/json"))
answering("not_found", page("404 Not Found", b'{"detail":"Not Found"}', kind="application/json"))
answering("forbidden_by_a_firewall", page("403 Forbidden", b"<html>blocked</html>"))


def small_bodies_only(*, limit_bytes: int) -> Fault:
    """A gateway that takes no body above its own limit, and says so on a page of its own."""

    async def gateway_with_a_small_limit(exchange: Exchange) -> None:
        while request := await exchange.request():
            _, _, body = request.partition(b"\r\n\r\n")
            if len(body) > limit_bytes:
                await exchange.answer(page("413 Request Entity Too Large", b"<html>too large</html>"))
            else:
                await exchange.answer(await exchange.ask(request))

    return gateway_with_a_small_limit


FAULTS["gateway_with_a_small_limit"] = NamedFault(small_bodies_only(limit_bytes=2600), is_passable=True)
