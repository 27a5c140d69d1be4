#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""command_cases.py UXFRM: every form of `uxfrm state migrate`, `uxfrm migrate`, the events of `uxfrm monitor`, exit status, and -j. Prints TAP.

Runs in a network namespace whose databases it may change."""
import json
import pathlib
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tools"))
import schema  # noqa: E402

UXFRM = sys.argv[1]
KEY = "0x4142434445464748494a4b4c4d4e4f5051525354"
tests = failed = 0


def check(what, good, seen=""):
    global tests, failed
    tests += 1
    failed += not good
    print(f"{'' if good else 'not '}ok {tests} - {what}")
    if not good:
        print("".join(f"# {line}\n" for line in str(seen).splitlines()), end="")


def uxfrm(words, *options):
    p = subprocess.run([UXFRM, *options, *words.split()], capture_output=True, text=True)
    return p.returncode, p.stdout, p.stderr


def as_value(words, name):
    """What the command prints with -j; checked against the schema's definition @name."""
    value = json.loads(uxfrm(words, "-j")[1])
    wrong = schema.complaints(value, name)
    check(f"-j {words}: as the schema says", not wrong, "\n".join(wrong))
    return value


class Monitor:
    """A running `uxfrm monitor`; end() gives all it printed."""

    def __init__(self, *options):
        self.file = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen([UXFRM, *options, "monitor"], stdout=self.file)

    def lines(self):
        """how many there are by now"""
        self.file.seek(0)
        return len(self.file.read().splitlines())

    def end(self):
        self.process.terminate()
        self.process.wait()
        self.file.seek(0)
        return self.file.read()


def sa(more="mode tunnel"):
    return f"src 10.0.0.1 dst 10.0.0.2 proto esp spi 0x1000 reqid 1 aead rfc4106(gcm(aes)) {KEY} 128 {more}"


TO = "new-dst 10.0.0.3 new-src 10.0.0.4 new-reqid 2"
ID = "dst 10.0.0.2 proto esp spi 0x1000"
UDP = "encap espinudp 4500 4501 0.0.0.0"
UDP_LINE = "encap type espinudp sport 4500 dport 4501 addr 0.0.0.0"

