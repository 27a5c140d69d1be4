# SPDX-License-Identifier: BSD-2-Clause
"""capture = tc: what selectors cover comes to the daemon, and nothing else does."""
import contextlib
import os
import signal
import sys
import time

from cells import INNER, NETS, OUTER, Cell, Traffic, judge, ping
from clear_tests import answers, must_answer
from lab.namespaces import CommandFailed, until
from lab.processes import Daemon, LineProcess

TUNNELS = {4: Cell("tunnel", 4, 4, "plain", "gcm128", "esn"), 6: Cell("tunnel", 6, 6, "plain", "gcm128", "esn")}
TRANSPORTS = {v: Cell("transport", v, v, "plain", "gcm128", "esn") for v in (4, 6)}
SENDER = """
import socket, sys
family = socket.AF_INET if sys.argv[1] == "4" else socket.AF_INET6
s = socket.socket(family, socket.SOCK_DGRAM)
s.bind((sys.argv[2], int(sys.argv[3])))
if family == socket.AF_INET:
    s.setsockopt(socket.IPPROTO_IP, 10, 0)  # IP_MTU_DISCOVER: fragments
if sys.argv[8:] == ["options"]:
    for kind in (59, 54):  # IPV6_DSTOPTS, IPV6_HOPOPTS: padding
        s.setsockopt(socket.IPPROTO_IPV6, kind, bytes([0, 0, 1, 4, 0, 0, 0, 0]))
for _ in range(int(sys.argv[7])):
    s.sendto(bytes(int(sys.argv[6])), (sys.argv[4], int(sys.argv[5])))
"""


def send(lab, cell, port, size=100, count=10, version=4, sport=0, extra=()):
    lab.run("left", [sys.executable, "-c", SENDER, str(version), cell.inside("left"), str(sport), cell.inside("right"),
                     str(port), str(size), str(count), *extra])


def counted(daemon):
    """Packets that the daemon has had from the host, whatever became of them."""
    status = daemon.stats()
    packets = status["packets"]
    return {"protected": packets["out_packets"], "bypassed": packets["bypassed"],
            "dropped": sum(n for name, n in status["drops"].items() if name.startswith("out_"))}


def gained(daemon, before):
    now = counted(daemon)
    return {key: now[key] - before[key] for key in now}


def expect(daemon, before, what, **wanted):
    """What the daemon has had since, no more; of what is None, any number."""
    wanted = {"protected": 0, "bypassed": 0, "dropped": 0, **wanted}

    def as_wanted():
        now = gained(daemon, before)
        return all(n is None or now[key] == n for key, n in wanted.items())

    if not until(as_wanted, 2):
        raise CommandFailed(f"{what}: expected {wanted}, found {gained(daemon, before)}")
    time.sleep(0.05)
    if not as_wanted():
        raise CommandFailed(f"{what}: expected {wanted}, then {gained(daemon, before)}")


def install(lab, cell, selector=""):
    """Its SAs, and an outbound policy with more of a selector."""
    cell.install(lab)
    out = cell.policies("left")[0]
    lab.xfrm("left", out.replace("policy add", "policy delete").split(" tmpl")[0],
             out.replace(" dir out", f" {selector} dir out"))


def selected(lab, daemons, version):
    """By protocol, ports and source: packets beside the selector do not come to the daemon at all."""
    daemon = daemons["left"]
    for cell in (TUNNELS[version], TRANSPORTS[version]):
        lab.xfrm("left", "policy flush", "state flush")
        lab.xfrm("right", "policy flush", "state flush")
        install(lab, cell, "proto udp dport 7000")
        for what, wanted, options in (("its port", {"protected": 10}, {"port": 7000}), ("another port", {}, {"port": 7001}),
                                      ("its port, in fragments", {"protected": 10}, {"port": 7000, "size": 4000})):
            before = counted(daemon)
            send(lab, cell, version=version, **options)
            if "fragments" in what:  # as transport mode has them, or one by one
                until(lambda before=before: gained(daemon, before)["protected"] >= 10, 2)
                if gained(daemon, before)["protected"] < 10 or gained(daemon, before)["bypassed"]:
                    raise CommandFailed(f"{what}: {gained(daemon, before)}")
            else:
                expect(daemon, before, f"{cell.name}, {what}", **wanted)
        before = counted(daemon)
        lab.run("left", ["ping", "-q", "-c", "3", "-i", "0.05", "-W", "1", "-I", cell.inside("left"), cell.inside("right")],
                check=False)
        expect(daemon, before, "another protocol")


