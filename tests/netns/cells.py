# SPDX-License-Identifier: BSD-2-Clause
"""One line of matrix.txt: its SAs and policies by `ip xfrm`, its traffic, its migration."""
import json
import os
import secrets
import time
from dataclasses import dataclass

from lab.namespaces import CommandFailed, run, until
from lab.processes import LineProcess

OUTER = {"left": {4: ("192.0.2.1", "192.0.2.11"), 6: ("2001:db8::1", "2001:db8::11")},
         "right": {4: ("192.0.2.2",), 6: ("2001:db8::2",)}}
INNER = {"left": {4: "10.1.0.1", 6: "fd01::1"}, "right": {4: "10.2.0.1", 6: "fd02::1"}}
NETS = {"left": {4: "10.1.0.0/16", 6: "fd01::/64"}, "right": {4: "10.2.0.0/16", 6: "fd02::/64"}}
OTHER = {"left": "right", "right": "left"}
TAP = ("right", "w0")  # where all of the wire is seen, unless its links are tapped
SPI = {"left": 0x1001, "right": 0x2002}  # of the SA that this end sends by
PING_SIZES = (8, 1300, 2000, 8000)

# name: bytes of key, the rest of the `ip xfrm` line, IV bytes on the wire
ALGORITHMS = {
    "gcm128": (20, "aead rfc4106(gcm(aes)) {key} 128", 8),
    "gcm192": (28, "aead rfc4106(gcm(aes)) {key} 128", 8),
    "gcm256": (36, "aead rfc4106(gcm(aes)) {key} 128", 8),
    "gcm128-icv96": (20, "aead rfc4106(gcm(aes)) {key} 96", 8),
    "gcm128-icv64": (20, "aead rfc4106(gcm(aes)) {key} 64", 8),
    "cbc128-sha1": (16, "enc cbc(aes) {key} auth hmac(sha1) {auth20}", 16),
    "cbc256-sha256": (32, "enc cbc(aes) {key} auth-trunc hmac(sha256) {auth32} 128", 16),
    "cbc192-sha384": (24, "enc cbc(aes) {key} auth-trunc hmac(sha384) {auth48} 192", 16),
    "cbc256-sha512": (32, "enc cbc(aes) {key} auth-trunc hmac(sha512) {auth64} 256", 16),
    "gmac256": (36, "aead rfc4543(gcm(aes)) {key} 128", 8),
    "ccm128": (19, "aead rfc4309(ccm(aes)) {key} 128", 8),
    "chacha": (36, "aead rfc7539esp(chacha20,poly1305) {key} 128", 8),
    "ctr256-cmac": (36, "enc rfc3686(ctr(aes)) {key} auth cmac(aes) {auth16}", 8),
    "camellia-xcbc": (16, "enc cbc(camellia) {key} auth xcbc(aes) {auth16}", 16),
    "3des-md5": (24, "enc cbc(des3_ede) {key} auth hmac(md5) {auth16}", 8),
    "null-sha256": (0, 'enc ecb(cipher_null) "" auth-trunc hmac(sha256) {auth32} 128', 0),
}


def algorithm_words(name):
    """The words of `ip xfrm state add` with fresh keys; both ends need the same call's result."""
    key_bytes, template, _ = ALGORITHMS[name]
    keys = {f"auth{n}": "0x" + secrets.token_hex(n) for n in (16, 20, 32, 48, 64)}
    return template.format(key="0x" + secrets.token_hex(key_bytes), **keys)


@dataclass(frozen=True)
class Cell:
    mode: str
    inner: int
    outer: int
    encap: str
    algorithm: str
    esn: str

    @property
    def name(self):
        return (f"{self.mode} {self.inner} in {self.outer} {self.encap} {self.algorithm}"
                f"{' esn' if self.esn == 'esn' else ''}")

    def inside(self, end):
        """The address at @end that programs use."""
        return OUTER[end][self.outer][0] if self.mode == "transport" else INNER[end][self.inner]

    def selector(self, end):
        if self.mode == "tunnel":
            return NETS[end][self.inner]
        return f"{self.inside(end)}/{32 if self.inner == 4 else 128}"

    def state(self, sender, algorithm):
        src, dst = OUTER[sender][self.outer][0], OUTER[OTHER[sender]][self.outer][0]
        words = [f"state add src {src} dst {dst} proto esp spi {SPI[sender]:#x} reqid 1 mode {self.mode}"]
        if self.esn == "esn":
            words.append("replay-window 128 flag esn")
        else:
            words.append("replay-window 32")
        if self.mode == "tunnel":
            words.append("flag af-unspec")
        if self.mode == "beet":  # the addresses inside, which are not sent
            words.append(f"sel src {self.selector(sender)} dst {self.selector(OTHER[sender])}")
        words.append(algorithm)
        if self.encap == "udp":
            words.append("encap espinudp 4500 4500 " + ("0.0.0.0" if self.outer == 4 else "::"))
        return " ".join(words)

    def policies(self, end):
        here, there = OUTER[end][self.outer][0], OUTER[OTHER[end]][self.outer][0]
        ours, theirs = self.selector(end), self.selector(OTHER[end])
        tail = f"proto esp reqid 1 mode {self.mode}"
        return [f"policy add src {ours} dst {theirs} dir out tmpl src {here} dst {there} {tail}",
                f"policy add src {theirs} dst {ours} dir in tmpl src {there} dst {here} {tail}"]

    def install(self, lab):
        states = [self.state(sender, algorithm_words(self.algorithm)) for sender in SPI]
        for end in ("left", "right"):
            lab.xfrm(end, *states, *self.policies(end))


def flush(lab):
    for end in ("left", "right"):
        lab.xfrm(end, "policy flush", "state flush")


