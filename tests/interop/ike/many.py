#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Many tunnels between two strongSwan on uxfrm: established, rekeyed, moved, closed, again and again. At the end of each
round no SA and no policy is left, and uxfrmd does not grow from round to round. Prints TAP, and a table of the rounds.

usage: many.py BUILD [TUNNELS [ROUNDS]]     1000 and 10; at least 3 rounds
"""
import itertools
import os
import pathlib
import re
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent.parent.parent / "tools"), str(HERE)]

from demo.topology import INNER, PLACES  # noqa: E402
from ike.charon import Charon  # noqa: E402
from ike.networks import ENDS, Networks  # noqa: E402
from ike.roadwarrior import Roadwarrior  # noqa: E402
from ike.vici import DO_NOT_WAIT, Vici  # noqa: E402
from lab.namespaces import CommandFailed, until  # noqa: E402

SETTLED_ROUND = 2  # from this round on the daemon has seen everything once; it may not grow any more
BATCH = 100
# What a round may leave: the keys it had are remembered, up to a bound, so that none of their IVs comes again (src/core/iv_ledger.h), and
# what an allocator's rounding makes of it. Each tunnel has four keys, two of them by its rekeying.
KEYS, KEY_BYTES, ROUNDING_KIB = 4, 160, 32
SETTINGS = """prefer_best_path = yes
	threads = 32
	ikesa_table_size = 512
	ikesa_table_segments = 16
	init_limit_half_open = 0
	dos_protection = no
	filelog {
		log {
			knl = 0
			enc = 0
			net = 0
			flush_line = no
		}
	}
	retransmit_timeout = 4.0
	retransmit_tries = 5
	reuse_ikesa = no"""
HEAD = """
ike {{
	version = 2
	local_addrs = {local}
	remote_addrs = {remote}
	proposals = aes128-sha256-x25519
	unique = never
}}
connections {{
"""
TUNNEL = """	t{number} : ike {{
		local {{
			auth = psk
			id = {end}
		}}
		remote {{
			auth = psk
			id = {other}
		}}
		children {{
			c{number} {{
				local_ts = {local}
				remote_ts = {remote}
				esp_proposals = aes128gcm16
			}}
		}}
	}}
"""
SECRETS = """}
secrets {
	ike-both {
		secret = "not much of a secret"
	}
}
"""


def config(end, tunnels):
    """Each tunnel protects /32s of its own on the roadwarrior's side: 10.1.HIGH.LOW."""
    gateway = "203.0.113.1"
    local, remote = ("%any", gateway) if end == "rw" else (gateway, "%any")
    text = HEAD.format(local=local, remote=remote)
    for number in range(1, tunnels + 1):
        inner, net = f"10.1.{number >> 8}.{number & 255}/32", "10.2.0.0/16"
        mine, theirs = (inner, net) if end == "rw" else (net, inner)
        names = [f"rw{number}", "gw"] if end == "rw" else ["gw", f"rw{number}"]
        text += TUNNEL.format(number=number, local=mine, remote=theirs, end=names[0], other=names[1])
    return text + SECRETS


class Many:
    def __init__(self, lab, tunnels, directory):
        self.lab, self.tunnels = lab, tunnels
        self.roadwarrior = Roadwarrior(lab, "A4")
        lab.start_daemons()
        self.peers = {end: Charon(lab, end, os.path.join(directory, end), config(end, tunnels), SETTINGS)
                      for end in reversed(ENDS)}
        for peer in self.peers.values():
            peer.start()

    def _wait(self, what, condition, seconds=120):
        if not until(condition, seconds, 0.3):
            raise CommandFailed(f"not all {what} within {seconds} s: " + ", ".join(
                f"{end} has {self._counts(end)}" for end in ENDS))

    def _counts(self, end):
        counts = self.lab.daemons[end].stats()["counts"]
        return counts["sa"], sum(counts["policy"].values())

    def _both(self, sas, policies):
        return all(self._counts(end) == (sas, policies) for end in ENDS)

    def _each(self, command, what, letter, after_batch=lambda done: None, **pairs):
        """A command for every tunnel, without waiting for what comes of it but after each batch."""
        vici = Vici(self.peers["rw"].path("vici"))
        for number in range(1, self.tunnels + 1):
            vici.request(command, **{what: f"{letter}{number}"}, **pairs)
            if number % BATCH == 0 or number == self.tunnels:
                after_batch(number)
        vici.close()

    def establish(self):
        """In batches: a socket has room for some hundred datagrams."""
        self._each("initiate", "child", "c", timeout=DO_NOT_WAIT, after_batch=lambda done: self._wait(
            "established", lambda: self._both(2 * done, 3 * done)))

    def spis(self):
        return set(re.findall(r"spi (0x[0-9a-f]+)", self.lab.shown("gw", "state")))

    def rekey(self):
        before = self.spis()
        self._each("rekey", "child", "c")
        self._wait("rekeyed", lambda: self._both(2 * self.tunnels, 3 * self.tunnels)
                   and not before & self.spis())

    def roam(self):
        new = PLACES["B4" if self.roadwarrior.place.name == "A4" else "A4"]
        old = self.roadwarrior.place
        self.roadwarrior.arrive(new)
        pattern = re.compile(rf"^src \S+ dst {re.escape(new.seen)}$|^src {re.escape(new.seen)} dst \S+$", re.M)
        self._wait("moved", lambda: all(len(pattern.findall(self.lab.shown(end, "state"))) == 2 * self.tunnels
                                        for end in ENDS))
        self.roadwarrior.leave(old)
        self.roadwarrior.place = new

    def ping(self):
        """Through the first tunnel and the last."""
        for number in (1, self.tunnels):
            inner = f"10.1.{number >> 8}.{number & 255}"
            self.lab.run("rw", ["ip", "address", "replace", f"{inner}/32", "dev", "lo"])
            self.lab.run("rw", ["ping", "-q", "-n", "-c", "2", "-i", "0.1", "-W", "2", "-I", inner, INNER["gw"][4]])

    def close(self):
        self._each("terminate", "ike", "t", timeout=DO_NOT_WAIT)
        self._wait("closed", lambda: self._both(0, 0))

    def memory_kib(self):
        """{end: what uxfrmd has in memory}."""
        def resident(pid):
            with open(f"/proc/{pid}/status", encoding="ascii") as status:
                return int(re.search(r"VmRSS:\s+(\d+)", status.read())[1])
        return {end: resident(daemon.process.pid) for end, daemon in self.lab.daemons.items()}

    def round(self):
        """{step: seconds}, and the memory at the end."""
        times = {}
        for step in (self.establish, self.ping, self.rekey, self.roam, self.ping, self.close):
            begin = time.monotonic()
            step()
            times[step.__name__] = times.get(step.__name__, 0) + time.monotonic() - begin
        return times, self.memory_kib()

    def state(self):
        """Lines on what the daemons have and have dropped."""
        text = ""
        for end, daemon in self.lab.daemons.items():
            stats = daemon.stats()
            text += f"\nuxfrmd of {end}: {stats['counts']} {stats['packets']} {stats['drops']}"
        return text

    def end(self):
        for peer in self.peers.values():
            peer.end_process()
        return self.lab.end_daemons()


def growth(memories):
    """KiB by which a daemon grows in three of four rounds, or more. What is used for the first time, such as a buffer for packets, makes
    one round grow; what is lost in each round makes all of them."""
    settled = memories[SETTLED_ROUND - 1:]
    steps = {end: sorted(after[end] - before[end] for before, after in itertools.pairwise(settled)) for end in ENDS}
    return {end: sizes[len(sizes) // 4] for end, sizes in steps.items()}


def main(build, tunnels=1000, rounds=10):
    failed, memories = None, []
    with Networks("uxmany", build, pathlib.Path(build) / "logs" / "ike-many") as lab:
        lab.build_networks()
        many = Many(lab, tunnels, tempfile.mkdtemp(prefix="uxfrm-many-"))
        try:
            for number in range(1, rounds + 1):
                times, memory = many.round()
                memories.append(memory)
                print(f"# round {number}: " + ", ".join(f"{step} {seconds:.1f} s" for step, seconds in times.items())
                      + "; uxfrmd: " + ", ".join(f"{end} {kib} KiB" for end, kib in memory.items()), flush=True)
        except CommandFailed as error:
            failed = str(error) + many.state()
        statuses = many.end()
    print(f"{'not ok' if failed else 'ok'} 1 - {tunnels} tunnels, {rounds} rounds: nothing is left of them")
    for line in (failed or "").splitlines():
        print(f"#   {line}")
    grown = {} if failed else growth(memories)
    allowed = tunnels * KEYS * KEY_BYTES / 1024 + ROUNDING_KIB
    small = not failed and all(kib <= allowed for kib in grown.values())
    print(f"{'ok' if small else 'not ok'} 2 - uxfrmd does not grow: {grown} KiB a round, of {allowed:.0f} for keys to remember")
    well = not any(statuses.values())
    print(f"{'ok' if well else 'not ok'} 3 - both uxfrmd end well\n1..3")
    return 0 if small and well else 1


if __name__ == "__main__":
    if not 2 <= len(sys.argv) <= 4 or (len(sys.argv) == 4 and int(sys.argv[3]) <= SETTLED_ROUND):
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1], *(int(word) for word in sys.argv[2:])))
