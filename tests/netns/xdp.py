#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The underlay by AF_XDP: what it takes and what it leaves alone, falling back, coming and going. Prints TAP.

usage: xdp.py BUILD
"""
import json
import os
import pathlib
import signal
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent.parent / "tools"), str(HERE)]

import cells  # noqa: E402
import run as runner  # noqa: E402
from lab.namespaces import CommandFailed, Lab, run, until  # noqa: E402
from lab.processes import Daemon, LineProcess  # noqa: E402

PLAIN = cells.Cell("tunnel", 4, 4, "plain", "gcm128", "esn")
UDP = cells.Cell("tunnel", 4, 4, "udp", "gcm128", "esn")
ECHO = """
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
s.bind((sys.argv[1], 4500))
print("ready", flush=True)
while True:
    data, peer = s.recvfrom(2000)
    s.sendto(data, peer)
"""
ASK = """
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(3)
s.connect((sys.argv[1], 4500))
for payload in (bytes(4) + b"IKE" * 20, bytes(28), b"\\0\\0\\0\\0x"):
    s.send(payload)
    if s.recv(2000) != payload:
        sys.exit("something else came back")
"""


def require(condition, what):
    if not condition:
        raise CommandFailed(what)


def underlay(daemon):
    return daemon.stats()["underlay"]


def device(daemon, name="w0"):
    """What the daemon says of AF_XDP on a device; None if there is none."""
    return next((d for d in underlay(daemon)["devices"] if d["name"] == name), None)


def has_program(lab, end, name="w0"):
    link = json.loads(run(["ip", "-j", "-n", lab.full_name(end), "link", "show", name]).stdout)[0]
    return bool(link.get("xdp"))


def restart(lab, daemons, end, *arguments):
    daemons[end].end()
    daemons[end] = Daemon(lab, end, list(arguments))


def install(lab, cell=PLAIN):
    cells.flush(lab)
    cell.install(lab)


def pings(lab, daemons, by_xdp=True, sizes=(56,), cell=PLAIN):
    """The tunnel carries; and at the left end it was by AF_XDP or not."""
    before = {key: sum(d[key] for d in underlay(daemons["left"])["devices"]) for key in ("received", "sent")}
    cells.ping(lab, cell, count=10, sizes=sizes)
    after = {key: sum(d[key] for d in underlay(daemons["left"])["devices"]) for key in before}
    gain = {key: after[key] - before[key] for key in before}
    if by_xdp:
        # The first may go by a raw socket, to learn the neighbour's address.
        require(gain["received"] >= 8 and gain["sent"] >= 8, f"not by AF_XDP: {gain}")
    else:
        require(not gain["received"] and not gain["sent"], f"by AF_XDP after all: {gain}")


def others_pass(lab, daemons):
    """ICMP, TCP and UDP between the outer addresses, small and in fragments, are the kernel's."""
    install(lab)
    before = device(daemons["right"])["received"]
    here, there = cells.OUTER["left"], cells.OUTER["right"]
    for family in (4, 6):
        lab.run("left", ["ping", "-q", "-c", "3", "-i", "0.01", "-W", "2", "-s", "4000", "-I",
                         here[family][0], there[family][0]])
    # transport of that pair in clear: nothing protects it
    traffic = cells.Traffic(lab, cells.Cell("transport", 4, 4, "plain", "gcm128", "esn"))
    try:
        require(until(traffic.flowing, 10), "no traffic in clear")
        traffic.finish()
    finally:
        traffic.end()
    require(device(daemons["right"])["received"] == before, "it took what is not ours")
    pings(lab, daemons)


def ike_passes(lab, daemons):
    """IKE and keepalives on the port that ESP in UDP has, as long as SAs use it."""
    install(lab, UDP)
    pings(lab, daemons, cell=UDP)
    server = lab.keep(LineProcess("IKE", lab.inside("right", ["python3", "-c", ECHO, cells.OUTER["right"][4][0]]),
                                  os.path.join(lab.logs, "ike.log")))
    server.expect("ready")
    try:
        lab.run("left", ["python3", "-c", ASK, cells.OUTER["right"][4][0]])
        pings(lab, daemons, cell=UDP)
    finally:
        server.end()


def marks_by_kernel(lab, daemons):
    """An SA with a mark needs netfilter, which alone can set it."""
    lab.run("left", ["nft", "-f", "-"], stdin="table inet m {\nchain c {\ntype filter hook prerouting priority"
                                              " -300;\nmeta l4proto esp meta mark set 7\n}\n}\n")
    try:
        install(lab)
        pings(lab, daemons)
        run(lab.inside("left", [lab.program("uxfrm"), "state", "migrate", "dst", cells.OUTER["left"][4][0], "proto",
                                "esp", "spi", f"{cells.SPI['right']:#x}", "new-dst", cells.OUTER["left"][4][0],
                                "new-src", cells.OUTER["right"][4][0], "new-reqid", "1", "new-mark", "7", "mask", "0xff"]))
        before = device(daemons["left"])["received"]
        cells.ping(lab, PLAIN, count=5, sizes=(56,))
        require(device(daemons["left"])["received"] == before, "it took packets of an SA with a mark")
    finally:
        lab.run("left", ["nft", "delete", "table", "inet", "m"])