# what the SA was installed with | words behind "state migrate" | lines of `state list` afterwards (a "-" before one:
# must not be there) | lines of the event behind its first two
MOVES = [
    ("mode tunnel", f"{ID} {TO}", ["src 10.0.0.4 dst 10.0.0.3", "proto esp spi 0x00001000 reqid 2 mode tunnel"], []),
    ("mode tunnel", f"new-reqid 2 new-src 10.0.0.4 spi 0x1000 new-dst 10.0.0.3 proto esp dst 10.0.0.2",
     ["src 10.0.0.4 dst 10.0.0.3"], []),
    ("mode tunnel", f"{ID} {TO} {UDP}", [UDP_LINE], ["encap espinudp sport 4500 dport 4501"]),
    ("mode tunnel", f"{ID} {TO} encap espinudp 1 2 192.0.2.9", ["encap type espinudp sport 1 dport 2 addr 192.0.2.9"],
     ["encap espinudp sport 1 dport 2 addr 192.0.2.9"]),
    (f"mode tunnel {UDP}", f"{ID} {TO}", [UDP_LINE], ["encap espinudp sport 4500 dport 4501"]),
    (f"mode tunnel {UDP}", f"{ID} {TO} encap none", ["-" + UDP_LINE], ["encap none"]),
    ("mode tunnel", f"{ID} {TO} new-mark 5 mask 0xff", ["mark 0x5/0xff"], ["new-mark 0x5/0xff"]),
    ("mode tunnel", f"{ID} {TO} new-mark 5", ["mark 0x5/0xffffffff"], ["new-mark 0x5/0xffffffff"]),
    ("mode tunnel mark 7 mask 0xff", f"{ID} mark 7 mask 0xff {TO}", ["mark 0x7/0xff"], []),
    ("mode tunnel mark 7", f"{ID} mark 7 {TO} new-mark 8 mask 15", ["mark 0x8/0xf"], ["new-mark 0x8/0xf"]),
    ("mode tunnel", f"{ID} {TO} set-mark 9", ["output-mark 0x9/0xffffffff"], ["set-mark 0x9/0xffffffff"]),
    ("mode tunnel", f"{ID} {TO} set-mark 9 mask 0xf", ["output-mark 0x9/0xf"], ["set-mark 0x9/0xf"]),
    ("mode tunnel", f"{ID} {TO} offload none", ["-crypto offload parameters: dev lo dir out"], ["no-offload"]),
    ("mode tunnel", f"{ID} {TO} offload dev lo dir out", ["crypto offload parameters: dev lo dir out"],
     ["offload dev lo dir out"]),
    ("mode tunnel offload dev lo dir out", f"{ID} {TO}", ["crypto offload parameters: dev lo dir out"],
     ["offload dev lo dir out"]),
    ("mode tunnel offload dev lo dir out", f"{ID} {TO} offload none",
     ["-crypto offload parameters: dev lo dir out"], ["no-offload"]),
    (f"mode tunnel dir in {UDP}", f"{ID} {TO} mtimer-thresh 20", [UDP_LINE],
     ["encap espinudp sport 4500 dport 4501", "mtimer-thresh 20"]),
    (f"mode tunnel dir out {UDP}", f"{ID} {TO} nat-keepalive 30", [UDP_LINE],
     ["encap espinudp sport 4500 dport 4501", "nat-keepalive 30"]),
    ("mode tunnel", f"{ID} new-dst fd00::3 new-src fd00::4 new-reqid 2", ["src fd00::4 dst fd00::3"], []),
    ("mode tunnel", f"{ID} {TO} new-sel src 10.0.0.0/8 dst 10.1.0.0/16 proto udp",
     ["sel src 10.0.0.0/8 dst 10.1.0.0/16 proto udp"], []),
    ("mode transport sel src 10.0.0.1/32 dst 10.0.0.2/32", f"{ID} {TO} update-h2h-sel",
     ["sel src 10.0.0.4/32 dst 10.0.0.3/32"], []),
    ("mode transport sel src 10.0.0.1/32 dst 10.0.0.2/32 proto udp",
     f"{ID} new-dst fd00::3 new-src fd00::4 new-reqid 2 update-h2h-sel",
     ["sel src fd00::4/128 dst fd00::3/128 proto udp"], []),
]

# what is said of a request that is refused (2), incomplete (1) or not understood (255)
REFUSALS = [
    (f"{ID} mark 1 {TO}", 2, "Error: Can not find state."),
    (f"dst 10.0.0.9 proto esp spi 0x1000 {TO}", 2, "Error: Can not find state."),
    (f"{ID} {TO} update-h2h-sel", 2, "Error: SA selector is not a single-host match for SA addresses."),
    (f"{ID} {TO} nat-keepalive 20 {UDP}", 2, "Error: NAT keepalive is only supported for outbound SAs."),
    (f"{ID} {TO} offload packet dev lo dir out", 2, None),
    (f"proto esp spi 0x1000 {TO}", 1, "Not enough information: dst is required"),
    (f"dst 10.0.0.2 proto esp {TO}", 1, "Not enough information: spi is required"),
    (f"{ID} new-dst 10.0.0.3 new-reqid 2", 1, "Not enough information: new-dst and new-src are required"),
    (f"{ID} new-dst 10.0.0.3 new-src 10.0.0.4", 1, "Not enough information: new-reqid is required"),
    (f"{ID} new-dst 10.0.0.3 new-src fd00::1 new-reqid 1", 1,
     'the same address family is required between values after "new-dst" and "new-src"'),
    (f"{ID} {TO} encap bogus 1 2 0.0.0.0", 255, 'Error: argument "bogus" is wrong: ENCAP-TYPE value is invalid'),
    (f"{ID} {TO} bogus", 255, 'Error: argument "bogus" is wrong: unknown'),
    (f"{ID} {TO} new-mark", 255, 'Command line is not complete. Try option "help"'),
    (f"{ID} {TO} offload dev nonexistent dir out", 255, None),
    (f"{ID} {TO} offload dev lo dir up", 255, 'Error: argument "up" is wrong: DIR value is invalid'),
    (f"{ID} {TO} mtimer-thresh x", 255, 'Error: argument "x" is wrong: value after "mtimer-thresh" is invalid'),
]


