# SPDX-License-Identifier: BSD-2-Clause
"""What bench/tunnel measures through a tunnel: TCP and UDP by iperf3, round trips by ping."""
import json
import re
import statistics
import subprocess

from lab.namespaces import CommandFailed, until
from tunnel_sides import INNER, OUTER, Child

LOSS_MAX = 0.015
FIRST = []  # words in front of each command that makes or receives traffic
UDP_BUFFER = "4M"  # of both sockets; the usual one holds a few hundred small packets


def serve(lab):
    lab.keep(Child(lab.inside("right", [*FIRST, "iperf3", "-s", "-J", "-B", INNER["right"]])))
    listening = ["ss", "-Hltn", "sport", "=", ":5201"]
    if not until(lambda: lab.run("right", listening).stdout, 5):
        raise CommandFailed("iperf3 does not listen")


def iperf(lab, seconds, *words):
    """What the client says."""
    said = lab.run("left", [*FIRST, "iperf3", "-J", "-c", INNER["right"], "-B", INNER["left"], "-t", str(seconds), *words],
                   check=False, timeout=seconds + 60).stdout
    answer = json.loads(said)
    if "error" in answer:
        raise CommandFailed(f"iperf3: {answer['error']}")
    return answer


def tcp(lab, seconds, streams):
    """Gbit/s received"""
    return iperf(lab, seconds, "-P", str(streams))["end"]["sum_received"]["bits_per_second"] / 1e9


def udp_once(lab, payload, rate, seconds=1):
    """(packets received in a second, share lost) at @rate packets a second, 0: as many as the sender can. What the server
    itself has counted; it knows nothing of losses behind the last packet it got."""
    answer = iperf(lab, seconds, "-u", "-l", str(payload), "-b", str(round(rate * payload * 8)), "-w", UDP_BUFFER,
                   "--get-server-output")
    if "server_output_json" not in answer:
        raise CommandFailed("iperf3: the server has not said what it received")
    sent = answer["end"]["sum"]["packets"]
    received = sum(part["sum"]["bytes"] for part in answer["server_output_json"]["intervals"]) / payload
    return received / answer["end"]["sum"]["seconds"], 1 - received / sent if sent else 1


def udp(lab, payload, tries):
    """The most packets a second, in thousands, that were received with no more than LOSS_MAX lost."""
    received, lost = udp_once(lab, payload, 0)
    best = received if lost < LOSS_MAX else 0
    low, high = (received / 2, received * 1.15) if not best else (received, received)
    for attempt in range(tries if not best else 0):
        rate = low if attempt == 0 else (low + high) / 2
        received, lost = udp_once(lab, payload, rate)
        if lost < LOSS_MAX:
            best, low = max(best, received), rate
        elif attempt == 0:
            low, high = rate / 3, rate
        else:
            high = rate
    return best / 1e3


def pin(pids, cores):
    """Each process of @pids, by end, with all of its threads."""
    for end, pid in pids.items():
        subprocess.run(["taskset", "-a", "-p", "-c", str(cores[end]), str(pid)], check=True, stdout=subprocess.DEVNULL)


def ping(lab, target, source, count=300):
    """The median of the times there and back, µs, from the first core."""
    said = lab.run("left", [*FIRST, "taskset", "-c", "0", "ping", "-c", str(count), "-i", "0.003", "-I", source, target]).stdout
    return statistics.median(float(ms) for ms in re.findall(r"time=([0-9.]+) ms", said)) * 1e3


def ping_inside(lab, pids, cores):
    """The same through the tunnel, whose processes are on @cores, by end."""
    pin(pids, cores)
    return ping(lab, INNER["right"], INNER["left"])


def ping_outside(lab):
    return ping(lab, OUTER["right"], OUTER["left"])
