#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""`uxfrm link`: interfaces with an if_id, at both ends of two daemons in two namespaces. Prints TAP.

usage: links.py BUILD [WORD...]    only tests whose name contains one of the words
"""
import json
import os
import pathlib
import signal
import sys
import traceback

HERE = pathlib.Path(__file__).resolve().parent
sys.dont_write_bytecode = True
sys.path[:0] = [str(HERE.parent.parent / "tools"), str(HERE), str(HERE.parent / "tools")]

import schema  # noqa: E402
from cells import INNER, NETS, OTHER, algorithm_words, judge  # noqa: E402
from cells import Cell, flush  # noqa: E402
from lab.namespaces import CommandFailed, Lab, until  # noqa: E402
from lab.processes import Daemon  # noqa: E402

# Two underlays with the same addresses' families: w0 and w1.
OUTER = {"left": ("192.0.2.1", "198.51.100.1"), "right": ("192.0.2.2", "198.51.100.2")}
PLAIN = Cell("tunnel", 4, 4, "plain", "gcm128", "esn")
SIZES = (8, 1300, 3000)


def uxfrm(lab, end, *words, check=True):
    return lab.run(end, [lab.program("uxfrm"), *words], check=check)


def link_list(lab, end):
    links = json.loads(uxfrm(lab, end, "-j", "link").stdout)
    wrong = schema.complaints(links, "link_list")
    if wrong:
        raise CommandFailed(f"not as the schema says: {wrong}")
    return {one["name"]: (one["if_id"], one.get("dev")) for one in links}


def spi(sender, if_id):
    return (0x1000 if sender == "left" else 0x2000) + if_id


def states(if_id, underlay=0, algorithm=None):
    """Both directions."""
    algorithm = algorithm or algorithm_words("gcm128")
    return [f"state add src {OUTER[sender][underlay]} dst {OUTER[OTHER[sender]][underlay]} proto esp spi {spi(sender, if_id):#x} "
            f"reqid {if_id or 1} mode tunnel flag af-unspec replay-window 64 {f'if_id {if_id}' if if_id else ''} {algorithm}"
            for sender in ("left", "right")]


def policies(end, if_id, underlay=0, reqid=None, selector="", dirs=("out", "in")):
    here, there = OUTER[end][underlay], OUTER[OTHER[end]][underlay]
    found = []
    for version in ("", "-6 "):
        if selector and version:
            continue
        for where in dirs:
            ends = (here, there) if where == "out" else (there, here)
            family = "" if selector else ("src ::/0 dst ::/0 " if version else "src 0.0.0.0/0 dst 0.0.0.0/0 ")
            found.append(f"policy add {selector or family}dir {where} {f'if_id {if_id}' if if_id else ''} tmpl src {ends[0]} dst {ends[1]} "
                         f"proto esp reqid {reqid or if_id or 1} mode tunnel")
    return found


def add_link(lab, end, name, if_id, *more):
    uxfrm(lab, end, "link", "add", name, "if_id", str(if_id), *more)
    for family in (4, 6):
        lab.ip(end, f"route replace {NETS[OTHER[end]][family]} dev {name} src {INNER[end][family]}")


def install(lab, if_id=5, **options):
    both = states(if_id, **options)
    for end in ("left", "right"):
        lab.xfrm(end, *both, *policies(end, if_id, **options))
        add_link(lab, end, f"ipsec{if_id}", if_id)


def learn_mtu(lab, end, size):
    """Both ends are told what passes; the first large packets of IPv6 are lost for that."""
    lab.run(end, ["ping", "-q", "-c", "4", "-i", "0.02", "-W", "1", "-s", str(size), "-I", INNER[end][6], INNER[OTHER[end]][6]], check=False)


def ping(lab, end="left", sizes=SIZES, check=True):
    for family in (4, 6):
        for size in sizes:
            if check and family == 6 and size > 1300:
                learn_mtu(lab, end, size)
            done = lab.run(end, ["ping", "-q", "-c", "2", "-i", "0.02", "-W", "1", "-s", str(size), "-I", INNER[end][family],
                                 INNER[OTHER[end]][family]], check=check)
            if not check and done.returncode == 0:
                raise CommandFailed("answered, but nothing should have got through")


def no_ping(lab, end="left"):
    ping(lab, end, (56,), check=False)


def expect_drop(lab, daemon, reason, end="left"):
    """Pings that are not answered raise this counter alone: those of the other stay as they are."""
    before = daemon.stats()["drops"]
    no_ping(lab, end)
    after = daemon.stats()["drops"]
    raised = {name for name in after if after[name] > before.get(name, 0)}
    if raised != {reason} or after[reason] < before.get(reason, 0) + 4:
        raise CommandFailed(f"{reason} did not count alone: {before} before, now {after}")


def used(lab, end):
    """{SPI: packets} of the SAs that were used"""
    return {int(o["spi"], 16): o["current"]["packets"] for o in json.loads(uxfrm(lab, end, "-j", "state").stdout) if o["current"]["packets"]}


def counter(lab, end, device, name):
    return int(lab.run(end, ["cat", f"/sys/class/net/{device}/statistics/{name}"]).stdout)


def received(lab, end, device):
    return counter(lab, end, device, "rx_packets")


def traffic_both_ways(lab, daemons):
    """Every size, both families and ends; nothing in clear on the wire; packets come in by the link."""
    install(lab)
    witness = judge(lab, PLAIN)
    ping(lab)
    ping(lab, "right")
    wire = witness.close_and_read_json()
    if wire["cleartext_packets"] or wire["repeated_ivs"] or not wire["esp"]:
        raise CommandFailed(f"on the wire: {wire}")
    if received(lab, "right", "ipsec5") < 24:
        raise CommandFailed("they did not come in by the link")


def large_policy_table_is_not_ours(lab, daemons):
    """Policies of a link make no routes into the common device: what is not sent to the link is not protected."""
    lab.xfrm("left", *states(5), *policies("left", 5))
    routes = lab.run("left", ["ip", "route", "show", "table", "5210"], check=False).stdout
    if routes.strip():
        raise CommandFailed(routes)
    lab.run("left", ["ping", "-q", "-c", "1", "-W", "1", "192.0.2.2"])


def two_links_one_selector(lab, daemons):
    """The same selectors, told apart by if_id alone: each packet goes by the SA of the link it was sent to."""
    both = states(5) + states(6)
    for end in ("left", "right"):
        lab.xfrm(end, *both, *policies(end, 5), *policies(end, 6))
        add_link(lab, end, "ipsec5", 5)
        add_link(lab, end, "ipsec6", 6)  # the routes are now through it
    ping(lab)
    if set(used(lab, "left")) != {spi("left", 6), spi("right", 6)}:
        raise CommandFailed(f"used: {used(lab, 'left')}")
    for end in ("left", "right"):
        for family in (4, 6):
            lab.ip(end, f"route replace {NETS[OTHER[end]][family]} dev ipsec5 src {INNER[end][family]}")
    ping(lab)
    if set(used(lab, "left")) != {spi(end, if_id) for end in ("left", "right") for if_id in (5, 6)}:
        raise CommandFailed(f"used: {used(lab, 'left')}")


def senders_are_told(lab, daemons):
    """Unreachable, at once and in both families, as by Linux: no policy, no SA, blocked."""
    add_link(lab, "left", "ipsec5", 5)

    def said(family):
        done = lab.run("left", ["ping", "-n", "-c", "1", "-W", "5", "-I", INNER["left"][family], INNER["right"][family]], check=False)
        return done.stdout

    for policy in ([], policies("left", 5, dirs=("out",)), ["policy flush", "policy add src 0.0.0.0/0 dst 0.0.0.0/0 dir out if_id 5 action block",
                                                           "policy add src ::/0 dst ::/0 dir out if_id 5 action block"]):
        if policy:
            lab.xfrm("left", *policy)
        for family, text in ((4, "Destination Host Unreachable"), (6, "Destination unreachable: Address unreachable")):
            if text not in said(family):
                raise CommandFailed(f"{policy}: {said(family)}")


def nothing_in_clear(lab, daemons):
    """Without a policy, with one that lets pass, or one of no interface: dropped, with its own counter."""
    add_link(lab, "left", "ipsec5", 5)
    expect_drop(lab, daemons["left"], "out_no_policy")
    lab.xfrm("left", "policy add src 0.0.0.0/0 dst 0.0.0.0/0 dir out if_id 5", "policy add src ::/0 dst ::/0 dir out if_id 5")
    expect_drop(lab, daemons["left"], "out_no_policy")
    lab.xfrm("left", "policy flush", *policies("left", 6))
    expect_drop(lab, daemons["left"], "out_no_policy")


def missing_sa(lab, daemons):
    lab.xfrm("left", *policies("left", 5))
    add_link(lab, "left", "ipsec5", 5)
    expect_drop(lab, daemons["left"], "out_no_sa")
    lab.xfrm("left", *states(6))  # of another link
    expect_drop(lab, daemons["left"], "out_no_sa")


def receiver_without_link(lab, daemons):
    """Its policies are those of no interface then: none, or one that lets the packets in by the common device."""
    install(lab)
    uxfrm(lab, "right", "link", "delete", "ipsec5")
    expect_drop(lab, daemons["right"], "in_no_policy")
    lab.xfrm("right", *policies("right", 0, reqid=5, dirs=("in",)))
    tun = daemons["right"].stats()["tun"]
    before = received(lab, "right", tun)
    no_ping(lab)  # they come in; the answers have no way
    if received(lab, "right", tun) < before + 4:
        raise CommandFailed("they did not come in by the common device")


def receiver_link_down(lab, daemons):
    """A link that is down is none; up again it is one."""
    install(lab)
    lab.ip("right", "link set ipsec5 down")
    if not until(lambda: lab.run("left", ["ping", "-q", "-c", "1", "-W", "1", "-I", INNER["left"][4], INNER["right"][4]], check=False) and
                 daemons["right"].stats()["drops"].get("in_no_policy", 0), 5):
        raise CommandFailed("no packet met the policies of no interface")
    expect_drop(lab, daemons["right"], "in_no_policy")
    lab.ip("right", "link set ipsec5 up", *(f"route replace {NETS['left'][f]} dev ipsec5 src {INNER['right'][f]}" for f in (4, 6)))
    uxfrm(lab, "right", "link")  # which looks
    ping(lab)


def receiver_policy_of_none(lab, daemons):
    """With the link there, a policy of no interface does not let its packets in."""
    install(lab)
    lab.xfrm("right", "policy flush", *policies("right", 0, reqid=5, dirs=("in",)))
    expect_drop(lab, daemons["right"], "in_no_policy")


def routed_back(lab, daemons):
    """The way to the peer leads through the link: an SA's packet would meet itself for ever."""
    install(lab)
    lab.ip("left", "route add 192.0.2.2/32 dev ipsec5")
    try:
        expect_drop(lab, daemons["left"], "out_loop")
    finally:
        lab.ip("left", "route delete 192.0.2.2/32 dev ipsec5")
    ping(lab, sizes=(56,))


