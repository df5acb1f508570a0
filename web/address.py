"""From where somebody calls."""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from aiohttp import web

Address = IPv4Address | IPv6Address
Networks = tuple[IPv4Network | IPv6Network, ...]
FORWARDED = "X-Forwarded-For"
# whoever has one IPv6 address has all of its network: https://www.rfc-editor.org/rfc/rfc6177
_ONE_HOUSE = 64


def address_of(request: web.BaseRequest, trusted: Networks) -> str:
    """The peer's address; behind proxies that are trusted, the last one that none of them is."""
    found = _read(request.remote or "")
    if found is None:
        return request.remote or ""
    told = [each.strip() for line in request.headers.getall(FORWARDED, []) for each in line.split(",")]
    while told and any(found in network for network in trusted):
        before = _read(told.pop())
        if before is None:
            break
        found = before
    return str(found)


def house_of(address: str) -> str:
    """What shares its turns: an IPv4 address, a network of IPv6."""
    found = _read(address)
    if isinstance(found, IPv6Address):
        return str(ip_network((found, _ONE_HOUSE), strict=False))
    return address


def networks(texts: Iterable[str]) -> Networks:
    """Raises ValueError for what is neither an address nor a network."""
    return tuple(ip_network(text, strict=False) for text in texts)


def _read(text: str) -> Address | None:
    try:
        found = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return (found.ipv4_mapped or found) if isinstance(found, IPv6Address) else found
