# SPDX-License-Identifier: BSD-2-Clause
"""Namespaces that exist as long as the program runs, and commands inside them.

Nothing outside the namespaces made here is touched. Their names carry the process id, so several
runs do not meet.
"""
import os
import re
import signal
import subprocess
import sys
import time

QUIET_SYSCTLS = """
net.ipv4.conf.all.rp_filter=0
net.ipv4.conf.default.rp_filter=0
net.ipv6.conf.all.accept_dad=0
net.ipv6.conf.default.accept_dad=0
net.ipv6.conf.default.accept_ra=0
net.ipv6.conf.default.router_solicitations=0
net.ipv4.tcp_congestion_control=reno
"""


class CommandFailed(Exception):
    """A command that had to work did not."""


class Lab:
    """A set of namespaces; use it as a context manager."""

    def __init__(self, prefix, build, logs):
        self.kind = prefix
        self.prefix = f"{prefix}{os.getpid()}"
        self.build = os.path.abspath(build)
        self.logs = os.path.abspath(logs)
        self.names = []
        self.children = []
        self.daemon_arguments = []  # for every daemon that is started here
        self.taps = []  # of tapped links: devices in the namespace "wire"
        os.makedirs(self.logs, exist_ok=True)

    def __enter__(self):
        # Also where the shell has it ignored, as for commands in the background.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: sys.exit(130))
        self._remove_stale()
        return self

    def _remove_stale(self):
        """What a run that was killed has left behind: its process is no more."""
        for name in run(["ip", "netns", "list"]).stdout.split():
            match = re.fullmatch(rf"{self.kind}(\d+)-\w+", name)
            if match and not os.path.exists(f"/proc/{match[1]}"):
                self._end_processes(name)
                run(["ip", "netns", "del", name], check=False)

    def __exit__(self, *_):
        self.close()

    def close(self):
        """End every process and remove every namespace; may be called twice."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        for child in reversed(self.children):
            child.end()
        self.children = []
        for name in self.names:
            self._end_processes(name)
            subprocess.run(["ip", "netns", "del", name], check=False, stderr=subprocess.DEVNULL)
        self.names = []

    @staticmethod
    def _pids(name):
        listing = subprocess.run(["ip", "netns", "pids", name], check=False, text=True,
                                 stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        return [int(pid) for pid in listing.stdout.split() if int(pid) != os.getpid()]

    def _end_processes(self, name):
        """Daemons started on demand are no children of ours: ask, then insist."""
        for number, patience in ((signal.SIGTERM, 3.0), (signal.SIGKILL, 1.0)):
            for pid in self._pids(name):
                try:
                    os.kill(pid, number)
                except ProcessLookupError:
                    pass
            until(lambda: not self._pids(name), patience)

    def full_name(self, short):
        return f"{self.prefix}-{short}"

    def add(self, short):
        """A namespace with its loopback up and quiet defaults."""
        name = self.full_name(short)
        run(["ip", "netns", "add", name])
        self.names.append(name)
        self.sysctl(short, QUIET_SYSCTLS)
        run(["ip", "-n", name, "link", "set", "lo", "up"])

    def sysctl(self, short, text):
        """Settings that this kernel does not have are passed over."""
        run(["ip", "netns", "exec", self.full_name(short), "sysctl", "-q", "-e", "-p", "-"],
            stdin=text, check=False)

    def link(self, left, left_device, right, right_device, together=False):
        """A veth pair between two namespaces, up at both ends. Unless @together, packets that a program sends
        as one (UDP_SEGMENT) are cut before the device, so that a capture sees each."""
        run(["ip", "-n", self.full_name(left), "link", "add", "name", left_device, "type", "veth",
             "peer", "name", right_device, "netns", self.full_name(right)])
        for short, device in ((left, left_device), (right, right_device)):
            run(["ip", "-n", self.full_name(short), "link", "set", device, "txqueuelen", "10000", "up"])
            if not together:
                run(["ip", "-n", self.full_name(short), "link", "set", device, "gso_max_segs", "1"])

    def tapped_link(self, left, left_device, right, right_device):
        """The same with a bridge in a namespace "wire" between them, so that all of it can be seen: packets by
        AF_XDP pass no tap of their own end. One more device in "wire", of self.taps, shows them."""
        if self.full_name("wire") not in self.names:
            self.add("wire")
        number = len(self.taps) + 1
        bridge, near, far = f"br{number}", f"l{number}", f"r{number}"
        self.ip("wire", f"link add name {bridge} type bridge mcast_snooping 0", f"link set {bridge} up")
        self.link(left, left_device, "wire", near)
        self.link("wire", far, right, right_device)
        self.ip("wire", f"link set {near} master {bridge}", f"link set {far} master {bridge}")
        self.taps.append(far)

    def ip(self, short, *lines, family=None):
        """Lines of `ip -batch`. Rules need their @family said; addresses and routes show it."""
        of_family = [f"-{family}"] if family else []
        run(["ip", *of_family, "-n", self.full_name(short), "-batch", "-"],
            stdin="\n".join(lines) + "\n")

    def inside(self, short, argv):
        return ["ip", "netns", "exec", self.full_name(short), *argv]

    def run(self, short, argv, **options):
        return run(self.inside(short, argv), **options)

    def program(self, name):
        return os.path.join(self.build, name)

    def under_uxfrm(self, short, argv, supervised=False):
        """The command that runs @argv in a namespace against its uxfrmd: under the shim, or supervised."""
        how = ["--seccomp"] if supervised else []
        return self.inside(short, [self.program("uxfrm"), "run", *how, "--", *argv])

    def xfrm(self, short, *lines, check=True):
        """Lines of Debian's `ip xfrm`, unmodified; keys travel by standard input."""
        text = "".join(f"xfrm {line}\n" for line in lines)
        return run(self.under_uxfrm(short, ["ip", "-batch", "-"]), stdin=text, check=check)

    def xfrm_show(self, short, *words):
        return run(self.under_uxfrm(short, ["ip", "xfrm", *words])).stdout

    def keep(self, child):
        self.children.append(child)
        return child


def run(argv, stdin=None, check=True, timeout=60):
    """Run to the end. On failure the exception says which command and what it said."""
    done = subprocess.run(argv, input=stdin, text=True, check=False, timeout=timeout,
                          stdin=subprocess.DEVNULL if stdin is None else None,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if check and done.returncode:
        raise CommandFailed(f"{' '.join(argv)}: exit status {done.returncode}\n"
                            f"{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done


def until(condition, seconds, step=0.01):
    """Poll until @condition holds; whether it did."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(step)
    return True
