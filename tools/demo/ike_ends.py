# SPDX-License-Identifier: BSD-2-Clause
"""The IKE daemons of the demonstration: which one, what it loads, how it is known that it has moved."""
import os
import re

from ike.charon import Charon, CharonOfItsOwn
from ike.networks import ENDS, SOURCE_TABLES
from ike.pluto import Pluto
from lab.namespaces import CommandFailed, until

from .topology import GATEWAY, INNER_NETS, OTHER

SECRET = "not much of a secret"
SWANCTL = """
connections {{
	net {{
		version = 2
		local_addrs = {local}
		remote_addrs = {remote}
		proposals = aes128-sha256-x25519
		local {{
			auth = psk
			id = {end}
		}}
		remote {{
			auth = psk
			id = {other}
		}}
		children {{
			net {{
				local_ts = {local_nets}
				remote_ts = {remote_nets}
				esp_proposals = aes128gcm16
			}}
		}}
	}}
}}
secrets {{
	ike-both {{
		id-1 = rw
		id-2 = gw
		secret = "{secret}"
	}}
}}
"""
# Two networks at once: take the one of the main table; what the tables for source addresses say is not for IKE.
TWO_NETWORKS = f"prefer_best_path = yes\n\tignore_routing_tables = {' '.join(str(t) for t in SOURCE_TABLES[4])}"
IPSEC = """
config setup
	uniqueids=no

conn net
	ikev2=insist
	authby=secret
	left={local}
	right={remote}
	leftid=@{end}
	rightid=@{other}
	leftsubnet={local_net}
	rightsubnet={remote_net}
	ike=aes128-sha2;dh14
	esp=aes_gcm128
	mobike=yes
"""


def _swanctl(end):
    """What an end loads; the roadwarrior is wherever it is."""
    gateway = ",".join(GATEWAY.values())
    local, remote = ("%any", gateway) if end == "rw" else (gateway, "%any")
    return SWANCTL.format(local=local, remote=remote, end=end, other=OTHER[end], secret=SECRET,
                          local_nets=",".join(INNER_NETS[end].values()),
                          remote_nets=",".join(INNER_NETS[OTHER[end]].values()))


class Ends:
    """Both ends of one data path. @folder: where each daemon has a folder of its own."""

    uxfrmd_at = ENDS

    def __init__(self, lab, folder):
        self.lab = lab
        self.peers = {end: self.peer(end, os.path.join(folder, end)) for end in reversed(ENDS)}

    def start(self):
        for peer in self.peers.values():
            peer.start()
        self.peers["rw"].up("net")

    def check_alive(self):
        for end, peer in self.peers.items():
            if not peer.alive():
                raise CommandFailed(f"the IKE daemon of {end} ended:\n{peer.last_words()}")
        for end, daemon in self.lab.daemons.items():
            if not daemon.alive():
                raise CommandFailed(f"uxfrmd of {end} ended:\n{daemon.last_words()}")

    def end(self):
        for peer in self.peers.values():
            peer.end_process()

    def wait_moved(self, place, seconds):
        """Until the SAs of both ends are those of @place."""
        if not until(lambda: self.moved(place), seconds, 0.1):
            self.check_alive()
            raise CommandFailed(f"not at {place.name} within {seconds:g} s; the roadwarrior's daemon said last:\n"
                                + self.peers["rw"].last_words()[-3000:])

    def moved(self, place):
        """By the SAs uxfrmd has. Which of the gateway's addresses they go to is for the daemons to choose."""
        return all(re.search(rf"^src \S+ dst {re.escape(warrior)}$", self.lab.shown(end, "state"), re.M)
                   and re.search(rf"^src {re.escape(warrior)} dst \S+$", self.lab.shown(end, "state"), re.M)
                   for end, warrior in (("rw", place.address), ("gw", place.seen)))


class StrongSwan(Ends):
    """charon on uxfrm."""

    name, daemon = "uxfrm", Charon

    def peer(self, end, folder):
        return self.daemon(self.lab, end, folder, _swanctl(end), TWO_NETWORKS if end == "rw" else "")


class OwnPath(StrongSwan):
    """charon with its plugin kernel-libipsec."""

    name, daemon, uxfrmd_at = "kernel-libipsec", CharonOfItsOwn, ()

    def moved(self, place):
        """By what the daemons say; they move their SAs before they say it."""
        return all(re.search(rf"{word} .* @ {re.escape(address)}\[", self.peers[end].status())
                   for end, word, address in (("rw", "local", place.address), ("gw", "remote", place.seen)))


class Libreswan(Ends):
    """pluto on uxfrm."""

    name = "uxfrm"

    def peer(self, end, folder):
        local, remote = ("%defaultroute", GATEWAY[4]) if end == "rw" else (GATEWAY[4], "%any")
        return Pluto(self.lab, end, folder, IPSEC.format(
            local=local, remote=remote, end=end, other=OTHER[end],
            local_net=INNER_NETS[end][4], remote_net=INNER_NETS[OTHER[end]][4]))
