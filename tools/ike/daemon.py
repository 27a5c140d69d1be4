# SPDX-License-Identifier: BSD-2-Clause
"""What the IKE daemons have in common: a folder, a process under `uxfrm run`, a log."""
import os
import pathlib
import subprocess

WITH_PACKAGES = pathlib.Path(__file__).resolve().parent / "with-packages.sh"


class IkeDaemon:
    """One process. @directory holds what it reads and writes, its log among it."""

    on_uxfrm = True  # else it brings its own data path and is started as it is
    package = None  # whose files it is shown
    leftovers = ()  # in its folder, when it has ended

    def __init__(self, world, end, directory):
        self.world, self.end, self.directory = world, end, directory
        self.log = os.path.join(directory, "log")
        self.process = None

    def path(self, name):
        return os.path.join(self.directory, name)

    def with_packages(self, argv):
        return [str(WITH_PACKAGES), os.path.join(self.world.build, "ike", self.package, "root"), *argv]

    def take_certificates(self):
        """Those that are in its folder now become known to it."""

    def launch(self, argv, environment=None):
        if self.on_uxfrm:
            argv = [self.world.program("uxfrm"), "run", "--", *argv]
        argv = self.with_packages(argv)
        with open(self.path("out"), "ab") as out:
            self.process = subprocess.Popen(self.world.inside(self.end, argv), stdin=subprocess.DEVNULL, stdout=out,
                                            stderr=out, env=environment, start_new_session=True)

    def processor_seconds(self):
        """What it has used until now. Every command on the way to it became it by exec."""
        with open(f"/proc/{self.process.pid}/stat", encoding="ascii") as stat:
            fields = stat.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def alive(self):
        return self.process.poll() is None

    def ask_to_end(self):
        self.process.terminate()

    def end_process(self, insist=False):
        """Ask it to end, or kill it."""
        if not self.process or not self.alive():
            return
        if insist:
            self.process.kill()
        else:
            self.ask_to_end()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        for name in self.leftovers:
            if os.path.exists(self.path(name)):
                os.unlink(self.path(name))

    def last_words(self):
        try:
            with open(self.log, encoding="utf-8", errors="replace") as log:
                return log.read()[-3000:]
        except FileNotFoundError:
            return "it wrote no log"
