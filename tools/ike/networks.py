# SPDX-License-Identifier: BSD-2-Clause
"""Where the IKE daemons live: the networks of the demonstration, as such daemons need them, and their uxfrmd."""
import json
import os
import signal

from demo import topology
from lab.namespaces import Lab, until
from lab.processes import Daemon

ENDS = ("rw", "gw")
SOURCE_TABLES = {4: (101, 102, 103), 6: (101, 102)}  # those of topology.py, by source address
GUARD = """
table inet guard {
	counter clear { }
	chain arriving {
		type filter hook prerouting priority -400;
		iifname { "a0", "b0", "n0" } ip saddr { 10.0.0.0/8 } ip daddr { 10.0.0.0/8 } counter name clear
		iifname { "a0", "b0", "n0" } ip6 saddr fd00::/8 ip6 daddr fd00::/8 counter name clear
	}
}
"""


class Networks(Lab):
    """Namespaces rw, gw and nat, as in tools/demo/topology.py, and an uxfrmd at each end that wants one."""

    def build_networks(self, source_routes=False):
        """@source_routes: each address of the roadwarrior keeps its own way out, in a table for its source address, whatever
        the main table says; IKE daemons have to be told to look at the main table only."""
        topology.build(self)
        for end in ENDS:
            self.run(end, ["nft", "delete", "table", "inet", "marks"])
            self.run(end, ["nft", "-f", "-"], stdin=GUARD)
        self._answer_from_one_address()
        if not source_routes:
            self._one_way_out()
        self.daemons, self.killed = {}, []

    def _one_way_out(self):
        """An IKE daemon would take any table for a way."""
        for family, tables in SOURCE_TABLES.items():
            self.ip("rw", *(line for table in tables for line in (f"route flush table {table}", f"rule del lookup {table}")),
                    family=family)

    def _answer_from_one_address(self):
        """Else the gateway's IKE daemon would move each SA to the address of the nearest interface. It tells its peer of
        addresses of interfaces other than the loopback one."""
        for family, bits in ((4, 32), (6, 128)):
            address = f"{topology.GATEWAY[family]}/{bits}"
            nodad = " nodad" if family == 6 else ""
            self.ip("gw", f"address del {address} dev lo", f"address add {address} dev n0{nodad}", family=family)
        nets = ((4, "192.0.2.0/24", "a0"), (4, "198.51.100.0/24", "b0"), (4, "203.0.113.128/25", "n0"),
                (6, "2001:db8:a::/64", "a0"), (6, "2001:db8:b::/64", "b0"))
        for family, net, device in nets:
            self.ip("gw", f"route replace {net} dev {device} proto kernel src {topology.GATEWAY[family]}"
                          + (" metric 256" if family == 6 else ""), family=family)
        # nor may the others answer when the roadwarrior's tries which of them do
        rules = " ".join(f"add rule inet one input fib daddr type local {word} daddr != {topology.GATEWAY[family]} "
                         "udp dport { 500, 4500 } drop;"
                         for family, word in ((4, "ip"), (6, "ip6")))
        self.run("gw", ["nft", "add table inet one; add chain inet one input "
                        "{ type filter hook input priority -200; }; " + rules])

    def start_daemons(self, arguments=(), ends=ENDS):
        self.daemons = {end: Daemon(self, end, arguments) for end in ends}

    def kill_daemon(self, end):
        daemon = self.daemons.pop(end)
        daemon.process.kill()
        daemon.process.wait()
        self.killed.append(end)

    def _end_successor(self, end):
        """That which `uxfrm run` has started in place of one that was killed."""
        said = self.run(end, [self.program("uxfrm"), "-j", "stats"], check=False).stdout
        if said:
            pid = json.loads(said)["pid"]
            os.kill(pid, signal.SIGTERM)
            until(lambda: not os.path.exists(f"/proc/{pid}"), 10)

    def end_daemons(self):
        """{end: exit status}; those of a daemon that a scenario has killed are not asked."""
        statuses = {end: daemon.end() for end, daemon in self.daemons.items()}
        self.daemons = {}
        while self.killed:
            self._end_successor(self.killed.pop())
        return statuses

    def in_clear(self):
        """Packets between inner addresses that came over a wire since the last call."""
        total = 0
        for end in ENDS:
            said = self.run(end, ["nft", "-j", "reset", "counter", "inet", "guard", "clear"]).stdout
            total += sum(entry["counter"]["packets"] for entry in json.loads(said)["nftables"]
                         if "counter" in entry)
        return total

    def shown(self, end, *words):
        """What `uxfrm WORDS` prints at @end."""
        return self.run(end, [self.program("uxfrm"), *words]).stdout

    def count(self, end, what):
        """SAs with keys, or policies, as the daemon of @end holds them."""
        listing = json.loads(self.shown(end, "-j", what) or "[]")
        return len(listing)
