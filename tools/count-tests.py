#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Counts what a suite of ./check did and names what failed.

usage: count-tests.py tap LOG STATUS          TAP in a log, and how its program ended
       count-tests.py meson TESTLOG.json      a `meson test` run; TAP inside a test counts as its tests

Prints "PASSED FAILED SKIPPED" and then, a line each, the names of what failed.
"""
import json
import re
import sys

LINE = re.compile(r"^(ok|not ok)\b(?:\s+\d+)?\s*-?\s*([^#\n]*)(#\s*SKIP)?", re.I | re.M)
PLAN = re.compile(r"^1\.\.(\d+)(\s*#\s*SKIP.*)?$", re.I | re.M)


class Count:
    def __init__(self):
        self.passed = self.skipped = 0
        self.failed = []

    def tap(self, text, prefix=""):
        """How many tests the text has."""
        found = LINE.findall(text)
        for word, name, skip in found:
            if skip:
                self.skipped += 1
            elif word == "ok":
                self.passed += 1
            else:
                self.failed.append(prefix + name.strip())
        plan = PLAN.search(text)
        if plan and not int(plan.group(1)):
            self.skipped += 1
            return 1
        return len(found)

    def program(self, text, good, name):
        """A program that may print TAP; one that fails without saying where is a failure itself."""
        before = len(self.failed)
        found = self.tap(text, f"{name}: " if name else "")
        if not good and len(self.failed) == before:
            self.failed.append(f"{name or 'the suite'} (ended badly)")
        elif good and not found:
            self.passed += 1


def of_meson(path):
    count = Count()
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            test = json.loads(line)
            name, result = test["name"], test["result"]
            if result == "SKIP":
                count.skipped += 1
            else:
                count.program(test.get("stdout") or "", result in ("OK", "EXPECTEDFAIL"), name)
    return count


def of_tap(path, status):
    count = Count()
    with open(path, encoding="utf-8", errors="replace") as log:
        count.program(log.read(), status == 0, "")
    return count


def main(arguments):
    count = of_meson(arguments[1]) if arguments[0] == "meson" else of_tap(arguments[1], int(arguments[2]))
    print(count.passed, len(count.failed), count.skipped)
    for name in count.failed:
        print(name)


if __name__ == "__main__":
    main(sys.argv[1:])
