# SPDX-License-Identifier: BSD-2-Clause
"""The oracle's kernel with uxfrmd in one of its namespaces: run a script in it, read what was answered."""
import os
import pathlib
import signal
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / 'oracle'), str(HERE.parent / 'tools')]
import sides  # noqa: E402

MEMORY = '256M'
SECONDS = 1800


class Failure(Exception):
    """nothing could be asked"""


class Case:
    """what was answered from one `case` line to the next"""

    def __init__(self, name):
        self.name, self.lines = name, []

    def of(self, word):
        """the rest of each line that begins with @word"""
        return [line[len(word) + 1:] for line in self.lines if line.startswith(word + ' ')]

    def requests(self):
        """((errno, text) of uxfrmd, of the kernel) for each request; None for a side that was not asked"""
        answers, pair = [], {}
        for line in self.lines:
            who, _, rest = line.partition(' ')
            if who not in ('ours', 'theirs'):
                continue
            if who == 'ours' or who in pair or not pair:
                answers.append({})
                pair = answers[-1]
            number, _, text = rest.partition(' ')
            pair[who] = (int(number), text)
        return [(a.get('ours'), a.get('theirs')) for a in answers]


def read(text):
    cases = []
    for line in text.splitlines():
        if line.startswith('case '):
            cases.append(Case(line[5:]))
        elif cases:
            cases[-1].lines.append(line)
    return cases


def boot(kernel, build, work, strict):
    with tempfile.TemporaryDirectory(prefix='interop-') as state:
        command = [kernel, 'mem=' + MEMORY, 'rootfstype=hostfs', 'ro', 'quiet', 'panic=-1',
                   f'init={HERE}/guest.sh', f'INTEROP_BUILD={build}', f'INTEROP_WORK={work}',
                   *(['INTEROP_STRICT=yes'] if strict else []), 'con=null',
                   'con0=null,fd:1', f'uml_dir={state}', *sides.TIME]
        env = {'PATH': '/usr/bin:/bin', 'LD_PRELOAD': f'{build}/tests/oracle/oracle-xstate-pad.so',
               'TMPDIR': os.environ.get('TMPDIR', '/tmp'), 'HOME': state}
        guest = subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                 stderr=subprocess.STDOUT, start_new_session=True)
        try:
            return guest.communicate(timeout=SECONDS)[0].decode(errors='replace')
        except BaseException:
            os.killpg(guest.pid, signal.SIGKILL)
            guest.wait()
            raise


def run(build, script, files=(), strict=False):
    """(the cases, {name: bytes} of @files that the guest wrote). @strict: uxfrmd lets nothing wait."""
    try:
        kernel = sides.build_kernel()
    except sides.Failure as failure:
        raise Failure(str(failure)) from failure
    with tempfile.TemporaryDirectory(prefix='interop-', dir=os.environ.get('TMPDIR')) as name:
        work = pathlib.Path(name)
        (work / 'script').write_text(''.join(line + '\n' for line in script), encoding='ascii')
        try:
            said = boot(kernel, pathlib.Path(build).resolve(), work, strict)
        except subprocess.TimeoutExpired:
            said = f'stopped after {SECONDS} seconds'
        answers = (work / 'answers').read_text(errors='replace') if (work / 'answers').exists() else ''
        if not answers.endswith('\nend\n'):
            for log in ('console', 'uxfrmd.log'):
                if (work / log).exists():
                    said += (work / log).read_text(errors='replace')[-3000:]
            raise Failure(f'the guest ended early, after {answers[-300:]}\n{said}')
        return read(answers), {f: (work / f).read_bytes() for f in files if (work / f).exists()}
