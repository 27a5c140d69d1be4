#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Seven namespaces in a row, ESP between the two gateways; errors as seen by the sender. Prints TAP.

    host - router - gateway = router = gateway - router - host

usage: topology.py BUILD [--capture tc] [WORD...]    only tests whose name contains one of the words
"""
import os
import pathlib
import sys
import traceback

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent.parent / "tools"), str(HERE)]

import row  # noqa: E402
from lab.namespaces import CommandFailed, Lab  # noqa: E402


def attempt(row_, body):
    """None, or why it failed."""
    try:
        body()
        return row_.why_not_alive()
    except CommandFailed as error:
        return f"{error}\n{row_.state()}"
    except Exception:  # a broken test must not pass for the others
        return traceback.format_exc()


def main(build, words):
    failed = number = 0
    capture = "routes"
    if words[:1] == ["--capture"]:
        capture, words = words[1], words[2:]
    with Lab("uxrow", build, pathlib.Path(build) / "logs" / f"topology-{capture}") as lab:
        lab.daemon_arguments = ["--capture", capture]
        line = row.Row(lab)
        for name, body in row.tests(line):
            if words and not any(word in name for word in words):
                continue
            number += 1
            why = attempt(line, body)
            failed += why is not None
            print(f"{'not ok' if why else 'ok'} {number} - {name}", flush=True)
            for text in (why or "").splitlines():
                print(f"#   {text}")
    print(f"1..{number}")
    return 1 if failed or not number else 0


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    if os.geteuid():
        sys.exit(print("1..0 # SKIP needs root"))
    sys.exit(main(sys.argv[1], sys.argv[2:]))
