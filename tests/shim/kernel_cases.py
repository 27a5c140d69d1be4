#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""`uxfrm --kernel` against the kernel this runs on, in a network namespace whose databases it may change: what it changes `ip xfrm`
sees, and both print the same. Prints TAP.

usage: kernel_cases.py UXFRM [--full]         --full: the kernel must have ESP; otherwise it is asked only what needs none"""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tools"))
import schema  # noqa: E402

UXFRM, FULL = sys.argv[1], "--full" in sys.argv
KEY = "0x4142434445464748494a4b4c4d4e4f5051525354"
FLOW = "src 10.1.0.0/16 dst 10.2.0.0/16 dir out"
TEMPLATE = "tmpl src 10.0.0.1 dst 10.0.0.2 proto esp reqid 1 mode tunnel"
GCM = f"aead rfc4106(gcm(aes)) {KEY} 128"
ID = "dst 10.0.0.2 proto esp spi 0x1000"
NO_MOVE = "RTNETLINK answers: Invalid argument\nThis kernel cannot migrate a state; Linux 7.2 and later can.\n"

POLICIES = [
    f"{FLOW} {TEMPLATE}",
    "src fd00:1::/64 dst fd00:2::/64 proto udp dport 53 dir out priority 7 flag localok tmpl src fd00::1 dst fd00::2 proto esp reqid 2 mode transport level use",
    "src 10.3.0.0/16 dst 10.4.0.0/16 dir in action block priority 9 limit byte-hard 1000 limit time-soft 100",
    "src 10.3.0.0/16 dst 10.4.0.0/16 dir fwd mark 5 mask 0xff if_id 9 " + TEMPLATE,
    "src 10.5.0.0/16 dst 10.6.0.0/16 proto icmp type 8 dir out index 1001 flag icmp " + TEMPLATE,
]
STATES = [
    f"src 10.0.0.1 dst 10.0.0.2 proto esp spi 0x1000 reqid 1 mode tunnel {GCM}",
    f"src 10.0.0.1 dst 10.0.0.2 proto esp spi 0x1001 reqid 3 mode tunnel {GCM} replay-window 128 flag esn encap espinudp 4500 4501 0.0.0.0 if_id 9",
    f"src fd00::1 dst fd00::2 proto esp spi 0x1002 mode transport enc cbc(aes) {KEY[:34]} auth-trunc hmac(sha256) {KEY} 128 replay-window 32 "
    "sel src fd00::1/128 dst fd00::2/128 proto udp dport 53 output-mark 7 limit packet-hard 1000",
    f"src 10.0.0.1 dst 10.0.0.2 proto ah spi 0x1003 mode transport auth hmac(sha1) {KEY} mark 1 mask 3 flag nopmtudisc extra-flag dont-encap-dscp",
]
tests = failed = 0


def check(what, good, *seen):
    global tests, failed
    tests += 1
    failed += not good
    print(f"{'' if good else 'not '}ok {tests} - {what}", flush=True)
    for text in seen if not good else ():
        print("".join(f"# {line}\n" for line in str(text).splitlines()), end="")


def run(*command):
    p = subprocess.run(command, capture_output=True, text=True, check=False)
    return p.returncode, p.stdout, p.stderr


def uxfrm(words, *options):
    return run(UXFRM, "--kernel", *options, *words.split())


def done(words):
    status, out, complaint = uxfrm(words)
    check(words[:90], status == 0 and not out and not complaint, status, out, complaint)


def refused(words, status, text):
    got = uxfrm(words)
    check(f"{status}: {words[:90]}", got[0] == status and got[2] == text, *got)


def same(words, *options):
    """Both programs say the same of the kernel's databases."""
    ours, theirs = uxfrm(words, *options), run("ip", *options, "xfrm", *words.split())
    check(f"as ip: {' '.join(options)} {words}", ours == theirs and ours[0] == 0, *ours, "---", *theirs)


def as_value(words, name):
    value = json.loads(uxfrm(words, "-j")[1])
    wrong = schema.complaints(value, name)
    check(f"-j {words}", not wrong, *wrong)
    return value


class Monitor:
    def __init__(self):
        self.file = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen([UXFRM, "--kernel", "-j", "monitor"], stdout=self.file)
        time.sleep(0.5)

    def end(self):
        time.sleep(0.5)
        self.process.terminate()
        self.process.wait()
        self.file.seek(0)
        return [json.loads(line) for line in self.file]


def policies():
    for words in POLICIES:
        done("policy add " + words)
    for options in ((), ("-s",), ("-o",), ("-6",)):
        same("policy", *options)
    for words in ("policy list dir out", "policy list action block", "policy list proto udp", "policy get index 1001 dir out", "policy count"):
        same(words)
    same("policy count", "-s", "-s")
    check("-j policy: all of them", len(as_value("policy", "policy_list")) == len(POLICIES))
    as_value("policy count", "policy-count")
    done("policy update " + POLICIES[0] + " priority 3")
    same(f"policy get {FLOW}")
    refused("policy add " + POLICIES[0], 2, "RTNETLINK answers: File exists\n")
    refused("policy get src 10.9.0.0/16 dir out", 2, "RTNETLINK answers: No such file or directory\n")
    done("policy delete index 1001 dir out")
    done("policy deleteall dir in")
    check("what was deleted", {o["dir"] for o in as_value("policy", "policy_list")} == {"out", "fwd"})