def lines_of(text):
    return [line.strip() for line in text.splitlines()]


def missing(wanted, text):
    have = " ".join(lines_of(text))
    return [w for w in wanted if (w[1:] in have if w.startswith("-") else w not in have)]


def moves():
    for installed, words, listed, _ in MOVES:
        uxfrm("state add " + sa(installed))
        status, _, complaint = uxfrm("state migrate " + words)
        check(f"migrate [{installed}] {words}", status == 0 and not complaint, complaint)
        text = uxfrm("state list")[1]
        check("  listed: " + "; ".join(listed), not missing(listed, text), text)
        uxfrm("state flush")


def events_of(text):
    """Those that say "Migrated": a list of lines each, the first two about the new addresses."""
    events = []
    for line in text.splitlines():
        if line.startswith("Migrated state "):
            events.append([])
        elif not line.startswith(" "):
            events.append(None)
        if events and events[-1] is not None:
            events[-1].append(line.strip())
    return [e for e in events if e is not None]


def events(text, json_text):
    seen = events_of(text)
    check("as many events as moves", len(seen) == len(MOVES), text)
    for (installed, words, _, more), lines in zip(MOVES, seen):
        check(f"event [{installed}] {words}: " + "; ".join(more), lines[2:] == more, lines)
    check("first lines of an event", seen and seen[0][:2] ==
          ["Migrated state proto esp spi 0x00001000 dst 10.0.0.2", "new-dst 10.0.0.3 new-src 10.0.0.4 new-reqid 2"], seen[:1])
    check("the direction in an event", any(e[0].startswith("Migrated state dir in proto") for e in seen), text)
    told = [json.loads(line) for line in json_text.splitlines()]
    moved = [o for o in told if o["object"] == "state-migrated"]
    check("monitor -j: one object a line, as many moves", len(moved) == len(MOVES), json_text)
    check("monitor -j: installing, flushing, policies are there too",
          {"state", "states-flushed", "policy", "policy-deleted", "policies-flushed"} <= {o["object"] for o in told}, told)
    wrong = [line for o in told for line in schema.complaints_of_message(o)]
    check(f"monitor -ts -j: {len(told)} objects as the schema says", not wrong and all("timestamp" in o for o in told), "\n".join(wrong))
    check("monitor -j: no key", "4142434445" not in json_text)
    check("monitor -j: what changed", any(o.get("encap", {}).get("dport") == 4501 for o in moved) and
          any(o.get("clear_offload") for o in moved) and any(o.get("offload") == {"type": "crypto", "dev": "lo", "dir": "out"} for o in moved) and
          any(o.get("nat_keepalive") == 30 for o in moved) and any(o.get("mtimer_thresh") == 20 for o in moved) and
          any(o.get("dir") == "in" for o in moved), moved)


def refusals():
    uxfrm("state add " + sa())
    before = uxfrm("state list", "-s")[1]
    for words, want, text in REFUSALS:
        status, _, complaint = uxfrm("state migrate " + words)
        good = status == want and complaint and text in (None, complaint.rstrip("\n"))
        check(f"{want}: migrate {words}", good, f"{status} {complaint}")
    check("the SA is as it was", uxfrm("state list", "-s")[1] == before)
    uxfrm("state flush")


