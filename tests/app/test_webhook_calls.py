import datetime as dt
import ipaddress
import socket
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.test_utils import TestServer
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from app.webhook_calls import NOT_PUBLIC, HttpCaller
from automations.outgoing_calls import CallFailed

HOST = "hooks.example"


@dataclass
class Names(AbstractResolver):
    """What each name stands for; counts how often it was asked."""

    addresses: dict[str, list[str]]
    asked: list[str] = field(default_factory=list)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        self.asked.append(host)
        return [
            ResolveResult(hostname=host, host=each, port=port, family=_family(each), proto=0, flags=0)
            for each in self.addresses.get(host, [])
        ]

    async def close(self) -> None:
        pass


def _family(address: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in address else socket.AF_INET


@dataclass
class Listener:
    """A program at `https://hooks.example`, and the certificate by which it is known."""

    server: TestServer
    trust: ssl.SSLContext
    heard: list[web.Request]
    # of the server names that callers gave
    named: list[str | None]

    def url(self, path: str = "/", host: str = HOST) -> str:
        return f"https://{host}:{self.server.port}{path}"


@pytest.fixture
async def listener(tmp_path: Path) -> AsyncIterator[Listener]:
    heard: list[web.Request] = []
    named: list[str | None] = []

    async def hear(request: web.Request) -> web.Response:
        await request.read()
        heard.append(request)
        if request.path == "/elsewhere":
            raise web.HTTPFound("https://hooks.example/")
        if request.path == "/much":
            return web.Response(body=b"x" * (8 << 20))
        return web.Response(status=204)

    app = web.Application()
    app.router.add_post("/{path:.*}", hear)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate = _certificate(tmp_path)
    context.load_cert_chain(certificate)
    context.sni_callback = lambda _socket, name, _context: named.append(name)
    server = TestServer(app, scheme="https")
    await server.start_server(ssl=context)
    yield Listener(server, ssl.create_default_context(cafile=str(certificate)), heard, named)
    await server.close()


def _certificate(folder: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / "listener.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return file


def _near(address: str) -> bool:
    return ipaddress.ip_address(address).is_loopback


async def test_a_call_goes_to_the_address_that_was_checked_under_the_name_that_was_given(listener: Listener):
    names = Names({HOST: ["127.0.0.1"]})
    caller = HttpCaller(allows=_near, resolver=names, tls=listener.trust)
    try:
        assert await caller.call(listener.url("/in"), b"{}", {"webhook-id": "msg_1"}) == 204
        (request,) = listener.heard
        assert request.headers["Host"] == f"{HOST}:{listener.server.port}"
        assert request.headers["webhook-id"] == "msg_1"
        assert (listener.named, names.asked) == ([HOST], [HOST])
        # a redirect is no answer to follow, and much is not read
        assert await caller.call(listener.url("/elsewhere"), b"{}", {}) == 302
        assert await caller.call(listener.url("/much"), b"{}", {}) == 200
        assert len(listener.heard) == 3
    finally:
        await caller.close()


async def test_a_certificate_of_another_name_or_an_unknown_issuer_is_no_answer(listener: Listener):
    names = Names({HOST: ["127.0.0.1"], "other.example": ["127.0.0.1"]})
    for trust, host in ((listener.trust, "other.example"), (None, HOST)):
        caller = HttpCaller(allows=_near, resolver=names, tls=trust)
        with pytest.raises(CallFailed, match="cannot be reached"):
            await caller.call(listener.url(host=host), b"{}", {})
        await caller.close()
    assert listener.heard == []


@pytest.mark.parametrize(
    "addresses",
    [["127.0.0.1"], ["8.8.8.8", "10.0.0.1"], ["::1"], ["::ffff:169.254.169.254"], ["100.64.0.1"], ["224.0.0.1"]],
)
async def test_a_name_that_stands_for_anything_within_a_private_network_is_not_called(
    listener: Listener, addresses: list[str]
):
    caller = HttpCaller.to_anybody(resolver=Names({HOST: addresses}), tls=listener.trust)
    with pytest.raises(CallFailed, match=NOT_PUBLIC):
        await caller.call(listener.url(), b"{}", {})
    await caller.close()
    assert listener.heard == []


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "2130706433", "0177.0.0.1", "[::ffff:127.0.0.1]", "127.1"])
async def test_an_address_instead_of_a_name_is_looked_at_as_well(listener: Listener, host: str):
    names = Names({})
    caller = HttpCaller.to_anybody(resolver=names, tls=listener.trust)
    with pytest.raises(CallFailed):
        await caller.call(listener.url(host=host), b"{}", {})
    await caller.close()
    assert listener.heard == []


async def test_what_is_no_address_or_stands_for_nothing_cannot_be_reached():
    caller = HttpCaller.to_anybody(resolver=Names({}))
    for url in ("https://", "https://[::1", "https://a..b/", "https://nothing.example/", "https://x.example:99999/"):
        with pytest.raises(CallFailed):
            await caller.call(url, b"{}", {})
    await caller.close()
