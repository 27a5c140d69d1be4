# SPDX-License-Identifier: BSD-2-Clause
"""The row of seven namespaces, and what a sender at one end must see."""
import json
import os
import pathlib
import sys
import time

from cells import algorithm_words
from lab.namespaces import CommandFailed, until
from lab.processes import Daemon, LineProcess

HERE = pathlib.Path(__file__).resolve().parent
NAMES = ("host1", "router1", "gate1", "middle", "gate2", "router2", "host2")
# Between NAMES[i] and NAMES[i + 1]; the left one has address 1, the right one address 2.
NETS = {4: ("10.1.1", "10.1.2", "192.0.2", "198.51.100", "10.2.2", "10.2.1"),
        6: ("fd01:1::", "fd01:2::", "2001:db8:1::", "2001:db8:2::", "fd02:2::", "fd02:1::")}
SIDES = {4: ("10.1.0.0/16", "10.2.0.0/16"), 6: ("fd01::/16", "fd02::/16")}
DEFAULT = {4: "0.0.0.0/0", 6: "::/0"}
ECHO_PORT, SHUT_PORT = 7007, 7008
MTU = 1500
HEADER = {4: 20, 6: 40}
# What rfc4106 with 16 bytes of ICV puts around: SPI, number, IV; ICV. Behind the payload padding to 4 bytes.
AROUND, ICV_UDP = 8 + 8 + 16, 8


def address(version, net, end):
    """Of one end (1 left, 2 right) of one link."""
    return f"{NETS[version][net]}.{end}" if version == 4 else f"{NETS[version][net]}{end}"


def inner_mtu(inner, outer, mtu, udp=False):
    """The largest packet that makes an outer packet of at most @mtu bytes; IPv6 has a floor."""
    room = mtu - HEADER[outer] - AROUND - (ICV_UDP if udp else 0)
    largest = room - room % 4 - 2
    return max(largest, 1280) if inner == 6 else largest