FLOW = "src 10.1.0.0/16 dst 10.2.0.0/16 dir out"
ENDS = "old-src 10.0.0.1 old-dst 10.0.0.2 new-src 10.0.0.4 new-dst 10.0.0.3"

# words behind "migrate" | exit status | complaint
POLICY_REFUSALS = [
    (f"{FLOW} reqid 9 {ENDS}", 2, "RTNETLINK answers: No data available"),
    (f"src 10.9.0.0/16 dst 10.2.0.0/16 dir out reqid 1 {ENDS}", 2, "Error: Target policy not found."),
    (f"{FLOW} reqid 1 {ENDS} ptype sub", 2, "Error: Target policy not found."),
    (f"{FLOW} reqid 1 {ENDS} if_id 5", 2, "Error: Target policy not found."),
    (f"{FLOW} reqid 1 {ENDS.replace('10.0.0.3', '0.0.0.0')}", 2,
     "Error: Addresses in the MIGRATE attribute's list cannot be null."),
    (f"dir out reqid 1 {ENDS}", 1, "Not enough information: SELECTOR is required"),
    (f"src 10.1.0.0/16 dst 10.2.0.0/16 reqid 1 {ENDS}", 1, "Not enough information: dir is required"),
    (f"{FLOW} {ENDS}", 1, "Not enough information: reqid is required"),
    (f"{FLOW} reqid 1 old-src 10.0.0.1", 1, "Not enough information: old-src and old-dst are required"),
    (f"{FLOW} reqid 1 old-src 10.0.0.1 old-dst 10.0.0.2 new-dst 10.0.0.3", 1,
     "Not enough information: new-src and new-dst are required"),
    (f"{FLOW} reqid 1 {ENDS.replace('10.0.0.3', 'fd00::3')}", 1,
     'the same address family is required between values after "new-src" and "new-dst"'),
    (f"{FLOW} reqid x {ENDS}", 255, 'Error: argument "x" is wrong: REQID value is invalid'),
    (f"{FLOW} reqid 1 {ENDS} bogus", 255, 'Error: argument "bogus" is wrong: unknown'),
    ("help", 255, None),
]
POLICY_EVENTS = """Migrated dir out type main src 10.1.0.0/16 dst 10.2.0.0/16 
    proto esp mode tunnel reqid 1
    old src 10.0.0.1 dst 10.0.0.2
    new src 10.0.0.4 dst 10.0.0.3

Migrated dir out type main src 10.1.0.0/16 dst 10.2.0.0/16 
 encap espinudp sport 4500 dport 4501 
    proto esp mode tunnel reqid 1
    old src 10.0.0.4 dst 10.0.0.3
    new src fd00::4 dst fd00::3

"""


def policy_moves():
    uxfrm("state add " + sa("mode tunnel " + UDP))
    uxfrm(f"policy add {FLOW} tmpl src 10.0.0.1 dst 10.0.0.2 proto esp reqid 1 mode tunnel")
    before = uxfrm("state list")[1] + uxfrm("policy list", "-s")[1]
    for words, want, text in POLICY_REFUSALS:
        status, _, complaint = uxfrm("migrate " + words)
        good = status == want and complaint and text in (None, complaint.rstrip("\n"))
        check(f"{want}: migrate {words}", good, f"{status} {complaint}")
    check("policy and SA are as they were", uxfrm("state list")[1] + uxfrm("policy list", "-s")[1] == before)
    plain, told = Monitor(), Monitor("-j")
    time.sleep(0.3)
    status, _, complaint = uxfrm(f"migrate {FLOW} reqid 1 {ENDS}")
    check("migrate", status == 0 and not complaint, complaint)
    check("  the SA moved, without encapsulation", "src 10.0.0.4 dst 10.0.0.3" in uxfrm("state list")[1] and
          "encap" not in uxfrm("state list")[1], uxfrm("state list")[1])
    check("  the template moved", "tmpl src 10.0.0.4 dst 10.0.0.3" in uxfrm("policy list")[1], uxfrm("policy list")[1])
    status, _, complaint = uxfrm(f"migrate {FLOW} reqid 1 old-src 10.0.0.4 old-dst 10.0.0.3 new-src fd00::4 new-dst fd00::3 {UDP}")
    check("migrate to the other family and into UDP", status == 0 and not complaint, complaint)
    check("  the SA", not missing(["src fd00::4 dst fd00::3", "encap type espinudp sport 4500 dport 4501"], uxfrm("state list")[1]), uxfrm("state list")[1])
    check("  the template", "tmpl src fd00::4 dst fd00::3" in uxfrm("policy list")[1], uxfrm("policy list")[1])
    time.sleep(0.3)
    text, json_text = plain.end(), told.end()
    check("the events", text == POLICY_EVENTS, text)
    objects = [json.loads(line) for line in json_text.splitlines()]
    check("the events with -j", [(o["object"], o["dir"], o["entries"][0]["new_dst"], o.get("encap", {}).get("sport"))
                                 for o in objects] == [("policy-migrated", "out", "10.0.0.3", None),
                                                       ("policy-migrated", "out", "fd00::3", 4500)], json_text)
    uxfrm("policy flush")
    uxfrm("state flush")


