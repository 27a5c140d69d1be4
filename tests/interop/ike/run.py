#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Unmodified IKE daemons on uxfrm: every folder of scenarios/. Prints TAP.

usage: run.py BUILD [WORD...]    only scenarios whose name contains one of the words
"""
import os
import pathlib
import shutil
import sys
import tempfile
import time
import traceback

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent.parent.parent / "tools"), str(HERE)]

import certificates  # noqa: E402
from ike.charon import Charon, CharonOfItsOwn  # noqa: E402
from ike.networks import ENDS, Networks  # noqa: E402
from ike.pluto import Pluto  # noqa: E402
from lab.namespaces import CommandFailed  # noqa: E402
from steps import Steps  # noqa: E402


def read(folder, name, default=""):
    path = folder / name
    return path.read_text(encoding="ascii") if path.exists() else default


def configuration(folder, end, name, own):
    """With the places that only this run knows: SCENARIO stands for the folder of it, OWN for that of the daemon, @own."""
    return read(folder, f"{end}.{name}").replace("SCENARIO", str(folder)).replace("OWN", own)


def start_peers(world, folder, directory, peers):
    """Fills @peers, so that those are known of which one did not start."""
    for end in reversed(ENDS):
        own = os.path.join(directory, end)
        if (folder / f"{end}.ipsec.conf").exists():
            peers[end] = Pluto(world, end, own, configuration(folder, end, "ipsec.conf", own))
        else:
            config = configuration(folder, end, "swanctl.conf", own) + read(HERE / "scenarios", "secrets.conf")
            kind = CharonOfItsOwn if (folder / f"{end}.kernel-libipsec").exists() else Charon
            peers[end] = kind(world, end, own, config, read(folder, f"{end}.charon.conf"))
    if (folder / "with-certificates").exists():
        certificates.make({end: peer.folder() for end, peer in peers.items()})
        for peer in peers.values():
            peer.take_certificates()
    for peer in peers.values():
        peer.start()


def play(world, folder, directory):
    """None, or why the scenario failed."""
    config = folder / "uxfrmd.conf"
    options = ["--config", str(config)] if config.exists() else []
    peers, why = {}, None
    steps = Steps(world, peers, read(folder, "place", "A4").strip())
    world.in_clear()
    try:
        world.start_daemons(options, [end for end in ENDS if not (folder / f"{end}.kernel-libipsec").exists()])
        start_peers(world, folder, directory, peers)
        steps.run(read(folder, "steps"))
    except CommandFailed as error:
        why = str(error)
        for end, peer in peers.items():
            why += f"\n--- IKE daemon of {end}, {peer.directory}\n{peer.last_words()}"
        for end, daemon in world.daemons.items():
            why += f"\n--- uxfrmd of {end}: {daemon.stats() if daemon.alive() else daemon.last_words()}"
    except Exception:  # a broken scenario must not pass for the others
        why = traceback.format_exc()
    steps.end_traffic()
    for peer in peers.values():
        peer.end_process()
    in_clear = world.in_clear()
    statuses = world.end_daemons()
    if not why and in_clear and not steps.clear_allowed:
        why = f"{in_clear} packets between inner addresses were in clear on the wire"
    if not why and any(statuses.values()):
        why = f"uxfrmd ended with {statuses}"
    return why


def main(build, words):
    failed = number = 0
    folders = sorted(p for p in (HERE / "scenarios").iterdir() if p.is_dir())
    work = tempfile.mkdtemp(prefix="uxfrm-ike-")
    with Networks("uxike", build, pathlib.Path(build) / "logs" / "ike") as world:
        world.build_networks()
        for folder in folders:
            if words and not any(word in folder.name for word in words):
                continue
            number += 1
            begin = time.monotonic()
            why = play(world, folder, os.path.join(work, folder.name))
            failed += why is not None
            print(f"{'not ok' if why else 'ok'} {number} - {folder.name.replace('-', ' ')}"
                  f" ({time.monotonic() - begin:.1f} s)", flush=True)
            for line in (why or "").splitlines():
                print(f"#   {line}")
    if not failed:
        shutil.rmtree(work)
    print(f"1..{number}", flush=True)
    return 1 if failed or not number else 0


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1], sys.argv[2:]))
