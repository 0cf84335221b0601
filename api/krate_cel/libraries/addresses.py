"""IP addresses and CIDR ranges as Go's net/netip and Kubernetes read them (AS/pkg/cel/library/{ip,cidr}.go)."""

import ipaddress
import re
from dataclasses import dataclass

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class BadAddress(ValueError):
    """The text is no address, or no range."""


def parse(text: str) -> Address:
    """An address without a zone that is no IPv4 address in IPv6's clothes.

    Raises:
        BadAddress: it is none.
    """
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        raise BadAddress(f'ParseAddr("{text}"): unable to parse IP') from None
    if "%" in text:
        raise BadAddress("IP address with zone value is not allowed")
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped:
        raise BadAddress("IPv4-mapped IPv6 address is not allowed")
    return found


def is_global_unicast(address: Address) -> bool:
    """As Go has it: private addresses count, broadcast does not."""
    special = address.is_unspecified or address.is_loopback or address.is_multicast or is_link_local(address)
    return not special and str(address) != "255.255.255.255"


def is_link_local(address: Address) -> bool:
    networks = ("169.254.0.0/16",) if address.version == 4 else ("fe80::/10",)  # noqa: PLR2004 - IP's versions
    return any(address in ipaddress.ip_network(one) for one in networks)


def is_link_local_multicast(address: Address) -> bool:
    if address.version == 4:  # noqa: PLR2004 - IP's versions
        return address in ipaddress.ip_network("224.0.0.0/24")
    return address.packed[0] == 0xFF and address.packed[1] & 0x0F == 2  # noqa: PLR2004 - RFC 4291


@dataclass(frozen=True, slots=True)
class Range:
    """An address and the length of a prefix; bits behind the prefix may be set."""

    address: Address
    length: int

    @property
    def network(self) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
        return ipaddress.ip_network((self.address, self.length), strict=False)

    def masked(self) -> "Range":
        return Range(self.network.network_address, self.length)

    def holds(self, other: "Range") -> bool:
        """Whether another range lies in this one."""
        return self.address.version == other.address.version and (
            other.length >= self.length and other.network.network_address in self.network
        )

    def __str__(self) -> str:
        return f"{self.address}/{self.length}"


def parse_range(text: str) -> Range:
    """A range in CIDR notation.

    Raises:
        BadAddress: it is none.
    """
    address, slash, length = text.partition("/")
    if not slash:
        raise BadAddress(f"netip.ParsePrefix(\"{text}\"): no '/'")
    found = parse(address)
    if not re.fullmatch(r"0|[1-9][0-9]{0,2}", length, re.ASCII) or int(length) > found.max_prefixlen:
        raise BadAddress(f'netip.ParsePrefix("{text}"): bad bits after slash: "{length}"')
    return Range(found, int(length))