def as_json():
    uxfrm("state add " + sa("mode tunnel replay-window 32 dir in mark 5 limit byte-hard 1000 if_id 7 " + UDP))
    uxfrm("state update " + sa("mode tunnel replay-window 32 dir in mark 5 limit byte-hard 2000 if_id 7 " + UDP))
    uxfrm(f"state add src fd00::1 dst fd00::2 proto esp spi 0x1001 enc cbc(aes) {KEY[:34]} auth-trunc hmac(sha256) {KEY} 128 "
          "replay-window 128 flag esn sel src fd00::1/128 dst fd00::2/128 proto udp dport 53")
    uxfrm("policy add src 10.1.0.0/16 dst 10.2.0.0/16 dir out tmpl src 10.0.0.1 dst 10.0.0.2 proto esp reqid 1 mode tunnel")
    uxfrm("policy update src 10.1.0.0/16 dst 10.2.0.0/16 dir out priority 7 tmpl src 10.0.0.1 dst 10.0.0.2 proto esp reqid 1 mode tunnel")
    state = as_value("state list proto esp spi 0x1000", "state_list")
    check("state -j", [(o["spi"], o["dir"], o["encap"]["sport"], o["mark"]["value"], o["limits"], o["if_id"]) for o in state] ==
          [("0x00001000", "in", 4500, 5, {"byte_hard": 2000}, 7)], state)
    both = as_value("state", "state_list")
    check("state -j: both", {(o["dst"], o["sel"]["dst_prefix"], o["sel"].get("dport")) for o in both} ==
          {("10.0.0.2", 0, None), ("fd00::2", 128, 53)}, both)
    one = as_value(f"state get {ID} mark 5", "state_list")
    check("state get -j", one and one[0]["dst"] == "10.0.0.2", one)
    larval = as_value("state allocspi src 10.0.0.1 dst 10.0.0.9 proto esp min 0x200 max 0x200", "state_list")
    check("state allocspi -j", larval and larval[0]["spi"] == "0x00000200", larval)
    policy = as_value("policy list", "policy_list")
    check("policy -j", len(policy) == 1 and policy[0]["dir"] == "out" and policy[0]["templates"][0]["reqid"] == 1, policy)
    one = as_value("policy get src 10.1.0.0/16 dst 10.2.0.0/16 dir out", "policy_list")
    check("policy get -j", one and one[0]["priority"] == 7, one)
    check("state count -j", as_value("state count", "state-count")["sa"] == 3)
    check("policy count -j", [as_value("policy count", "policy-count")[k] for k in ("in", "out", "fwd")] == [0, 1, 0])
    stats = as_value("stats", "status")
    check("stats -j", stats["counts"]["sa"] == 3 and stats["counts"]["policy"]["out"] == 1 and len(stats["drops"]) > 20, stats)
    table = uxfrm("stats")[1]
    check("stats", {"SAs 3, former tuples in grace time 0", "policies in 0, out 1, fwd 0", "no drops"} <= set(table.splitlines()), table)
    crypto = as_value("stats --crypto", "crypto")
    check("stats --crypto -j", crypto["libraries"][0]["self_test"] == "passed" and len(crypto["algorithms"]) > 40
          and crypto["algorithms"] == stats["crypto"]["algorithms"], crypto)
    table = uxfrm("stats --crypto")[1]
    check("stats --crypto", all(a["name"] in table for a in crypto["algorithms"]) and "self-test passed, used" in table, table)
    linux = [line.split("\t") for line in uxfrm("stats xfrm-stat")[1].splitlines()]
    check("stats xfrm-stat", len(linux) == 30 and linux[0] == ["XfrmInError".ljust(24), "0"], linux)
    check("stats xfrm-stat has every counter that drops add to",
          {d["linux_name"] for d in stats["drops"]} - {""} <= {line[0].strip() for line in linux}, linux)
    check("stats -s lists every reason", uxfrm("stats", "-s")[1].count("\n  ") == len(stats["drops"]))
    uxfrm("policy delete src 10.1.0.0/16 dst 10.2.0.0/16 dir out")
    uxfrm("policy add dir in")
    uxfrm("policy flush")
    uxfrm(f"state delete {ID} mark 5")
    uxfrm("state flush")
    check("empty lists -j", as_value("state", "state_list") == [] and as_value("policy", "policy_list") == [])
    monitor = Monitor("-j")
    time.sleep(0.3)
    uxfrm("policy add dir in")
    for _ in range(50):
        if monitor.lines():
            break
        time.sleep(0.1)
    check("monitor -j: a line as soon as the event", monitor.lines() == 1)
    monitor.end()
    uxfrm("policy flush")