def selected_4(lab, daemons):
    selected(lab, daemons, 4)


def selected_6(lab, daemons):
    selected(lab, daemons, 6)


def extension_headers(lab, daemons):
    """Ports are found behind them."""
    cell = TUNNELS[6]
    install(lab, cell, "proto udp dport 7000")
    for port, wanted in ((7000, {"protected": 10}), (7001, {})):
        before = counted(daemons["left"])
        send(lab, cell, port, version=6, extra=["options"])
        expect(daemons["left"], before, f"port {port} behind options", **wanted)


def source_ports(lab, daemons):
    cell = TUNNELS[4]
    install(lab, cell, "proto udp sport 6000")
    for sport, wanted in ((6000, {"protected": 10}), (6001, {})):
        before = counted(daemons["left"])
        send(lab, cell, 7000, sport=sport)
        expect(daemons["left"], before, f"from port {sport}", **wanted)


def fragments_of_others(lab, daemons):
    """Where ports matter the daemon must see all fragments: what is not covered is let through whole."""
    cell = TUNNELS[4]
    install(lab, cell, "proto udp dport 7000")
    lab.xfrm("right", "policy flush")
    receiver = socket_in(lab, "right", cell.inside("right"), 7001)
    before = counted(daemons["left"])
    send(lab, cell, 7001, size=4000, count=5)
    if receiver.ask("count 5") != "5":
        raise CommandFailed(f"datagrams beside the selector were lost: {receiver.ask('count 5')}")
    receiver.end()
    if gained(daemons["left"], before)["protected"]:
        raise CommandFailed("fragments beside the selector were protected")


RECEIVER = """
import select, socket, sys
s = socket.socket(socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET, socket.SOCK_DGRAM)
s.bind((sys.argv[1], int(sys.argv[2])))
print("ready", flush=True)
n = 0
for line in sys.stdin:
    while n < int(line.split()[1]) and select.select([s], [], [], 3)[0]:
        s.recv(65536)
        n += 1
    print(n, flush=True)
"""


def socket_in(lab, end, address, port):
    child = lab.keep(LineProcess("receiver", lab.inside(end, [sys.executable, "-c", RECEIVER, address, str(port)]),
                                 os.path.join(lab.logs, "receiver.log")))
    child.expect("ready")
    return child


def source_prefix(lab, daemons):
    cell = TUNNELS[4]
    cell.install(lab)
    lab.ip("left", "address add 10.9.0.1/32 dev lo")
    try:
        before = counted(daemons["left"])
        answers(lab, "10.9.0.1", cell.inside("right"))
        expect(daemons["left"], before, "another source")
    finally:
        lab.ip("left", "address delete 10.9.0.1/32 dev lo")


def second_best(cell):
    """Its policy, after one of priority 1."""
    return cell.policies("left")[0].replace("policy add", "policy update").replace(" tmpl", " priority 2 tmpl")


def prefixes_in_prefixes(lab, daemons):
    """A shorter prefix counts where a longer one has nothing."""
    cell = TUNNELS[4]
    cell.install(lab)
    ours, theirs = NETS["left"][4], NETS["right"][4]
    lab.xfrm("left", second_best(cell))
    block = f"src {ours} dst {cell.inside('right')}/32 proto udp dport 7001 dir out action block priority 1"
    lab.xfrm("left", f"policy add {block}")
    before = counted(daemons["left"])
    send(lab, cell, 7000)
    expect(daemons["left"], before, "by the shorter prefix", protected=10)
    before = counted(daemons["left"])
    send(lab, cell, 7001)
    expect(daemons["left"], before, "by the longer one", dropped=10)
    lab.xfrm("left", cell.policies("left")[0].replace("policy add", "policy delete").split(" tmpl")[0])
    before = counted(daemons["left"])
    send(lab, cell, 7000)
    expect(daemons["left"], before, f"without the policy for {theirs}")