def read_matrix(path):
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            words = line.split("#")[0].split()
            if words:
                mode, inner, outer, *rest = words
                yield Cell(mode, int(inner), int(outer), *rest)


def migrate(lab, end, cell, sender):
    """Move one SA at one end by the command: in tunnel and BEET mode to the left end's other address; in
    transport mode, where the addresses are those of the packets, into UDP or out of it, with a new reqid."""
    here = {e: OUTER[e][cell.outer][0] for e in OUTER}
    moved = dict(here)
    extra = []
    if cell.mode != "transport":
        moved["left"] = OUTER["left"][cell.outer][1]
        if cell.mode == "beet":  # its selector is what it carries
            extra = ["new-sel", "src", cell.selector(sender), "dst", cell.selector(OTHER[sender])]
    elif cell.encap == "udp":
        extra = ["encap", "none"]
    else:
        extra = ["encap", "espinudp", "4500", "4500", "0.0.0.0" if cell.outer == 4 else "::"]
    receiver = OTHER[sender]
    run(lab.inside(end, [lab.program("uxfrm"), "state", "migrate", "dst", here[receiver], "proto", "esp",
                         "spi", f"{SPI[sender]:#x}", "new-dst", moved[receiver], "new-src", moved[sender],
                         "new-reqid", "7" if cell.mode == "transport" else "1", *extra]))


def migrate_all(lab, cell):
    """Receivers before senders."""
    for sender in ("left", "right"):
        migrate(lab, OTHER[sender], cell, sender)
        migrate(lab, sender, cell, sender)


def ping(lab, cell, end="left", count=2, sizes=PING_SIZES):
    for size in sizes:
        lab.run(end, ["ping", "-q", "-c", str(count), "-i", "0.01", "-W", "2", "-s", str(size),
                      "-I", cell.inside(end), cell.inside(OTHER[end])])


class Traffic:
    """Large UDP packets both ways and a TCP stream, all compared with their pattern."""

    SIZE, RATE, MBIT = 4000, 400, 300

    def __init__(self, lab, cell):
        self.ends = {}
        for end, role in (("right", "--tcp-receive"), ("left", "--tcp-send")):
            pair = f"{cell.inside(end)},{cell.inside(OTHER[end])}"
            argv = [lab.program("tests/tools/traffic/traffic"), "--rate", str(self.RATE), "--size",
                    str(self.SIZE), "--mbit", str(self.MBIT), "--udp", pair, role, pair]
            log = os.path.join(lab.logs, f"traffic-{end}.log")
            self.ends[end] = lab.keep(LineProcess(f"traffic in {end}", lab.inside(end, argv), log))
            self.ends[end].expect("ready")
        for child in self.ends.values():
            child.ask("start")

    def flowing(self):
        counts = {end: child.ask_json("counts") for end, child in self.ends.items()}
        return (all(end["udp"][0]["received"] for end in counts.values())
                and counts["right"]["tcp"]["received"] > 1_000_000)

    def finish(self):
        """Raises if anything was lost, doubled or damaged."""
        sent = {end: child.ask_json("stop", 40) for end, child in self.ends.items()}
        final = {}
        for end, child in self.ends.items():
            final[end] = child.ask_json(f"finish {sent[OTHER[end]]['udp'][0]['sent']}", 60)
        for end, counts in final.items():
            udp, expected = counts["udp"][0], sent[OTHER[end]]["udp"][0]["sent"]
            if udp["received"] != expected or udp["duplicated"] or udp["damaged"]:
                raise CommandFailed(f"UDP into {end}: {expected} sent, {json.dumps(udp)}")
        stream = final["right"]["tcp"]
        if stream["received"] != sent["left"]["tcp"]["sent"] or stream["damaged"]:
            raise CommandFailed(f"TCP: {sent['left']['tcp']} but {stream}")

    def end(self):
        for child in self.ends.values():
            child.end()


def judge(lab, cell):
    where, device = ("wire", lab.taps[0]) if lab.taps else TAP
    argv = [lab.program("tests/tools/espcheck/espcheck"), "--inner", "10.0.0.0/8", "--inner", "fd00::/8",
            "--iv-length", str(ALGORITHMS[cell.algorithm][2]), "--mtu", "1500", "--ring-mb", "16",
            "--live", device]
    child = lab.keep(LineProcess("espcheck", lab.inside(where, argv), os.path.join(lab.logs, "judge.log")))
    child.expect("ready")
    return child


def _check_wire(wire, cell):
    for key in ("repeated_sequence_numbers", "repeated_ivs", "cleartext_packets", "undecodable",
                "capture_drops"):
        if wire[key]:
            raise CommandFailed(f"on the wire: {key} {wire[key]}: {json.dumps(wire)}")
    for spi in wire["spis"]:
        if spi["paths"] != 2:
            raise CommandFailed(f"before and after the migration the packets looked alike: {spi}")
    forms = {"plain": wire["esp"], "udp": wire["esp_in_udp"]}
    if not forms[cell.encap]:
        raise CommandFailed(f"no packet had the form asked for: {json.dumps(wire)}")


def carry(lab, cell, seen_enough=lambda: True):
    """The whole test of one line; its traffic goes on until @seen_enough, too."""
    cell.install(lab)
    witness = judge(lab, cell)
    ping(lab, cell)
    traffic = Traffic(lab, cell)
    try:
        if not until(lambda: traffic.flowing() and seen_enough(), 20):
            raise CommandFailed("the traffic does not flow")
        migrate_all(lab, cell)
        time.sleep(0.1)  # traffic by the SAs as they are now
        traffic.finish()
    finally:
        traffic.end()
    ping(lab, cell)
    ping(lab, cell, "right", 1)
    _check_wire(witness.close_and_read_json(), cell)