def underlying_device(lab, daemons):
    """The SA's packets leave by the device that was named, whatever the routes say."""
    install(lab)

    def sent():
        """by each device while pings are answered"""
        before = [counter(lab, "left", device, "tx_packets") for device in ("w0", "w1")]
        ping(lab)
        return [counter(lab, "left", device, "tx_packets") - n for device, n in zip(("w0", "w1"), before)]

    lab.ip("left", "route add 192.0.2.2/32 dev w1 src 192.0.2.1")
    try:
        free = sent()
        uxfrm(lab, "left", "link", "delete", "ipsec5")
        add_link(lab, "left", "ipsec5", 5, "dev", "w0")
        if link_list(lab, "left") != {"ipsec5": (5, "w0")}:
            raise CommandFailed(link_list(lab, "left"))
        bound = sent()
    finally:
        lab.ip("left", "route delete 192.0.2.2/32 dev w1")
    if free[1] < 12 or bound[0] < 12 or free[0] > 4 or bound[1] > 4:  # there may be ARP
        raise CommandFailed(f"by w0 and w1: {free}, then {bound}")


def sa_moves(lab, daemons):
    """An SA keeps its if_id when it moves, and the packets their way."""
    install(lab)
    ping(lab, sizes=(56,))
    for sender in ("left", "right"):
        for end in (OTHER[sender], sender):
            uxfrm(lab, end, "state", "migrate", "dst", OUTER[OTHER[sender]][0], "proto", "esp", "spi", hex(spi(sender, 5)),
                  "new-dst", OUTER[OTHER[sender]][1], "new-src", OUTER[sender][1], "new-reqid", "5")
    ping(lab)
    text = uxfrm(lab, "left", "state").stdout
    if "if_id 0x5" not in text or "dst 198.51.100.2" not in text:
        raise CommandFailed(text)


