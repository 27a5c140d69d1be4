# SPDX-License-Identifier: BSD-2-Clause
"""What is no line of the matrix: packets that must not get through, and the daemon's comings and goings."""
import os
import signal

from cells import INNER, NETS, Cell, algorithm_words, flush, ping
from lab.namespaces import CommandFailed, run, until
from lab.processes import Daemon

PLAIN = Cell("tunnel", 4, 4, "plain", "gcm128", "esn")


def must_not_answer(lab, source, destination):
    done = lab.run("left", ["ping", "-q", "-c", "3", "-i", "0.02", "-W", "1", "-I", source, destination],
                   check=False)
    if done.returncode == 0:
        raise CommandFailed(f"{destination} answered, but nothing should have got through")


def expect_drop(lab, daemon, reason, source=INNER["left"][4], destination=INNER["right"][4]):
    """A ping that is not answered and raises exactly this counter."""
    before = daemon.stats()["drops"]
    must_not_answer(lab, source, destination)
    after = daemon.stats()["drops"]
    if after.get(reason, 0) < before.get(reason, 0) + 3:
        raise CommandFailed(f"{reason} did not count: {before} before, now {after}")


def clear_without_policy(lab, daemons):
    """Without policies traffic of the hosts goes in clear."""
    for destination in ("192.0.2.2", "2001:db8::2"):
        lab.run("left", ["ping", "-q", "-c", "1", "-W", "2", destination])


def clear_by_policy(lab, daemons):
    """An allow policy without templates lets traffic go in clear, beside a protecting one."""
    lab.xfrm("left", f"policy add src {NETS['left'][4]} dst {NETS['right'][4]} dir out action block",
             "policy add src 0.0.0.0/0 dst 192.0.2.2/32 dir out action allow priority 1")
    lab.run("left", ["ping", "-q", "-c", "1", "-W", "2", "192.0.2.2"])
    must_not_answer(lab, INNER["left"][4], INNER["right"][4])


def clear_too_big(lab, daemons):
    """What goes in clear and is too big for the link: its sender is told once, and one packet counts as dropped; or it is cut.
    With tc the kernel tells it before we see it."""
    wanted = {} if "tc" in lab.daemon_arguments else {"out_too_big": 1}
    lab.xfrm("left", "policy add src 0.0.0.0/0 dst 192.0.2.0/24 dir out action block priority 2",
             "policy add src 0.0.0.0/0 dst 192.0.2.2/32 dir out action allow priority 1")
    for end in ("left", "right"):
        lab.run(end, ["ip", "link", "set", "w0", "mtu", "1300"])
    try:
        before = daemons["left"].stats()["drops"]
        done = lab.run("left", ["ping", "-c", "3", "-i", "0.1", "-W", "1", "-M", "do", "-s", "1340", "192.0.2.2"], check=False)
        drops = {k: n - before.get(k, 0) for k, n in daemons["left"].stats()["drops"].items() if n != before.get(k, 0)}
        if done.returncode == 0 or drops != wanted:
            raise CommandFailed(f"ping {done.returncode}, dropped {drops}: {done.stdout}{done.stderr}")
        lab.run("left", ["ping", "-q", "-c", "2", "-i", "0.1", "-W", "2", "-M", "dont", "-s", "1340", "192.0.2.2"])
    finally:
        for end in ("left", "right"):
            lab.run(end, ["ip", "link", "set", "w0", "mtu", "1500"])
        lab.run("left", ["ip", "route", "flush", "cache"])


def block_policy(lab, daemons):
    PLAIN.install(lab)
    ping(lab, PLAIN, sizes=(56,))
    lab.xfrm("left", f"policy update src {NETS['left'][4]} dst {NETS['right'][4]} dir out action block")
    expect_drop(lab, daemons["left"], "out_block")


def missing_sa(lab, daemons):
    lab.xfrm("left", *PLAIN.policies("left"))
    expect_drop(lab, daemons["left"], "out_no_sa")


def no_sa_at_receiver(lab, daemons):
    PLAIN.install(lab)
    lab.xfrm("right", "state flush")
    expect_drop(lab, daemons["right"], "in_no_sa")


def no_policy_at_receiver(lab, daemons):
    PLAIN.install(lab)
    lab.xfrm("right", "policy flush")
    expect_drop(lab, daemons["right"], "in_no_policy")


def wrong_key(lab, daemons):
    PLAIN.install(lab)
    lab.xfrm("right", "state delete dst 192.0.2.2 proto esp spi 0x1001",
             PLAIN.state("left", algorithm_words("gcm128")))
    expect_drop(lab, daemons["right"], "in_icv")