def settings():
    same("policy getdefault")
    done("policy setdefault in block fwd block")
    same("policy getdefault")
    check("-j policy getdefault", as_value("policy getdefault", "defaults") ==
          {"object": "defaults", "in": "block", "fwd": "block", "out": "accept"})
    done("policy setdefault in accept fwd accept")
    done("policy set hthresh4 24 28 hthresh6 64 96")
    check("thresholds", as_value("policy count", "policy-count")["hthresh6"] == {"local": 64, "remote": 96})


def larval():
    status, text, _ = uxfrm("state allocspi src 10.0.0.1 dst 10.0.0.9 proto esp reqid 4 mode tunnel min 0x200 max 0x200")
    check("state allocspi", status == 0 and "spi 0x00000200 reqid 4 mode tunnel" in text, text)
    for words in ("state", "state list reqid 4", "state get dst 10.0.0.9 proto esp spi 0x200", "state count"):
        same(words)
        same(words, "-s")
    check("-j state", [o["spi"] for o in as_value("state", "state_list")] == ["0x00000200"])
    as_value("state count", "state-count")
    done("state delete dst 10.0.0.9 proto esp spi 0x200")
    refused("state get dst 10.0.0.9 proto esp spi 0x200", 2, "RTNETLINK answers: No such process\n")


def moves():
    """MIGRATE needs no SA; MIGRATE_STATE came with Linux 7.2."""
    monitor = Monitor()
    move = f"migrate {FLOW} reqid 1 old-src 10.0.0.1 old-dst 10.0.0.2 new-src 10.0.0.4 new-dst 10.0.0.3"
    done(move)
    check("the template moved", "tmpl src 10.0.0.4 dst 10.0.0.3" in uxfrm("policy get " + FLOW)[1])
    refused(move, 2, "RTNETLINK answers: No data available\n")
    refused(move.replace("10.1.0.0", "10.9.0.0"), 2, "Error: Target policy not found.\n")
    newer = tuple(map(int, re.match(r"(\d+)\.(\d+)", os.uname().release).groups())) >= (7, 2)
    refused("state migrate dst 10.0.0.77 proto esp spi 0x1000 new-dst 10.0.0.3 new-src 10.0.0.4 new-reqid 1", 2,
            "Error: Can not find state.\n" if newer else NO_MOVE)
    done("policy flush")
    events = monitor.end()
    wrong = [line for o in events for line in schema.complaints_of_message(o)]
    check("monitor: the move, the flush", not wrong and [o["object"] for o in events] == ["policy-migrated", "policies-flushed"] and
          events[0]["entries"][0]["new_dst"] == "10.0.0.3", *wrong, *events)


def states():
    monitor = Monitor()
    for words in STATES:
        done("state add " + words)
    for words in ("state", "state list proto ah", "state list reqid 3", f"state get {ID}", "state count"):
        for options in ((), ("-s",), ("-o",)):
            same(words, *options)
    check("-j state: all of them", len(as_value("state", "state_list")) == len(STATES))
    done("state update " + STATES[0] + " limit byte-hard 5000")
    done("policy add " + POLICIES[0])
    done(f"migrate {FLOW} reqid 1 old-src 10.0.0.1 old-dst 10.0.0.2 new-src 10.0.0.4 new-dst 10.0.0.3")
    moved = as_value("state list spi 0x1000 proto esp", "state_list")
    check("the SA moved", [(o["src"], o["dst"], o["limits"]) for o in moved] == [("10.0.0.4", "10.0.0.3", {"byte_hard": 5000})], moved)
    done("state deleteall proto ah")
    done("state delete dst fd00::2 proto esp spi 0x1002")
    done("state flush")
    done("policy flush")
    kinds = [o["object"] for o in monitor.end()]
    check("monitor", kinds == ["state"] * 4 + ["state-updated", "policy", "policy-migrated", "state-deleted", "state-deleted",
                                               "states-flushed", "policies-flushed"], kinds)


def lacking():
    status, _, complaint = uxfrm("state add " + STATES[0])
    check("a kernel without ESP says so", status == 2 and "not found" in complaint, complaint)


def other_words():
    same("state", "-s")
    status, text, complaint = uxfrm("stats", "-s")
    counted = pathlib.Path("/proc/net/xfrm_stat").exists()
    check("stats -s", status == (0 if counted else 2) and ("XfrmInNoPols" in text if counted else "no counters" in complaint), text, complaint)
    if counted:
        as_value("stats", "kernel_status")
    check("run is for uxfrmd", uxfrm("run -- true")[0] == 255)
    check("no uxfrmd was started", run(UXFRM, "stats")[0] == 2)


def main():
    policies()
    settings()
    larval()
    moves()
    esp = FULL or "not found" not in uxfrm("state add " + STATES[0])[2]
    uxfrm("state flush")
    if esp:
        states()
    else:
        lacking()
    other_words()
    print(f"1..{tests}")
    return 1 if failed else 0


sys.exit(main())
