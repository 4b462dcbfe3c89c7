"""Calls that leave the house: whom they reach, and what becomes of bad answers."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from app.infra.http import CallFailed, CallRefused, Outgoing, address_fault, url_fault

NAMES = {
    "good.example.com": ["93.184.216.34"],
    "good6.example.com": ["2606:2800:220:1:248:1893:25c8:1946"],
    "rebind.example.com": ["169.254.169.254"],
    "two.example.com": ["93.184.216.34", "10.0.0.5"],
    "mixed.example.com": ["93.184.216.34", "::1"],
    "mapped.example.com": ["::ffff:127.0.0.1"],
    "mapped-public.example.com": ["::ffff:93.184.216.34"],
    "nat64.example.com": ["64:ff9b::7f00:1"],
    "cgnat.example.com": ["100.64.0.1"],
    "zero.example.com": ["0.0.0.0"],
    "many.example.com": [f"93.184.216.{n}" for n in range(1, 60)],
    "none.example.com": [],
}

# url -> the code at registration and at sending, or None where it may be called.
TABLE = """
https://good.example.com/notices                  .
https://good.example.com:443/notices?bank=1       .
https://good6.example.com/                        .
https://93.184.216.34/                            .
https://[2606:2800:220:1:248:1893:25c8:1946]/     .
http://good.example.com/                          scheme
ftp://good.example.com/                           scheme
file:///etc/passwd                                not-a-url
gopher://good.example.com/                        scheme
//good.example.com/                               scheme
https:///notices                                  not-a-url
https://good.example.com:22/                      port
https://good.example.com:80/                      port
https://good.example.com:99999/                   not-a-url
https://user:pass@good.example.com/               user-info
https://good.example.com@127.0.0.1/               user-info
https://good.example.com/#part                    not-a-url
https://good.example.com\\@127.0.0.1/             not-a-url
https://localhost/                                host-not-public
https://localhost./                               host-not-public
https://printer.local/                            host-not-public
https://metadata.google.internal/                 host-not-public
https://a.b.localhost/                            host-not-public
https://intranet/                                 host-not-public
https://bad_name.example.com/                     host-not-a-name
https://-bad.example.com/                         host-not-a-name
https://银行.example.com/                           not-a-url
https://0x7f000001/                               host-is-a-number
https://0x7f.0.0.1/                               host-is-a-number
https://2130706433/                               host-is-a-number
https://0177.0.0.1/                               host-is-a-number
https://127.1/                                    host-is-a-number
https://127.0.0.1./                               host-is-a-number
https://127.0.0.1/                                address
https://127.0.0.53/                               address
https://10.0.0.1/                                 address
https://172.16.0.1/                               address
https://192.168.1.1/                              address
https://169.254.169.254/latest/meta-data          address
https://168.63.129.16/                            address
https://100.100.100.200/                          address
https://192.0.0.8/                                address
https://192.0.0.192/                              address
https://192.88.99.1/                              address
https://198.18.0.1/                               address
https://224.0.0.1/                                address
https://240.0.0.1/                                address
https://255.255.255.255/                          address
https://0.0.0.0/                                  address
https://[::1]/                                    address
https://[::]/                                     address
https://[::ffff:10.0.0.1]/                        address
https://[::ffff:7f00:1]/                          address
https://[::127.0.0.1]/                            address
https://[64:ff9b::7f00:1]/                        address
https://[64:ff9b:1::1]/                           address
https://[2002:7f00:1::]/                          address
https://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/   address
https://[2001:db8::1]/                            address
https://[3fff::1]/                                address
https://[fec0::1]/                                address
https://[fd00:ec2::254]/                          address
https://[fe80::1]/                                address
https://[fe80::1%25eth0]/                         not-a-url
https://[ff02::1]/                                address
https://[::1/                                     not-a-url
https://rebind.example.com/                       address
https://two.example.com/                          address
https://mixed.example.com/                        address
https://mapped.example.com/                       address
https://mapped-public.example.com/                address
https://nat64.example.com/                        address
https://cgnat.example.com/                        address
https://zero.example.com/                         address
https://many.example.com/                         host-unknown
https://none.example.com/                         host-unknown
https://nowhere.example.com/                      host-unknown
"""
ROWS = [(url, None if code == "." else code) for url, code in (row.split() for row in TABLE.strip().splitlines())]


async def fake(host: str, port: int) -> list[str]:
    if host not in NAMES:
        raise OSError("no such name")
    return NAMES[host]


Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def receiver(handle: Handler, head_end: bytes = b"\r\n\r\n") -> AsyncIterator[str]:
    """A loopback server that reads one request head and then does what the test wants."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(head_end)
            await handle(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/notices"
    finally:
        server.close()


async def call(handle: Handler, seconds_max: float = 5.0) -> int | str:
    """The status, or the code of the failure."""
    async with receiver(handle) as url, Outgoing(loopback=["127.0.0.1"], seconds_max=seconds_max) as http:
        try:
            return (await http.post(url, content=b"{}", headers={})).status
        except CallFailed as failed:
            return failed.code


async def say(writer: asyncio.StreamWriter, text: str) -> None:
    writer.write(text.encode())
    await writer.drain()


def test_the_table_has_at_least_forty_refused_names() -> None:
    """P14 asks for forty; each stands for a way in that somebody has used."""
    refused = {url for url, code in ROWS if code}

    assert len(refused) >= 40


@pytest.mark.parametrize(("url", "code"), ROWS)
async def test_registration_judges_text_name_and_every_address(url: str, code: str | None) -> None:
    """A bank must learn at once that its address will never be called."""
    async with Outgoing(resolve=fake) as http:
        try:
            await http.check(url)
            answer = None
        except CallRefused as refused:
            answer = refused.code

    assert code == answer


@pytest.mark.parametrize(("url", "code"), [row for row in ROWS if row[1]])
async def test_sending_refuses_the_same_names_again(url: str, code: str) -> None:
    """A name may have changed since it was registered: the check at sending is the one that protects."""
    async with Outgoing(resolve=fake) as http:
        with pytest.raises(CallRefused) as refused:
            await http.post(url, content=b"{}", headers={})

    assert code == refused.value.code


async def test_a_name_that_rebinds_between_check_and_call_is_refused() -> None:
    """The classic way past a check at registration."""
    answers = iter([["93.184.216.34"], ["127.0.0.1"]])

    async def turncoat(host: str, port: int) -> list[str]:
        return next(answers)

    async with Outgoing(resolve=turncoat) as http:
        await http.check("https://bank.example.com/")
        with pytest.raises(CallRefused) as refused:
            await http.post("https://bank.example.com/", content=b"{}", headers={})

    assert refused.value.code == "address"


async def test_the_socket_goes_to_the_address_that_was_judged() -> None:
    """Resolving once more while connecting would let the second answer in."""
    asked: list[str] = []

    async def once(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["203.0.114.1"]

    async with Outgoing(resolve=once, seconds_max=0.2) as http:
        with pytest.raises(CallFailed):
            await http.post("https://bank.example.com/", content=b"{}", headers={})

    assert asked == ["bank.example.com"]


@pytest.mark.parametrize("loopback", [["10.0.0.1"], ["93.184.216.34"], ["localhost"]])
def test_the_allow_list_takes_loopback_literals_only(loopback: list[str]) -> None:
    """It exists for tests; a wider list would be a hole with a name."""
    with pytest.raises(ValueError):
        Outgoing(loopback=loopback)


def test_production_refuses_an_allow_list() -> None:
    """A forgotten development setting must not start."""
    with pytest.raises(ValueError):
        Outgoing(loopback=["127.0.0.1"], production=True)


async def test_an_allowed_literal_opens_no_other_loopback_name() -> None:
    """Only the literal on the list: localhost, other numbers and names that lead there stay shut."""
    codes = []
    async with Outgoing(loopback=["127.0.0.1"], resolve=fake) as http:
        for url in (
            "http://127.0.0.2:8000/",
            "https://localhost/",
            "https://mapped.example.com/",
            "http://0x7f000001/",
        ):
            with pytest.raises(CallRefused) as refused:
                await http.check(url)
            codes.append(refused.value.code)

    assert codes == ["scheme", "host-not-public", "address", "scheme"]


async def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    """302 to the inside would undo the check."""
    hits = 0

    async def redirect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal hits
        hits += 1
        await say(writer, "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1/\r\ncontent-length: 0\r\n\r\n")

    assert (await call(redirect), hits) == (302, 1)


async def test_an_endless_answer_is_cut_at_the_cap() -> None:
    """A gibibyte of answer must not reach memory."""
    sent = 0

    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await say(writer, "HTTP/1.1 200 OK\r\ncontent-length: 1073741824\r\n\r\n")
        while True:
            writer.write(b"x" * 65536)
            await writer.drain()
            sent += 65536

    assert await call(endless) == "answer-too-large"
    assert sent < 64 * 1024 * 1024


async def test_a_drip_feed_is_cut_at_the_time_limit() -> None:
    """A byte every moment keeps a read time-out from ever firing; the limit is for the whole call."""

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await say(writer, "HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n")
        while True:
            await say(writer, "x")
            await asyncio.sleep(0.02)

    assert await call(drip, seconds_max=0.3) == "timed-out"


async def test_a_silent_peer_times_out() -> None:
    """It accepted the connection and says nothing."""

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(1)

    assert await call(hang, seconds_max=0.2) == "timed-out"


async def test_a_cut_connection_and_nonsense_have_a_name() -> None:
    """The bank's engineer reads these codes."""

    async def cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    async def nonsense(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await say(writer, "220 smtp ready\r\n\r\n")

    assert [await call(cut), await call(nonsense)] == ["cut-off", "cut-off"]


async def test_a_closed_port_and_a_peer_without_tls_have_a_name() -> None:
    """Unreachable and untrusted are different faults for the person who mends them."""

    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await say(writer, "HTTP/1.1 200 OK\r\n\r\n")

    async with receiver(plain, head_end=b"\x16") as url, Outgoing(loopback=["127.0.0.1"], seconds_max=3) as http:
        codes = []
        for target in (url.replace("http:", "https:"), "http://127.0.0.1:1/"):
            with pytest.raises(CallFailed) as failed:
                await http.post(target, content=b"{}", headers={})
            codes.append(failed.value.code)

    assert codes == ["tls", "unreachable"]


async def test_an_untrusted_certificate_is_refused() -> None:
    """The default context verifies: nobody may switch that off by passing nothing."""
    async with Outgoing() as http:
        context = http._client()._transport._pool._ssl_context  # type: ignore[attr-defined]

    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)


async def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy would connect on our behalf, unguarded."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    async def fine(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await say(writer, "HTTP/1.1 204 No Content\r\n\r\n")

    assert await call(fine) == 204


@pytest.mark.parametrize("text", ["", "bank", "127.0.0.1:80", "1.2.3", "fe80::1%eth0"])
def test_what_is_no_public_address_has_a_fault(text: str) -> None:
    """The function is total: nonsense from a resolver is refused like a private address."""
    assert address_fault(text) is not None


def test_an_overlong_url_is_refused() -> None:
    """It is stored and logged."""
    assert url_fault("https://bank.example.com/" + "a" * 600) == "not-a-url"
