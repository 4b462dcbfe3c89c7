"""Calls that leave the house. They reach public addresses on port 443 and nothing else.

A name is resolved here, every address of the answer is judged, and the socket is opened to a judged address: a name
that answers differently the second time, a redirect or a proxy from the environment cannot lead inside. Loopback
addresses on an explicit list are let through for development and tests; a production set-up refuses such a list.
"""

import asyncio
import ssl
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from socket import SOCK_STREAM
from typing import Any, Final, cast
from urllib.parse import urlsplit

import httpcore
import httpx

SECONDS_MAX: Final = 15.0  # From the first byte sent to the last byte read.
BODY_MAX: Final = 64 * 1024  # An answer longer than this is a failure: nobody needs it.
ADDRESSES_MAX: Final = 32  # A name with more addresses than this is not an endpoint.
URL_MAX: Final = 512

Resolve = Callable[[str, int], Awaitable[Iterable[str]]]

# Blocks that Python 3.11 calls global although they lead inside, or that its table does not know.
_REFUSED_V4: Final = {
    IPv4Network("192.0.0.0/24"): "protocol assignments",
    IPv4Network("192.88.99.0/24"): "6to4 relay",
    IPv4Network("100.64.0.0/10"): "carrier-grade NAT",
    IPv4Network("198.18.0.0/15"): "benchmarking",
    IPv4Network("168.63.129.16/32"): "metadata",
    IPv4Network("240.0.0.0/4"): "reserved",
}
_REFUSED_V6: Final = {
    IPv6Network("2001::/23"): "protocol assignments",
    IPv6Network("2001:db8::/32"): "documentation",
    IPv6Network("2002::/16"): "6to4",
    IPv6Network("3fff::/20"): "documentation",
}
_UNICAST_V6: Final = IPv6Network("2000::/3")  # All that IANA gave to the public; mapped, NAT64, fec0 lie outside.


class CallRefused(Exception):
    """The address may not be called. `code` is stable and short, `detail` names the part that is wrong."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail


class CallFailed(Exception):
    """The call was allowed and did not work: unreachable, tls, timed-out, cut-off or answer-too-large."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class _Blocked(httpcore.ConnectError):
    """Carries a refusal through httpcore, which knows its own exceptions only."""

    def __init__(self, refused: CallRefused) -> None:
        super().__init__(str(refused))
        self.refused = refused


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the status and at most BODY_MAX bytes."""

    status: int
    body: bytes


def address_fault(text: str) -> str | None:
    """Why an address in its textual form is not public, or None. Anything that is not an address has a fault.

    >>> address_fault("93.184.216.34") is None
    True
    >>> address_fault("64:ff9b::7f00:1"), address_fault("::ffff:10.0.0.1"), address_fault("192.0.0.8")
    ('not public unicast', 'not public unicast', 'protocol assignments')
    """
    try:
        address = ip_address(text)
    except ValueError:
        return "not an address"
    return _fault_v6(address) if isinstance(address, IPv6Address) else _fault_v4(address)


def _fault_v4(address: IPv4Address) -> str | None:
    for network, name in _REFUSED_V4.items():
        if address in network:
            return name
    return None if address.is_global and not address.is_multicast else "not global"


def _fault_v6(address: IPv6Address) -> str | None:
    if address.scope_id is not None or address not in _UNICAST_V6:
        return "not public unicast"
    for network, name in _REFUSED_V6.items():
        if address in network:
            return name
    return None if address.is_global else "not global"


def _literal(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _is_number(host: str) -> bool:
    """True when resolvers would read the host as an IPv4 number: 2130706433, 0x7f000001, 0177.1, 127.1."""
    last = host.rstrip(".").rpartition(".")[2].lower()
    return last.isdigit() or (last.startswith("0x") and all(c in "0123456789abcdef" for c in last[2:]))


def _host_fault(host: str) -> str | None:
    if not host.isascii() or len(host) > 253:
        return "host-not-a-name"
    if _is_number(host):
        return "host-is-a-number"
    labels = host.rstrip(".").split(".")
    if len(labels) < 2 or labels[-1] in ("localhost", "local", "internal", "arpa", "onion"):
        return "host-not-public"
    right = all(part and len(part) < 64 and part.replace("-", "a").isalnum() for part in labels)
    return None if right and not any(p[0] == "-" or p[-1] == "-" for p in labels) else "host-not-a-name"


def url_fault(url: str, loopback: frozenset[str] = frozenset()) -> str | None:
    """Why a URL may not be called, judged by its text alone, or None.

    >>> url_fault("https://bank.example.com/notices") is None
    True
    >>> url_fault("http://bank.example.com/"), url_fault("https://0x7f000001/"), url_fault("https://a.example:22/")
    ('scheme', 'host-is-a-number', 'port')
    """
    if not 0 < len(url) <= URL_MAX or not url.isascii() or any(c <= " " or c in '\\"<>^`{|}\x7f' for c in url):
        return "not-a-url"
    try:
        parts = urlsplit(url)
        port, host = parts.port, (parts.hostname or "").lower()
    except ValueError:
        return "not-a-url"
    if "@" in parts.netloc:
        return "user-info"
    if parts.fragment or not host or "%" in host:
        return "not-a-url"
    if host in loopback and parts.scheme in ("http", "https"):
        return None
    if parts.scheme != "https":
        return "scheme"
    if port not in (None, 443):
        return "port"
    if _literal(host) is not None:
        return "address" if address_fault(host) is not None else None
    return _host_fault(host)


async def resolve_by_system(host: str, port: int) -> list[str]:
    """All addresses of a name, as the machine's resolver gives them."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


