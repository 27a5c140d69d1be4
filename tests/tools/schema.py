# SPDX-License-Identifier: BSD-2-Clause
"""docs/uxfrm.schema.json, the schema of what `uxfrm -j` prints: what is wrong with a value?"""
import json
import pathlib

import jsonschema

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PATH = ROOT / "docs" / "uxfrm.schema.json"
SCHEMA = json.loads(PATH.read_text(encoding="utf-8"))


def validator(name):
    return jsonschema.Draft202012Validator({"$ref": f"#/$defs/{name}", "$defs": SCHEMA["$defs"]})


def complaints(value, name):
    """What is wrong with @value as one of the schema's definition @name."""
    return [f"{name}: {'/'.join(map(str, e.absolute_path))}: {e.message}"[:300] for e in validator(name).iter_errors(value)]


def complaints_of_message(value):
    kind = value.get("object") if isinstance(value, dict) else None
    return complaints(value, kind) if kind in SCHEMA["$defs"] else [f"no such object: {kind}"]


def kinds():
    """The kinds of objects that the schema knows."""
    return {one["$ref"].rsplit("/", 1)[1] for one in SCHEMA["$defs"]["message"]["oneOf"]}


def keys(node=SCHEMA):
    """All names that the schema allows in objects."""
    found = set()
    if isinstance(node, dict):
        found |= set(node.get("properties", ()))
        for name, part in node.items():
            found |= keys(part) if name != "properties" else set().union(*map(keys, part.values()))
    elif isinstance(node, list):
        for part in node:
            found |= keys(part)
    return found
