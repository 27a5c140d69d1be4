# SPDX-License-Identifier: BSD-2-Clause
"""An unmodified strongSwan in a namespace, under `uxfrm run`, asked by its own command swanctl."""
import os

from lab.namespaces import CommandFailed, run, until

from .daemon import IkeDaemon

CHARON = "/usr/lib/ipsec/charon"
PLUGINS = ("random nonce aes sha1 sha2 md5 hmac kdf gcm ctr ccm cmac openssl pem pkcs1 pkcs8 x509 pubkey constraints"
           " curve25519 {kernel} socket-default vici updown resolve attr")
SETTINGS = """
charon {{
	load_modular = no
	load = {plugins}
	retransmit_timeout = 0.5
	retransmit_base = 1.5
	retransmit_tries = 3
	install_virtual_ip = yes
	filelog {{
		log {{
			path = {directory}/log
			default = 1
			knl = 2
			flush_line = yes
		}}
	}}
	plugins {{
		vici {{
			socket = unix://{directory}/vici
		}}
	}}
	{more}
}}
"""
FOLDERS = ("x509", "x509ca", "x509ocsp", "x509aa", "x509ac", "x509crl", "pubkey", "private", "rsa", "ecdsa",
           "bliss", "pkcs8", "pkcs12")


class Charon(IkeDaemon):
    """One charon. @directory holds what it reads and writes; @settings are lines for the section charon."""

    package = "strongswan"
    leftovers = ("vici",)
    kernel = "kernel-netlink"  # the plugins that hold SAs and policies

    def __init__(self, world, end, directory, config, settings=""):
        super().__init__(world, end, directory)
        for folder in ("", *FOLDERS):
            os.makedirs(os.path.join(directory, "swanctl", folder), exist_ok=True)
        self._write("strongswan.conf", SETTINGS.format(plugins=PLUGINS.format(kernel=self.kernel), directory=directory, more=settings))
        self._write("swanctl/swanctl.conf", config)

    def folder(self):
        """Where its certificates and keys lie; swanctl reads them from there."""
        return os.path.join(self.directory, "swanctl")

    def _write(self, name, text):
        with open(os.path.join(self.directory, name), "w", encoding="ascii") as file:
            file.write(text)

    def start(self):
        """Run it and load its configuration."""
        self.launch([CHARON], self._environment())
        socket = os.path.join(self.directory, "vici")
        if not until(lambda: os.path.exists(socket) or not self.alive(), 10):
            raise CommandFailed(f"charon of {self.end} does not start; see {self.directory}/out")
        self.swanctl("--load-all")

    def _environment(self):
        return dict(os.environ, STRONGSWAN_CONF=os.path.join(self.directory, "strongswan.conf"),
                    SWANCTL_DIR=os.path.join(self.directory, "swanctl"))

    def swanctl(self, *words, check=True):
        """What `swanctl WORDS` says."""
        argv = self.with_packages(["env", f"STRONGSWAN_CONF={self.directory}/strongswan.conf",
                                    f"SWANCTL_DIR={self.directory}/swanctl", "swanctl", *words,
                                    "--uri", f"unix://{self.directory}/vici"])
        done = run(argv, check=False)
        if check and done.returncode:
            raise CommandFailed(f"{self.end}: swanctl {' '.join(words)}: {done.stdout[-1500:]}{done.stderr[-500:]}")
        return done.stdout

    # the words that every daemon understands

    def up(self, child):
        self.swanctl("--initiate", "--timeout", "10", "--child", child)

    def down(self, connection):
        self.swanctl("--terminate", "--timeout", "10", "--ike", connection)

    def down_child(self, child):
        self.swanctl("--terminate", "--timeout", "10", "--child", child)

    def rekey_child(self, child):
        self.swanctl("--rekey", "--child", child)

    def rekey_ike(self, connection):
        self.swanctl("--rekey", "--ike", connection)

    def status(self):
        return self.swanctl("--list-sas")


class CharonOfItsOwn(Charon):
    """The same with strongSwan's own packet path in the process, the plugin kernel-libipsec: neither uxfrm nor a kernel's."""

    on_uxfrm = False
    kernel = "kernel-libipsec kernel-netlink"
