# SPDX-License-Identifier: BSD-2-Clause
"""Where the roadwarrior can be, and what lies between it and the gateway.

    rw --- a0 (net A, IPv4 and IPv6) --------- a0 --- gw
    rw --- b0 (net B, IPv4 and IPv6) --------- b0 --- gw
    rw --- n0 (private, IPv4) --- nat --- (public) n0 --- gw

The gateway answers on one address of each family, whichever way a packet comes. The NAT box maps the
roadwarrior's port 4500 to 14500, so that a wrong guess of the port would lose packets.
"""
from dataclasses import dataclass

GATEWAY = {4: "203.0.113.1", 6: "2001:db8:f::1"}
INNER = {"rw": {4: "10.1.0.1", 6: "fd01::1"}, "gw": {4: "10.2.0.1", 6: "fd02::1"}}
INNER_NETS = {"rw": {4: "10.1.0.0/16", 6: "fd01::/64"}, "gw": {4: "10.2.0.0/16", 6: "fd02::/64"}}
PRIVATE, PUBLIC = "192.168.77.2", "203.0.113.130"
PORT, MAPPED_PORT = 4500, 14500
OTHER = {"rw": "gw", "gw": "rw"}
WIRES = ("a0", "b0", "n0")  # the gateway's ends: all of the underlay passes one of them


@dataclass(frozen=True)
class Place:
    """One way of being connected. @seen: the address the gateway sees, @via: the next hop."""
    name: str
    family: int
    address: str
    seen: str
    device: str
    via: str
    behind_nat: bool = False


PLACES = {
    "A4": Place("A4", 4, "192.0.2.2", "192.0.2.2", "a0", "192.0.2.1"),
    "B4": Place("B4", 4, "198.51.100.2", "198.51.100.2", "b0", "198.51.100.1"),
    "A6": Place("A6", 6, "2001:db8:a::2", "2001:db8:a::2", "a0", "2001:db8:a::1"),
    "B6": Place("B6", 6, "2001:db8:b::2", "2001:db8:b::2", "b0", "2001:db8:b::1"),
    "NAT": Place("NAT", 4, PRIVATE, PUBLIC, "n0", "192.168.77.1", True),
}

NAT_RULES = f"""
table ip nat {{
	chain out {{
		type nat hook postrouting priority 100;
		oifname "out0" ip saddr {PRIVATE} udp sport {PORT} counter snat to {PUBLIC}:{MAPPED_PORT}
		oifname "out0" counter masquerade
	}}
}}
"""

# Every ESP packet that arrives carries mark 7; an SA without mark takes it, one with mark 7 takes only it.
MARK_RULES = f"""
table inet marks {{
	chain arriving {{
		type filter hook prerouting priority -300;
		meta l4proto esp meta mark set meta mark or 7
		udp dport {PORT} meta mark set meta mark or 7
	}}
}}
"""


def _addresses(device, four, six):
    return [f"address add {four} dev {device}", f"address add {six} dev {device} nodad"]


def _ways_out(lab, family, table_of):
    """The way out follows from the source address; without one, net A is as good as any."""
    gateway = GATEWAY[family]
    lines = [f"route add {gateway} via {table_of[0][2]}"]
    for source, table, via in table_of:
        lines.append(f"route add {gateway} via {via} table {table}")
        lines.append(f"rule add from {source} lookup {table} priority 100")
    lab.ip("rw", *lines, family=family)


def route_inner_nets(lab):
    """Packets have a way of their own, in clear, and would be seen on the wire if they took it."""
    for end, via in (("rw", {4: "192.0.2.1", 6: "2001:db8:a::1"}), ("gw", {4: "192.0.2.2", 6: "2001:db8:a::2"})):
        lab.ip(end, *[f"route add {INNER_NETS[OTHER[end]][f]} via {via[f]}" for f in (4, 6)])


def _roadwarrior(lab):
    lab.ip("rw",
           *_addresses("a0", "192.0.2.2/24", "2001:db8:a::2/64"),
           *_addresses("b0", "198.51.100.2/24", "2001:db8:b::2/64"),
           f"address add {PRIVATE}/24 dev n0",
           *_addresses("lo", INNER["rw"][4] + "/32", INNER["rw"][6] + "/128"))
    _ways_out(lab, 4, (("192.0.2.2", 101, "192.0.2.1"), ("198.51.100.2", 102, "198.51.100.1"),
                       (PRIVATE, 103, "192.168.77.1")))
    _ways_out(lab, 6, (("2001:db8:a::2", 101, "2001:db8:a::1"),
                       ("2001:db8:b::2", 102, "2001:db8:b::1")))


def _gateway(lab):
    lab.ip("gw",
           *_addresses("a0", "192.0.2.1/24", "2001:db8:a::1/64"),
           *_addresses("b0", "198.51.100.1/24", "2001:db8:b::1/64"),
           "address add 203.0.113.129/25 dev n0",
           *_addresses("lo", GATEWAY[4] + "/32", GATEWAY[6] + "/128"),
           *_addresses("lo", INNER["gw"][4] + "/32", INNER["gw"][6] + "/128"))


def _nat_box(lab):
    lab.sysctl("nat", "net.ipv4.ip_forward=1\n")
    # A packet that left the tunnel in clear would get through here, so that it is seen and not hidden.
    lab.ip("nat", "address add 192.168.77.1/24 dev in0", f"address add {PUBLIC}/25 dev out0",
           "route add default via 203.0.113.129")
    lab.run("nat", ["nft", "-f", "-"], stdin=NAT_RULES)


def build(lab, tapped=False):
    """The three namespaces, their links, addresses and rules, and every path tried once."""
    for short in ("rw", "gw", "nat"):
        lab.add(short)
    ends = (("rw", "a0", "gw", "a0"), ("rw", "b0", "gw", "b0"), ("nat", "out0", "gw", "n0"))
    lab.link("rw", "n0", "nat", "in0")
    for pair in ends:
        (lab.tapped_link if tapped else lab.link)(*pair)
    _nat_box(lab)
    _roadwarrior(lab)
    _gateway(lab)
    for short in ("rw", "gw"):
        lab.run(short, ["nft", "-f", "-"], stdin=MARK_RULES)
    for place in PLACES.values():
        lab.run("rw", ["ping", "-q", "-c", "1", "-W", "2", "-I", place.address, GATEWAY[place.family]])
