# SPDX-License-Identifier: BSD-2-Clause
"""The daemon's beginnings and ends, several at once and at bad moments."""
import json
import os
import signal
import subprocess
import time

from lab.namespaces import CommandFailed, until
from lab.processes import Daemon

STATE = ("state add src 192.0.2.1 dst 192.0.2.2 proto esp spi 0x1 reqid 1 mode tunnel aead rfc4106(gcm(aes)) "
         "0x000102030405060708090a0b0c0d0e0f10111213 128")
POLICY = ("policy add src 10.1.0.0/24 dst 10.2.0.0/24 dir out tmpl src 192.0.2.1 dst 192.0.2.2 proto esp "
          "reqid 1 mode tunnel")
RULES = 2  # one for each family


def require(what, message):
    if not what:
        raise CommandFailed(message)


def rules(lab, short):
    return sum(lab.run(short, ["ip", f"-{family}", "rule"]).stdout.count("lookup 5210") for family in (4, 6))


def stat_of(pid):
    """The line of /proc/PID/stat; empty when there is none any more."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as stat:
            return stat.read()
    except OSError:
        return ""


def our_zombies():
    return {p for p in os.listdir("/proc") if p.isdigit() and f" Z {os.getpid()} " in stat_of(p)}


def pids(lab, short):
    return [int(p) for p in lab.run(short, ["ip", "netns", "pids", lab.full_name(short)]).stdout.split()
            if stat_of(p).startswith(f"{p} (uxfrmd) ")]


def on_demand(lab, short, words, arguments="", **options):
    """`uxfrm run -- ip xfrm ...`, which starts a daemon with @arguments if there is none."""
    argv = ["env", f"UXFRM_DAEMON_ARGS={arguments}", lab.program("uxfrm"), "run", "--", "ip", "xfrm", *words.split()]
    return subprocess.Popen(lab.inside(short, argv), stdin=subprocess.DEVNULL, **options)


def ends_under_load(lab):
    """SIGTERM while packets come as fast as they can: it ends, and takes down all that is its own, but for what
    keeps its policies' packets from leaving in clear."""
    lab.add("load")
    lab.ip("load", "address add 192.0.2.1/24 dev lo", "address add 10.1.0.1/32 dev lo")
    for _ in range(15):
        daemon = Daemon(lab, "load")
        lab.xfrm("load", POLICY, STATE)
        flood = subprocess.Popen(lab.inside("load", ["ping", "-q", "-f", "-I", "10.1.0.1", "10.2.0.1"]),
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(0.1)
        begin = time.monotonic()
        status = daemon.end()
        flood.kill()
        flood.wait()
        require(status == 0 and time.monotonic() - begin < 3,
                f"status {status} after {time.monotonic() - begin:.1f} s: {daemon.last_words()}")
        require(rules(lab, "load") == RULES, "the policies' packets are let go")
        require("uxfrm" not in lab.run("load", ["ip", "link"]).stdout, "a device is left")
    daemon = Daemon(lab, "load")
    require(rules(lab, "load") == RULES, "another number of rules")
    lab.xfrm("load", "policy flush")
    require(daemon.end() == 0 and rules(lab, "load") == 0, "rules are left")
    require(not lab.run("load", ["ip", "route", "show", "table", "all", "proto", "201"]).stdout, "routes are left")


def successor_at_once(lab):
    """A daemon that starts while its predecessor is ending keeps its rules."""
    lab.add("next")
    old = Daemon(lab, "next")
    for _ in range(8):
        os.kill(old.process.pid, signal.SIGTERM)
        new = None
        while not new:
            try:
                new = Daemon(lab, "next")
            except CommandFailed:
                continue
        old.process.wait(5)
        require(rules(lab, "next") == RULES, f"{rules(lab, 'next')} rules")
        old = new
    require(old.end() == 0, "the last one")


def two_at_once(lab):
    """Eight starts leave one daemon; the others say why."""
    lab.add("many")
    many = [subprocess.Popen(lab.inside("many", [lab.program("uxfrmd"), "-f"]), stdin=subprocess.DEVNULL,
                             stderr=subprocess.PIPE) for _ in range(8)]
    require(until(lambda: sum(p.poll() is None for p in many) == 1, 10), "not just one is left")
    time.sleep(0.2)
    for p in many:
        if p.poll() is None:
            require(rules(lab, "many") == RULES, "the one that is left has no rules")
            p.terminate()
            require(p.wait(5) == 0, "its end")
        else:
            said = p.stderr.read()
            require(p.returncode == 1 and b"serves this network namespace already" in said, said.decode())
    require(rules(lab, "many") == 0, "rules are left")


def killed_at_any_moment(lab):
    """SIGKILL at various moments of a start: the next start clears up."""
    lab.add("kill")
    for i in range(25):
        p = subprocess.Popen(lab.inside("kill", [lab.program("uxfrmd"), "-f"]), stdin=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL)
        time.sleep(0.002 * i)
        for pid in pids(lab, "kill") or [p.pid]:
            os.kill(pid, signal.SIGKILL)
        p.wait()
    daemon = Daemon(lab, "kill")
    require(rules(lab, "kill") == RULES, f"{rules(lab, 'kill')} rules")
    require(daemon.end() == 0 and rules(lab, "kill") == 0, "the end")


def clients_start_one(lab):
    """Eight clients at once in a namespace without a daemon: one daemon serves them all."""
    lab.add("demand")
    clients = [on_demand(lab, "demand", STATE.replace("spi 0x1", f"spi 0x{i + 1:x}"), stderr=subprocess.PIPE)
               for i in range(8)]
    for c in clients:
        require(c.wait(20) == 0, c.stderr.read().decode())
        c.stderr.close()
    require(len(pids(lab, "demand")) == 1, f"daemons: {pids(lab, 'demand')}")
    status = json.loads(lab.run("demand", [lab.program("uxfrm"), "-j", "stats"]).stdout)
    require(status["counts"]["sa"] == 8, f"{status['counts']}")


def keeps_nothing_of_its_starter(lab):
    """Neither descriptors nor directory, terminal or zombie."""
    lab.add("clean")
    before = our_zombies()
    ours, theirs = os.pipe()
    client = on_demand(lab, "clean", STATE, stdout=theirs, stderr=theirs, pass_fds=(theirs,), cwd="/tmp")
    os.close(theirs)
    require(client.wait(10) == 0, "the client")
    os.set_blocking(ours, False)
    require(os.read(ours, 1000) == b"", "its pipe is held open")
    os.close(ours)
    (pid,) = pids(lab, "clean")
    _, parent, _, session, terminal = stat_of(pid).rsplit(")", 1)[1].split()[:5]
    require(int(parent) != os.getpid() and terminal == "0", f"parent {parent}, terminal {terminal}")
    require(session != str(os.getsid(0)), "the session of its starter")
    require(os.path.samefile(f"/proc/{pid}/cwd", "/"), "working directory")
    for fd in range(3):
        require(os.path.samefile(f"/proc/{pid}/fd/{fd}", "/dev/null"), f"descriptor {fd}")
    require(our_zombies() == before, f"zombies: {before} before, now {our_zombies()}")


def in_the_background(lab):
    """uxfrmd without -f, started by hand with descriptors open."""
    lab.add("back")
    ours, theirs = os.pipe()
    lab_argv = lab.inside("back", [lab.program("uxfrmd")])
    p = subprocess.Popen(lab_argv, stdin=theirs, stdout=theirs, stderr=theirs, pass_fds=(theirs,), cwd="/tmp")
    os.close(theirs)
    require(p.wait(10) == 0, "its start")
    os.set_blocking(ours, False)
    require(os.read(ours, 1000) == b"", "its pipe is held open")
    os.close(ours)
    require(len(pids(lab, "back")) == 1 and rules(lab, "back") == RULES, "it runs")


def ends_when_idle(lab):
    """On demand and without state it ends; with an SA it stays."""
    lab.add("idle")
    require(on_demand(lab, "idle", STATE, "--idle-s 1").wait(10) == 0, "the client")
    time.sleep(4)
    require(len(pids(lab, "idle")) == 1, "it ended in spite of an SA")
    require(on_demand(lab, "idle", "state flush").wait(10) == 0, "flush")
    require(until(lambda: not pids(lab, "idle"), 6, 0.1), "it did not end")
    require(rules(lab, "idle") == 0, "rules are left")


def ends_with_its_namespace(lab):
    """With SAs and policies, once nobody else is in it and its name is gone."""
    lab.add("gone")
    for words in (STATE, POLICY):
        require(on_demand(lab, "gone", words).wait(10) == 0, "the client")
    (pid,) = pids(lab, "gone")
    time.sleep(6)
    require(len(pids(lab, "gone")) == 1, "it ended while its namespace was there")
    subprocess.run(["ip", "netns", "del", lab.full_name("gone")], check=True)
    lab.names.remove(lab.full_name("gone"))
    require(until(lambda: not os.path.exists(f"/proc/{pid}"), 15, 0.1), "it outlived its namespace")


TESTS = (ends_under_load, successor_at_once, two_at_once, killed_at_any_moment, clients_start_one,
         keeps_nothing_of_its_starter, in_the_background, ends_when_idle, ends_with_its_namespace)


def run_all(lab, words):
    """(name, why it failed or None)"""
    for test in TESTS:
        name = test.__name__.replace("_", " ")
        if words and not any(word in name for word in words):
            continue
        why = None
        try:
            test(lab)
        except Exception as error:  # a broken test must not pass for the others
            why = f"{type(error).__name__}: {error}"
        yield name, why
