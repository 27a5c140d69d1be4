# SPDX-License-Identifier: BSD-2-Clause
"""The sides of bench/control: each starts the client program build/bench/control somewhere and passes
it commands. The client is the same on all sides; what answers it is not."""
import os
import pathlib
import shutil
import subprocess
import tempfile
import time

MEMORY_PER_ENTRY = 9000  # bytes of a kernel for an SA and a policy
MEMORY_LEAST = 384 << 20

INIT = """#!/bin/sh
mount -t proc proc /proc
ip link set lo up
stty raw -echo
exec {command} 2>&1
"""


class Side:
    """A running client. run() gives {name: (count, seconds)}."""

    def __init__(self, name, argv, **popen):
        self.name = name
        self.process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        bufsize=1, **popen)
        self.read()

    def read(self):
        rows, said = {}, []
        for line in self.process.stdout:
            line = line.strip()
            if line == "= done":
                return rows
            if not line.startswith("= "):
                said.append(line)
                continue
            name, count, seconds = line[2:].rsplit(" ", 2)
            rows[name] = int(count), float(seconds)
        raise RuntimeError(f"{self.name}: the client ended: {' '.join(said[-3:]) or 'see above'}")

    def run(self, command):
        self.process.stdin.write(command + "\n")
        return self.read()

    def resident(self):
        """Bytes of memory of what answers; None where that cannot be told."""
        return None

    def close(self):
        self.process.stdin.close()
        try:
            self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()


class Ours(Side):
    """uxfrmd in a network namespace of its own, and the client under uxfrm run."""

    def __init__(self, build, client_args, daemon_args):
        self.daemon = None
        ready_read, ready_write = os.pipe()
        self.daemon = subprocess.Popen(
            ["unshare", "-n", "--", str(build / "uxfrmd"), "-f", "--ready-fd", str(ready_write), *daemon_args],
            pass_fds=[ready_write])
        os.close(ready_write)
        ready = os.read(ready_read, 1)
        os.close(ready_read)
        if not ready:
            raise RuntimeError("uxfrmd does not start")
        super().__init__("uxfrm", ["nsenter", f"--net=/proc/{self.daemon.pid}/ns/net", "--",
                                   str(build / "uxfrm"), "run", "--", str(build / "bench/control"),
                                   *client_args])

    def resident(self):
        status = pathlib.Path(f"/proc/{self.daemon.pid}/status").read_text(encoding="ascii")
        return int(status.split("VmRSS:")[1].split()[0]) * 1024

    def close(self):
        super().close()
        self.daemon.terminate()
        self.daemon.wait()


class Host(Side):
    """The kernel of this machine, in a fresh network namespace."""

    def __init__(self, build, client_args):
        super().__init__("host's kernel", ["unshare", "-n", "--", str(build / "bench/control"), *client_args])


class Oracle(Side):
    """A User-Mode Linux: a kernel with all of IPsec, as a process. It runs in real time."""

    def __init__(self, build, client_args, kernel, size):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="uxfrm-bench-"))
        init = self.dir / "init"
        init.write_text(INIT.format(command=" ".join([str(build / "bench/control"), *client_args])),
                        encoding="utf-8")
        init.chmod(0o755)
        memory = MEMORY_LEAST + size * MEMORY_PER_ENTRY
        environment = dict(os.environ)
        pad = kernel.parent / "xstate-pad.so"
        if pad.exists():
            environment["LD_PRELOAD"] = str(pad)
        super().__init__(
            "Linux as a process",
            [str(kernel), f"mem={memory >> 20}M", "rootfstype=hostfs", "ro", f"init={init}", "con=null",
             "con0=fd:0,fd:1", "quiet", f"uml_dir={self.dir}"], env=environment)

    def close(self):
        # the end of its init is the end of the kernel
        self.process.kill()
        super().close()
        shutil.rmtree(self.dir, ignore_errors=True)


def find_oracle():
    """A kernel that tests/oracle has built, or None."""
    given = os.environ.get("UXFRM_ORACLE_KERNEL")
    if given:
        return pathlib.Path(given)
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "uxfrm/oracle"
    found = sorted(cache.glob("*/linux"), key=lambda p: p.stat().st_mtime)
    return found[-1] if found else None


def settle():
    """A moment for what the last measurement left to be done."""
    time.sleep(0.05)
