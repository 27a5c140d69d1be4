# SPDX-License-Identifier: BSD-2-Clause
"""The packet path while everything around it changes: nothing may be lost that need not be, and nothing
may leave in clear."""
import os
import signal
import socket
import struct
import subprocess
import time

import attack_client as ac
import cells
import run as matrix
import xfrm_bytes as xb
from lab.namespaces import CommandFailed, until
from lab.processes import Daemon, LineProcess

PLAIN = cells.Cell("tunnel", 4, 4, "plain", "gcm128", "esn")
SANITIZED = "SAN" in os.environ.get("UXFRM_ATTACK", "")
RATE = 2000 if SANITIZED else 20000
SECONDS = float(os.environ.get("UXFRM_ATTACK_SECONDS", "4"))
ENDS = ("left", "right")


def require(what, message):
    if not what:
        raise CommandFailed(message)


def client_in(lab, end):
    """A client of that end's daemon; this process stays in that namespace."""
    ac.enter(lab.full_name(end))
    return ac.Client(timeout=30)


def start_traffic(lab, rate):
    ends = {}
    for end in ENDS:
        pair = f"{PLAIN.inside(end)},{PLAIN.inside(cells.OTHER[end])}"
        argv = [lab.program("tests/tools/traffic/traffic"), "--rate", str(rate), "--udp", pair]
        ends[end] = lab.keep(LineProcess(f"traffic in {end}", lab.inside(end, argv),
                                         os.path.join(lab.logs, f"traffic-{end}.log")))
        ends[end].expect("ready")
    for child in ends.values():
        child.ask("start")
    return ends


def finish_traffic(lab, ends, daemons):
    sent = {end: child.ask_json("stop", 60) for end, child in ends.items()}
    for end, child in ends.items():
        expected = sent[cells.OTHER[end]]["udp"][0]["sent"]
        udp = child.ask_json(f"finish {expected}", 60)["udp"][0]
        child.end()
        require(expected > 0 and udp["received"] == expected and not udp["duplicated"] and not udp["damaged"],
                f"into {end}: {expected} sent, {udp}, "
                f"{[daemons[e].stats()['drops'] for e in ENDS]}")


def moves(round_number, old):
    """Messages of one move of both SAs, as (end, message), and the new (reqid, left address)."""
    addresses = cells.OUTER["left"][4]
    reqid, here = old
    new = (reqid % 1000 + 2, here) if round_number % 2 else (reqid, addresses[here == addresses[0]])
    there = cells.OUTER["right"][4][0]
    messages = []
    for sender in ENDS:
        for end in (cells.OTHER[sender], sender):  # who receives goes first
            dst, to, source = (there, there, new[1]) if sender == "left" else (here, new[1], there)
            messages.append((end, ac.move_sa(cells.SPI[sender], dst, to, source, new[0])))
    return messages, new


def move_for(clients, seconds, pause):
    state, number, end = (1, cells.OUTER["left"][4][0]), 0, time.monotonic() + seconds
    while time.monotonic() < end:
        messages, state = moves(number, state)
        for where, message in messages:
            error = clients[where].request(message)
            require(error == 0, f"move {number} at {where}: errno {error}")
        for c in clients.values():
            c.drop_progress()
        number += 1
        time.sleep(pause)
    return number


def moved_under_load(lab, daemons):
    """Hundreds of MIGRATE_STATE a second, by turns to a new reqid and to another address, under full load: none lost."""
    PLAIN.install(lab)
    clients = {end: client_in(lab, end) for end in ENDS}
    traffic = start_traffic(lab, RATE)
    time.sleep(0.5)
    number = move_for(clients, SECONDS, 0.004)
    finish_traffic(lab, traffic, daemons)
    # How many fit depends on who else uses the processors; that few fit would be a test of nothing.
    print(f"# {number} moves of both SAs at both ends in {SECONDS:g} s")
    require(number > SECONDS * 5, f"only {number} moves")


def churn(lab, end):
    """A process that adds, moves and deletes SAs and policies as fast as it can, beside those in use."""
    pid = os.fork()
    if pid:
        return pid
    try:
        c = client_in(lab, end)
        sel = xb.selector("10.77.0.0", "10.78.0.0", 16, 16, xb.INET)
        tmpl = xb.attr(xb.TMPL, xb.template("192.0.2.77", "192.0.2.78", reqid=77))
        while True:
            batch = []
            for i in range(20):
                spi = 0x70000 + i
                batch += [ac.new_sa(spi, dst="192.0.2.77", src="192.0.2.78", reqid=77, flags=1),
                          ac.move_sa(spi, "192.0.2.77", "192.0.2.79", "192.0.2.78", 77, flags=1),
                          ac.move_sa(spi, "192.0.2.79", "192.0.2.77", "192.0.2.80", 78, flags=1)]
            for direction in (0, 1, 2):
                batch += [xb.msg(kind, xb.policy_info(sel, direction), tmpl, flags=1)
                          for kind in (xb.NEWPOLICY, xb.UPDPOLICY)]
                batch.append(xb.msg(xb.DELPOLICY, xb.policy_id(sel, direction), flags=1))
            batch += [ac.del_sa(0x70000 + i, "192.0.2.77", flags=1) for i in range(20)]
            c.bulk(batch)
    finally:
        os._exit(1)


