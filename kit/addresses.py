"""Which addresses of the network are everybody's: what a stranger names may be no way into a private network."""

from ipaddress import IPv4Address, IPv6Address, ip_address


def is_public(address: str) -> bool:
    """Of the open internet (https://www.iana.org/assignments/iana-ipv4-special-registry); False for what is none."""
    try:
        # `fe80::1%eth0` names an interface too
        told = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    return all(_is_open(each) for each in _meant(told))


def _is_open(told: IPv4Address | IPv6Address) -> bool:
    closed = (
        told.is_multicast or told.is_reserved or told.is_loopback or told.is_link_local or told.is_unspecified,
        isinstance(told, IPv6Address) and told.is_site_local,
    )
    return told.is_global and not any(closed)


def _meant(told: IPv4Address | IPv6Address) -> list[IPv4Address | IPv6Address]:
    """Itself, or what stands in it: an IPv4 address may be written as an IPv6 one in several ways."""
    if isinstance(told, IPv4Address):
        return [told]
    if told.ipv4_mapped is not None:
        return [told.ipv4_mapped]
    within = told.sixtofour
    return [told] if within is None else [told, within]
