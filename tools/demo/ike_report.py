# SPDX-License-Identifier: BSD-2-Clause
"""The result of ./demo --ike: a column for each data path. The verdict is uxfrm's."""
from . import report

ARROWS = (("up", "roadwarrior to gateway"), ("down", "gateway to roadwarrior"))


def failures(result):
    """Why the verdict is not "pass"; empty when it is."""
    reasons = []
    for name, arrow in ARROWS:
        counts = result[name]
        if counts["lost_while_reachable"]:
            reasons.append(f"{arrow}: {counts['lost_while_reachable']} lost while the peer could be reached")
        for what in ("duplicated", "damaged"):
            if counts[what]:
                reasons.append(f"{arrow}: {counts[what]} {what}")
        if not counts["received"]:
            reasons.append(f"{arrow}: nothing was received")
    for roam in result["each_roam"]:
        for name, arrow in ARROWS:
            if roam["hard"] and roam[name]["unreachable_ms"] > 1e6:
                reasons.append(f"{roam['kind']}: no packet from {arrow} by the new path")
    reasons += report.wire_failures(result)
    if not result["hard_roams"] and result["ping"]["received"] != result["ping"]["sent"]:
        reasons.append(f"ping: {result['ping']['sent']} sent, {result['ping']['received']} answered")
    return reasons + result["trouble"]


def _per_roam(result, hard):
    """The most that a roam of that sort lost while the peer could be reached, and how many there were."""
    roams = [roam for roam in result["each_roam"] if roam["hard"] == hard]
    return max((roam["up"]["reachable"] + roam["down"]["reachable"] for roam in roams), default=0), len(roams)


def _unreachable_ms(result, name):
    times = [roam[name]["unreachable_ms"] for roam in result["each_roam"] if roam["hard"]]
    return f"{report.percentile(times, 0.5):.0f} / {max(times):.0f}" if times else "-"


def _rows(result):
    """(name, value) of one data path."""
    yield "roams, of these hard", f"{result['roams']}, {result['hard_roams']}"
    yield "lost while the peer could be reached, per roam:", ""
    for kind, lost in result["lost_of_kind"].items():
        yield f"  {kind}", f"{lost['reachable'] / lost['roams']:.1f}"
    yield "  the most by one roam", f"{max(_per_roam(result, hard)[0] for hard in (False, True))}"
    for name, arrow in ARROWS:
        counts = result[name]
        yield f"UDP {arrow}, sent", f"{counts['sent']} ({counts['pps']:.0f}/s)"
        yield f"  lost while the peer could be reached, {name}", f"{counts['lost_while_reachable']}"
        yield f"  sent while it could not, and lost, {name}", f"{counts['lost_while_unreachable']}"
        yield f"  duplicated, reordered, {name}", f"{counts['duplicated']}, {counts['reordered']}"
        yield f"  longest way through, ms, {name}", f"{counts['delay_max_us'] / 1000:.1f}"
        yield f"  hard: ms to the first ESP, median / max, {name}", _unreachable_ms(result, name)
    yield "TCP bytes sent, received", f"{result['tcp_sent']}, {result['tcp_bytes']}"
    yield "ping sent, answered", f"{result['ping']['sent']}, {result['ping']['received']}"
    yield "ESP packets, of these in UDP", f"{result['esp_packets']}, {result['esp_in_udp_packets']}"
    yield "sequence numbers, IVs seen twice", f"{result['repeated_sequence_numbers']}, {result['repeated_ivs']}"
    yield "packets in clear", f"{result['cleartext_packets']}"


def print_table(results, notes):
    """@results: {name of the data path: result}, uxfrm first."""
    columns = {name: dict(_rows(result)) for name, result in results.items()}
    names = list(dict.fromkeys(row for column in columns.values() for row in column))
    width = max(len(name) for name in names)
    line = "-" * (width + 26 * len(columns))
    print(line)
    print(f"{'':<{width}}" + "".join(f"  {name:<24}" for name in columns).rstrip())
    for name in names:
        print(f"{name:<{width}}" + "".join(f"  {column.get(name, '-'):<24}" for column in columns.values()).rstrip())
    print(line)
    for note in notes:
        print(note)
    for name, result in results.items():
        for reason in failures(result):
            print(f"  {name}, not as it must be: {reason}")
    uxfrm = next(iter(results.values()))
    if uxfrm["verdict"] == "pass":
        print("PASS: on uxfrm nothing was lost while the peer could be reached, nothing duplicated, repeated or in clear")
    else:
        print("FAIL")
