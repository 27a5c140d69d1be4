#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The rules for source files that a program can check. Prints TAP, a line for each file.

Licence line at the top; files at most 800 lines; functions at most 60; nothing left to be done later.

usage: check-rules.py ROOT
"""
import pathlib
import re
import subprocess
import sys

FILE_LINES, FUNCTION_LINES = 800, 60
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|placeholder)\b")
SUFFIXES = {".c", ".h", ".py", ".sh"}


def functions(text):
    """(line, length) of each function body: kernel style has its braces in the first column."""
    start = None
    for number, line in enumerate(text.splitlines(), 1):
        if line == "{":
            start = number
        elif line == "}" and start:
            yield start, number - start - 1
            start = None


def complaints(path, text):
    if "SPDX-License-Identifier: BSD-2-Clause" not in "\n".join(text.splitlines()[:3]):
        yield "no licence line"
    if text.count("\n") > FILE_LINES:
        yield f"{text.count(chr(10))} lines"
    if path.name != pathlib.Path(__file__).name and UNFINISHED.search(text):
        yield f"unfinished: {UNFINISHED.search(text).group()}"
    if path.suffix in (".c", ".h"):
        for start, length in functions(text):
            if length > FUNCTION_LINES:
                yield f"function at line {start} has {length} lines"


def main(root):
    listing = subprocess.run(["git", "-c", f"safe.directory={root}", "-C", str(root), "ls-files"],
                             check=False, text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    if listing.returncode == 0:
        names = listing.stdout.splitlines()
    else:  # a tree without its history
        names = [p.relative_to(root).as_posix() for top in ("include", "src", "tests", "tools", "bench",
                                                           "examples") for p in (root / top).rglob("*")]
    paths = sorted(root / n for n in names if pathlib.Path(n).suffix in SUFFIXES and (root / n).is_file())
    failed = 0
    for number, path in enumerate(paths, 1):
        found = list(complaints(path, path.read_text(encoding="utf-8")))
        failed += bool(found)
        print(f"{'not ok' if found else 'ok'} {number} - {path.relative_to(root)}"
              f"{': ' + '; '.join(found) if found else ''}")
    print(f"1..{len(paths)}")
    return 1 if failed or not paths else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1]).resolve()))