def many_selectors(lab, daemons):
    """More than fit a prefix: all packets to it come to the daemon, which knows."""
    cell = TUNNELS[4]
    cell.install(lab)
    out = cell.policies("left")[0]
    lab.xfrm("left", out.replace("policy add", "policy delete").split(" tmpl")[0])
    ports = range(8000, 8300)
    lab.xfrm("left", *[out.replace(" dir out", f" proto udp dport {port} dir out") for port in ports])
    if daemons["left"].stats()["capture"]["selectors"] != len(ports):
        raise CommandFailed(f"not all are known: {daemons['left'].stats()['capture']}")
    for port in (8000, 8191, 8299):
        before = counted(daemons["left"])
        send(lab, cell, port)
        expect(daemons["left"], before, f"port {port}", protected=10)
    before = counted(daemons["left"])
    send(lab, cell, 7000)
    expect(daemons["left"], before, "none of the ports", bypassed=10)
    lab.xfrm("left", *[out.replace("policy add", "policy delete").split(" dir")[0] + f" proto udp dport {port} dir out"
                       for port in ports if port >= 8100])
    before = counted(daemons["left"])
    send(lab, cell, 7000)
    expect(daemons["left"], before, "none of fewer ports")
    before = counted(daemons["left"])
    send(lab, cell, 8099)
    expect(daemons["left"], before, "a port that is left", protected=10)


def marked(lab, daemons):
    """A policy of a mark beside another for the same destination: each packet has its own."""
    cell = TUNNELS[4]
    cell.install(lab)
    ours, theirs = NETS["left"][4], NETS["right"][4]
    lab.xfrm("left", second_best(cell))
    lab.xfrm("left", f"policy add src {ours} dst {theirs} dir out action block mark 7 mask 0xff priority 1")
    daemon = daemons["left"]
    for mark, wanted in ((0, {"protected": 3}), (7, {"dropped": 3}), (8, {"protected": 3})):
        before = counted(daemon)
        lab.run("left", ["ping", "-q", "-c", "3", "-i", "0.05", "-W", "1", "-m", str(mark), "-I", cell.inside("left"),
                         cell.inside("right")], check=False)
        expect(daemon, before, f"mark {mark}", **wanted)


def default_blocks(lab, daemons):
    """SETDEFAULT: everything is captured, neighbour discovery is not."""
    daemon = daemons["left"]
    lab.xfrm("left", "policy setdefault out block")
    try:
        for version in (4, 6):
            lab.run("left", ["ip", f"-{version}", "neigh", "flush", "dev", "w0"])
            before = counted(daemon)
            if answers(lab, OUTER["left"][version][0], OUTER["right"][version][0]):
                raise CommandFailed("a packet that no policy lets go was answered")
            expect(daemon, before, "by default", dropped=3)
        lab.xfrm("left", "policy add src 2001:db8::1/128 dst 2001:db8::2/128 dir out action allow",
                 "policy add src 192.0.2.1/32 dst 192.0.2.2/32 dir out action allow")
        for version in (4, 6):
            must_answer(lab, OUTER["left"][version][0], OUTER["right"][version][0])
    finally:
        lab.xfrm("left", "policy setdefault out accept")
    must_answer(lab, OUTER["left"][6][0], OUTER["right"][6][0])


@contextlib.contextmanager
def host_behind(lab):
    """A host whose packets the left end forwards."""
    if lab.full_name("hidden") not in lab.names:
        lab.add("hidden")
    lab.link("left", "h0", "hidden", "h0")
    lab.ip("left", "address add 10.1.7.1/24 dev h0", "address add fd01:0:0:0:7::1/80 dev h0 nodad")
    lab.ip("hidden", "address add 10.1.7.2/24 dev h0", "route add default via 10.1.7.1",
           "address add fd01:0:0:0:7::2/80 dev h0 nodad", "route add default via fd01:0:0:0:7::1")
    lab.sysctl("left", "net.ipv4.ip_forward=1\nnet.ipv6.conf.all.forwarding=1\n")
    try:
        yield {4: "10.1.7.2", 6: "fd01:0:0:0:7::2"}
    finally:
        lab.sysctl("left", "net.ipv4.ip_forward=0\nnet.ipv6.conf.all.forwarding=0\n")
        lab.ip("left", "link delete h0")


