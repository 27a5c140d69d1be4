# SPDX-License-Identifier: BSD-2-Clause
"""Asking both sides: start the kernel and the engine on a file of requests, let the judge compare."""
import os
import pathlib
import re
import signal
import subprocess
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
# Time stands still but for sleeps. One crypto module would wait for time to pass while the kernel starts.
TIME = ['time-travel=inf-cpu', 'time-travel-start=1700000000000000000', 'initcall_blacklist=jent_mod_init']
MEMORY = '400M'
DIFFERS = re.compile(r'^differs (\S+) (\d+) (\w) (\S+) (\S+)$', re.M)
EXPLAINED = re.compile(r'^explained (\S+) (\d+)$', re.M)
TOTALS = re.compile(r'^(\d+) sequences, (\d+) steps, (\d+) answers, (\d+) differ$', re.M)


class Failure(Exception):
    """the oracle itself does not work"""


def build_kernel():
    done = subprocess.run([HERE / 'build.sh'], stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise Failure('the kernel could not be built')
    return pathlib.Path(done.stdout.strip()) / 'linux'


def hexed(text):
    return None if text == '-' else bytes.fromhex(text)


class Verdict:
    """what the judge has said of a file of requests"""

    def __init__(self, text=''):
        # (sequence, step, client, the kernel's message and the engine's, None for none)
        self.differs = [(m[1], int(m[2]), m[3], hexed(m[4]), hexed(m[5])) for m in DIFFERS.finditer(text)]
        self.explained = {m[1]: int(m[2]) for m in EXPLAINED.finditer(text)}
        totals = TOTALS.search(text)
        self.sequences, self.steps, self.answers = (int(totals[i]) if totals else 0 for i in (1, 2, 3))

    def add(self, other):
        self.differs += other.differs
        for name, n in other.explained.items():
            self.explained[name] = self.explained.get(name, 0) + n
        self.sequences += other.sequences
        self.steps += other.steps
        self.answers += other.answers


class Oracle:
    """both sides, ready to be asked"""

    def __init__(self, build):
        self.programs = pathlib.Path(build).resolve() / 'tests' / 'oracle'
        self.kernel = build_kernel()

    def boot(self, work, first=None, answer='kernel', *settings):
        """The kernel answers work/requests in work/kernel; or its first process is @first, with @settings, and writes
        work/@answer."""
        first = first or self.programs / 'oracle-ask-kernel'
        with tempfile.TemporaryDirectory(prefix='oracle-') as state:
            command = [self.kernel, 'mem=' + MEMORY, 'rootfstype=hostfs', 'ro', 'quiet', 'panic=-1',
                       f'init={first}', f'ORACLE_WORK={work}', *settings, 'con=null',
                       'con0=null,fd:1', f'uml_dir={state}', *TIME]
            env = {'PATH': '/usr/bin:/bin', 'LD_PRELOAD': str(self.programs / 'oracle-xstate-pad.so'),
                   'TMPDIR': os.environ.get('TMPDIR', '/tmp'), 'HOME': state}
            done = subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                    stderr=subprocess.STDOUT, start_new_session=True)
            try:
                said, _ = done.communicate(timeout=3600)
            except BaseException:
                os.killpg(done.pid, signal.SIGKILL)
                done.wait()
                raise
        if not (work / answer).exists():
            raise Failure('the kernel did not start:\n' + said.decode(errors='replace')[-2000:])
        return said.decode(errors='replace')

    def ask_engine(self, work):
        done = subprocess.run([self.programs / 'oracle-ask-engine', work / 'requests', work / 'engine'], check=False)
        if done.returncode:
            raise Failure(f'the engine ended badly ({done.returncode})')

    def judge(self, work):
        done = subprocess.run([self.programs / 'oracle-judge', work / 'requests', work / 'kernel', work / 'engine'],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        if done.returncode not in (0, 1) or not TOTALS.search(done.stdout):
            raise Failure('the judge: ' + done.stdout[-500:])
        return Verdict(done.stdout)

    def ask(self, work, requests):
        """Both sides, one after the other, then the judge."""
        (work / 'requests').write_bytes(requests)
        self.ask_engine(work)
        self.boot(work)
        return self.judge(work)