def neighbour_changes(lab, daemons):
    """The other end gets another link-layer address under traffic: nothing goes astray for long."""
    install(lab)
    pings(lab, daemons)
    for address in ("02:00:00:00:77:01", "02:00:00:00:77:02"):
        lab.ip("right", f"link set w0 address {address}")
        lab.run("left", ["ip", "neigh", "flush", "dev", "w0"])
        require(until(lambda: not lab_ping(lab), 3), "the other end is not found again")
        require(until(lambda: device(daemons["right"]) and has_program(lab, "right"), 3), "no AF_XDP any more")
        pings(lab, daemons)


def lab_ping(lab):
    return lab.run("left", ["ping", "-q", "-c", "1", "-W", "1", "-I", PLAIN.inside("left"), PLAIN.inside("right")],
                   check=False).returncode


def route_changes(lab, daemons):
    """A route by another device is followed at once; that device has AF_XDP too, from its first address on."""
    if not any(name == "w1" for name in lab.devices):
        lab.link("left", "w1", "right", "w1")
        lab.devices.append("w1")
        lab.ip("left", "address add 198.51.100.1/24 dev w1")
        lab.ip("right", "address add 198.51.100.2/24 dev w1")
    require(until(lambda: device(daemons["left"], "w1") and device(daemons["right"], "w1"), 3), "w1 has no AF_XDP")
    install(lab)
    pings(lab, daemons)
    before = device(daemons["left"], "w1")["sent"]
    lab.ip("left", "route add 192.0.2.2/32 via 198.51.100.2 dev w1")
    cells.ping(lab, PLAIN, count=10, sizes=(56,))
    require(device(daemons["left"], "w1")["sent"] >= before + 8, "the new route is not taken")
    lab.ip("left", "route del 192.0.2.2/32 via 198.51.100.2 dev w1")
    sent = device(daemons["left"], "w1")["sent"]
    pings(lab, daemons)
    require(device(daemons["left"], "w1")["sent"] == sent, "the old route is taken still")
    # A device that goes, comes and goes down and up.
    lab.ip("left", "link set w1 down")
    require(until(lambda: not device(daemons["left"], "w1"), 3), "it keeps a device that is down")
    lab.ip("left", "link set w1 up")
    require(until(lambda: device(daemons["left"], "w1"), 3), "the device is not taken again")
    lab.ip("left", "link del w1")
    lab.devices.remove("w1")
    require(until(lambda: not device(daemons["left"], "w1"), 3), "it keeps a device that is gone")
    pings(lab, daemons)


def too_large_by_raw(lab, daemons):
    """Outer packets in fragments go and come by raw sockets, in between others."""
    restart(lab, daemons, "left", "--tun-mtu", "1500")
    install(lab)
    before = underlay(daemons["left"])["sent_raw"]
    pings(lab, daemons)
    cells.ping(lab, PLAIN, count=5, sizes=(1470, 4000))
    require(underlay(daemons["left"])["sent_raw"] > before, "nothing was in fragments")
    restart(lab, daemons, "left")


def another_program(lab, daemons):
    """Where somebody has a program already, raw sockets do it; and the log and the status say so."""
    daemons["left"].end()
    # The smallest of programs: it passes everything on.
    source = 'int pass(void *ctx) { return 2; } char _license[] __attribute__((section("license"))) = "GPL";'
    program = os.path.join(lab.logs, "pass.o")
    run(["clang-19", "-O2", "-target", "bpf", "-x", "c", "-c", "-o", program, "-"],
        stdin=source.replace("int pass", '__attribute__((section("xdp"))) int pass'))
    lab.ip("left", f"link set dev w0 xdpdrv obj {program} sec xdp")
    try:
        daemons["left"] = Daemon(lab, "left")
        said = underlay(daemons["left"])
        require(not said["devices"] and "another XDP program" in said["problem"]
                and "another XDP program" in daemons["left"].last_words(), f"{said}")
        install(lab)
        cells.ping(lab, PLAIN, sizes=(56, 1300))
    finally:
        lab.ip("left", "link set dev w0 xdpdrv off")
        restart(lab, daemons, "left")
    install(lab)
    pings(lab, daemons)


