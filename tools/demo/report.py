# SPDX-License-Identifier: BSD-2-Clause
"""The result: one table, one JSON object, one verdict."""
import json
import math


def percentile(values, share):
    """The smallest value that at least @share of all do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else 0.0


def direction(sender, receiver, seconds):
    """The UDP flows of one direction together; @sender and @receiver: counts of the two ends, @seconds:
    how long was sent."""
    sent = sum(flow["sent"] for flow in sender["udp"])
    received = sum(flow["received"] for flow in receiver["udp"])
    return {
        "sent": sent,
        "pps": round(sent / seconds),
        "received": received,
        "lost": sent - received,
        "duplicated": sum(flow["duplicated"] for flow in receiver["udp"]),
        "reordered": sum(flow["reordered"] for flow in receiver["udp"]),
        "damaged": sum(flow["damaged"] for flow in receiver["udp"]),
        "delay_max_us": max(flow["delay_max_us"] for flow in receiver["udp"]),
    }


def common(final, wire):
    """What the traffic's ends and the judge say, but for UDP; @final: {end: counts}."""
    return {
        "tcp_bytes": final["gw"]["tcp"]["received"],
        "tcp_sent": final["rw"]["tcp"]["sent"],
        "tcp_damaged": final["gw"]["tcp"]["damaged"],
        "ping": {key: final["rw"]["ping"][key] for key in ("sent", "received", "duplicated")},
        "repeated_sequence_numbers": wire["repeated_sequence_numbers"],
        "repeated_ivs": wire["repeated_ivs"],
        "cleartext_packets": wire["cleartext_packets"],
        "capture_drops": wire["capture_drops"],
        "undecodable": wire["undecodable"],
        "esp_packets": wire["esp"] + wire["esp_in_udp"],
        "esp_in_udp_packets": wire["esp_in_udp"],
        "wire": wire,
    }


def wire_failures(result):
    """What the underlay showed and the TCP stream met that must not be."""
    reasons = []
    for key, what in (("repeated_sequence_numbers", "sequence numbers repeated"),
                      ("repeated_ivs", "IVs repeated"), ("cleartext_packets", "packets in clear"),
                      ("capture_drops", "packets the capture missed"),
                      ("undecodable", "packets the capture could not judge")):
        if result[key]:
            reasons.append(f"{result[key]} {what}")
    if result["esp_packets"] < result["up"]["received"] + result["down"]["received"]:
        reasons.append("fewer ESP packets on the wire than packets received")
    if result["tcp_damaged"] or result["tcp_bytes"] != result["tcp_sent"] or not result["tcp_bytes"]:
        reasons.append(f"TCP: {result['tcp_sent']} bytes sent, {result['tcp_bytes']} received,"
                       f" {result['tcp_damaged']} blocks damaged")
    return reasons


def failures(result):
    """Why the verdict is not "pass"; empty when it is."""
    reasons = []
    for name in ("up", "down"):
        counts = result[name]
        for what in ("lost", "duplicated", "damaged"):
            if counts[what]:
                reasons.append(f"{name}: {counts[what]} {what}")
        if not counts["received"]:
            reasons.append(f"{name}: nothing was received")
    reasons += wire_failures(result)
    if result["ping"]["received"] != result["ping"]["sent"] or not result["ping"]["sent"]:
        reasons.append(f"ping: {result['ping']['sent']} sent, {result['ping']['received']} answered")
    for spi in result["wire"]["spis"]:
        if spi["paths"] < result["ways"]:
            reasons.append(f"SPI {spi['spi']} was seen on {spi['paths']} ways, not on {result['ways']}")
    return reasons + result["trouble"]


def _rows(result):
    times = result["migrate_us"]
    yield "roams", f"{result['roams']} in {result['seconds']:.1f} s"
    for kind, count in result["kinds"].items():
        yield f"  {kind}", f"{count}"
    yield "netlink calls per roam and end", f"{result['calls_per_roam']:g}"
    yield "time per migration, µs", (f"median {times['median']:.0f}, p99 {times['p99']:.0f},"
                                     f" max {times['max']:.0f}")
    for name, arrow in (("up", "roadwarrior to gateway"), ("down", "gateway to roadwarrior")):
        counts = result[name]
        yield f"UDP {arrow}", (f"{counts['sent']} sent ({counts['pps']:.0f}/s),"
                               f" {counts['received']} received")
        yield "  lost, duplicated, reordered", (f"{counts['lost']}, {counts['duplicated']},"
                                                f" {counts['reordered']}")
        yield "  longest way through, ms", f"{counts['delay_max_us'] / 1000:.1f}"
    yield "TCP bytes, checked", f"{result['tcp_bytes']}"
    yield "ping", f"{result['ping']['sent']} sent, {result['ping']['received']} answered"
    yield "ESP packets on the wire", (f"{result['esp_packets']}, of these"
                                      f" {result['esp_in_udp_packets']} in UDP")
    yield "ways it was seen to take", f"{min((s['paths'] for s in result['wire']['spis']), default=0)}"
    yield "sequence numbers seen twice", f"{result['repeated_sequence_numbers']}"
    yield "IVs seen twice", f"{result['repeated_ivs']}"
    yield "packets in clear", f"{result['cleartext_packets']}"


def print_table(result):
    rows = list(_rows(result))
    width = max(len(name) for name, _ in rows)
    line = "-" * (width + 46)
    print(line)
    for name, value in rows:
        print(f"{name:<{width}}  {value}")
    print(line)
    for reason in failures(result):
        print(f"  not as it must be: {reason}")
    if result["verdict"] == "pass":
        print("PASS: nothing lost, duplicated, repeated or in clear")
    else:
        print("FAIL")


def write_json(result, path):
    with open(path, "w", encoding="utf-8") as out:
        json.dump(result, out, indent=2)
        out.write("\n")
