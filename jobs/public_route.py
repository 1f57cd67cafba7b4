"""Connecting to a host outside: its name is resolved once, and only a public address is connected to."""

from __future__ import annotations

import ipaddress
import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

HTTPS_PORT = 443
# Addresses of IPv4 within IPv6: by a gateway of the network (RFC 6052).
_NAT64 = ipaddress.ip_network("64:ff9b::/96")

Lookup = Callable[..., list[Any]]


class InsideAddressError(OSError):
    """A name leads to an address that is not on the public internet."""


@dataclass(frozen=True, slots=True)
class Route:
    """How a host is reached: its addresses, the port, and whose certificates count."""

    addresses: tuple[str, ...]
    port: int
    context: ssl.SSLContext


def public_route(host: str, lookup: Lookup = socket.getaddrinfo) -> Route:
    """Return how `host` is reached over HTTPS.

    The name is looked up here and never again: an answer that changes a moment later leads nowhere.

    Raises:
        InsideAddressError: when one of its addresses is not public, whichever the others are.
        OSError: when the name can't be resolved.
    """
    found = lookup(host, HTTPS_PORT, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    addresses = tuple(dict.fromkeys(str(each[4][0]) for each in found))
    if not addresses:
        raise OSError(f"{host} has no address")
    if not all(is_public(address) for address in addresses):
        raise InsideAddressError(f"{host} leads to an address inside, so it is not called")
    return Route(addresses, HTTPS_PORT, ssl.create_default_context())


def is_public(address: str) -> bool:
    """Tell whether an address is one of the public internet, also where it stands inside another one."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        # One with a zone ("fe80::1%eth0") is of this network alone.
        return False
    if isinstance(found, ipaddress.IPv6Address):
        within = found.ipv4_mapped or found.sixtofour
        if within is None and found in _NAT64:
            within = ipaddress.IPv4Address(found.packed[-4:])
        if within is not None:
            found = within
    return found.is_global and not found.is_multicast


def connect(route: Route, seconds: float, until: float) -> socket.socket:
    """Return a connection to the first address that answers, each given so many seconds at most.

    `until` is the moment of the monotonic clock by which all of it has ended.

    Raises:
        OSError: when none does.
    """
    failure = OSError("no address")
    for address in route.addresses:
        left = until - time.monotonic()
        if left <= 0:
            break
        try:
            return socket.create_connection((address, route.port), timeout=min(seconds, left))
        except OSError as error:
            failure = error
    raise failure