class Row:
    def __init__(self, lab):
        self.lab = lab
        for name in NAMES:
            lab.add(name)
        for i in range(6):
            lab.link(NAMES[i], "right", NAMES[i + 1], "left")
        for i, name in enumerate(NAMES):
            self._configure(i, name)
        self.daemons = {gate: Daemon(lab, gate) for gate in ("gate1", "gate2")}
        echo = LineProcess("echo", lab.inside("host2", [sys.executable, str(HERE / "echo.py"), str(ECHO_PORT)]),
                           os.path.join(lab.logs, "echo.log"))
        lab.keep(echo).expect("ready")

    def _configure(self, i, name):
        lines = []
        for version, bits in ((4, 24), (6, 64)):
            extra = "" if version == 4 else " nodad"
            if i > 0:
                lines.append(f"address add {address(version, i - 1, 2)}/{bits} dev left{extra}")
            if i < 6:
                lines.append(f"address add {address(version, i, 1)}/{bits} dev right{extra}")
        self.lab.sysctl(name, "net.ipv4.ip_forward=1\nnet.ipv6.conf.all.forwarding=1\n"
                              "net.ipv4.icmp_ratelimit=0\nnet.ipv6.icmp.ratelimit=0\n")
        self.lab.ip(name, *lines)
        for version in (4, 6):
            left = f"via {address(version, i - 1, 1)}" if i > 0 else ""
            right = f"via {address(version, i, 2)}" if i < 6 else ""
            routes = {0: [("default", right)], 1: [("default", right)],
                      2: [(SIDES[version][0], left), ("default", right)],
                      # What a gateway sends in clear would arrive, and be seen.
                      3: [(SIDES[version][0], left), (SIDES[version][1], right)],
                      4: [(SIDES[version][1], right), ("default", left)],
                      5: [("default", left)], 6: [("default", left)]}[i]
            self.lab.ip(name, *[f"route add {to} {by}" for to, by in routes])

    def install(self, inner, outer, udp=False, mode_flags=""):
        """SAs and policies of both gateways."""
        ends = (address(outer, 2, 1), address(outer, 3, 2))
        ours, theirs = SIDES[inner]
        encap = " encap espinudp 4500 4500 " + ("0.0.0.0" if outer == 4 else "::") if udp else ""
        states = [f"state add src {ends[i]} dst {ends[1 - i]} proto esp spi {0x1001 + i:#x} reqid 1 mode tunnel"
                  f" flag af-unspec {mode_flags} {algorithm_words('gcm128')}{encap}" for i in (0, 1)]
        for i, gate in enumerate(("gate1", "gate2")):
            here, there = ends[i], ends[1 - i]
            mine, other = (ours, theirs) if i == 0 else (theirs, ours)
            policies = [f"policy add src {mine} dst {other} dir out tmpl src {here} dst {there} proto esp reqid 1"
                        " mode tunnel"]
            policies += [f"policy add src {other} dst {mine} dir {way} tmpl src {there} dst {here} proto esp reqid 1"
                         " mode tunnel" for way in ("in", "fwd")]
            self.lab.xfrm(gate, "policy flush", "state flush", *states, *policies)

    def probe(self, version, size, port=ECHO_PORT, to=None, ttl=None, clear_df=False, patience=1.0):
        argv = [sys.executable, str(HERE / "probe.py"), address(version, 0, 1), to or address(version, 5, 2), str(port),
                str(size), "--patience", str(patience)]
        argv += ["--ttl", str(ttl)] if ttl else []
        argv += ["--clear-df"] if clear_df else []
        return json.loads(self.lab.run("host1", argv).stdout)

    def set_mtu(self, link, mtu):
        for i, device in ((link, "right"), (link + 1, "left")):
            self.lab.ip(NAMES[i], f"link set {device} mtu {mtu}")

    def forget_paths(self):
        """What hosts and gateways have learned of MTUs, so that each test starts afresh."""
        for name in NAMES:
            for version in ("-4", "-6"):
                self.lab.run(name, ["ip", version, "route", "flush", "cache"])
        # A link that changes tells the gateways' daemons.
        for gate in self.daemons:
            self.lab.ip(gate, "link set lo mtu 65535", "link set lo mtu 65536")
        time.sleep(0.15)

    def restart_daemons(self, arguments=()):
        for gate, daemon in self.daemons.items():
            self.lab.xfrm(gate, "policy flush", "state flush")
            daemon.end()
            self.daemons[gate] = Daemon(self.lab, gate, arguments)

    def why_not_alive(self):
        for name, daemon in self.daemons.items():
            if not daemon.alive():
                return f"uxfrmd of {name} ended:\n{daemon.last_words()}"
        return None

    def state(self):
        return "\n".join(f"{name}: {daemon.stats() if daemon.alive() else 'dead'}"
                         for name, daemon in self.daemons.items())


def expect(found, wanted, what):
    if found != wanted:
        raise CommandFailed(f"{what}: expected {wanted}, found {found}")


def must_pass(row, version, size, **options):
    """A packet of this size is answered; the first may meet an error on its way to be learned."""
    answer = row.probe(version, size, **options)
    expect(answer, {"answer": min(size, 64 + HEADER[version] + 8)}, f"a packet of {size} bytes")


def must_be_told(row, version, size, mtu, sender, **options):
    expect(row.probe(version, size, **options), {"error": "too-big", "from": sender, "mtu": mtu},
           f"a packet of {size} bytes")


def by_tc(row):
    return "tc" in row.lab.daemon_arguments


def far_gateway(row, version):
    """Its own errors. With tc IPv4's are from the address its own route has, which no policy covers."""
    return address(version, 3, 2) if by_tc(row) and version == 4 else address(version, 4, 1)


def exact(row, inner, outer, link_mtu, udp=False):
    """The gateway's own answer names the exact size."""
    mtu = inner_mtu(inner, outer, link_mtu, udp)
    gate = address(inner, 1, 2)
    if mtu < MTU:
        must_be_told(row, inner, MTU, mtu, gate)
        must_be_told(row, inner, mtu + 1, mtu, gate)
    must_pass(row, inner, min(mtu, MTU))


