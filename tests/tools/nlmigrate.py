#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The script for nltalk: MIGRATE (33), in the form of nlcases.py. Where Linux 7.2 is not Linux 6.12 (the
encapsulation of an SA that the request says nothing of; texts for an SA that cannot move) there is no case here, or
only with --all: docs/conformance.md. Recorded as tests/unit/ctl/migrate_cases.txt."""
import struct
import sys
from xfrm_bytes import *

lines = []
seq = 0


def case(name, *datagrams):
    lines.append('reset ' + name.replace(' ', '_'))
    lines.append('option A ext_ack 1')
    lines.append('option A cap_ack 1')
    for d in datagrams:
        lines.append('> A ' + d.hex())


def m(kind, body=b'', *attrs, **kw):
    global seq
    seq += 1
    kw.setdefault('seq', seq)
    return msg(kind, body, b''.join(attrs), **kw)


NET4 = dict(dst='10.2.0.0', src='10.1.0.0', dlen=16, slen=16, family=INET)
NET6 = dict(dst='fd02::', src='fd01::', dlen=64, slen=64, family=INET6)
SEL4, SEL6 = selector(**NET4), selector(**NET6)
OLD, NEW = ('192.0.2.2', '192.0.2.1'), ('198.51.100.2', '198.51.100.1')
OLD6, NEW6 = ('2001:db8::2', '2001:db8::1'), ('2001:db8:1::2', '2001:db8:1::1')


def entry(old=OLD, new=NEW, proto=ESP, mode=TUNNEL, reqid=1, old_family=None, new_family=None):
    return addr(old[0]) + addr(old[1]) + addr(new[0]) + addr(new[1]) + struct.pack(
        '=BBHIHH', proto, mode, 0, reqid, family_of(old[0]) if old_family is None else old_family,
        family_of(new[0]) if new_family is None else new_family)


def migrate(*entries, sel=SEL4, direction=1, attrs=()):
    return m(MIGRATE, policy_id(sel, direction), attr(A_MIGRATE, b''.join(entries)), *attrs)


def policy(*templates, sel=SEL4, direction=1, priority=100, attrs=()):
    t = b''.join(templates or (template(*OLD),))
    return m(NEWPOLICY, policy_info(sel, direction, priority), attr(TMPL, t), *attrs)


def sa(*attrs, ends=OLD, **kw):
    return m(NEWSA, usersa_info(dst=ends[0], src=ends[1], **kw), *(attrs or (gcm(),)))


def policies():
    return m(GETPOLICY, b'', flags=REQUEST | DUMP)


def sas():
    return m(GETSA, b'', flags=REQUEST | DUMP)


def policy_type(t):
    return attr(POLICY_TYPE, struct.pack('=BxHBx', t, 0, 0))


def kmaddress(local, remote, family=INET, reserved=0):
    return attr(KMADDRESS, addr(local) + addr(remote) + struct.pack('=IH2x', reserved, family))


BOTH = (sas, policies)


def state():
    return [f() for f in BOTH]


# --- what a request must say
case('no list', m(MIGRATE, policy_id(SEL4, 1)), m(MIGRATE, policy_id(SEL4, 3)))
case('short header', m(MIGRATE, bytes(60)))
case('short entry', m(MIGRATE, policy_id(SEL4, 1), attr(A_MIGRATE, entry()[:75])))
case('seven entries', migrate(*[entry(reqid=i) for i in range(1, 8)]))
case('bytes behind an entry', policy(), migrate(entry(), b'\1\2\3'), policies())
case('policy type', migrate(entry(), attrs=[policy_type(2)]), migrate(entry(), attrs=[policy_type(255)]),
     m(MIGRATE, policy_id(SEL4, 1), policy_type(2)))
case('type before number', m(MIGRATE, policy_id(SEL4, 1), policy_type(2),
                             attr(A_MIGRATE, b''.join(entry(reqid=i) for i in range(1, 8)))))
case('null addresses', migrate(entry(new=('0.0.0.0', NEW[1]))), migrate(entry(new=(NEW[0], '0.0.0.0'))),
     migrate(entry(new=('::', NEW6[1]))), migrate(entry(), entry(reqid=2, new=(NEW[0], '0.0.0.0'))))
case('null in another family', migrate(entry(new=('0.0.0.1', NEW[1]), new_family=INET6)),
     migrate(entry(new=('0.0.0.0', '0.0.0.0'), new_family=0)))
case('equal entries', migrate(entry(), entry(new=NEW6)), migrate(entry(), entry(reqid=2), entry(reqid=2)),
     migrate(entry(), entry(new=('0.0.0.0', '0.0.0.0'))))
case('nearly equal entries', migrate(entry(), entry(reqid=2), entry(mode=TRANSPORT), entry(proto=AH),
                                     entry(old=(OLD[1], OLD[0])), entry(old_family=INET6)))
case('direction', migrate(entry(), direction=3), migrate(entry(), direction=255),
     migrate(entry(new=('0.0.0.0', '0.0.0.0')), direction=3), migrate(entry(), sel=selector(), direction=3))
case('selector family', migrate(entry(), sel=selector()), migrate(entry(), sel=selector(family=7)))
case('probe', m(MIGRATE, policy_id(selector(), 0), attr(A_MIGRATE, bytes(76))))
case('refused attributes', migrate(entry(), attrs=[u8(SA_DIR, 1)]))
case('7.2: refused CPU', migrate(entry(), attrs=[u32(SA_PCPU, 1)]))
case('ignored attributes', policy(), migrate(entry(), attrs=[mark(1), u32(SET_MARK, 3), u32(TFCPAD, 4)]),
     policies())

# --- the policy
case('no policy', migrate(entry()), sa(), migrate(entry()), sas())
case('policy of another direction', policy(direction=0), migrate(entry()), migrate(entry(), direction=2))
case('all directions', policy(direction=0), policy(direction=1), policy(direction=2), migrate(entry(), direction=0),
     migrate(entry(), direction=2), policies())
case('flow in the policy', policy(), migrate(entry(), sel=selector(
    dst='10.2.3.4', src='10.1.9.9', dlen=32, slen=32, family=INET)), policies())
case('flow outside', policy(), migrate(entry(), sel=selector(dst='10.3.0.0', src='10.1.0.0', family=INET)))
case('wider selector', policy(), migrate(entry(), sel=selector(dst='10.2.0.0', src='10.1.0.0', family=INET)),
     policies())
UDP = dict(proto=17, dport=53, sport=1000)
case('ports', policy(sel=selector(**NET4, **UDP)), migrate(entry()), migrate(entry(), sel=selector(**NET4, proto=17)),
     migrate(entry(), sel=selector(**NET4, proto=17, dport=53)), migrate(entry(), sel=selector(**NET4, **UDP)),
     policies())
case('ports without protocol', policy(sel=selector(**NET4, dport=53)), migrate(entry(), sel=selector(
    **NET4, dport=53)), policies())
case('ports of any protocol', policy(sel=selector(**NET4, proto=255, dport=53)), migrate(entry(), sel=selector(
    **NET4, proto=255, dport=53)), policies())
case('protocol only in the policy', policy(sel=selector(**NET4, proto=17)), migrate(entry()), policies())
case('protocol only in the request', policy(), migrate(entry(), sel=selector(**NET4, proto=17)), policies())
case('ICMP', policy(sel=selector(**NET4, proto=1, sport=8)), migrate(entry(), sel=selector(**NET4, proto=1, sport=8)))
case('ICMP as it lies', *[p for proto in (1, 58) for p in (
    policy(sel=selector(**NET4, proto=proto, sport=8, dport=3)),
    migrate(entry(), sel=selector(**NET4, proto=proto, dport=0x803)))])
case('GRE as it lies', policy(sel=selector(**NET4, proto=47, sport=8, dport=3)), migrate(entry(), sel=selector(
    **NET4, proto=47, sport=8, dport=3)), migrate(entry(), sel=selector(**NET4, proto=47, sport=3, dport=8)))
case('mobility as it lies', policy(sel=selector(**NET4, proto=135, sport=5)), migrate(entry(), sel=selector(
    **NET4, proto=135, sport=5)), migrate(entry(), sel=selector(**NET4, proto=135, dport=0x507)))
case('ports of other protocols', *[p for proto in (6, 33, 132, 136, 50, 51, 108, 2) for p in (
    policy(sel=selector(**NET4, proto=proto, sport=5, dport=7)),
    migrate(entry(), sel=selector(**NET4, proto=proto, sport=5, dport=7)))])
case('interface', policy(sel=selector(**NET4, ifindex=1)), migrate(entry()), migrate(entry(), sel=selector(
    **NET4, ifindex=1)), migrate(entry(), sel=selector(**NET4, ifindex=1, proto=6)), policies())
case('interface only in the request', policy(), migrate(entry(), sel=selector(**NET4, ifindex=7, proto=6)))
case('better priority', policy(priority=5), policy(sel=selector(dst='10.2.0.0', src='10.1.0.0', dlen=24, slen=24,
                                                                family=INET), priority=9), migrate(entry()), policies())
case('first without templates', m(NEWPOLICY, policy_info(SEL4, 1, 1)), policy(sel=selector(
    dst='10.2.0.0', src='10.1.0.0', dlen=24, slen=24, family=INET), priority=9), migrate(entry()), policies())
case('marked policy', policy(attrs=[mark(1)]), migrate(entry()), migrate(entry(), attrs=[mark(1)]), policies())
case('policy with an empty mark value', policy(attrs=[mark(0, 0xff)]), migrate(entry()), policies())
case('sub policy', policy(attrs=[policy_type(1)]), migrate(entry()), migrate(entry(), attrs=[policy_type(1)]),
     policies(), m(GETPOLICY, b'', policy_type(1), flags=REQUEST | DUMP))
case('both types', policy(attrs=[policy_type(1)]), policy(), sa(), migrate(entry(), attrs=[policy_type(1)]), *state())
case('interface id', policy(attrs=[u32(IF_ID, 5)]), migrate(entry()), migrate(entry(), attrs=[u32(IF_ID, 5)]),
     policies())
case('IPv6', policy(template(*OLD6, family=INET6), sel=SEL6), sa(ends=OLD6), migrate(entry(OLD6, NEW6), sel=SEL6),
     *state())
case('name by index', policy(), m(MIGRATE, policy_id(SEL4, 1, 9), attr(A_MIGRATE, entry())), policies())

# --- templates
case('no template matches', policy(), migrate(entry(reqid=2)), migrate(entry(old=NEW)), migrate(entry(mode=TRANSPORT)),
     migrate(entry(proto=AH)), migrate(entry(old_family=INET6)), *state())
case('no template matches but an SA', policy(), sa(reqid=2), migrate(entry(reqid=2)), *state())
case('any reqid in the request', policy(), migrate(entry(reqid=0)), policies())
case('template without reqid', policy(template(*OLD, reqid=0)), sa(), migrate(entry()), migrate(entry(reqid=0)), *state())
case('two templates', policy(template(*OLD, mode=TUNNEL), template(mode=TRANSPORT, proto=AH)), migrate(entry()),
     migrate(entry(new=OLD, old=NEW), entry(proto=AH, mode=TRANSPORT)), policies())
case('one entry for two templates', policy(template(*OLD), template(*OLD)), migrate(entry()), policies())
case('two entries for one template', policy(), migrate(entry(), entry(reqid=0, new=NEW6)), policies())
case('chained entries', policy(), sa(), migrate(entry(), entry(old=NEW, new=('203.0.113.2', '203.0.113.1'))), *state())
case('transport', policy(template(mode=TRANSPORT)), sa(mode=TRANSPORT), migrate(entry(mode=TRANSPORT)), *state())
case('transport without SA', policy(template(*OLD, mode=TRANSPORT)), migrate(entry(mode=TRANSPORT)), policies())
case('template with SPI', policy(template(*OLD, spi=0x1000)), sa(), migrate(entry()), *state())
case('other family', policy(), sa(), migrate(entry(new=NEW6)), migrate(entry(OLD6, NEW)), migrate(
    entry(NEW6, OLD)), *state())
case('new family 0', policy(), migrate(entry(new_family=0)), policies())
case('old family 0', policy(), sa(), migrate(entry(old_family=0)), *state())
case('stays where it is', policy(), sa(), migrate(entry(new=OLD)), *state())
case('only the source', policy(), sa(), migrate(entry(new=(OLD[0], NEW[1]))), *state())
case('six entries', policy(*[template(*OLD, reqid=i) for i in range(1, 7)]), *[sa(spi=i, reqid=i) for i in range(1, 7)],
     migrate(*[entry(reqid=i) for i in range(1, 7)]), *state())

# --- SAs
case('one SA', policy(), sa(), migrate(entry()), *state())
case('no SA', policy(), migrate(entry()), *state())
case('no SA, twice', policy(), migrate(entry()), migrate(entry()), policies())
case('SA everything', policy(), sa(gcm(), mark(3, 0xff), u32(SET_MARK, 9), u32(SA_EXTRA_FLAGS, 2), u32(TFCPAD, 100),
                                   attr(COADDR, addr('10.9.9.9')), window=32, flags=0x20, seq=7), migrate(entry()), *state())
case('SA with replay state', policy(), sa(gcm(), replay_esn(128, oseq=5, seq=9), flags=0x80), migrate(entry()), *state())
case('SA with old replay state', policy(), sa(gcm(), replay(5, 9, 7), window=32), migrate(entry()), *state())
case('SA with selector', policy(), sa(gcm(), sel=SEL4), migrate(entry()), migrate(entry(NEW, NEW6)), *state())
case('SA with limits', policy(), sa(gcm(), u32(REPLAY_THRESH, 7), u32(ETIMER_THRESH, 9), lft=limits(
    1, 2, 3, 4, 500, 600, 700, 800)), migrate(entry()), *state())
case('CBC', policy(), sa(cbc_sha256()), migrate(entry()), *state())
case('directions', policy(), sa(gcm(), u8(SA_DIR, 1), spi=5, window=32), sa(gcm(), u8(SA_DIR, 2), spi=6), migrate(entry()),
     *state())
case('newest of two', policy(), sa(spi=1), sa(spi=2), migrate(entry()), *state())
case('a moved one is the newest', policy(template(OLD[0], '192.0.2.9')), sa(
    ends=(OLD[0], '192.0.2.9'), spi=2), sa(spi=1), migrate(entry((OLD[0], '192.0.2.9'), OLD)), migrate(entry()), *state())
case('not the other reqid', policy(), sa(spi=1, reqid=2), sa(spi=2), sa(spi=3, reqid=3), migrate(entry()), *state())
case('SA of any reqid', policy(), sa(spi=1, reqid=2), migrate(entry(reqid=0)), *state())
case('SA of any reqid, newest', policy(), sa(spi=1, reqid=1), sa(spi=2, reqid=2), migrate(entry(reqid=0)), *state())
case('not the other mode', policy(), sa(spi=1, mode=TRANSPORT), migrate(entry()), *state())
case('not the other source', policy(), sa(ends=(OLD[0], '192.0.2.9')), migrate(entry()), *state())
case('interface id of the SA', policy(), policy(attrs=[u32(IF_ID, 5)]), sa(gcm(), u32(IF_ID, 5), spi=1), sa(spi=2),
     migrate(entry(), attrs=[u32(IF_ID, 5)]), *state())
case('SA with interface id without asking', policy(), sa(gcm(), u32(IF_ID, 5), spi=1), migrate(entry()), *state())
case('7.2: larval SA', policy(), m(ALLOCSPI, userspi_info(0x70000000, 0x7000ffff, dst=OLD[0], src=OLD[1])), migrate(entry()),
     *state())
case('7.2: transport to other family', policy(template(mode=TRANSPORT)), sa(gcm(), mode=TRANSPORT, sel=selector(
    dst=OLD[0], src=OLD[1], dlen=32, slen=32, family=INET)), migrate(entry(mode=TRANSPORT, new=NEW6)), *state())
case('7.2: new family 0 of an SA', policy(), sa(), migrate(entry(new_family=0)), *state())
case('7.2: place taken', policy(), sa(), sa(ends=NEW, reqid=9), migrate(entry()), *state())
case('place taken by another mark', policy(), sa(gcm(), mark(1)), sa(gcm(), mark(2), ends=NEW, reqid=9), migrate(entry()),
     *state())
case('7.2: place taken by any mark', policy(), sa(gcm(), mark(1)), sa(ends=NEW, reqid=9), migrate(entry()), *state())
case('7.2: second place taken', policy(template(*OLD, reqid=1), template(*OLD, reqid=2)), sa(spi=1, reqid=1), sa(
    spi=2, reqid=2), sa(ends=NEW, spi=2, reqid=9), migrate(entry(reqid=1), entry(reqid=2)), *state())
THIRD = ('203.0.113.2', '203.0.113.1')
case('7.2: two to one place', policy(template(*OLD, reqid=1), template(*THIRD, reqid=2)), sa(spi=1, reqid=1), sa(
    ends=THIRD, spi=1, reqid=2), migrate(entry(reqid=1), entry(THIRD, reqid=2)), *state())
case('7.2: exchange of places', policy(template(*OLD, reqid=1), template(*NEW, reqid=2)), sa(spi=1, reqid=1), sa(
    ends=NEW, spi=1, reqid=2), migrate(entry(reqid=1), entry(NEW, OLD, reqid=2)), *state())
case('larval at the new place', policy(), sa(seq=44), m(ALLOCSPI, userspi_info(
    0x70000000, 0x7000ffff, dst=NEW[0], src=NEW[1], seq=44)), migrate(entry()), *state())
case('there and back', policy(), sa(), migrate(entry()), migrate(entry(NEW, OLD)), *state())
case('get after', policy(), sa(), migrate(entry()), m(GETSA, usersa_id(dst=OLD[0])), m(GETSA, usersa_id(dst=NEW[0])),
     m(DELSA, usersa_id(dst=NEW[0])), sas())

case('counters', policy(), sa(gcm(), attr(LTIME_VAL, struct.pack('=4Q', 1000, 20, 1600000000, 1600000000))),
     migrate(entry()), sas())
case('7.2: one SA twice', policy(), sa(), migrate(entry(), entry(reqid=0, new=THIRD)), *state())
case('7.2: one SA twice to one place', policy(), sa(), migrate(entry(), entry(reqid=0)), *state())

# --- encapsulation, as given
ENC = encap(2, 4500, 4501, '10.9.8.7')
case('encap given', policy(), sa(), migrate(entry(), attrs=[ENC]), *state())
case('encap replaced', policy(), sa(gcm(), encap(2, 1, 2)), migrate(entry(), attrs=[ENC]), *state())
case('encap given, cross family', policy(), sa(), migrate(entry(new=NEW6), attrs=[ENC]), *state())
case('encap with threshold', policy(), sa(gcm(), encap(2, 1, 2), u32(MTIMER_THRESH, 20), u8(SA_DIR, 1)), migrate(
    entry(), attrs=[ENC]), *state())
case('encap with keepalive', policy(), sa(gcm(), encap(2, 1, 2), u32(NAT_KEEPALIVE_INTERVAL, 20), u8(SA_DIR, 2)), migrate(
    entry(), attrs=[ENC]), *state())
case('7.2: encap omitted', policy(), sa(gcm(), encap(2, 1, 2), u32(NAT_KEEPALIVE_INTERVAL, 20), u8(SA_DIR, 2)), migrate(
    entry()), *state())
case('encap of odd type', policy(), migrate(entry(), attrs=[encap(7)]), policies())
case('encap of odd type without policy', migrate(entry(), attrs=[encap(7)]))
case('encap without SA', policy(), migrate(entry(), attrs=[encap(0)]), policies())

# --- the event
case('kmaddress', policy(), migrate(entry(), attrs=[kmaddress('10.0.0.9', '10.0.0.8')]), migrate(
    entry(NEW, OLD), attrs=[kmaddress('fd00::9', 'fd00::8', INET6, 77)]))
case('all attributes in the event', policy(attrs=[policy_type(1)]), sa(), migrate(
    entry(), entry(reqid=2), attrs=[policy_type(1), kmaddress('10.0.0.9', '10.0.0.8'), ENC]))
case('reserved fields', policy(), m(MIGRATE, policy_id(SEL4, 1, 77)[:-3] + b'\1\2\3', attr(
    A_MIGRATE, entry()[:66] + b'\7\7' + entry()[68:])), policies())
case('no ack', policy(), m(MIGRATE, policy_id(SEL4, 1), attr(A_MIGRATE, entry()), flags=REQUEST, pid=4711), policies())
case('last list wins', policy(), m(MIGRATE, policy_id(SEL4, 1), attr(A_MIGRATE, entry(reqid=9)), attr(
    A_MIGRATE, entry())), policies())
if __name__ == '__main__':
    newer = False
    for line in lines:
        if line.startswith('reset '):
            newer = line.startswith('reset 7.2:')
        if not newer or '--all' in sys.argv:
            print(line)
