#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""check_json.py SAMPLES FILE...: what the program SAMPLES prints is as docs/uxfrm.schema.json says, the schema and docs/json.md
name nothing that is never printed, and an unknown key is noticed. Prints TAP."""
import json
import pathlib
import re
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools"))
import schema  # noqa: E402

number = failed = 0
# of the daemon's status and of the monitor's options, which the tests of the command print
ELSEWHERE = set(schema.SCHEMA["$defs"]["status"]["properties"]) | {"timestamp", "nsid"} | schema.keys(schema.SCHEMA["$defs"]["status"]) | \
    schema.keys(schema.SCHEMA["$defs"]["crypto"])


def check(what, good, *seen):
    global number, failed
    number += 1
    failed += not good
    print(f"{'' if good else 'not '}ok {number} - {what}")
    for line in seen if not good else ():
        print(f"# {line}")


def names(value):
    if isinstance(value, dict):
        return set(value).union(*map(names, value.values()))
    return set().union(*map(names, value)) if isinstance(value, list) else set()


def nulls(value):
    if isinstance(value, (dict, list)):
        return any(map(nulls, value.values() if isinstance(value, dict) else value))
    return value is None


def main():
    said = subprocess.run(sys.argv[1:], capture_output=True, text=True, check=True).stdout.splitlines()
    objects = [json.loads(line) for line in said]
    for kind in sorted(schema.kinds()):
        of_kind = [o for o in objects if o["object"] == kind]
        wrong = [line for o in of_kind for line in schema.complaints_of_message(o)]
        check(f"{kind}: {len(of_kind)} objects", of_kind and not wrong and not any(map(nulls, of_kind)), *wrong[:10])
    check("no other kind", {o["object"] for o in objects} == schema.kinds(), {o["object"] for o in objects} - schema.kinds())
    printed = set().union(*map(names, objects))
    check("every name of the schema is printed", not schema.keys() - printed - ELSEWHERE, sorted(schema.keys() - printed - ELSEWHERE))
    documented = set(re.findall(r"`([a-z0-9_-]+)`", (schema.ROOT / "docs" / "json.md").read_text(encoding="utf-8")))
    check("docs/json.md explains every name", not schema.keys() - documented, sorted(schema.keys() - documented))
    check("docs/json.md explains every kind", not schema.kinds() - documented, sorted(schema.kinds() - documented))
    for path in ((), ("sel",), ("limits",), ("current",), ("replay",), ("aead",)):
        strange = json.loads(said[0])
        inner = strange
        for step in path:
            inner = inner[step]
        inner["unheard_of"] = 1
        check(f"an unknown name is noticed in {'/'.join(path) or 'state'}", schema.complaints_of_message(strange))
    check("a number that is a text is noticed", schema.complaints_of_message({**json.loads(said[0]), "reqid": "1"}))
    print(f"1..{number}")
    return 1 if failed else 0


sys.exit(main())