def churn_beside(lab, daemons):
    """Thousands of changes a second to other SAs and policies, and moves of this one: none lost."""
    PLAIN.install(lab)
    clients = {end: client_in(lab, end) for end in ENDS}
    traffic = start_traffic(lab, RATE / 4)
    pids = [churn(lab, end) for end in ENDS]
    try:
        move_for(clients, SECONDS, 0.02)
    finally:
        for pid in pids:
            alive = os.waitpid(pid, os.WNOHANG)[0] == 0
            if alive:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
    require(alive, "the churn ended")
    finish_traffic(lab, traffic, daemons)


def shoot(lab, family):
    """A process at the left that sends to the inner network of the right without a pause for long."""
    pid = os.fork()
    if pid:
        return pid
    try:
        ac.enter(lab.full_name("left"))
        s = socket.socket(socket.AF_INET if family == 4 else socket.AF_INET6, socket.SOCK_DGRAM)
        s.bind((cells.INNER["left"][family], 0))
        while True:
            try:
                s.sendto(b"in clear?", (cells.INNER["right"][family], 4242))
            except OSError:
                pass
            time.sleep(0.0002)
    finally:
        os._exit(0)


def never_in_clear(lab, daemons):
    """With a policy there, whatever becomes of its SAs and of itself, the underlay sees no inner packet."""
    cell = cells.Cell("tunnel", 4, 4, "plain", "gcm128", "esn")
    policies = [p for c in (cell, cells.Cell("tunnel", 6, 4, "plain", "gcm128", "esn"))
                for p in c.policies("left")]
    lab.xfrm("left", *policies)
    # These before the judge, whose standard input they would hold open.
    pids = [shoot(lab, family) for family in (4, 6)]
    src, dst = cells.OUTER["left"][4][0], cells.OUTER["right"][4][0]
    try:
        judge = cells.judge(lab, cell)
        c = client_in(lab, "left")
        time.sleep(0.3)  # no SA
        c.data.send(xb.msg(xb.ALLOCSPI, xb.userspi_info(0x500, 0x5ff, dst=dst, src=src)))  # a larval one
        require(struct.unpack_from("=IH", c.data.recv(4096))[1] == xb.NEWSA, "ALLOCSPI")
        time.sleep(0.2)
        words = {"dst": dst, "src": src, "reqid": 1}
        for i in range(300):
            require(c.request(ac.new_sa(0x1001, **words)) == 0, "NEWSA")
            if i % 3 == 0:
                require(c.request(ac.move_sa(0x1001, dst, "192.0.2.99", src)) == 0, "move")
                require(c.request(ac.del_sa(0x1001, "192.0.2.99")) == 0, "DELSA")
            else:
                require(c.request(ac.del_sa(0x1001, dst)) == 0, "DELSA")
        tmpl = xb.attr(xb.TMPL, xb.template(dst, src, reqid=1))
        for family, net, other, bits in ((2, "10.1.0.0", "10.2.0.0", 16), (10, "fd01::", "fd02::", 64)):
            sel = xb.selector(other, net, bits, bits, family)
            for i in range(300):
                message = xb.msg(xb.UPDPOLICY, xb.policy_info(sel, 1, priority=i % 7), tmpl)
                error = c.request(message)
                require(error == 0, f"UPDPOLICY: errno {error}")
        lab.ip("left", "address add 10.1.9.9/32 dev lo", "address del 10.1.9.9/32 dev lo",
               "link set uxfrm0 down")
        time.sleep(0.3)
        lab.ip("left", "link set uxfrm0 up", "link del uxfrm0")
        time.sleep(0.5)
        c.close()
        os.kill(daemons["left"].process.pid, signal.SIGKILL)
        daemons["left"].process.wait()
        time.sleep(0.5)
        wire = judge.close_and_read_json()
        require(wire["cleartext_packets"] == 0, f"in clear: {wire}")
        # Once policies are flushed it is let go; this shows that it would have been seen.
        daemons["left"] = Daemon(lab, "left")
        lab.xfrm("left", "policy flush")
        judge = cells.judge(lab, cell)
        time.sleep(0.3)
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        if not daemons["left"].alive():
            daemons["left"] = Daemon(lab, "left")
    # The judge waits for silence.
    require(judge.close_and_read_json()["cleartext_packets"] > 0, "the judge sees nothing in clear at all")