def words():
    for line, want, text in [
            ("", 255, "Usage: uxfrm"), ("bogus", 255, 'Command "bogus" is unknown, try "uxfrm help".'), ("state migrate help", 255, "Usage: uxfrm state"), ("-bogus state", 255, 'Option "-bogus" is unknown'),
            ("state bogus", 255, 'Command "bogus" is unknown, try "uxfrm state help".'),
            ("policy bogus", 255, 'Command "bogus" is unknown, try "uxfrm policy help".'),
            ("monitor bogus", 255, 'Argument "bogus" is unknown, try "uxfrm monitor help".'),
            ("stats bogus", 255, 'Error: argument "bogus" is wrong: unknown'), ("run", 255, "Usage: uxfrm"),
            ("state help", 255, "Usage: uxfrm state"), ("policy help", 255, "Usage: uxfrm policy"),
            ("state get " + ID, 2, "RTNETLINK answers: No such process")]:
        status, _, complaint = uxfrm(line)
        check(f"{want}: uxfrm {line}", status == want and complaint.startswith(text), f"{status} {complaint}")
    for line, want in [("", ("accept", "accept", "accept")), ("in block fwd block", ("block", "block", "accept")),
                       ("in accept fwd accept", ("accept", "accept", "accept"))]:
        if line:
            uxfrm("policy setdefault " + line)
        told = as_value("policy getdefault", "defaults")
        check(f"defaults after: {line}", tuple(told[k] for k in ("in", "fwd", "out")) == want, told)
    status, text, _ = uxfrm("help")
    check("uxfrm help", status == 0 and text.startswith("Usage: uxfrm"), text)


def main():
    uxfrm("state count")
    text, json_text = Monitor(), Monitor("-ts", "-j")
    time.sleep(0.5)
    moves()
    as_json()
    time.sleep(0.5)
    events(text.end(), json_text.end())
    refusals()
    policy_moves()
    words()
    return 1 if failed else 0


sys.exit(main())