def removed_by_somebody(lab, daemons):
    """`ip link delete` removes a link too, and another can take its place; one that was renamed goes by its new name."""
    install(lab)
    lab.ip("left", "link delete ipsec5")
    if not until(lambda: not link_list(lab, "left"), 5):
        raise CommandFailed(link_list(lab, "left"))
    add_link(lab, "left", "again5", 5)
    ping(lab)
    lab.ip("left", "link set again5 down", "link set again5 name other5", "link set other5 up",
           *(f"route replace {NETS['right'][family]} dev other5 src {INNER['left'][family]}" for family in (4, 6)))
    if link_list(lab, "left") != {"other5": (5, None)}:
        raise CommandFailed(link_list(lab, "left"))
    ping(lab)
    if uxfrm(lab, "left", "link", "delete", "again5", check=False).returncode != 2:
        raise CommandFailed("the name before is still one")
    uxfrm(lab, "left", "link", "delete", "other5")


def many(lab, daemons):
    """A hundred come, are listed in their order, and go."""
    names = {f"many{i}": (0xffffffff - i, None) for i in range(100)}
    for name, (if_id, _) in names.items():
        uxfrm(lab, "left", "link", "add", name, "if_id", str(if_id))
    if link_list(lab, "left") != names or list(link_list(lab, "left")) != list(names):
        raise CommandFailed(link_list(lab, "left"))
    text = uxfrm(lab, "left", "link", "list").stdout.splitlines()
    if len(text) != 100 or text[0] != "many0 if_id 0xffffffff":
        raise CommandFailed(text[:3])
    for name in names:
        uxfrm(lab, "left", "link", "del", name)


