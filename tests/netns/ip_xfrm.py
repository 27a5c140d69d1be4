#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Debian's unmodified `ip xfrm` against uxfrmd: word for word what it says on Linux. Prints TAP.

usage: ip_xfrm.py BUILD [--seccomp]  compare with ip_xfrm.recorded; with a supervisor instead of the shim
       ip_xfrm.py --record FILE      make ip_xfrm.recorded of what ip_xfrm.sh said on a real kernel
"""
import os
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "tools"))

from lab.namespaces import Lab, run  # noqa: E402

RECORDED = HERE / "ip_xfrm.recorded"

# What differs from run to run and machine to machine: times, policy indexes, which count the policies
# ever made, and the sizes of hash tables.
MASKS = (
    (re.compile(r"\b20\d\d-\d\d-\d\d \d\d:\d\d:\d\d\b"), "TIME"),
    (re.compile(r"\bindex \d+"), "index N"),
    (re.compile(r"buckets count \d+ Max -?\d+"), "buckets count N Max N"),
)


def mask(text):
    for pattern, word in MASKS:
        text = pattern.sub(word, text)
    return text


def cases(text):
    """[(command, everything it said and its exit status)], the monitor's events as the last."""
    text = text[text.index("$ "):]
    commands, _, events = text.partition("monitor:\n")
    result = []
    for part in commands.split("\n$ "):
        command, _, said = part.removeprefix("$ ").partition("\n")
        result.append((command, said.strip("\n")))
    result.append(("ip xfrm monitor", events.strip("\n")))
    return result


def record(path):
    text = mask(pathlib.Path(path).read_text(encoding="utf-8"))
    # What the machine says before and after is not part of it.
    text = text[text.index("$ "):].split("Powering off.")[0]
    RECORDED.write_text(text, encoding="utf-8")


def differences(expected, got):
    yield "#   expected:"
    yield from (f"#   | {line}" for line in expected.splitlines())
    yield "#   got:"
    yield from (f"#   | {line}" for line in got.splitlines())


def main(build, supervised):
    with Lab("uxis" if supervised else "uxip", build, pathlib.Path(build) / "logs" / "netns") as lab:
        lab.add("one")
        seen = pathlib.Path(lab.logs) / "monitor.txt"
        command = ["sh", str(HERE / "ip_xfrm.sh"), str(HERE / "ip_xfrm.commands"), str(seen)]
        text = run(lab.under_uxfrm("one", command, supervised), timeout=120).stdout
    expected = cases(RECORDED.read_text(encoding="utf-8"))
    got = cases(mask(text))
    failed = 0
    for number, (command, said) in enumerate(expected, 1):
        answer = got[number - 1] if number <= len(got) else ("nothing", "")
        good = answer == (command, said)
        failed += not good
        print(f"{'ok' if good else 'not ok'} {number} - {command[:90].replace('#', '')}")
        if not good:
            print("\n".join(differences(said, answer[1])))
    print(f"1..{len(expected)}")
    return 1 if failed or len(got) != len(expected) else 0


if __name__ == "__main__":
    if len(sys.argv) == 3 and sys.argv[1] == "--record":
        sys.exit(record(sys.argv[2]))
    if os.geteuid():
        sys.exit(print("1..0 # SKIP needs root"))
    words = [word for word in sys.argv[1:] if word != "--seccomp"]
    sys.exit(main(words[0], words != sys.argv[1:]) if len(words) == 1 else __doc__)
