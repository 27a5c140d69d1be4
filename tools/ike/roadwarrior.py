# SPDX-License-Identifier: BSD-2-Clause
"""The roadwarrior comes and goes: its addresses and its way to the gateway."""
import dataclasses

from demo import topology
from demo.topology import GATEWAY
from lab.namespaces import run

# and another address behind the same NAT, whose port it keeps
PLACES = {**topology.PLACES,
          "NAT2": dataclasses.replace(topology.PLACES["NAT"], name="NAT2", address="192.168.77.3")}

TABLES = {"a0": "101", "b0": "102", "n0": "103"}  # of topology.py


class Roadwarrior:
    """In the namespace rw of @lab, at the place @place. @source_routes: as a phone has it, each address with a way out of its
    own, in the table for its source address, and none of its networks on the link; the main table says which is used."""

    def __init__(self, lab, name, source_routes=False):
        self.lab, self.source_routes = lab, source_routes
        self.place = PLACES[name]
        for place in PLACES.values():
            self._ip(place.family, "address", "del", *self._address(place, on_link=True), check=False)
        run(["ip", "-n", lab.full_name("rw"), "route", "del", "default"], check=False)
        if source_routes:
            for family in GATEWAY:
                self.forget_way(family, GATEWAY[family])
        self.arrive(self.place)

    def _ip(self, family, *words, check=True):
        run(["ip", f"-{family}", "-n", self.lab.full_name("rw"), *words], check=check)

    def _address(self, place, on_link=None):
        on_link = not self.source_routes if on_link is None else on_link
        bits = {True: {4: 24, 6: 64}, False: {4: 32, 6: 128}}[on_link][place.family]
        return f"{place.address}/{bits}", "dev", place.device

    def arrive(self, place):
        """Its address is there, and its network the way to the gateway of its family."""
        nodad = ["nodad"] if place.family == 6 else []
        self._ip(place.family, "address", "replace", *self._address(place), *nodad)
        if self.source_routes:
            way = ("default", "via", place.via, "dev", place.device, "onlink")
            self._ip(place.family, "route", "replace", *way, "table", TABLES[place.device])
        else:
            way = (GATEWAY[place.family], "via", place.via)
        self._ip(place.family, "route", "replace", *way)

    def leave(self, place):
        """Its address is gone."""
        self._ip(place.family, "address", "del", *self._address(place))

    def forget_way(self, family, net="default"):
        """The main table has no way to the gateways of @family any more."""
        self._ip(family, "route", "del", net, check=False)
