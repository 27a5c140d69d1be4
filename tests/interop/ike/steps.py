# SPDX-License-Identifier: BSD-2-Clause
"""The words of a scenario's file `steps`. README.md lists them; each is a method word_NAME of Steps."""
import os
import re
import shlex
import time

from demo import topology
from demo.topology import OTHER
from ike.networks import ENDS
from ike.roadwarrior import PLACES, Roadwarrior
from lab.namespaces import CommandFailed, until
from lab.processes import LineProcess

PATIENCE = 8.0  # seconds until something that must come has come
TRAFFIC = "tests/tools/traffic/traffic"


class Steps:
    """Runs the lines of one scenario. @peers: the IKE daemon of each end; @place: where the roadwarrior starts."""

    def __init__(self, world, peers, place):
        self.world, self.peers = world, peers
        self.clear_allowed = False
        self.traffic = {}
        self.roadwarrior = Roadwarrior(world, place)

    def run(self, text):
        for number, line in enumerate(text.splitlines(), 1):
            line = line.strip()
            if not line or line.startswith("#"):
                continue
            try:
                self._line(line)
            except CommandFailed as error:
                raise CommandFailed(f"line {number}, {line}: {error}") from error

    def _line(self, line):
        ends, colon, rest = line.partition(": ")
        if not colon:
            ends, rest = "", line
        words = shlex.split(rest)
        method = getattr(self, f"word_{words[0]}", None)
        if not method:
            raise CommandFailed(f"no such word: {words[0]}")
        if not ends:
            method(*words[1:])
            return
        for end in ENDS if ends == "both" else (ends,):
            method(end, *words[1:])

    # the daemons

    def word_up(self, end, child):
        self.peers[end].up(child)

    def word_down(self, end, *words):
        """`down CONNECTION` or `down child CHILD`."""
        if words[0] == "child":
            self.peers[end].down_child(words[1])
        else:
            self.peers[end].down(words[0])

    def word_rekey(self, end, what, name):
        peer = self.peers[end]
        {"child": peer.rekey_child, "ike": peer.rekey_ike}[what](name)

    def word_status(self, end, *text):
        """Its own words about its SAs contain a regular expression, by and by."""
        self._by_and_by(lambda: re.search(" ".join(text), self.peers[end].status()), self.peers[end].status)

    def word_restart(self, end, *how):
        self.peers[end].end_process(insist="killed" in how)
        self.peers[end].start()

    def word_stop(self, end):
        self.peers[end].end_process()

    def word_killed(self, end):
        """Its process is gone, and says nothing any more; its SAs stay."""
        self.peers[end].end_process(insist=True)

    def word_uxfrmd(self, end, killed):
        """`uxfrmd killed`: it is gone without a word. `uxfrm run` starts another for its program."""
        if killed != "killed":
            raise CommandFailed(f"no such word: uxfrmd {killed}")
        self.world.kill_daemon(end)

    def word_idle(self, end, seconds):
        """The IKE daemon lives and needs less than a tenth of so many seconds of processor time meanwhile."""
        used = self.peers[end].processor_seconds()
        time.sleep(float(seconds))
        used = self.peers[end].processor_seconds() - used
        if not self.peers[end].alive() or used > float(seconds) / 10:
            raise CommandFailed(f"it used {used:.2f} s of {seconds} s, or has ended:\n{self.peers[end].last_words()}")

    def word_command(self, end, *argv):
        """A command of the daemon's own, which has to succeed."""
        self.peers[end].command(*argv)

    # the databases

    def _by_and_by(self, condition, explain):
        if not until(condition, PATIENCE, 0.1):
            raise CommandFailed(f"not within {PATIENCE:g} s; it is now:\n{explain()}")

    def _counted(self, end, what, wanted):
        self._by_and_by(lambda: self.world.count(end, what) == int(wanted), lambda: self.world.shown(end, what))

    def word_sas(self, end, wanted):
        self._counted(end, "state", wanted)

    def word_policies(self, end, wanted):
        self._counted(end, "policy", wanted)

    def word_state(self, end, *text):
        """The listing of SAs contains a regular expression, by and by."""
        self._by_and_by(lambda: re.search(" ".join(text), self.world.shown(end, "state"), re.M),
                        lambda: self.world.shown(end, "state"))

    def word_policy(self, end, *text):
        self._by_and_by(lambda: re.search(" ".join(text), self.world.shown(end, "policy")),
                        lambda: self.world.shown(end, "policy"))

    # packets

    def _ping(self, end, family, options):
        source, target = topology.INNER[end][family], topology.INNER[OTHER[end]][family]
        words = dict(zip(options[::2], options[1::2]))
        source, target = words.get("from", source), words.get("to", target)
        argv = ["ping", "-q", "-n", "-c", words.get("count", "3"), "-i", "0.05", "-W", "2",
                "-s", words.get("size", "56"), "-I", source, target]
        return self.world.run(end, argv, check=False)

    def _ping_all(self, end, family, options):
        done = self._ping(end, family, options)
        if " 0% packet loss" not in done.stdout:
            raise CommandFailed(f"{done.stdout}{done.stderr}")

    def word_ping(self, end, *options):
        """Pings between the inner IPv4 addresses, or `from A to B`, all answered."""
        self._ping_all(end, 4, options)

    def word_ping6(self, end, *options):
        self._ping_all(end, 6, options)

    def word_silence(self, end, *options):
        """The same pings, none answered."""
        done = self._ping(end, 4, options)
        if "100% packet loss" not in done.stdout and "Operation not permitted" not in done.stderr:
            raise CommandFailed(f"{done.stdout}{done.stderr}")

    def word_clear(self, allowed):
        """`clear allowed`: packets between inner addresses may be seen on the wire."""
        self.clear_allowed = allowed == "allowed"

    def word_traffic(self, verb, *options):
        {"start": self._traffic_start, "stop": self._traffic_stop}[verb](*options)

    def _traffic_start(self, rate="1000", *families):
        families = [int(f) for f in families] or [4]
        for end in ("gw", "rw"):
            argv = ["--rate", str(int(rate) / len(families))]
            for family in families:
                argv += ["--udp", f"{topology.INNER[end][family]},{topology.INNER[OTHER[end]][family]}"]
            log = os.path.join(self.world.logs, f"traffic-{end}.log")
            command = self.world.inside(end, [self.world.program(TRAFFIC), *argv])
            self.traffic[end] = self.world.keep(LineProcess(f"traffic in {end}", command, log))
            self.traffic[end].expect("ready")
        for end in ("gw", "rw"):
            self.traffic[end].ask("start")
        time.sleep(0.5)

    def _traffic_stop(self, *bounds):
        """`traffic stop`: nothing lost or repeated; `traffic stop lost N`: at most N of each direction."""
        allowed = int(bounds[1]) if bounds else 0
        time.sleep(0.5)
        sent = {end: self.traffic[end].ask_json("stop", 40) for end in ENDS}
        for end in ENDS:
            flows = sent[OTHER[end]]["udp"]
            final = self.traffic[end].ask_json("finish " + " ".join(str(f["sent"]) for f in flows), 60)
            lost = sum(f["sent"] for f in flows) - sum(f["received"] for f in final["udp"])
            repeated = sum(f["duplicated"] for f in final["udp"])
            print(f"# {OTHER[end]} to {end}: {sum(f['sent'] for f in flows)} sent, {lost} lost, {repeated} repeated")
            if lost > allowed or repeated:
                raise CommandFailed(f"{OTHER[end]} to {end}: {lost} lost, {repeated} repeated")
        self.end_traffic()

    def end_traffic(self):
        for child in self.traffic.values():
            child.end()
            self.world.children.remove(child)
        self.traffic = {}

    # the world

    def word_wait(self, seconds):
        time.sleep(float(seconds))

    def word_move(self, end, name, *how):
        """The roadwarrior comes up in the place @name and leaves the one it was in: when the gateway knows, or `suddenly`."""
        if end != "rw":
            raise CommandFailed("only rw moves")
        new, old = PLACES[name], self.roadwarrior.place
        self.roadwarrior.arrive(new)
        if "suddenly" not in how:
            self.word_state("gw", f"src {topology.GATEWAY[new.family]} dst {new.seen}$")
            time.sleep(0.2)
        if old != new:
            self.roadwarrior.leave(old)
        self.roadwarrior.place = new

    def word_run(self, end, *argv):
        """Any command in the namespace; it has to succeed. BUILD stands for the build directory."""
        self.world.run(end, self._of_build(argv))

    def _of_build(self, words):
        return [word.replace("BUILD", self.world.build) for word in words]

    def word_says(self, end, *words):
        """`says REGEX : COMMAND...`: what the command prints in the namespace contains it, by and by."""
        colon = words.index(":")
        text, argv = " ".join(words[:colon]), self._of_build(words[colon + 1:])
        self._by_and_by(lambda: re.search(text, self.world.run(end, argv).stdout), lambda: self.world.run(end, argv).stdout)

    def word_file(self, end, name, *text):
        """A file in the IKE daemon's folder contains a regular expression, by and by."""
        self._by_and_by(lambda: re.search(" ".join(text), self._read(end, name)), lambda: self._read(end, name))

    def _read(self, end, name):
        path = os.path.join(self.peers[end].directory, name)
        if not os.path.exists(path):
            return "(there is no such file)"
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def word_log(self, end, *text):
        """The IKE daemon's log contains a regular expression, by and by."""
        self._by_and_by(lambda: re.search(" ".join(text), self._read(end, "log")), self.peers[end].last_words)
