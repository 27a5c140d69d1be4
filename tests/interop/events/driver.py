#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""In the guest: runs the cases of WORK/cases at both sides and writes what became of them to WORK/ours and WORK/theirs."""
import json
import pathlib
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent.parent / 'oracle'), str(HERE)]
import masks  # noqa: E402
import words  # noqa: E402

GROUPS = {'acquire': 1, 'expire': 2, 'sa': 4, 'policy': 8, 'aevents': 16, 'mapping': 128}
# Until everyone is idle: time passes only then.
PAUSE = 0.02


def said_by(*command):
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout


class Agent:
    """an agent.py in a namespace"""

    def __init__(self, namespace, own, build):
        shim = [build + '/uxfrm', 'run', '--'] if namespace == 'ours' else []
        self.process = subprocess.Popen(['ip', 'netns', 'exec', namespace, *shim, '/usr/bin/python3', HERE / 'agent.py', own],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.said()

    def said(self):
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit('an agent ended')
        return line.split()

    def ask(self, *what):
        print(*what, file=self.process.stdin, flush=True)
        return self.said()

    def request(self, text):
        """the error, or None; and all that was answered"""
        answers = [bytes.fromhex(h) for h in self.ask('request', words.message(text.split(), 1).hex())]
        messages = [m for a in answers for m in masks.messages(a)]
        error = next((int.from_bytes(m[16:20], 'little', signed=True) for m in messages if m[4] == 2), 0)
        return error, messages


class Side:
    """a side, its peer, and what became of a case there"""

    def __init__(self, name, build):
        self.name, self.build, self.lines = name, build, []
        self.side = Agent(name, '1', build)
        self.peer = Agent(name + '-peer', '2', build)
        self.peer.ask('encapsulated')
        if name == 'theirs':
            self.side.ask('encapsulated')
        self.before = {}

    def counters(self):
        """the Xfrm* counters"""
        inside = ['ip', 'netns', 'exec', self.name]
        if self.name == 'theirs':
            return dict(line.split() for line in said_by(*inside, 'cat', '/proc/net/xfrm_stat').splitlines())
        counts = {}
        for drop in json.loads(said_by(*inside, self.build + '/uxfrm', '-j', 'stats'))['drops']:
            name = drop['linux_name']
            if name:
                counts[name] = str(int(counts.get(name, 0)) + drop['count'])
        return counts

    def begin(self):
        for agent in (self.side, self.peer):
            agent.ask('deaf')
            for kind in ('flushsa', 'flushpolicy'):
                agent.request(kind)
            agent.ask('seen')
            agent.ask('got')
        time.sleep(PAUSE)
        self.masks = masks.Masks()
        self.before = self.counters()

    def do(self, line):
        agent, rest = (self.peer, line[5:]) if line.startswith('peer ') else (self.side, line)
        verb, *arguments = rest.split()
        if hasattr(self, 'do_' + verb):
            found = getattr(self, 'do_' + verb)(agent, *arguments)
        else:
            error, _ = agent.request(rest)
            found = [f'error {error}'] if error else []
        self.lines += ['  ' + text for text in found or []]

    def do_listen(self, agent, *names):
        agent.ask('listen', sum(GROUPS[n] for n in names))

    def do_register(self, agent, satype):
        agent.ask('register', satype)

    def do_send(self, agent, n, size='100'):
        for _ in range(int(n)):
            agent.ask('send', size)
            time.sleep(PAUSE)

    def do_heard(self, agent):
        found = [self.masks.show(m) for h in agent.ask('heard') for m in masks.messages(bytes.fromhex(h))]
        found += [self.masks.show_key(bytes.fromhex(h)) for h in agent.ask('heard_key')]
        return found or ['nothing']

    def do_sas(self, agent):
        return [self.masks.show(m, counts=True) for m in agent.request('dumpsa')[1] if m[4] == 16] or ['none']

    def do_seen(self, agent):
        return [' '.join(agent.ask('seen')) or 'nothing']

    def do_got(self, agent):
        return ['got ' + ' '.join(agent.ask('got'))]

    def do_counters(self, _):
        now = self.counters()
        return [f'{k} {int(now[k]) - int(self.before.get(k, 0))}' for k in sorted(now)
                if now[k] != self.before.get(k, '0')] or ['no counter']


def main(build, work):
    sides = [Side(name, build) for name in ('theirs', 'ours')]
    for line in (work / 'cases').read_text(encoding='ascii').splitlines():
        if not line or line.startswith('#'):
            continue
        verb, *arguments = line.split()
        if verb == 'sleep':
            time.sleep(float(arguments[0]))
        for side in sides:
            side.lines.append(line)
            if verb == 'sleep':
                continue
            if verb == '=':
                side.begin()
            else:
                side.do(line)
    for side in sides:
        (work / side.name).write_text('\n'.join(side.lines) + '\n', encoding='ascii')
    (work / 'done').write_text('done\n', encoding='ascii')


main(sys.argv[1], pathlib.Path(sys.argv[2]))