# words | exit status | complaint
REFUSALS = [
    ("add ipsec5 if_id 7", 2, "Error: an interface has this name.\n"),
    ("add other if_id 5", 2, "Error: another link has this if_id.\n"),
    ("add w0 if_id 7", 2, "Error: an interface has this name.\n"),
    ("add a/b if_id 7", 2, "Error: not a name for an interface.\n"),
    ("add x%d if_id 7", 2, "Error: not a name for an interface.\n"),
    ("add other if_id 7 dev nonexistent", 2, "Error: there is no such underlying device.\n"),
    ("delete nonexistent", 2, "Error: no link has this name.\n"),
    ("delete w0", 2, "Error: no link has this name.\n"),
    ("add other if_id 0", 255, 'Error: argument "0" is wrong: IF_ID value is invalid\n'),
    ("add other if_id x", 255, 'Error: argument "x" is wrong: IF_ID value is invalid\n'),
    ("add other if_id 7 if_id 8", 255, 'Error: duplicate "if_id": "if_id" is the second value.\n'),
    ("add name-of-16-chars if_id 7", 255, 'Error: argument "name-of-16-chars" is wrong: not a name for an interface\n'),
    ("add other", 1, "Not enough information: if_id is required\n"),
    ("add", 255, 'Command line is not complete. Try option "help"\n'),
    ("bogus", 255, 'Command "bogus" is unknown, try "uxfrm link help".\n'),
]


