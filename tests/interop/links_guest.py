#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The first process of the guest that `links` starts. Two namespaces with a wire between them: uxfrmd with its links in "ours", the
kernel's xfrm interfaces in "theirs". Each stimulus is tried from either side; what each says goes to the host's directory
INTEROP_WORK, as JSON."""
import ctypes
import json
import os
import re
import subprocess
import traceback

libc = ctypes.CDLL(None, use_errno=True)
RB_POWER_OFF = 0x4321fedc
BUILD, WORK = os.environ['INTEROP_BUILD'], os.environ['INTEROP_WORK']
SIDES = ('ours', 'theirs')
OTHER = {'ours': 'theirs', 'theirs': 'ours'}
OUTER = {'ours': '192.0.2.1', 'theirs': '192.0.2.2'}
INNER = {'ours': '10.1.0.1', 'theirs': '10.2.0.1'}
SPI = {'ours': 0x1000, 'theirs': 0x2000}  # of the SA that this side sends by
KEY = '0x4142434445464748494a4b4c4d4e4f5051525354'


def run(*words, stdin=None, check=True):
    done = subprocess.run(words, input=stdin, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
                          stdin=subprocess.DEVNULL if stdin is None else None)
    if check and done.returncode:
        raise RuntimeError(f'{" ".join(words)}: {done.returncode} {done.stdout}')
    return done


def ip(side, *lines):
    run('ip', '-n', side, '-batch', '-', stdin='\n'.join(lines) + '\n')


def uxfrm(side, *lines):
    """The same words to both: by uxfrmd here, by the kernel there."""
    target = ['--kernel'] if side == 'theirs' else []
    run(f'{BUILD}/uxfrm', *target, '-n', side, '-batch', '-', stdin='\n'.join(lines) + '\n')


def add_link(side, name, if_id):
    if side == 'ours':
        uxfrm(side, f'link add {name} if_id {if_id}')
        ip(side, f'link set {name} mtu 1400')
    else:
        ip(side, f'link add {name} type xfrm dev w0 if_id {if_id}', f'link set {name} mtu 1400 up')
    ip(side, f'route add 10.{"2" if side == "ours" else "1"}.0.0/16 dev {name} src {INNER[side]}')


def delete_links():
    for side in SIDES:
        for name in re.findall(r'^(ipsec\d+)', run('ip', '-n', side, '-br', 'link').stdout, re.M):
            ip(side, f'link delete {name}')
    run(f'{BUILD}/uxfrm', '-n', 'ours', 'link')  # which looks for what has gone


def states(if_id):
    return [f'state add src {OUTER[s]} dst {OUTER[OTHER[s]]} proto esp spi {SPI[s] + if_id} reqid 1 mode tunnel '
            f'{f"if_id {if_id} " if if_id else ""}aead rfc4106(gcm(aes)) {KEY} 128 replay-window 32' for s in SIDES]


def policy(side, where, if_id, rest=None):
    ends = (OUTER[side], OUTER[OTHER[side]]) if where == 'out' else (OUTER[OTHER[side]], OUTER[side])
    inner = (INNER[side], INNER[OTHER[side]]) if where == 'out' else (INNER[OTHER[side]], INNER[side])
    rest = f'tmpl src {ends[0]} dst {ends[1]} proto esp reqid 1 mode tunnel' if rest is None else rest
    return f'policy add src {inner[0]}/32 dst {inner[1]}/32 dir {where} {f"if_id {if_id}" if if_id else ""} {rest}'


def both_ways(if_id):
    for side in SIDES:
        uxfrm(side, *states(if_id), policy(side, 'out', if_id), policy(side, 'in', if_id))
        add_link(side, f'ipsec{if_id}', if_id)


def counters(side):
    target = ['--kernel'] if side == 'theirs' else []
    text = run(f'{BUILD}/uxfrm', *target, '-n', side, 'stats', 'xfrm-stat').stdout
    return {name: int(n) for name, n in re.findall(r'^(\w+)\s+(\d+)$', text, re.M)}


def packets(side, device, way):
    return int(run('ip', 'netns', 'exec', side, 'cat', f'/sys/class/net/{device}/statistics/{way}_packets').stdout)


def raised(before, after):
    return {name: n - before.get(name, 0) for name, n in after.items() if n != before.get(name, 0)}


def probe(side, size=56):
    """A ping from @side: was it answered, what did the network say, what was counted where?"""
    before = {s: counters(s) for s in SIDES}
    sent = packets(side, 'w0', 'tx')
    done = run('ip', 'netns', 'exec', side, 'ping', '-n', '-c', '1', '-W', '1', '-s', str(size), '-I', INNER[side], INNER[OTHER[side]], check=False)
    return {'answered': done.returncode == 0, 'said': sorted(set(re.findall(r'Destination \w+ Unreachable', done.stdout))), 'sent': packets(side, 'w0', 'tx') - sent,
            'sender': raised(before[side], counters(side)), 'receiver': raised(before[OTHER[side]], counters(OTHER[side]))}


def traffic(side):
    both_ways(5)
    return [probe(side, size) for size in (0, 56, 1000, 1372, 1373, 4000)]


def two_links(side):
    for one in SIDES:
        uxfrm(one, *states(5), *states(6), *(policy(one, where, n) for where in ('out', 'in') for n in (5, 6)))
        add_link(one, 'ipsec5', 5)
        ip(one, f'route delete 10.{"2" if one == "ours" else "1"}.0.0/16')
        add_link(one, 'ipsec6', 6)
    found = probe(side)
    target = ['--kernel'] if side == 'theirs' else []
    sas = json.loads(run(f'{BUILD}/uxfrm', *target, '-n', side, '-j', 'state').stdout)
    return [found, sorted(o['if_id'] for o in sas if o['current']['packets'])]


def no_policy(side):
    add_link(side, 'ipsec5', 5)
    return [probe(side)]


def allowed_in_clear(side):
    uxfrm(side, policy(side, 'out', 5, ''))
    add_link(side, 'ipsec5', 5)
    return [probe(side)]


def blocked(side):
    uxfrm(side, policy(side, 'out', 5, 'action block'))
    add_link(side, 'ipsec5', 5)
    return [probe(side)]


def policy_of_another(side):
    uxfrm(side, *states(6), policy(side, 'out', 6))
    add_link(side, 'ipsec5', 5)
    return [probe(side)]


def no_sa(side):
    uxfrm(side, policy(side, 'out', 5))
    add_link(side, 'ipsec5', 5)
    return [probe(side)]


def sa_of_another(side):
    uxfrm(side, *states(6), policy(side, 'out', 5))
    add_link(side, 'ipsec5', 5)
    return [probe(side)]


def at_receiver(side, *policies, link=True, down=False):
    """@side receives."""
    other = OTHER[side]
    uxfrm(other, *states(5), policy(other, 'out', 5), policy(other, 'in', 5))
    add_link(other, 'ipsec5', 5)
    uxfrm(side, *states(5), *policies)
    if link:
        add_link(side, 'ipsec5', 5)
    if down:
        ip(side, 'link set ipsec5 down')
        run(f'{BUILD}/uxfrm', '-n', 'ours', 'link')
    found = probe(other)
    if link:  # the kernel's device counts before the policies have their say
        dropped = sum(found['receiver'].values()) if side == 'theirs' and not down else 0
        found['came in by the link'] = packets(side, 'ipsec5', 'rx') - dropped
    return [found]


def receiver_has_no_link(side):
    return at_receiver(side, policy(side, 'in', 5), link=False)


def receiver_without_link_lets_in(side):
    return at_receiver(side, policy(side, 'in', 0), link=False)


def receiver_link_is_down(side):
    return at_receiver(side, policy(side, 'in', 5), down=True)


def receiver_has_no_policy(side):
    return at_receiver(side)


def receiver_has_policy_of_none(side):
    return at_receiver(side, policy(side, 'in', 0))


def receiver_has_policy_of_another(side):
    return at_receiver(side, policy(side, 'in', 6))


def receiver_blocks(side):
    return at_receiver(side, policy(side, 'in', 5, 'action block'))


def receiver_lets_in(side):
    return at_receiver(side, policy(side, 'in', 5))


def receiver_wants_another(side):
    return at_receiver(side, policy(side, 'in', 5).replace('reqid 1', 'reqid 9'))


STIMULI = (traffic, two_links, no_policy, allowed_in_clear, blocked, policy_of_another, no_sa, sa_of_another,
           receiver_has_no_link, receiver_without_link_lets_in, receiver_link_is_down, receiver_has_no_policy, receiver_has_policy_of_none,
           receiver_has_policy_of_another, receiver_blocks, receiver_lets_in, receiver_wants_another)


def set_up():
    for side in SIDES:
        run('ip', 'netns', 'add', side)
        # nobody asks for routers or neighbours then: every packet on the wire is one of the stimulus
        run('ip', 'netns', 'exec', side, 'sysctl', '-q', 'net.ipv6.conf.all.disable_ipv6=1')
    run('ip', 'link', 'add', 'w0', 'netns', 'ours', 'address', '02:00:00:00:00:01', 'type', 'veth', 'peer', 'name', 'w0', 'netns', 'theirs',
        'address', '02:00:00:00:00:02')
    for n, side in enumerate(SIDES, 1):
        ip(side, 'link set lo up', 'link set w0 up', f'address add {OUTER[side]}/24 dev w0', f'address add {INNER[side]}/32 dev lo',
           f'neigh add {OUTER[OTHER[side]]} lladdr 02:00:00:00:00:0{3 - n} nud permanent dev w0')
    ours, ready = os.pipe()
    os.set_inheritable(ready, True)
    subprocess.Popen(['ip', 'netns', 'exec', 'ours', f'{BUILD}/uxfrmd', '-f', '-c', '/dev/null', '--ready-fd', str(ready)], pass_fds=[ready])
    os.read(ours, 1)


def clear():
    for side in SIDES:
        uxfrm(side, 'policy flush', 'state flush')
    delete_links()


def mount(kind, where, data=None):
    if libc.mount(b'none', where.encode(), kind.encode(), 0, data):
        raise OSError(ctypes.get_errno(), where)


def main():
    for kind, where in (('proc', '/proc'), ('sysfs', '/sys'), ('devtmpfs', '/dev'), ('tmpfs', '/run')):
        mount(kind, where)
    os.mkdir('/run/work')
    mount('hostfs', '/run/work', WORK.encode())
    os.environ['PATH'] = '/usr/sbin:/usr/bin:/sbin:/bin'
    said = {}
    log = os.open('/run/work/console', os.O_WRONLY | os.O_CREAT)
    os.dup2(log, 1)
    os.dup2(log, 2)
    try:
        set_up()
        for stimulus in STIMULI:
            for side in SIDES:
                clear()
                said.setdefault(stimulus.__name__, {})[side] = stimulus(side)
    except Exception:
        said['failure'] = traceback.format_exc()
    with open('/run/work/said', 'w', encoding='utf-8') as out:
        json.dump(said, out)
    os.sync()
    libc.reboot(RB_POWER_OFF)


main()