class _Guard(httpcore.AsyncNetworkBackend):
    """Opens sockets to judged addresses only."""

    def __init__(self, resolve: Resolve, loopback: frozenset[str]) -> None:
        self._inner = httpcore.AnyIOBackend()
        self._resolve = resolve
        self._loopback = loopback

    async def addresses(self, host: str, port: int) -> list[str]:
        """The addresses that may be called for a host; raises CallRefused if even one may not."""
        if host in self._loopback:
            return [host]
        if _literal(host) is not None:
            found = [host]
        else:
            if fault := _host_fault(host):
                raise CallRefused(fault, host)
            try:
                found = list(dict.fromkeys(await self._resolve(host, port)))
            except OSError as error:
                raise CallRefused("host-unknown", host) from error
        if not 0 < len(found) <= ADDRESSES_MAX:
            raise CallRefused("host-unknown", host)
        for address in found:
            if fault := address_fault(address):
                raise CallRefused("address", f"{host}: {fault}")
        return found

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        if port != 443 and host not in self._loopback:
            raise _Blocked(CallRefused("port", str(port)))
        try:
            addresses = await self.addresses(host, port)
        except CallRefused as refused:
            raise _Blocked(refused) from refused
        failed: httpcore.NetworkError | httpcore.TimeoutException | None = None
        for address in addresses:
            try:
                return await self._inner.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.NetworkError, httpcore.TimeoutException) as error:
                failed = error
        assert failed is not None, "a judged name has an address"
        raise failed

    async def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore.AsyncNetworkStream:
        raise _Blocked(CallRefused("address", "unix socket"))

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class _Body(httpx.AsyncByteStream):
    def __init__(self, stream: AsyncIterable[bytes]) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._stream:
            yield chunk

    async def aclose(self) -> None:
        await cast(Any, self._stream).aclose()


class _Transport(httpx.AsyncBaseTransport):
    """httpx on a guarded connection pool. No proxy, no environment, no retry."""

    def __init__(self, guard: _Guard, tls: ssl.SSLContext) -> None:
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=tls, network_backend=guard, max_connections=64, max_keepalive_connections=0
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        assert isinstance(request.stream, httpx.AsyncByteStream)
        url = httpcore.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        )
        answer = await self._pool.handle_async_request(
            httpcore.Request(
                method=request.method,
                url=url,
                headers=request.headers.raw,
                content=request.stream,
                extensions=request.extensions,
            )
        )
        assert isinstance(answer.stream, AsyncIterable)
        return httpx.Response(
            answer.status, headers=answer.headers, stream=_Body(answer.stream), extensions=answer.extensions
        )

    async def aclose(self) -> None:
        await self._pool.aclose()


class Outgoing:
    """The one client for calls to addresses that others gave us.

    `loopback` holds loopback addresses as literals (127.0.0.1, ::1): they may be called by that literal, over http and
    on any port. Raises ValueError when production is given such a list, or when the list holds anything else.
    """

    def __init__(
        self,
        *,
        loopback: Iterable[str] = (),
        production: bool = False,
        resolve: Resolve = resolve_by_system,
        tls: ssl.SSLContext | None = None,
        seconds_max: float = SECONDS_MAX,
    ) -> None:
        self._loopback = frozenset(loopback)
        if production and self._loopback:
            raise ValueError("production calls no loopback address")
        for address in self._loopback:
            if not ip_address(address).is_loopback:
                raise ValueError(f"{address} is not a loopback address")
        self._guard = _Guard(resolve, self._loopback)
        self._seconds_max = seconds_max
        self._tls = tls
        self._opened: httpx.AsyncClient | None = None

    async def __aenter__(self) -> "Outgoing":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        if self._opened is not None:
            await self._opened.aclose()

    def _client(self) -> httpx.AsyncClient:
        """Made at the first call: reading the machine's certificates takes longer than judging an address."""
        if self._opened is None:
            self._opened = httpx.AsyncClient(
                transport=_Transport(self._guard, self._tls or httpx.create_ssl_context(trust_env=False)),
                follow_redirects=False,
                trust_env=False,
                timeout=httpx.Timeout(self._seconds_max),
            )
        return self._opened

    async def check(self, url: str) -> None:
        """Judge a URL as if it were called now: its text, its name and every address. Raises CallRefused."""
        if fault := url_fault(url, self._loopback):
            raise CallRefused(fault, "url")
        host = (urlsplit(url).hostname or "").lower()
        try:
            async with asyncio.timeout(self._seconds_max):
                await self._guard.addresses(host, 443)
        except TimeoutError as error:
            raise CallRefused("host-unknown", host) from error

    async def post(self, url: str, *, content: bytes, headers: Mapping[str, str]) -> Answer:
        """POST once. Any status is an answer, a redirect too. Raises CallRefused or CallFailed."""
        if fault := url_fault(url, self._loopback):
            raise CallRefused(fault, "url")
        sent = {"accept-encoding": "identity", "connection": "close", "user-agent": "xinyidai-notices", **headers}
        try:
            async with asyncio.timeout(self._seconds_max):
                async with self._client().stream("POST", url, content=content, headers=sent) as response:
                    return Answer(response.status_code, await _read(response))
        except _Blocked as blocked:
            raise blocked.refused from None
        except (TimeoutError, httpcore.TimeoutException, httpx.TimeoutException) as error:
            raise CallFailed("timed-out") from error
        except httpcore.ConnectError as error:
            raise CallFailed("tls" if isinstance(error.__context__, ssl.SSLError) else "unreachable") from error
        except (httpcore.NetworkError, httpcore.ProtocolError, httpx.HTTPError) as error:
            raise CallFailed("cut-off") from error


async def _read(response: httpx.Response) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > BODY_MAX:
            raise CallFailed("answer-too-large")
    return bytes(body)