def sizes(row, inner, outer, udp):
    """The tunnel's own overhead on links of one MTU."""
    row.install(inner, outer, udp)
    row.forget_paths()
    exact(row, inner, outer, MTU, udp)
    must_pass(row, inner, 100)


def narrow_link_of_gateway(row, inner, outer, udp):
    """The gateway's own link behind it is narrow. With tc the kernel tells of that first, and then the gateway's daemon."""
    row.install(inner, outer, udp)
    row.set_mtu(2, 1400)
    row.forget_paths()
    try:
        if by_tc(row):
            must_be_told(row, inner, MTU, 1400, address(inner, 1, 2))
            must_be_told(row, inner, 1400, inner_mtu(inner, outer, 1400, udp), address(inner, 1, 2))
            must_pass(row, inner, inner_mtu(inner, outer, 1400, udp))
        else:
            exact(row, inner, outer, 1400, udp)
    finally:
        row.set_mtu(2, MTU)


def narrow_underlay(row, inner, outer, udp):
    """A link that the gateway does not see: a router tells it, and it tells the sender."""
    row.install(inner, outer, udp)
    row.set_mtu(3, 1400)
    row.forget_paths()
    try:
        mtu, gate = inner_mtu(inner, outer, 1400, udp), address(inner, 1, 2)
        largest = inner_mtu(inner, outer, MTU, udp)
        wanted = {"error": "too-big", "from": gate, "mtu": mtu}
        # The first packet is lost where the link is; what it has taught holds a moment later.
        if not until(lambda: row.probe(inner, largest, patience=0.2) == wanted, 3):
            raise CommandFailed(f"never told of {mtu}: {row.probe(inner, largest)}")
        exact(row, inner, outer, 1400, udp)
    finally:
        row.set_mtu(3, MTU)


def narrow_before(row, version):
    """A link in front of the gateway is the host's router's to tell."""
    row.install(version, version)
    row.set_mtu(1, 1300)
    row.forget_paths()
    try:
        must_be_told(row, version, 1400, 1300, address(version, 0, 2))
        must_pass(row, version, 1300)
    finally:
        row.set_mtu(1, MTU)


def narrow_behind(row, version):
    """Behind the other gateway: its error comes through the tunnel."""
    row.install(version, version)
    row.set_mtu(4, 1300)
    row.forget_paths()
    try:
        must_be_told(row, version, 1400, 1300, far_gateway(row, version))
        must_pass(row, version, 1300)
    finally:
        row.set_mtu(4, MTU)


def narrow_far_behind(row, version):
    row.install(version, version)
    row.set_mtu(5, 1300)
    row.forget_paths()
    try:
        must_be_told(row, version, 1400, 1300, address(version, 4, 2))
        must_pass(row, version, 1300)
    finally:
        row.set_mtu(5, MTU)


def fragments(row, inner, outer):
    """What may be fragmented is, whatever the path; the answer comes."""
    row.install(inner, outer)
    row.forget_paths()
    for size in (1480, MTU) if inner == 4 else (1281,):
        must_pass(row, inner, size, clear_df=True)


def smallest_ip6(row, outer):
    """1280 bytes of IPv6 pass where the tunnel leaves less: in fragments underneath."""
    row.install(6, outer)
    link = 1300
    row.set_mtu(3, link)
    row.forget_paths()
    try:
        until(lambda: row.probe(6, 1280, patience=0.2).get("answer"), 3)
        must_pass(row, 6, 1280)
        must_be_told(row, 6, 1281, 1280, address(6, 1, 2))
    finally:
        row.set_mtu(3, MTU)


def unreachable(row, version):
    """Ports, hosts and nets behind the far gateway."""
    row.install(version, version)
    row.forget_paths()
    host = address(version, 5, 2)
    expect(row.probe(version, 100, port=SHUT_PORT), {"error": "port", "from": host, "mtu": 0}, "a shut port")
    nowhere = "10.2.99.1" if version == 4 else "fd02:99::1"
    row.lab.ip("router2", f"route add unreachable {nowhere}/{32 if version == 4 else 128}")
    expect(row.probe(version, 100, to=nowhere),
           {"error": "host" if version == 4 else "net", "from": address(version, 4, 2), "mtu": 0},
           "a destination without route")
    nobody = f"{NETS[version][5]}.77" if version == 4 else f"{NETS[version][5]}77"
    row.lab.sysctl("router2", "net.ipv4.neigh.right.retrans_time_ms=50\nnet.ipv6.neigh.right.retrans_time_ms=50\n")
    expect(row.probe(version, 100, to=nobody, patience=5), {"error": "host", "from": address(version, 4, 2), "mtu": 0},
           "a host that is not there")

