"""From where a request comes. What it says of that itself counts only from trusted proxies."""

from collections.abc import Mapping
from functools import lru_cache
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

from starlette.types import Scope

UNKNOWN = "unknown"
"""Stands for the address of who has none, as on a unix socket."""

_LONGEST = 1000
"""The characters of X-Forwarded-For that are read, from its end: some 20 hops."""


class Addresses:
    """Tells by whom a request counts, with the proxies whose `X-Forwarded-For` is believed.

    An address of IPv6 is told by its first 64 bits, for so much is given to one household.
    """

    def __init__(self, trusted: str) -> None:
        self._trusted = networks(trusted)
        self._known = lru_cache(maxsize=10_000)(self._found)

    def of(self, scope: Scope, headers: Mapping[str, str]) -> str:
        """Return the address of the client, through trusted proxies."""
        client = scope.get("client")
        peer = client[0] if client else UNKNOWN
        forwarded = headers.get("x-forwarded-for", "") if self._trusted else ""
        return self._known(peer, forwarded[-_LONGEST:])

    def _found(self, peer: str, forwarded: str) -> str:
        """Return the last hop that is no trusted proxy, or the one after an unreadable one."""
        known = _address(peer)
        for hop in reversed(forwarded.split(",")):
            before = _address(hop.strip())
            if known is None or before is None or not self._trusts(known):
                break
            known = before
        return UNKNOWN if known is None else _told(known)

    def _trusts(self, address: IPv4Address | IPv6Address) -> bool:
        return any(address in network for network in self._trusted)


def networks(text: str) -> tuple[IPv4Network | IPv6Network, ...]:
    """Return the networks of a list with commas; raises ValueError."""
    return tuple(ip_network(word.strip()) for word in text.split(",") if word.strip())


def _address(text: str) -> IPv4Address | IPv6Address | None:
    """Return an address as proxies write it: bare, in brackets, or with a port."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _told(address: IPv4Address | IPv6Address) -> str:
    if isinstance(address, IPv4Address):
        return str(address)
    return str(ip_network((int(address) >> 64 << 64, 64)))