def encapsulation_differs(lab, daemons):
    """An SA for plain ESP does not take ESP in UDP."""
    PLAIN.install(lab)
    algorithm = algorithm_words("gcm128")
    in_udp = Cell("tunnel", 4, 4, "udp", "gcm128", "esn")
    for end, cell in (("left", in_udp), ("right", PLAIN)):
        lab.xfrm(end, "state delete dst 192.0.2.2 proto esp spi 0x1001", cell.state("left", algorithm))
    # The port is open at the receiver: another SA of its uses UDP.
    lab.xfrm("right", "state add src 192.0.2.1 dst 192.0.2.2 proto esp spi 0x9 mode tunnel encap espinudp"
             " 4500 4500 0.0.0.0 " + algorithm_words("gcm128"))
    expect_drop(lab, daemons["right"], "in_encap")


def dies_and_leaves_nothing(lab, daemons):
    """Device, rules and routes go with the daemon when its policies are gone; a new one starts in the same
    namespace."""
    PLAIN.install(lab)

    def setting():
        return [lab.run("left", words).stdout for words in
                (["ip", "rule"], ["ip", "-6", "rule"], ["ip", "-brief", "link", "show", "type", "tun"])]

    with_daemon = setting()
    lab.xfrm("left", "policy flush")
    status = daemons["left"].end()
    if status:
        raise CommandFailed(f"the daemon ended with {status}:\n{daemons['left'].last_words()}")
    without = setting()
    if with_daemon == without or without[2]:
        raise CommandFailed(f"left behind: {without}")
    daemons["left"] = Daemon(lab, "left")
    if setting() != with_daemon:
        raise CommandFailed(f"set up before: {with_daemon}, by the second daemon: {setting()}")


def killed_and_started_again(lab, daemons):
    """What a killed daemon left behind does not stop the next one."""
    os.kill(daemons["left"].process.pid, signal.SIGKILL)
    daemons["left"].end()
    daemons["left"] = Daemon(lab, "left")
    flush(lab)
    PLAIN.install(lab)
    ping(lab, PLAIN, sizes=(56,))


def stays_shut_off(lab, daemons):
    """What a daemon's policies covered is refused until they are back or flushed, also when it is the third one."""
    here, there = INNER["left"][4], INNER["right"][4]

    def start():
        daemons["left"] = Daemon(lab, "left")

    def end(kill):
        if kill:
            os.kill(daemons["left"].process.pid, signal.SIGKILL)
        daemons["left"].end()
        must_not_answer(lab, here, there)

    for kill in (True, False):
        flush(lab)
        PLAIN.install(lab)
        end(kill)
        start()
        must_not_answer(lab, here, there)
        end(not kill)  # without a policy
        start()
        must_not_answer(lab, here, there)
        flush(lab)
        lab.run("left", ["ping", "-q", "-c", "1", "-W", "2", "-I", here, there])  # in clear
    PLAIN.install(lab)
    end(True)
    start()
    lab.xfrm("left", *PLAIN.policies("left"))
    lab.xfrm("left", *[f"policy delete src {NETS[a][4]} dst {NETS[b][4]} dir {way}" for a, b, way in
                       (("left", "right", "out"), ("right", "left", "in"))])
    lab.xfrm("right", "policy flush")
    lab.run("left", ["ping", "-q", "-c", "1", "-W", "2", "-I", here, there])


def started_on_demand(lab, daemons):
    """`uxfrm run` in a namespace without a daemon starts one, and later clients meet the same."""
    lab.add("lone")
    lab.xfrm("lone", PLAIN.state("left", algorithm_words("gcm128")))
    if "0x00001001" not in lab.xfrm_show("lone", "state", "list"):
        raise CommandFailed("the second client does not see what the first one added")
    name = lab.full_name("lone")
    shown = run([lab.program("uxfrm"), "run", "--", "ip", "-n", name, "xfrm", "state", "list"]).stdout
    if "0x00001001" not in shown:
        raise CommandFailed(f"ip -n does not reach the daemon of its namespace: {shown}")
    pids = run(["ip", "netns", "pids", name]).stdout.split()
    if len(pids) != 1:
        raise CommandFailed(f"one daemon was expected, there are {pids}")
    os.kill(int(pids[0]), signal.SIGTERM)
    if not until(lambda: not run(["ip", "netns", "pids", name]).stdout.split(), 5):
        raise CommandFailed("the daemon does not end on SIGTERM")


TESTS = (clear_without_policy, clear_by_policy, clear_too_big, block_policy, missing_sa, no_sa_at_receiver,
         no_policy_at_receiver, wrong_key, encapsulation_differs, dies_and_leaves_nothing,
         killed_and_started_again, stays_shut_off, started_on_demand)
