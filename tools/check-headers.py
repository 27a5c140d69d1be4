#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Every header compiles alone, in C, the public ones in C++ too when there is a compiler. Prints TAP.

usage: check-headers.py ROOT BUILD
"""
import pathlib
import shutil
import subprocess
import sys

FLAGS = ["-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-Wno-unused-parameter", "-fsyntax-only"]


def compiles(compiler, language, include_dirs, header):
    """None, or what the compiler says."""
    program = f'#include "{header}"\n#include "{header}"\n'
    done = subprocess.run([*compiler, *FLAGS, *[f"-I{d}" for d in include_dirs], "-x", language, "-"],
                          input=program, text=True, check=False, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    return done.stdout if done.returncode else None


def cases(root, build):
    include_dirs = [root / "include", root / "src", build / "src"]
    for folder in ("include", "src"):
        for path in sorted((root / folder).rglob("*.h")):
            name = path.relative_to(root / folder).as_posix()
            yield f"{name} in C", (["gcc", "-std=gnu11"], "c", include_dirs, name)
            if folder == "include" and shutil.which("g++"):
                yield f"{name} in C++", (["g++", "-std=c++17"], "c++", include_dirs, name)


def main(root, build):
    failed = number = 0
    for number, (name, arguments) in enumerate(cases(root, build), 1):
        complaint = compiles(*arguments)
        failed += complaint is not None
        print(f"{'not ok' if complaint is not None else 'ok'} {number} - {name}")
        for line in (complaint or "").splitlines():
            print(f"#   {line}")
    print(f"1..{number}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()))