def refusals(lab, daemons):
    """Each in words, and nothing has changed."""
    add_link(lab, "left", "ipsec5", 5)
    before = link_list(lab, "left")
    for words, status, complaint in REFUSALS:
        done = uxfrm(lab, "left", "link", *words.split(), check=False)
        if (done.returncode, done.stderr) != (status, complaint):
            raise CommandFailed(f"{words}: {done.returncode} {done.stderr}")
    nobody = ["setpriv", "--reuid", "65534", "--clear-groups", lab.program("uxfrm"), "link", "list"]
    done = lab.run("left", nobody, check=False)
    if (done.returncode, done.stderr) != (2, "Error: CAP_NET_ADMIN is needed.\n"):
        raise CommandFailed(f"without the right: {done.returncode} {done.stderr}")
    if link_list(lab, "left") != before:
        raise CommandFailed(link_list(lab, "left"))


def outlive_the_daemon(lab, daemons):
    """They stay with what they have, shut off, and the next daemon goes on with them; also where it is told to make them."""
    install(lab)
    uxfrm(lab, "left", "link", "add", "under6", "if_id", "0x6", "dev", "w0")
    uxfrm(lab, "left", "link", "add", "down7", "if_id", "7")
    lab.ip("left", "link set down7 down")
    links = {"ipsec5": (5, None), "under6": (6, "w0"), "down7": (7, None)}
    algorithm = algorithm_words("gcm128")
    for kill in (False, True):
        before = lab.run("left", ["ip", "route"]).stdout.replace(" linkdown", "")
        if kill:
            os.kill(daemons["left"].process.pid, signal.SIGKILL)
        daemons["left"].end()
        if lab.run("left", ["ip", "route"]).stdout.replace(" linkdown", "") != before:
            raise CommandFailed("the routes are not what they were")
        no_ping(lab)
        daemons["left"] = Daemon(lab, "left")
        if link_list(lab, "left") != links:
            raise CommandFailed(link_list(lab, "left"))
        for end in ("left", "right"):
            lab.xfrm(end, "state flush", *states(5, algorithm=algorithm))
        lab.xfrm("left", "policy flush", *policies("left", 5))
        ping(lab, sizes=(56,))
        uxfrm(lab, "left", "link", "add", "ipsec5", "if_id", "5")
        ping(lab, sizes=(56,))
        for words, complaint in (("ipsec5 if_id 5", "another link has this if_id"), ("under6 if_id 8", "an interface has this name"),
                                 ("under6 if_id 6", "another link has this if_id")):
            done = uxfrm(lab, "left", "link", "add", *words.split(), check=False)
            if (done.returncode, done.stderr) != (2, f"Error: {complaint}.\n"):
                raise CommandFailed(f"{words}: {done.returncode} {done.stderr}")
    if "UP" in lab.run("left", ["ip", "-brief", "link", "show", "down7"]).stdout:
        raise CommandFailed("one that was down is up")
    for name in links:
        uxfrm(lab, "left", "link", "delete", name)
        if lab.run("left", ["ip", "link", "show", name], check=False).returncode == 0:
            raise CommandFailed(f"{name} is still there")


