# SPDX-License-Identifier: BSD-2-Clause
"""Processes that are talked to line by line, and the daemon."""
import json
import os
import select
import signal
import subprocess

from .namespaces import CommandFailed


class LineProcess:
    """A program that answers each line on standard input with one on standard output."""

    def __init__(self, name, argv, log):
        self.name = name
        with open(log, "wb") as errors:
            # A session of its own: an interrupt at the terminal is ours to handle, in our order.
            self.process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                            stderr=errors, bufsize=0, start_new_session=True)
        self.log = log
        self.pending = b""

    def read_line(self, seconds=10):
        while b"\n" not in self.pending:
            ready, _, _ = select.select([self.process.stdout], [], [], seconds)
            chunk = os.read(self.process.stdout.fileno(), 65536) if ready else b""
            if not chunk:
                why = "ended" if ready else f"said nothing for {seconds} s"
                raise CommandFailed(f"{self.name} {why}; see {self.log}")
            self.pending += chunk
        line, self.pending = self.pending.split(b"\n", 1)
        return line.decode()

    def expect(self, word, seconds=10):
        line = self.read_line(seconds)
        if line.split(" ", 1)[0] != word:
            raise CommandFailed(f"{self.name}: {line}")
        return line

    def ask(self, line, seconds=10):
        try:
            self.process.stdin.write(line.encode() + b"\n")
        except BrokenPipeError as error:
            raise CommandFailed(f"{self.name} ended; see {self.log}") from error
        return self.read_line(seconds)

    def ask_json(self, line, seconds=10):
        return json.loads(self.ask(line, seconds))

    def close_and_read_json(self, seconds=30):
        """End its input; its last line is the result."""
        self.process.stdin.close()
        result = json.loads(self.read_line(seconds))
        self.end()
        return result

    def end(self):
        if self.process.poll() is None:
            self.process.stdin.close()
            self.process.terminate()
            try:
                self.process.wait(3)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


class Daemon:
    """uxfrmd in one namespace, started in the foreground and ready when this returns."""

    def __init__(self, lab, short, arguments=()):
        self.lab, self.short = lab, short
        self.log = os.path.join(lab.logs, f"uxfrmd-{short}.log")
        ours, theirs = os.pipe()
        os.set_inheritable(theirs, True)
        command = [lab.program("uxfrmd"), "-f", "--ready-fd", str(theirs), *lab.daemon_arguments, *arguments]
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(lab.inside(short, command), stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log, pass_fds=(theirs,),
                                            start_new_session=True)
        lab.keep(self)
        os.close(theirs)
        ready, _, _ = select.select([ours], [], [], 10)
        said = os.read(ours, 1) if ready else b""
        os.close(ours)
        if not said:
            raise CommandFailed(f"uxfrmd in {short} is not ready:\n{self.last_words()}")

    def last_words(self):
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return log.read()[-2000:]

    def alive(self):
        return self.process.poll() is None

    def stats(self):
        """What the daemon says of itself; drops become {reason: how many}, those that occurred."""
        text = self.lab.run(self.short, [self.lab.program("uxfrm"), "-j", "stats"]).stdout
        status = json.loads(text)
        status["drops"] = {drop["name"]: drop["count"] for drop in status["drops"] if drop["count"]}
        return status

    def end(self):
        """Ask it to end; the exit status, which is 0 when all is well. A killed one gives minus the signal."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        return self.process.returncode
