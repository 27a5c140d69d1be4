# SPDX-License-Identifier: BSD-2-Clause
"""The roadwarrior comes and goes: its addresses and its way to the gateway."""
from demo.topology import GATEWAY, PLACES
from lab.namespaces import run


class Roadwarrior:
    """In the namespace rw of @lab, at the place @place."""

    def __init__(self, lab, name):
        self.lab = lab
        self.place = PLACES[name]
        self._only_here()

    def _ip(self, family, *words, check=True):
        run(["ip", f"-{family}", "-n", self.lab.full_name("rw"), *words], check=check)

    def _only_here(self):
        self.arrive(self.place)
        run(["ip", "-n", self.lab.full_name("rw"), "route", "del", "default"], check=False)
        for place in PLACES.values():
            if place != self.place:
                self._ip(place.family, *self._del(place), check=False)

    @staticmethod
    def _address(place):
        return f"{place.address}/{24 if place.family == 4 else 64}", "dev", place.device

    def _del(self, place):
        return ("address", "del", *self._address(place))

    def arrive(self, place):
        """Its address is there, and its network the way to the gateway of its family."""
        nodad = ["nodad"] if place.family == 6 else []
        self._ip(place.family, "address", "replace", *self._address(place), *nodad)
        self._ip(place.family, "route", "replace", GATEWAY[place.family], "via", place.via)

    def leave(self, place):
        """Its address is gone."""
        self._ip(place.family, *self._del(place))

    def forget_way(self, family):
        """The main table has no way to the gateway of @family any more."""
        self._ip(family, "route", "del", GATEWAY[family], check=False)