def large_frames_by_kernel(lab, daemons):
    """Jumbo frames: veth's driver runs no program then, the kernel does; frames that do not fit a socket pass on."""
    everywhere = [("left", "w0"), ("right", "w0")] + [("wire", name) for name in ("l1", "r1", "br1")]
    try:
        for end, name in everywhere:
            lab.ip(end, f"link set dev {name} mtu 9000")
        restart(lab, daemons, "left", "--tun-mtu", "8000")
        restart(lab, daemons, "right", "--tun-mtu", "8000")
        modes = [device(daemon)["mode"] for daemon in daemons.values()]
        require(modes == ["generic", "generic"], f"{modes}")
        install(lab)
        pings(lab, daemons, sizes=(56, 1300))
        cells.ping(lab, PLAIN, count=3, sizes=(3000, 5000, 7000))
    finally:
        for end, name in everywhere:
            lab.ip(end, f"link set dev {name} mtu 1500")
        restart(lab, daemons, "left")
        restart(lab, daemons, "right")
    install(lab)
    pings(lab, daemons)


def raw_by_default(lab, daemons):
    """Without the setting no program is on any device; --underlay raw says it too."""
    restart(lab, daemons, "left", "--underlay", "raw")
    require(not has_program(lab, "left"), "a program is on the device")
    require(underlay(daemons["left"]) == {"setting": "raw"}, "the status says otherwise")
    install(lab)
    cells.ping(lab, PLAIN, sizes=(56, 1300))
    restart(lab, daemons, "left")


def only_named_devices(lab, daemons):
    restart(lab, daemons, "left", "--xdp-devices", "eth7, w00")
    install(lab)
    cells.ping(lab, PLAIN, sizes=(56,))
    require(not underlay(daemons["left"])["devices"] and not has_program(lab, "left"), "it took another device")
    restart(lab, daemons, "left", "--xdp-devices", "eth7, w0")
    install(lab)
    require(device(daemons["left"]), "it did not take the device that is named")
    restart(lab, daemons, "left")


def without_rights(lab, daemons):
    """Without CAP_BPF it cannot be had: raw sockets, a warning, and why in the status."""
    daemons["left"].end()
    bounded = lab.inside("left", ["capsh", "--drop=cap_bpf,cap_sys_admin", "--", "-c", 'exec "$0" "$@"'])
    try:
        daemons["left"] = WrappedDaemon(lab, "left", bounded)
        said = underlay(daemons["left"])
        require(not said["devices"] and "Operation not permitted" in daemons["left"].last_words()
                and said.get("problem"), f"{said} {daemons['left'].last_words()}")
        install(lab)
        cells.ping(lab, PLAIN, sizes=(56, 1300))
    finally:
        restart(lab, daemons, "left")


class WrappedDaemon(Daemon):
    """uxfrmd under another program."""

    def __init__(self, lab, short, wrapper):
        class Inside:
            """The lab, but for commands of the daemon itself."""

            def __getattr__(self, name):
                return getattr(lab, name)

            @staticmethod
            def inside(_, argv):
                return [*wrapper, *argv]

        super().__init__(Inside(), short)
        self.lab = lab


def killed(lab, daemons):
    """The program does not outlive the daemon, however that ends."""
    require(has_program(lab, "left"), "no program on the device")
    os.kill(daemons["left"].process.pid, signal.SIGKILL)
    daemons["left"].process.wait()
    require(until(lambda: not has_program(lab, "left"), 3), "the program is there still")
    daemons["left"] = Daemon(lab, "left")
    require(has_program(lab, "left"), "no program on the device again")
    require(daemons["left"].end() == 0, "it does not end well")
    require(not has_program(lab, "left"), "the program is there still")
    daemons["left"] = Daemon(lab, "left")
    cells.flush(lab)
    install(lab)
    pings(lab, daemons)


TESTS = (others_pass, ike_passes, marks_by_kernel, neighbour_changes, route_changes, too_large_by_raw, another_program,
         large_frames_by_kernel, raw_by_default, only_named_devices, without_rights, killed)


def main(build):
    failed = 0
    with Lab("uxxdp", build, pathlib.Path(build) / "logs" / "netns-xdp") as lab:
        lab.devices = ["w0"]
        daemons = runner.set_up(lab, "xdp")
        if not underlay(daemons["left"])["devices"]:
            print(f"1..0 # SKIP {underlay(daemons['left']).get('problem')}")
            return 0
        for number, test in enumerate(TESTS, 1):
            why = runner.attempt(lab, daemons, lambda test=test: test(lab, daemons))
            failed += why is not None
            print(f"{'not ok' if why else 'ok'} {number} - {test.__name__.replace('_', ' ')}", flush=True)
            for line in (why or "").splitlines():
                print(f"#   {line}")
        failed += not runner.report_ends(daemons, len(TESTS) + 1)
    print(f"1..{len(TESTS) + 1}")
    return 1 if failed else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    if os.geteuid():
        sys.exit(print("1..0 # SKIP needs root"))
    sys.exit(main(sys.argv[1]))