def forwarded(lab, daemons):
    """Also into a device that has just appeared: what comes back by the tunnel and leaves by it is not covered."""
    with host_behind(lab) as addresses:
        for version in (4, 6):
            TUNNELS[version].install(lab)
            here, there = OUTER["left"][version][0], OUTER["right"][version][0]
            lab.xfrm("left", f"policy add src {NETS['right'][version]} dst {NETS['left'][version]} dir fwd tmpl src {there}"
                     f" dst {here} proto esp reqid 1 mode tunnel")
            before = counted(daemons["left"])
            for size in (56, 1200):
                lab.run("hidden", ["ping", "-q", "-c", "3", "-i", "0.05", "-W", "2", "-s", str(size), "-I", addresses[version],
                                   INNER["right"][version]])
            # A host that has become a router joins a group on the TUN device, and reports it there.
            expect(daemons["left"], before, "forwarded", protected=6, bypassed=None)
            lab.xfrm("left", "policy flush", "state flush")
            lab.xfrm("right", "policy flush", "state flush")


def devices(daemon):
    return daemon.stats()["capture"]["devices"]


def devices_come_and_go(lab, daemons):
    """New ones get the program, ports of bridges do not, and what goes is forgotten."""
    daemon = daemons["left"]
    before = devices(daemon)

    def wait(n, what):
        if not until(lambda: devices(daemon) == before + n, 2):
            raise CommandFailed(f"{what}: {devices(daemon)} devices, {before} before")

    lab.ip("left", "link add v0 type veth peer name v1")
    wait(2, "two ends of a veth")
    lab.ip("left", "link add b0 type bridge", "link set v0 master b0")
    wait(2, "a bridge with one of them")
    lab.ip("left", "link set v0 nomaster")
    wait(3, "a bridge without")
    lab.ip("left", "link delete b0", "link delete v0")
    wait(0, "without them")
    if lab.run("left", ["ip", "link", "add", "vrf7", "type", "vrf", "table", "77"], check=False).returncode:
        return  # this kernel has none
    lab.ip("left", "link add d7 type dummy", "link set d7 master vrf7")
    wait(1, "a device of a VRF")
    lab.ip("left", "link delete d7", "link delete vrf7")
    wait(0, "without it")


def taken_away_by_others(lab, daemons):
    """Somebody clears the device's filters: the program is put back."""
    cell = TUNNELS[4]
    cell.install(lab)
    ping(lab, cell, sizes=(56,))
    for words in (["filter", "delete", "dev", "w0", "egress"], ["qdisc", "delete", "dev", "w0", "clsact"]):
        lab.run("left", ["tc", *words])
        if not until(lambda: "uxfrm" in lab.run("left", ["tc", "filter", "show", "dev", "w0", "egress"]).stdout, 2):
            raise CommandFailed(f"after tc {' '.join(words)} the program is not back")
        before = counted(daemons["left"])
        ping(lab, cell, sizes=(56,))
        if gained(daemons["left"], before)["protected"] != 2:
            raise CommandFailed("not captured any more")


def ends_with_its_policies(lab, daemons):
    """Without policies nothing of it is left on devices; with some it refuses, and takes nothing else with it."""
    show = ["tc", "filter", "show", "dev", "w0", "egress"]
    cell = TUNNELS[4]
    daemons["left"].end()
    if lab.run("left", show).stdout or "clsact" in lab.run("left", ["tc", "qdisc", "show", "dev", "w0"]).stdout:
        raise CommandFailed(f"left behind: {lab.run('left', show).stdout}")
    daemons["left"] = Daemon(lab, "left")
    for kill in (False, True):
        install(lab, cell, "proto icmp")
        ping(lab, cell, sizes=(56,))
        lab.xfrm("right", "policy flush")
        if kill:
            os.kill(daemons["left"].process.pid, signal.SIGKILL)
        daemons["left"].end()
        if answers(lab, cell.inside("left"), cell.inside("right")):
            raise CommandFailed("what was covered is answered without a daemon")
        receiver = socket_in(lab, "right", cell.inside("right"), 7000)
        send(lab, cell, 7000, count=3)
        if receiver.ask("count 3") != "3":
            raise CommandFailed("what was not covered does not get through")
        receiver.end()
        daemons["left"] = Daemon(lab, "left")
        if answers(lab, cell.inside("left"), cell.inside("right")) or not daemons["left"].stats()["capture"]["left"]:
            raise CommandFailed("the next daemon has opened what is to stay shut")
        lab.xfrm("left", "policy flush")
        must_answer(lab, cell.inside("left"), cell.inside("right"))
        lab.xfrm("left", "state flush")
        lab.xfrm("right", "state flush")