def everything_by_the_tunnel(lab, daemons):
    """Policies for 0.0.0.0/0 and ::/0; the outer packets must not come back into the tunnel."""
    cell4 = PLAIN
    states = [cell4.state(sender, cells.algorithm_words("gcm128")) for sender in ENDS]
    for end in ENDS:
        here, there = cells.OUTER[end][4][0], cells.OUTER[cells.OTHER[end]][4][0]
        policies = []
        for everything in ("0.0.0.0/0", "::/0"):
            policies += [f"policy add src {everything} dst {everything} dir {d} tmpl src {a} dst {b} proto esp"
                         f" reqid 1 mode tunnel" for d, a, b in (("out", here, there), ("in", there, here))]
        lab.xfrm(end, *states, *policies)
    for destination in (cells.INNER["right"][4], cells.INNER["right"][6], "192.0.2.2", "2001:db8::2"):
        lab.run("left", ["ping", "-q", "-c", "2", "-i", "0.05", "-W", "2", destination])


def host_changes(lab, daemons):
    """Addresses and links go and come back, policies are deleted and added again: traffic comes back."""
    PLAIN.install(lab)
    cells.ping(lab, PLAIN, sizes=(56,))
    lab.ip("left", "address del 10.1.0.1/32 dev lo")
    time.sleep(0.3)
    lab.ip("left", "address add 10.1.0.1/32 dev lo")
    require(until(lambda: "src 10.1.0.1" in lab.run("left", ["ip", "route", "get", "10.2.0.1"]).stdout, 3),
            "the preferred source has not come back")
    cells.ping(lab, PLAIN, sizes=(56,))
    lab.ip("left", "address add 10.1.5.5/32 dev lo", "route replace 10.2.0.0/16 via 192.0.2.2 src 10.1.5.5")
    require(until(lambda: "src 10.1.5.5" in lab.run("left", ["ip", "route", "get", "10.2.0.1"]).stdout, 3),
            "the preferred source does not follow the host's routes")
    lab.ip("left", "address del 10.1.5.5/32 dev lo", "route replace 10.2.0.0/16 via 192.0.2.2")
    lab.ip("left", "address del 192.0.2.1/24 dev w0", "address add 192.0.2.1/24 dev w0")
    cells.ping(lab, PLAIN, sizes=(56,))
    lab.ip("left", "link set w0 down", "link set w0 up", "route replace 10.2.0.0/16 via 192.0.2.2",
           "address replace 2001:db8::1/64 dev w0 nodad", "address replace 2001:db8::11/64 dev w0 nodad",
           "route replace fd02::/64 via 2001:db8::2")
    require(until(lambda: not lab.run("left", ["ping", "-q", "-c", "1", "-W", "1", "-I", "10.1.0.1", "10.2.0.1"],
                                      check=False).returncode, 5), "link down and up")
    for _ in range(3):
        lab.xfrm("left", "policy delete src 10.1.0.0/16 dst 10.2.0.0/16 dir out")
        require("uxfrm" not in lab.run("left", ["ip", "route", "get", "10.2.0.1"]).stdout, "a route is left")
        lab.xfrm("left", PLAIN.policies("left")[0])
        cells.ping(lab, PLAIN, count=1, sizes=(56,))
    lab.ip("left", "link del uxfrm0")
    require(until(lambda: not lab.run("left", ["ping", "-q", "-c", "1", "-W", "1", "-I", "10.1.0.1", "10.2.0.1"],
                                      check=False).returncode, 5), "the device was removed")


def gateways(lab, daemons):
    """Hosts behind both gateways, by out, in and fwd policies; without fwd nothing passes."""
    for end in ENDS:
        n = 1 if end == "left" else 2
        host = f"host{n}"
        if lab.full_name(host) not in lab.names:
            lab.add(host)
            lab.link(end, "h0", host, "h0")
            lab.ip(end, f"address add 10.{n}.7.1/24 dev h0", f"address add fd0{n}::7:1/112 dev h0 nodad")
            lab.ip(host, f"address add 10.{n}.7.2/24 dev h0", f"address add fd0{n}::7:2/112 dev h0 nodad",
                   f"route add default via 10.{n}.7.1", f"route add default via fd0{n}::7:1")
        lab.sysctl(end, "net.ipv4.ip_forward=1\nnet.ipv6.conf.all.forwarding=1\n")
    cell6 = cells.Cell("tunnel", 6, 4, "plain", "gcm128", "esn")
    PLAIN.install(lab)
    for end in ENDS:
        lab.xfrm(end, *cell6.policies(end))
    for destination in ("10.2.7.2", "fd02::7:2"):
        require(lab.run("host1", ["ping", "-q", "-c", "1", "-W", "1", destination], check=False).returncode,
                f"{destination} answered without a fwd policy")
    for end in ENDS:
        lab.xfrm(end, *[p.replace(" dir in ", " dir fwd ") for c in (PLAIN, cell6) for p in c.policies(end)
                        if " dir in " in p])
    for destination in ("10.2.7.2", "fd02::7:2"):
        for size in (56, 1300, 4000):
            # Both directions lose one to learn the path's MTU.
            lab.run("host1", ["ping", "-q", "-c", "4", "-i", "0.1", "-W", "2", "-s", str(size), destination])


