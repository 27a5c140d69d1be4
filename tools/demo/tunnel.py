# SPDX-License-Identifier: BSD-2-Clause
"""One Child SA pair, dual stack, as `ip xfrm` installs it. Policies are installed here and never again."""
import secrets

from .topology import GATEWAY, INNER_NETS, PLACES

SPI = {"up": 0x1001, "down": 0x2002}  # up: from the roadwarrior to the gateway
START = PLACES["A4"]
REQID = 1


def _state(direction, key):
    src, dst = START.address, GATEWAY[START.family]
    if direction == "down":
        src, dst = dst, src
    return (f"state add src {src} dst {dst} proto esp spi {SPI[direction]:#x} reqid {REQID} mode tunnel"
            f" replay-window 1024 flag af-unspec flag esn aead rfc4106(gcm(aes)) 0x{key.hex()} 128")


def _policies(end):
    other = "gw" if end == "rw" else "rw"
    here = START.address if end == "rw" else GATEWAY[START.family]
    there = GATEWAY[START.family] if end == "rw" else START.address
    for family in (4, 6):
        ours, theirs = INNER_NETS[end][family], INNER_NETS[other][family]
        tail = f"proto esp reqid {REQID} mode tunnel"
        yield f"policy add src {ours} dst {theirs} dir out tmpl src {here} dst {there} {tail}"
        for direction in ("in", "fwd"):
            yield (f"policy add src {theirs} dst {ours} dir {direction}"
                   f" tmpl src {there} dst {here} {tail}")


def install(lab):
    keys = {direction: secrets.token_bytes(20) for direction in SPI}
    for end in ("rw", "gw"):
        lab.xfrm(end, *[_state(direction, key) for direction, key in keys.items()], *_policies(end))