def ttl(row, version):
    """Who answers at each number of hops; what is between the gateways is one hop."""
    row.install(version, version)
    row.forget_paths()
    hops = [address(version, 0, 2), address(version, 1, 2), far_gateway(row, version), address(version, 4, 2)]
    for number, router in enumerate(hops, 1):
        expect(row.probe(version, 100, ttl=number), {"error": "ttl", "from": router, "mtu": 0}, f"{number} hops")
    must_pass(row, version, 100, ttl=len(hops) + 1)


def jumbo(row, version):
    """An underlay of 9000 bytes, and daemons told so: packets nearly as large pass whole."""
    config = os.path.join(row.lab.logs, "jumbo.conf")
    with open(config, "w", encoding="utf-8") as file:
        file.write("[ports]\ntun_mtu = 9000\n")
    row.restart_daemons(["--config", config])
    for link in range(6):
        row.set_mtu(link, 9000)
    try:
        row.install(version, version)
        row.forget_paths()
        mtu = inner_mtu(version, version, 9000)
        must_be_told(row, version, mtu + 1, mtu, address(version, 1, 2))
        must_pass(row, version, mtu)
    finally:
        for link in range(6):
            row.set_mtu(link, MTU)
        row.restart_daemons()


def fragments_and_ports(row):
    """Where ports decide, the gateway puts fragments together first; what follows cannot be told apart from
    a packet that came whole."""
    row.install(4, 4)
    ends = (address(4, 2, 1), address(4, 3, 2))
    for i, gate in enumerate(("gate1", "gate2")):
        row.lab.xfrm(gate, "policy flush")
        for way in ("out", "fwd"):
            leaving = way == "out"
            ours = f"src {SIDES[4][i]} dst {SIDES[4][1 - i]}" if leaving else f"src {SIDES[4][1 - i]} dst {SIDES[4][i]}"
            to_echo = leaving == (i == 0)
            port = f"{'dport' if to_echo else 'sport'} {ECHO_PORT}"
            here, there = (ends[i], ends[1 - i]) if leaving else (ends[1 - i], ends[i])
            row.lab.xfrm(gate, f"policy add {ours} proto udp {port} dir {way} tmpl src {here} dst {there} proto esp"
                         " reqid 1 mode tunnel")
    row.forget_paths()
    before = row.daemons["gate1"].stats()["packets"]["out_packets"]
    for size in (1400, 1501, 4000, 9000):
        must_pass(row, 4, size, clear_df=True)
    sent = row.daemons["gate1"].stats()["packets"]["out_packets"] - before
    expect(sent, 4, "packets, each protected whole")


def combinations():
    for inner in (4, 6):
        for outer in (4, 6):
            for udp in (False, True):
                yield f"{inner} in {outer}{' udp' if udp else ''}", (inner, outer, udp)


def tests(row):
    """(name, what to run)"""
    for name, how in combinations():
        for test in (sizes, narrow_link_of_gateway, narrow_underlay):
            yield f"{test.__name__.replace('_', ' ')} {name}", lambda test=test, how=how: test(row, *how)
        if not how[2]:
            yield f"fragments {name}", lambda how=how: fragments(row, *how[:2])
    for outer in (4, 6):
        yield f"smallest IPv6 in {outer}", lambda outer=outer: smallest_ip6(row, outer)
    yield "fragments and ports", lambda: fragments_and_ports(row)
    for version in (4, 6):
        for test in (narrow_before, narrow_behind, narrow_far_behind, unreachable, ttl, jumbo):
            yield f"{test.__name__.replace('_', ' ')} {version}", lambda test=test, version=version: test(row, version)
