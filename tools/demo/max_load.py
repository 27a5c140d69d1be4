# SPDX-License-Identifier: BSD-2-Clause
"""`./demo --rate max`: as much TCP as the tunnel carries, and UDP beside it whose packets are counted; for some seconds
the SAs stay where they are, then they move a hundred times a second, and so on in turn. No capture judges the
underlay: it could not keep up."""
import statistics
import time

from lab.namespaces import CommandFailed

from . import topology, traffic
from .roaming import Position, Roamer

UDP_RATE = 2000  # packets per second in each direction
TCP_MBIT = 100000  # more than anything carries
INTERVAL = 0.01
SECONDS = 4.0
TURNS = 5
LEAST_SHARE = 0.95


class Pendulum(Roamer):
    """Between two IPv4 addresses, so that the SAs go the same kind of way all the time."""

    def roam(self):
        name = "B4" if self.position.place.name == "A4" else "A4"
        self.move(Position(topology.PLACES[name], self.position.reqid, self.position.mark))


def _received(load):
    return load.ends["gw"].ask_json("counts", 40)["tcp"]["received"]


def _lost(final):
    """UDP packets of both directions."""
    return sum(flow["sent"] - final[end]["udp"][i]["received"]
               for end in ("rw", "gw") for i, flow in enumerate(final[topology.OTHER[end]]["udp"]))


def _phase(demo, roamer, roams):
    """One turn: {"gbit", "lost", "roams_per_second"}; @roams: how many, 0: none for as long."""
    load = traffic.Traffic(demo.lab, UDP_RATE, TCP_MBIT, families=(4,))
    load.start()
    before, begin = _received(load), time.monotonic()
    if roams:
        roamer.roam_many(roams, INTERVAL)
    else:
        time.sleep(SECONDS)
    seconds = time.monotonic() - begin
    gbit = (_received(load) - before) * 8 / seconds / 1e9
    time.sleep(traffic.QUIET)
    final = load.finish()
    for child in load.ends.values():
        child.end()
    if final["gw"]["tcp"]["damaged"]:
        raise CommandFailed("TCP: blocks were damaged")
    return {"gbit": gbit, "lost": _lost(final), "roams_per_second": roams / seconds}


def _median(phases, key):
    return statistics.median(phase[key] for phase in phases)


def run(demo):
    """All turns, after demo.set_up(). The result, with its verdict."""
    roamer = Pendulum(demo.roamer.ends)
    still, moving = [], []
    for turn in range(TURNS):
        still.append(_phase(demo, roamer, 0))
        moving.append(_phase(demo, roamer, round(SECONDS / INTERVAL)))
        print(f"turn {turn + 1}: {still[-1]['gbit']:.2f} Gbit/s and {still[-1]['lost']} UDP packets lost without roams,"
              f" {moving[-1]['gbit']:.2f} and {moving[-1]['lost']} with {moving[-1]['roams_per_second']:.0f} a second",
              flush=True)
    share = _median(moving, "gbit") / _median(still, "gbit")
    result = {"still": still, "moving": moving, "share": round(share, 3), "migrate_us": statistics.median(roamer.times_us),
              "roams": roamer.roams}
    reasons = list(demo.trouble)
    if share < LEAST_SHARE:
        reasons.append(f"with roams it is {share:.1%} of what it is without; aimed at are {LEAST_SHARE:.0%}")
    if _median(moving, "lost") > _median(still, "lost"):
        reasons.append("with roams more is lost than without")
    result["verdict"] = "fail" if reasons else "pass"
    print(f"{result['roams']} roams, a migration {result['migrate_us']:.0f} us: {_median(still, 'gbit'):.2f} Gbit/s without,"
          f" {_median(moving, 'gbit'):.2f} with, {share:.1%}")
    for reason in reasons:
        print(f"  not as it must be: {reason}")
    print("FAIL" if reasons else "PASS: as much as without roams, and nothing lost by them")
    return result
