"""The store's own subnets by this machine's addresses and masks; nothing else is searched."""

import fcntl
import socket
import struct
from ipaddress import IPv4Interface, IPv4Network, ip_network

MOST_HOSTS = 256
_SIOCGIFADDR, _SIOCGIFNETMASK = 0x8915, 0x891B  # linux/sockios.h


class RangeError(ValueError):
    """The range may not be searched; the message says which may."""


def own_interfaces() -> list[IPv4Interface]:
    """Address and mask of each interface but the loopback."""
    found = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for _, name in socket.if_nameindex():
            try:
                address = _ask(sock, _SIOCGIFADDR, name)
                mask = _ask(sock, _SIOCGIFNETMASK, name)
            except OSError:  # an interface without an address
                continue
            interface = IPv4Interface(f"{address}/{mask}")
            if not interface.is_loopback:
                found.append(interface)
    return found


def hosts_of(text: str, interfaces: list[IPv4Interface] | None = None) -> list[str]:
    """Addresses of a range `192.168.1.0/24`, or of `own`: at most MOST_HOSTS, never outside the
    own subnets, but this machine itself is allowed. Raises RangeError."""
    own = own_interfaces() if interfaces is None else interfaces
    if text == "own":
        return [host for interface in own for host in _around(interface)]
    network = _network(text)
    if network.num_addresses > MOST_HOSTS:
        raise RangeError(f"{text} has {network.num_addresses} addresses; give at most a /24.")
    if not any(network.subnet_of(near) for near in _allowed(own)):
        known = ", ".join(str(interface.network) for interface in own) or "none"
        raise RangeError(
            f"{text} is not in this store's network (own subnets: {known}); "
            "nothing was asked there."
        )
    return [str(host) for host in network.hosts()]


def _around(interface: IPv4Interface) -> list[str]:
    """The /24 around the own address where the subnet is larger; not the own address."""
    network = interface.network
    if network.prefixlen < 24:
        network = IPv4Network(f"{interface.ip}/24", strict=False)
    return [str(host) for host in network.hosts() if host != interface.ip]


def _allowed(own: list[IPv4Interface]) -> list[IPv4Network]:
    return [*(interface.network for interface in own), IPv4Network("127.0.0.0/8")]


def _network(text: str) -> IPv4Network:
    try:
        network = ip_network(text, strict=False)
    except ValueError as error:
        raise RangeError(
            f"{text!r} is no address range: write one such as 192.168.1.0/24."
        ) from error
    if not isinstance(network, IPv4Network):
        raise RangeError(f"{text}: an IPv6 range is too large to be searched; give IPv4.")
    return network


def _ask(sock: socket.socket, request: int, name: str) -> str:
    wanted = struct.pack("256s", name.encode()[:15])
    return socket.inet_ntoa(fcntl.ioctl(sock.fileno(), request, wanted)[20:24])