def go_with_the_daemon(lab, daemons):
    """No device is left behind where that is configured; a daemon without ports has no links."""
    add_link(lab, "left", "stays5", 5)
    daemons["left"].end()
    config = os.path.join(lab.logs, "open.conf")
    with open(config, "w", encoding="utf-8") as out:
        out.write("[ports]\nfail_closed = no\n")
    for kill in (False, True):
        daemons["left"] = Daemon(lab, "left", ["-c", config])
        if not kill and link_list(lab, "left") != {"stays5": (5, None)}:
            raise CommandFailed(link_list(lab, "left"))
        uxfrm(lab, "left", "link", "add", "goes6", "if_id", "6")
        if kill:
            os.kill(daemons["left"].process.pid, signal.SIGKILL)
        daemons["left"].end()
        devices = lab.run("left", ["ip", "-brief", "link"]).stdout
        if "stays5" in devices or "goes6" in devices:
            raise CommandFailed(f"still there: {devices}")
    daemons["left"] = Daemon(lab, "left", ["--no-ports"])
    done = uxfrm(lab, "left", "link", "add", "ipsec5", "if_id", "5", check=False)
    if (done.returncode, done.stderr) != (2, "Error: this uxfrmd carries no packets.\n"):
        raise CommandFailed(f"{done.returncode} {done.stderr}")
    daemons["left"].end()
    daemons["left"] = Daemon(lab, "left")
    if link_list(lab, "left"):
        raise CommandFailed(link_list(lab, "left"))


TESTS = (traffic_both_ways, large_policy_table_is_not_ours, two_links_one_selector, senders_are_told, nothing_in_clear, missing_sa,
         receiver_without_link, receiver_link_down, receiver_policy_of_none, routed_back, underlying_device, sa_moves, removed_by_somebody, many,
         refusals, outlive_the_daemon, go_with_the_daemon)


def set_up(lab):
    for end in ("left", "right"):
        lab.add(end)
    for number, device in enumerate(("w0", "w1")):
        lab.link("left", device, "right", device)
        for end in ("left", "right"):
            lab.ip(end, f"address add {OUTER[end][number]}/24 dev {device}")
    for end in ("left", "right"):
        lab.ip(end, f"address add {INNER[end][4]}/32 dev lo", f"address add {INNER[end][6]}/128 dev lo")
    return {end: Daemon(lab, end) for end in ("left", "right")}


def clear(lab):
    flush(lab)
    for end in ("left", "right"):
        for name in link_list(lab, end):
            uxfrm(lab, end, "link", "delete", name)


def attempt(lab, daemons, test):
    """None, or why it failed."""
    try:
        clear(lab)
        test(lab, daemons)
        for end, daemon in daemons.items():
            if not daemon.alive():
                return f"uxfrmd of {end} ended:\n{daemon.last_words()}"
    except CommandFailed as error:
        return str(error) + "".join(f"\n{end}: {daemon.stats() if daemon.alive() else 'dead'}" for end, daemon in daemons.items())
    except Exception:  # a broken test must not pass for the others
        return traceback.format_exc()
    return None


def main(build, words):
    failed = number = 0
    with Lab("uxlink", build, pathlib.Path(build) / "logs" / "links") as lab:
        daemons = set_up(lab)
        for test in TESTS:
            name = test.__name__.replace("_", " ")
            if words and not any(word in name for word in words):
                continue
            number += 1
            why = attempt(lab, daemons, test)
            failed += why is not None
            print(f"{'not ok' if why else 'ok'} {number} - {name}", flush=True)
            for line in (why or "").splitlines():
                print(f"#   {line}")
        number += 1
        statuses = {end: daemon.end() for end, daemon in daemons.items()}
        failed += any(statuses.values())
        print(f"{'not ok' if any(statuses.values()) else 'ok'} {number} - the daemons end well {statuses}")
    print(f"1..{number}")
    return 1 if failed or number < 2 else 0


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    if os.geteuid():
        sys.exit(print("1..0 # SKIP needs root"))
    sys.exit(main(sys.argv[1], sys.argv[2:]))
