# SPDX-License-Identifier: BSD-2-Clause
"""The tunnels that bench/tunnel compares: each between the namespaces "left" and "right" of a lab, from set-up to
the processes that carry the packets."""
import os
import pathlib
import secrets
import shutil
import socket
import subprocess

from ike.charon import CHARON, CharonOfItsOwn
from lab.namespaces import run, until
from lab.processes import Daemon

OTHER = {"left": "right", "right": "left"}
OUTER = {"left": "192.0.2.1", "right": "192.0.2.2"}
INNER = {"left": "10.1.0.1", "right": "10.2.0.1"}
SPI = {"left": 0x1001, "right": 0x2002}
# The first that can do an algorithm does it; these are several times as fast as strongSwan's portable code.
CHARON_PLUGINS = ("load = random nonce aesni openssl kdf pem x509 pubkey constraints kernel-libipsec kernel-netlink"
                  " socket-default vici updown")
FORWARD_DEVICE = "uxbforward"
SWANCTL = """
connections {{
	net {{
		version = 2
		local_addrs = {own}
		remote_addrs = {other}
		proposals = aes128-sha256-x25519
		local {{
			auth = psk
			id = {end}
		}}
		remote {{
			auth = psk
			id = {far}
		}}
		children {{
			net {{
				local_ts = {inner}/32
				remote_ts = {far_inner}/32
				esp_proposals = aes128gcm16
			}}
		}}
	}}
}}
secrets {{
	ike-both {{
		id-1 = left
		id-2 = right
		secret = "{secret}"
	}}
}}
"""


def go_first(pid="self"):
    """Whatever else runs on the machine does not take turns with the session of @pid, where the kernel can tell."""
    try:
        with open(f"/proc/{pid}/autogroup", "w", encoding="ascii") as group:
            group.write("-20")
    except OSError:
        pass


def go_first_ourselves():
    """In a session of its own, which its children share; a shell's own job is left in the shell's."""
    if os.getpid() != os.getpgid(0):
        os.setsid()
        go_first()


class Child:
    """What the lab ends."""

    def __init__(self, argv, log=None, **options):
        out = open(log, "wb") if log else subprocess.DEVNULL
        options = {"stdout": out, **options}
        self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stderr=out, **options)
        if log:
            out.close()

    def end(self):
        self.process.terminate()
        self.process.wait()


class Side:
    """One kind of tunnel. start() gives the processes that carry packets, by end."""

    name = None

    def __init__(self, folder):
        self.folder = folder  # of its own, for files

    def missing(self):
        """What it lacks on this machine; None: nothing."""
        return None

    def start(self, lab):
        raise NotImplementedError

    @staticmethod
    def route(lab, end, device):
        lab.ip(end, f"route add {INNER[OTHER[end]]} dev {device} src {INNER[end]}")


class Uxfrm(Side):
    """AES-128-GCM, in UDP or not; @poll_us, unless it is 0, as in uxfrmd.conf."""

    def __init__(self, folder, encap, poll_us=0):
        super().__init__(folder)
        self.arguments = ["--poll-us", str(poll_us)] if poll_us else []
        self.tail = "encap espinudp 4500 4500 0.0.0.0" if encap else ""
        self.name = ("uxfrm, ESP in UDP" if encap else "uxfrm, ESP") + (f", poll_us {poll_us}" if poll_us else "")

    def start(self, lab):
        keys = {end: secrets.token_hex(20) for end in OTHER}
        daemons = {}
        for end, other in OTHER.items():
            lab.ip(end, f"address add {INNER[end]}/32 dev lo",
                   f"route add {INNER[other]} via {OUTER[other]} src {INNER[end]}")
            daemons[end] = Daemon(lab, end, self.arguments).process.pid
        for end, other in OTHER.items():
            lines = [f"state add src {OUTER[a]} dst {OUTER[b]} proto esp spi {SPI[a]} reqid 1 mode tunnel replay-window"
                     f" 1024 flag esn aead rfc4106(gcm(aes)) 0x{keys[a]} 128 {self.tail}"
                     for a, b in ((end, other), (other, end))]
            lines += [f"policy add src {INNER[a]} dst {INNER[b]} dir {way} tmpl src {OUTER[a]} dst {OUTER[b]} proto esp"
                      " reqid 1 mode tunnel" for a, b, way in ((end, other, "out"), (other, end, "in"))]
            lab.xfrm(end, *lines)
        return daemons


class Forwarder(Side):
    """bench/forward.c: our input and output without an engine."""

    name = "forwarder without crypto"

    def start(self, lab):
        children = {}
        for end, other in OTHER.items():
            child = lab.keep(Child(lab.inside(end, [lab.program("bench/forward"), OUTER[end], OUTER[other],
                                                    FORWARD_DEVICE]), stdout=subprocess.PIPE))
            if child.process.stdout.readline() != b"ready\n":
                raise RuntimeError("the forwarder does not start")
            lab.ip(end, f"address add {INNER[end]}/32 dev lo")
            self.route(lab, end, FORWARD_DEVICE)
            children[end] = child.process.pid
        return children


