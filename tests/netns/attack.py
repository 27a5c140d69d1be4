#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Attacks on a daemon in a namespace of its own. Prints TAP.

usage: attack.py BUILD clients|life|packets [WORD...]    only tests whose name contains one of the words
"""
import importlib
import os
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent.parent / "tools"), str(HERE.parent / "tools"), str(HERE)]

from lab.namespaces import Lab  # noqa: E402


def skip(why):
    print(f"1..0 # SKIP {why}")
    sys.exit(77)


def main(build, kind, words):
    if os.geteuid() or not os.path.exists("/dev/net/tun"):
        skip("needs root and /dev/net/tun")
    number = failed = 0
    with Lab("uxattack", build, pathlib.Path(build) / "logs" / "attack") as lab:
        for name, why in importlib.import_module("attack_" + kind).run_all(lab, words):
            number += 1
            failed += why is not None
            print(f"{'not ok' if why else 'ok'} {number} - {name}", flush=True)
            for line in (why or "").splitlines():
                print("#  ", line, flush=True)
    print(f"1..{number}")
    return 1 if failed or not number else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], sys.argv[3:]))