def narrow_underlay(lab, daemons):
    """An underlay of 1280 bytes, both outer families: what may be cut passes."""
    try:
        for end in ENDS:
            lab.ip(end, "link set w0 mtu 1280")
        for outer in (4, 6):
            for inner in (4, 6):
                cells.flush(lab)
                cell = cells.Cell("tunnel", inner, outer, "plain", "gcm128", "esn")
                cell.install(lab)
                for size in (56, 1100, 1250, 4000):
                    if inner == 6 and outer == 4 and size > 1100:
                        continue  # an IPv6 packet's nature is DF; 1376 bytes do not fit
                    lab.run("left", ["ping", "-q", "-c", "2", "-i", "0.05", "-W", "2", "-s", str(size), "-M",
                                     "dont", "-I", cell.inside("left"), cell.inside("right")])
    finally:
        for end in ENDS:
            lab.ip(end, "link set w0 mtu 1500")


def thousands_of_policies(lab, daemons):
    """5,000 policies with as many prefixes come and go quickly, with routes; also when addresses change."""
    c = client_in(lab, "left")
    tmpl = xb.attr(xb.TMPL, xb.template("192.0.2.2", "192.0.2.1", reqid=1))
    sels = [xb.selector(f"10.{100 + i // 250}.{i % 250}.0", "10.1.0.0", 24, 16, xb.INET) for i in range(5000)]
    begin = time.monotonic()
    c.bulk([xb.msg(xb.NEWPOLICY, xb.policy_info(s, 1), tmpl, flags=1) for s in sels])
    took = time.monotonic() - begin
    count = lab.run("left", ["ip", "route", "show", "table", "5210"]).stdout.count("metric 2")
    require(count == 5000, f"{count} routes")
    require(took < 5, f"5,000 policies took {took:.1f} s")
    for i in range(20):
        lab.ip("left", f"address add 10.1.3.{i + 1}/32 dev lo")
    begin = time.monotonic()
    require(ac.works(), "service while routes follow")
    require(time.monotonic() - begin < 1.5, "routes that follow an address keep clients waiting")
    for i in range(20):
        lab.ip("left", f"address del 10.1.3.{i + 1}/32 dev lo")
    time.sleep(1)
    begin = time.monotonic()
    require(c.request(xb.msg(xb.FLUSHPOLICY)) == 0, "flush")
    require(time.monotonic() - begin < 5, "the flush took too long")
    left = lab.run("left", ["ip", "route", "show", "table", "5210"]).stdout
    require(left.count("proto 201") == 0, f"{left.count(chr(10))} routes are left")


def idle_is_idle(lab, daemons):
    """With SAs and policies but without packets the daemons use no processor time; a ping is quick."""
    PLAIN.install(lab)
    time.sleep(3)  # grace times end

    def ticks():
        used = 0
        for daemon in daemons.values():
            with open(f"/proc/{daemon.process.pid}/stat", encoding="ascii") as stat:
                used += sum(int(n) for n in stat.read().split()[13:15])
        return used

    before = ticks()
    time.sleep(3)
    require(ticks() - before <= 1, f"{ticks() - before} ticks in 3 s")
    said = lab.run("left", ["ping", "-q", "-c", "50", "-i", "0.005", "-I", "10.1.0.1", "10.2.0.1"]).stdout
    average = float(said.rsplit(" = ", 1)[1].split("/")[1])
    require(average < (20 if SANITIZED else 3), said)


TESTS = (moved_under_load, churn_beside, never_in_clear, everything_by_the_tunnel, host_changes, gateways,
         narrow_underlay, thousands_of_policies, idle_is_idle)


def run_all(lab, words):
    """(name, why it failed or None)"""
    daemons = matrix.set_up(lab)
    for test in TESTS:
        name = test.__name__.replace("_", " ")
        if words and not any(word in name for word in words):
            continue
        yield name, matrix.attempt(lab, daemons, lambda test=test: test(lab, daemons))
    for end, daemon in daemons.items():
        status = daemon.end()
        yield f"the daemon of {end} ends well", f"{status}: {daemon.last_words()}" if status else None
