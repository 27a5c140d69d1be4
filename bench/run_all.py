#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Runs the benches that have peers and puts their rows together. Called by bench/run."""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "bench"))
import svg  # noqa: E402

BUILD = pathlib.Path(os.environ.get("UXFRM_BUILD", ROOT / "build"))
# what writes rows: its command, what the drawing is called, and how it is drawn
BENCHES = {
    "esp": ([BUILD / "bench/esp"], "ESP in process, AES-128-GCM", svg.bars),
    "workers": ([BUILD / "bench/workers"], "ESP in process, workers that share one SA", svg.bars),
    "flat": ([BUILD / "bench/flat"], "What a packet of 64 bytes costs, by what there is", svg.lines),
    "crypto": ([BUILD / "bench/crypto"], "Cryptography, AES-128-GCM", svg.bars),
    "underlay": ([ROOT / "bench/underlay"], "Plain ESP over veth", svg.bars),
    "tunnel": ([sys.executable, ROOT / "bench/tunnel"], "End to end: TUN, veth, both ends on two cores", svg.groups),
    "batch": ([sys.executable, ROOT / "bench/batch"], "All SAs move at once", svg.bars),
}
AIM_MISSED = 1  # the status of some; they have run all the same
KNOW_REALTIME = {"tunnel"}
KEYS = {"work", "size", "unit", "ours", "peer", "peer_value", "ratio", "runs"}


def rows_of(name, options):
    """The rows of one bench; it says itself what it measures. Raises when it fails."""
    command = BENCHES[name][0] + (["--quick"] if options.quick else [])
    if options.realtime and name in KNOW_REALTIME:
        command = command + ["--realtime"]
    with tempfile.NamedTemporaryFile(suffix=".json") as result:
        words = [str(word) for word in command] + ["--json", result.name]
        print(f"== {name}", flush=True)
        status = subprocess.run(words, check=False).returncode
        if status not in (0, AIM_MISSED):
            raise ValueError(f"status {status}")
        rows = json.load(result)
    for row in rows:
        if set(row) != KEYS:
            raise ValueError(f"{name}: a row with {sorted(row)}")
    return rows


def main():
    parser = argparse.ArgumentParser(prog="bench/run", description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer sizes, short runs")
    parser.add_argument("--realtime", action="store_true", help="before others on the machine, where a bench can")
    parser.add_argument("--only", action="append", choices=BENCHES, help="not the others; can be given again")
    parser.add_argument("--json", type=pathlib.Path, help="write the rows there")
    parser.add_argument("--svg", type=pathlib.Path, help="draw each bench into this directory")
    options = parser.parse_args()
    everything, failed = [], []
    for name in options.only or BENCHES:
        try:
            rows = rows_of(name, options)
        except (OSError, ValueError) as error:
            print(f"{name}: {error}", file=sys.stderr)
            failed.append(name)
            continue
        everything += rows
        if options.svg:
            options.svg.mkdir(parents=True, exist_ok=True)
            _, title, draw = BENCHES[name]
            (options.svg / f"{name}.svg").write_text(draw(title, rows))
    if options.json:
        options.json.write_text(json.dumps(everything, indent=1) + "\n")
    print(f"{len(everything)} rows; " + (f"failed: {' '.join(failed)}" if failed else "every bench ran to its end"))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