class WireGuard(Side):
    """wireguard-go, set up by its own socket."""

    name = "wireguard-go"

    def missing(self):
        return None if shutil.which("wireguard-go") else "the package wireguard-go"

    @staticmethod
    def keys():
        """(private, public), in hex"""
        private = subprocess.run(["openssl", "genpkey", "-algorithm", "X25519", "-outform", "DER"], check=True,
                                 stdout=subprocess.PIPE).stdout
        public = subprocess.run(["openssl", "pkey", "-inform", "DER", "-pubout", "-outform", "DER"], check=True,
                                input=private, stdout=subprocess.PIPE).stdout
        return private[-32:].hex(), public[-32:].hex()

    @staticmethod
    def configure(name, lines):
        path = f"/var/run/wireguard/{name}.sock"
        if not until(lambda: os.path.exists(path), 5):
            raise RuntimeError("wireguard-go does not answer")
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(path)
            s.sendall(("set=1\n" + "\n".join(lines) + "\n\n").encode())
            answer = s.recv(1000).decode()
        if "errno=0" not in answer:
            raise RuntimeError(f"wireguard-go: {answer}")

    def start(self, lab):
        keys = {end: self.keys() for end in OTHER}
        children = {}
        for end, other in OTHER.items():
            name = f"uxb{os.getpid()}{end[0]}"
            child = lab.keep(Child(lab.inside(end, ["wireguard-go", "-f", name]),
                                   env={**os.environ, "WG_I_PREFER_BUGGY_USERSPACE_TO_POLISHED_KMOD": "1"}))
            self.configure(name, [f"private_key={keys[end][0]}", "listen_port=51820", f"public_key={keys[other][1]}",
                                  f"endpoint={OUTER[other]}:51820", f"allowed_ip={INNER[other]}/32"])
            lab.ip(end, f"address add {INNER[end]}/32 dev {name}", f"link set {name} up")
            self.route(lab, end, name)
            children[end] = child.process.pid
        return children


class OpenVpn(Side):
    """AES-128-GCM, keys by TLS, each end knows the other's certificate by its fingerprint; nothing in the kernel."""

    name = "OpenVPN"

    def missing(self):
        return None if shutil.which("openvpn", path=os.environ["PATH"] + ":/usr/sbin") else "the package openvpn"

    def file(self, end, what):
        return str(self.folder / f"{end}.{what}")

    def fingerprint(self, end):
        run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
             "-subj", f"/CN={end}", "-keyout", self.file(end, "key"), "-out", self.file(end, "crt")])
        return run(["openssl", "x509", "-in", self.file(end, "crt"), "-noout", "-fingerprint",
                    "-sha256"]).stdout.strip().partition("=")[2]

    def start(self, lab):
        prints = {end: self.fingerprint(end) for end in OTHER}
        children = {}
        for end, other in OTHER.items():
            role = ["--tls-server", "--dh", "none"] if end == "left" else ["--tls-client"]
            words = ["openvpn", "--dev", "tun", "--dev-type", "tun", "--proto", "udp", "--local", OUTER[end],
                     "--remote", OUTER[other], "--ifconfig", INNER[end], INNER[other], *role, "--cert",
                     self.file(end, "crt"), "--key", self.file(end, "key"), "--peer-fingerprint", prints[other],
                     "--data-ciphers", "AES-128-GCM", "--cipher", "AES-128-GCM", "--disable-dco", "--txqueuelen", "1000",
                     "--verb", "3"]
            children[end] = lab.keep(Child(lab.inside(end, words), log=self.file(end, "log"))).process.pid

        def is_up(end):
            return "Initialization Sequence Completed" in pathlib.Path(self.file(end, "log")).read_text("utf-8", "replace")

        if not until(lambda: is_up("left") and is_up("right"), 20, 0.1):
            raise RuntimeError(f"OpenVPN does not connect; see {self.folder}")
        if "AES-128-GCM" not in pathlib.Path(self.file("left", "log")).read_text("utf-8", "replace"):
            raise RuntimeError("OpenVPN uses another cipher")
        return children


class KernelLibipsec(Side):
    """strongSwan with the plugin kernel-libipsec, which carries packets in the IKE daemon."""

    name = "kernel-libipsec"

    def missing(self):
        build = pathlib.Path(os.environ.get("UXFRM_BUILD", "build"))
        unpacked = build / "ike/strongswan/root" / CHARON.lstrip("/")
        return None if unpacked.exists() else "strongSwan's packages, which bench/run unpacks"

    def start(self, lab):
        secret = secrets.token_hex(16)
        ends = {}
        for end, other in OTHER.items():
            text = SWANCTL.format(own=OUTER[end], other=OUTER[other], end=end, far=other, inner=INNER[end],
                                  far_inner=INNER[other], secret=secret)
            lab.ip(end, f"address add {INNER[end]}/32 dev lo")
            ends[end] = CharonOfItsOwn(lab, end, str(self.folder / end), text, CHARON_PLUGINS)
            lab.keep(Ending(ends[end]))
            ends[end].start()
        ends["left"].up("net")
        return {end: peer.process.pid for end, peer in ends.items()}


class Ending:
    """An IKE daemon as what the lab ends."""

    def __init__(self, peer):
        self.peer = peer

    def end(self):
        self.peer.end_process()


def all_sides(folder):
    """Every kind, each with a folder of its own below @folder."""
    kinds = [lambda f: Uxfrm(f, True), lambda f: Uxfrm(f, False), Forwarder, WireGuard, OpenVpn, KernelLibipsec]
    sides = []
    for number, kind in enumerate(kinds):
        own = folder / str(number)
        own.mkdir(parents=True, exist_ok=True)
        sides.append(kind(own))
    return sides
