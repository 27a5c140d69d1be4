# SPDX-License-Identifier: BSD-2-Clause
"""An unmodified libreswan in a namespace, under `uxfrm run`, asked by its own commands whack and addconn."""
import os

from lab.namespaces import CommandFailed, run, until

from .daemon import IkeDaemon

LIBEXEC = "/usr/libexec/ipsec"
SECRETS = '@rw @gw : PSK "not much of a secret"\n'


class Pluto(IkeDaemon):
    """One pluto. @directory holds what it reads and writes; @config is an ipsec.conf."""

    package = "libreswan"
    leftovers = ("pluto.ctl", "pluto.pid")

    def __init__(self, world, end, directory, config):
        super().__init__(world, end, directory)
        os.makedirs(os.path.join(directory, "nss"), exist_ok=True)
        for name, text in (("ipsec.conf", config), ("ipsec.secrets", SECRETS)):
            with open(os.path.join(directory, name), "w", encoding="ascii") as file:
                file.write(text)

    def start(self):
        """Run it and load its connections."""
        nss = os.path.join(self.directory, "nss")
        if not os.path.exists(os.path.join(nss, "cert9.db")):
            run(self.with_packages(["certutil", "-N", "-d", f"sql:{nss}", "--empty-password"]))
        argv = [f"{LIBEXEC}/pluto", "--nofork", "--logfile", self.log, "--rundir", self.directory,
                "--config", os.path.join(self.directory, "ipsec.conf"), "--nssdir", nss,
                "--secretsfile", os.path.join(self.directory, "ipsec.secrets"), "--ipsecdir", self.directory]
        self.launch(argv)
        if not until(lambda: self._whack("--status", check=False).returncode == 0 or not self.alive(), 15, 0.1):
            raise CommandFailed(f"pluto of {self.end} does not start; see {self.log}")
        self._whack("--listen")
        for name in self._connections():
            self._run("addconn", "--config", os.path.join(self.directory, "ipsec.conf"), "--ctlsocket",
                      os.path.join(self.directory, "pluto.ctl"), name)

    def _connections(self):
        with open(os.path.join(self.directory, "ipsec.conf"), encoding="ascii") as file:
            return [line.split()[1] for line in file if line.startswith("conn ") and "%default" not in line]

    def _run(self, program, *words, check=True):
        done = run(self.world.inside(self.end, self.with_packages([f"{LIBEXEC}/{program}", *words])), check=False)
        if check and done.returncode:
            raise CommandFailed(f"{self.end}: {program} {' '.join(words)}: {done.returncode}:"
                                f" {done.stdout[-1500:]}{done.stderr[-500:]}")
        return done

    def _whack(self, *words, check=True):
        return self._run("whack", "--rundir", self.directory, *words, check=check)

    # the words that every daemon understands; a child is a connection here

    def up(self, child):
        said = self._whack("--initiate", "--name", child).stdout
        if "IPsec SA established" not in said and "established Child SA" not in said:
            raise CommandFailed(f"{self.end}: {said}")

    def down(self, connection):
        self._whack("--terminate", "--name", connection)

    down_child = down

    def rekey_child(self, child):
        self._whack("--rekey-ipsec", "--name", child)

    def rekey_ike(self, connection):
        self._whack("--rekey-ike", "--name", connection)

    def status(self):
        return self._whack("--trafficstatus").stdout + self._whack("--showstates").stdout

    def ask_to_end(self):
        self._whack("--shutdown", check=False)
