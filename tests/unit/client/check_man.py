#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""check_man.py ROOT CC...: every word and option of the command stands in uxfrm(8), every function of <uxfrm/client.h> with its
parameters in libuxfrm-client(3), whose example compiles. Prints TAP."""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(sys.argv[1])
WORD = r'"([A-Za-z0-9_-]+)"'
# a row of a table: {"word", ... or {NUMBER, "word"} or LIMIT("word", ...; and the words that are asked for one by one
FORMS = [r"\{" + WORD + r"[,}]", r"\{[A-Z_0-9]+, " + WORD + r"\}", r"\bLIMIT\(" + WORD, r"\bUPPER\((\w+)", r"args_(?:take|is)\(\w+, " + WORD,
         r"args_(?:take|is)\(&\w+, " + WORD, r"strcmp\(\w+, " + WORD + r"\)"]
# numbers of types that only answers have
ANSWERS_ONLY = {"any", "session", "user", "unique"}
number = failed = 0


def check(what, good, *seen):
    global number, failed
    number += 1
    failed += not good
    print(f"{'' if good else 'not '}ok {number} - {what}")
    for line in seen if not good else ():
        print("".join(f"# {part}\n" for part in str(line).splitlines()), end="")


def page(name):
    """Without the marks of scdoc: stars, and lines beneath words."""
    text = (ROOT / "man" / name).read_text(encoding="utf-8")
    text = re.sub(r"(?<!\\)\*", "", text).replace("\\", "")
    return re.sub(r"(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])", "", text)


def words_of_the_command():
    found = {}
    for path in sorted((ROOT / "src" / "cli").glob("*.c")):
        if "json" in path.name or "print" in path.name or path.name == "selection.c":
            continue  # they only say something
        text = path.read_text(encoding="utf-8")
        for form in FORMS:
            for word in re.findall(form, text):
                found.setdefault(word, path.name)
    return {word: where for word, where in found.items() if word not in ANSWERS_ONLY}


def options():
    text = (ROOT / "src" / "cli" / "options.c").read_text(encoding="utf-8")
    return re.findall(WORD, text.split("options[] = {")[1].split("};")[0])


def prototypes(header):
    text = re.sub(r"/\*.*?\*/", "", header.read_text(encoding="utf-8"), flags=re.S)
    return [" ".join(one.split()) for one in re.findall(r"^[a-z][^;{}()=]*?\buxfrm_\w+\([^;]*?\)(?=;)", text, flags=re.M)]


def main():
    text = page("uxfrm.8.scd")
    there = set(re.findall(r"[A-Za-z0-9_-]+", text))
    words = words_of_the_command()
    check(f"there are words ({len(words)})", len(words) > 150)
    for word, where in sorted(words.items()):
        check(f"uxfrm(8): {word} ({where})", word in there or "-" + word in there)
    for option in options():
        check(f"uxfrm(8): -{option}", "-" + option in there or "--" + option in there)
    manual = " ".join(page("libuxfrm-client.3.scd").replace("++\n", "\n").split())
    for one in prototypes(ROOT / "include" / "uxfrm" / "client.h"):
        check(f"libuxfrm-client(3): {one}", one in manual)
    example = (ROOT / "man" / "libuxfrm-client.3.scd").read_text(encoding="utf-8").split("```")[1]
    done = subprocess.run([*sys.argv[2:], "-std=gnu11", "-Wall", "-Werror", "-fsyntax-only", "-I", ROOT / "include", "-x", "c", "-"],
                          input=example.replace("\\\\", "\\"), text=True, capture_output=True, check=False)
    check("the example compiles", done.returncode == 0, done.stderr)
    print(f"1..{number}")
    return 1 if failed else 0


sys.exit(main())
