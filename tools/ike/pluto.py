# SPDX-License-Identifier: BSD-2-Clause
"""An unmodified libreswan in a namespace, under `uxfrm run`, asked by its own commands whack and addconn."""
import os

from lab.namespaces import CommandFailed, run, until

from .daemon import IkeDaemon

LIBEXEC = "/usr/libexec/ipsec"
FOLDERS = ("x509", "x509ca", "private")
SECRETS = '@rw @gw : PSK "not much of a secret"\n'


class Pluto(IkeDaemon):
    """One pluto. @directory holds what it reads and writes; @config is an ipsec.conf."""

    package = "libreswan"
    leftovers = ("pluto.ctl", "pluto.pid")

    def __init__(self, world, end, directory, config):
        super().__init__(world, end, directory)
        self.nss = os.path.join(directory, "nss")
        os.makedirs(self.nss, exist_ok=True)
        for folder in FOLDERS:
            os.makedirs(os.path.join(self.folder(), folder), exist_ok=True)
        for name, text in (("ipsec.conf", config), ("ipsec.secrets", SECRETS)):
            with open(os.path.join(directory, name), "w", encoding="ascii") as file:
                file.write(text)

    def folder(self):
        """Where its certificates and keys lie, until it has taken them."""
        return os.path.join(self.directory, "files")

    def _make_database(self):
        if not os.path.exists(os.path.join(self.nss, "cert9.db")):
            run(self.with_packages(["certutil", "-N", "-d", f"sql:{self.nss}", "--empty-password"]))

    def take_certificates(self):
        """Into its NSS database, by NSS's own commands: its own under the name END.example, and the CA."""
        self._make_database()
        ca, own, key = (os.path.join(self.folder(), *name) for name in
                        (("x509ca", "ca.pem"), ("x509", "host.pem"), ("private", "host.pem")))
        bundle = os.path.join(self.folder(), "host.p12")
        run(["openssl", "pkcs12", "-export", "-in", own, "-inkey", key, "-name", f"{self.end}.example", "-out", bundle,
             "-passout", "pass:"])
        database = ["-d", f"sql:{self.nss}"]
        run(self.with_packages(["pk12util", *database, "-i", bundle, "-W", ""]))
        run(self.with_packages(["certutil", *database, "-A", "-n", "ca", "-t", "CT,,", "-i", ca]))

    def start(self):
        """Run it and load its connections."""
        self._make_database()
        argv = [f"{LIBEXEC}/pluto", "--nofork", "--logfile", self.log, "--rundir", self.directory,
                "--config", os.path.join(self.directory, "ipsec.conf"), "--nssdir", self.nss,
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