def other_capture_next(lab, daemons):
    """What a killed daemon left is respected by one that captures the other way, and its policies work there."""
    cell = TUNNELS[4]
    for before, after in (("tc", "routes"), ("routes", "tc")):
        daemons["left"].end()
        daemons["left"] = Daemon(lab, "left", ["--capture", before])
        cell.install(lab)
        ping(lab, cell, sizes=(56,))
        os.kill(daemons["left"].process.pid, signal.SIGKILL)
        daemons["left"].end()
        daemons["left"] = Daemon(lab, "left", ["--capture", after])
        lab.xfrm("right", "policy flush", "state flush")
        if answers(lab, cell.inside("left"), cell.inside("right")):
            raise CommandFailed(f"{after} after {before}: what was covered is answered in clear")
        cell.install(lab)
        ping(lab, cell, sizes=(56,))
        lab.xfrm("left", "policy flush", "state flush")
        lab.xfrm("right", "policy flush", "state flush")
        must_answer(lab, cell.inside("left"), cell.inside("right"))
    if daemons["left"].stats()["capture"]["left"] or "5210" in lab.run("left", ["ip", "rule"]).stdout:
        raise CommandFailed("something of the other way is still there")


def large_streams(lab, daemons):
    """TCP in super-packets, of which a selector has the ports on one side only, whole and not in clear."""
    cell = TUNNELS[4]
    install(lab, cell, "proto tcp")
    witness = judge(lab, cell)
    lab.xfrm("left", cell.policies("left")[0].replace("policy add", "policy update").replace(" dir out", " proto udp dir out"))
    before = counted(daemons["left"])
    traffic = Traffic(lab, cell)
    try:
        if not until(traffic.flowing, 20):
            raise CommandFailed("the traffic does not flow")
        traffic.finish()
    finally:
        traffic.end()
    wire = witness.close_and_read_json()
    grown = gained(daemons["left"], before)
    if wire["cleartext_packets"] or grown["protected"] < 700:
        raise CommandFailed(f"{grown}, on the wire {wire}")


def changes_under_load(lab, daemons):
    """The policy is replaced by others that cover the same, again and again: nothing is seen in clear."""
    cell = TUNNELS[4]
    cell.install(lab)
    out = cell.policies("left")[0]
    narrow = out.replace("policy add", "policy update").replace(" dir out", " proto udp dir out")
    witness = judge(lab, cell)
    pair = f"{cell.inside('left')},{cell.inside('right')}"
    child = lab.keep(LineProcess("traffic", lab.inside("left", [lab.program("tests/tools/traffic/traffic"), "--rate", "5000",
                                                               "--udp", pair]), os.path.join(lab.logs, "change.log")))
    child.expect("ready")
    child.ask("start")
    for i in range(30):
        lab.xfrm("left", narrow.replace(" tmpl", f" priority {i} tmpl"),
                 out.replace("policy add", "policy delete").split(" tmpl")[0],
                 *[out.replace(" dir out", f" proto udp dport {port} dir out") for port in range(9000 + i, 9004 + i)])
        lab.xfrm("left", out,
                 narrow.replace("policy update", "policy delete").split(" tmpl")[0],
                 *[out.replace("policy add", "policy delete").split(" tmpl")[0].replace(" dir out", f" proto udp dport {port} dir out")
                   for port in range(9000 + i, 9004 + i)])
    child.end()
    wire = witness.close_and_read_json()
    if wire["cleartext_packets"] or wire["esp"] < 1000:
        raise CommandFailed(f"on the wire: {wire}")


TESTS = (selected_4, selected_6, extension_headers, source_ports, fragments_of_others, source_prefix, prefixes_in_prefixes, many_selectors, marked,
         default_blocks, forwarded, devices_come_and_go, taken_away_by_others, large_streams, changes_under_load,
         ends_with_its_policies, other_capture_next)
