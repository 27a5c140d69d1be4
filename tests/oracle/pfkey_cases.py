#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The written cases of PF_KEY: every message, every way to be refused, and what the others hear of it. Prints them as a
script for oracle-pfkey-engine and pfkey_kernel.py."""
import pathlib
import struct
import sys

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / 'tools')]
import xfrm_bytes as nl  # noqa: E402
from pfkey_wire import *  # noqa: E402,F403

CASES = []


def case(name, *steps):
    """steps: bytes, sent by P; (socket, bytes); or a line of the script"""
    assert name not in (n for n, _ in CASES), name
    lines = []
    for step in steps:
        if isinstance(step, str):
            lines.append(step)
        else:
            who, data = step if isinstance(step, tuple) else ('P', step)
            lines.append(f'> {who} {data.hex()}')
    CASES.append((name, lines))


def rows(prefix, before=(), after=(), **variants):
    for name, data in variants.items():
        case(f'{prefix}_{name}', *before, data, *after)


def all_(kind=DUMP):
    return message(kind, satype=UNSPEC)


ADDRESSES = (src(V4[0]), dst(V4[1]))
KEYS = (auth_key(32), enc_key(16))


def base_cases():
    bare = message(GET)
    rows('base', short0=b'', short1=b'\2', short15=bare[:15], header_only=bare, tail1=bare + b'\0', tail4=bare + bytes(4),
         tail7=bare + bytes(7), words_few=message(GET, words=1), words_none=message(GET, words=0),
         words_many=message(GET, words=3), version1=message(GET, version=1), version3=message(GET, version=3),
         reserved=message(GET, reserved=1), type0=message(0), type25=message(25), type255=message(255))
    for kind in (EXPIRE, PCHANGE, SPDACQUIRE, SPDEXPIRE, NAT_T_NEW_MAPPING):
        case(f'base_unsupported_{kind}', message(kind), message(kind, sa(1), errno=9, satype=0))
    case('base_header_comes_back', message(GET, satype=77, seq=0xfffffffe, pid=0x80000001, errno=200))


def extension_cases():
    rows('ext', zero_length=message(GET, struct.pack('=HH', 0, 1)), reserved=message(GET, ext(0, bytes(4))),
         beyond=message(GET, struct.pack('=HHI', 2, 17, 0)), unknown=message(GET, ext(27, bytes(4))),
         unknown_twice=message(GET, ext(99, bytes(4)), ext(99, bytes(4))), trailing=message(GET, words=2) + bytes(5),
         twice=message(GET, sa(1), sa(1)))
    short = {1: 8, 2: 24, 3: 24, 4: 24, 10: 8, 11: 8, 12: 8, 16: 8, 18: 8, 19: 8, 26: 32}
    for kind, n in short.items():
        case(f'ext_short_{kind}', message(GET, ext(kind, bytes(n - 4))))
    for kind in (5, 6, 7, 23):
        case(f'ext_address_{kind}', *(message(GET, e) for e in (
            ext(kind, bytes(4)), address(kind, '10.0.0.1', 33), address(kind, '10.0.0.1', 32),
            address(kind, '2001:db8::1', 129), address(kind, '2001:db8::1', 128),
            ext(kind, bytes(4) + struct.pack('=H', 1) + bytes(14)), ext(kind, bytes(4) + struct.pack('=H', 10) + bytes(14)),
            ext(kind, bytes(4) + sockaddr('10.0.0.1') + bytes(8)))))
    for kind in (8, 9):
        case(f'ext_key_{kind}', *(message(GET, key(kind, n, bits=bits)) for n, bits in (
            (8, 64), (8, 65), (8, 0), (0, 0), (0, 1), (16, 64), (16, 65535))))
    case('ext_label', *(message(GET, e) for e in (
        label('abc'), label('abcdefgh'), label('abcdefghi'), label('', length=1), label('abcdefgh', length=0),
        label('a' * 4096), label('a' * 4097))))


def register_cases():
    for satype in range(11):
        case(f'register_{satype}', message(REGISTER, satype=satype), message(REGISTER, satype=satype, seq=8))
    case('register_255', message(REGISTER, satype=255))
    case('register_heard_by_registered', '+ R', '+ S', ('R', message(REGISTER, satype=AH)), message(REGISTER),
         ('S', message(REGISTER, satype=UNSPEC)))
    case('register_errno_and_more', message(REGISTER, sa(1), errno=7, seq=0x12345678, pid=0))


def promisc_cases():
    on, off = message(PROMISC, satype=1), message(PROMISC, satype=0)
    case('promisc_on_off', ('Q', on), esp(), named(GET), ('Q', off), named(GET))
    case('promisc_self', on, named(GET), esp(), all_(), all_(FLUSH), off)
    case('promisc_bad', message(PROMISC, satype=2), message(PROMISC, satype=255, errno=3))
    case('promisc_errno_cleared', message(PROMISC, satype=1, errno=9), message(PROMISC, satype=1, errno=9))
    case('promisc_message', message(PROMISC, sa(5), satype=9, errno=33), on, message(PROMISC, sa(5), satype=9))
    case('promisc_sees_bad', ('Q', on), message(GET, struct.pack('=HH', 0, 1)), message(99), message(EXPIRE))
    case('promisc_register', ('Q', on), '+ R', ('R', message(REGISTER)), message(REGISTER))
    case('promisc_close', '+ R', ('R', on), '- R', esp())


def add_cases():
    rows('add', after=(named(GET), all_()), plain=esp(), v6=esp(ends=V6), transport=esp(mode=TRANSPORT), beet=esp(mode=BEET),
         any_mode=esp(mode=0), mode4=esp(mode=4), mode255=esp(mode=255), no_sa2=esp(mode=None), esp_null=esp(encrypt=E_NULL),
         auth_none=esp(auth=0), auth_null=esp(auth=A_NULL), sha1=esp(auth=A_SHA1), sha384=esp(auth=A_SHA384),
         sha512=esp(auth=A_SHA512), md5=esp(auth=A_MD5), ripemd=esp(auth=A_RIPEMD), xcbc=esp(auth=A_XCBC), des3=esp(encrypt=E_3DES),
         ctr=esp(encrypt=E_CTR), camellia=esp(encrypt=E_CAMELLIA), spi0=esp(spi=0), spi1=esp(spi=1), spi_max=esp(spi=0xffffffff), replay0=esp(replay=0),
         replay33=esp(replay=33), replay255=esp(replay=255), noecn=esp(flags=NOECN), decap=esp(flags=DECAP_DSCP),
         nopmtu=esp(flags=NOPMTUDISC), all_flags=esp(flags=0xffffffff), reqid=esp(reqid=0xfffffffe), seq0=esp(seq=0),
         alg_unknown=esp(auth=99), enc_unknown=esp(encrypt=99), alg252=esp(auth=252), enc254=esp(encrypt=254),
         enc_none=esp(encrypt=0), satype0=esp(satype=0), satype1=esp(satype=1), satype9=esp(satype=9), satype10=esp(satype=10))
    rows('add_key', after=(all_(),), **{f'{name}_{n}': message(ADD, sa(1, A_SHA256, alg), *ADDRESSES, auth_key(32), enc_key(n))
         for name, alg, lengths in (('aes', E_AES, (8, 24, 32, 33)), ('des3', E_3DES, (8, 16, 25)), ('ctr', E_CTR, (16, 28, 36, 37)),
                                    ('camellia', E_CAMELLIA, (8, 24, 32))) for n in lengths},
         xcbc_15=message(ADD, sa(1, A_XCBC, E_AES), *ADDRESSES, auth_key(15), enc_key(16)))
    rows('add_missing', no_sa=message(ADD, *ADDRESSES, *KEYS), no_src=message(ADD, sa(1, 5, 12), ADDRESSES[1], *KEYS),
         no_dst=message(ADD, sa(1, 5, 12), ADDRESSES[0], *KEYS), no_keys=message(ADD, sa(1, 5, 12), *ADDRESSES),
         no_auth_key=message(ADD, sa(1, 5, 12), *ADDRESSES, KEYS[1]),
         no_enc_key=message(ADD, sa(1, 5, 12), *ADDRESSES, KEYS[0]), empty=message(ADD),
         ah_no_key=message(ADD, sa(1, 5), *ADDRESSES, satype=AH), families=message(ADD, sa(1, 5, 12), src(V4[0]), dst(V6[1]), *KEYS),
         hard_only=esp(more=[hard(add=5)]), soft_only=esp(more=[soft(add=5)]),
         auth_bits0=message(ADD, sa(1, 5, 12), *ADDRESSES, auth_key(0), enc_key(16)),
         enc_bits0=message(ADD, sa(1, 5, 12), *ADDRESSES, auth_key(32), enc_key(0)),
         null_with_key=message(ADD, sa(1, 5, E_NULL), *ADDRESSES, auth_key(32), enc_key(16)),
         enc_short=message(ADD, sa(1, 5, 12), *ADDRESSES, auth_key(32), enc_key(15)),
         enc_odd_bits=message(ADD, sa(1, 5, 12), *ADDRESSES, auth_key(32), enc_key(16, bits=121)),
         auth_odd=message(ADD, sa(1, 5, 12), *ADDRESSES, auth_key(5, bits=33), enc_key(16)),
         ipcomp_calg5=message(ADD, sa(1, 0, 5), *ADDRESSES, satype=IPCOMP),
         ipcomp_unknown=message(ADD, sa(1, 0, 1), *ADDRESSES, satype=IPCOMP))
    rows('add_more', after=(named(GET),), limits=esp(more=[hard(4, 3, 2, 1), soft(3, 2, 1, 1)]),
         limits0=esp(more=[hard(), soft()]), limits_max=esp(more=[hard(0xffffffff, 2**64 - 1, 2**40, 5), soft(1, 1, 1, 1)]),
         proxy4=esp(more=[proxy('10.9.0.0', 16, 17, 53)]), proxy6=esp(more=[proxy('2001:db8:9::', 48)]),
         proxy6_transport=esp(mode=TRANSPORT, more=[proxy('2001:db8:9::', 48)]), proxy_same=esp(more=[proxy(V4[0])]),
         proxy4_on_v6=esp(ends=V6, more=[proxy('10.9.0.0', 16)]), nat=esp(more=[nat_type(2), nat_sport(4500), nat_dport(4501)]),
         nat_no_ports=esp(more=[nat_type(2)]), nat_oa=esp(more=[nat_type(2), nat_sport(1), nat_dport(2), nat_oa('10.5.5.5')]),
         nat0=esp(more=[nat_type(0)]), nat1=esp(more=[nat_type(1)]), nat9=esp(more=[nat_type(9)]),
         ports_only=esp(more=[nat_sport(4500), nat_dport(4501)]), label=esp(more=[label('system_u:object_r:x_t:s0')]),
         identity=esp(more=[ext(10, bytes(12)), ext(11, bytes(12)), ext(12, bytes(12))]),
         current=esp(more=[lifetime(2, 9, 9, 9, 9)]))
    case('add_twice', esp(), esp(), esp(spi=0x1001), all_())
    case('add_same_spi_elsewhere', esp(), esp(ends=('10.0.0.1', '10.0.0.3')), all_())
    case('add_after_netlink_mark', ('M', nl.msg(nl.NEWSA, nl.usersa_info(), nl.gcm() + nl.mark(1))), esp(), all_())


def update_cases():
    case('update_none', esp(UPDATE), all_())
    case('update_valid', esp(), esp(UPDATE, more=[hard(9, 9, 99, 99), soft(1, 1, 1, 1)], replay=0, reqid=9), named(GET))
    case('update_encap', esp(more=[nat_type(2), nat_sport(1), nat_dport(2)]),
         esp(UPDATE, more=[nat_type(2), nat_sport(3), nat_dport(4)]), named(GET), esp(UPDATE), named(GET))
    case('update_encap_new', esp(), esp(UPDATE, more=[nat_type(2)]), named(GET))
    case('update_bad', esp(), esp(UPDATE, mode=9), esp(UPDATE, auth=99), esp(UPDATE, satype=0))
    case('update_larval', getspi(), esp(UPDATE, spi=0x2000), named(GET, spi=0x2000), all_())
    case('update_larval_of_netlink', '+ M', ('M', nl.msg(nl.ALLOCSPI, nl.userspi_info(0x2000, 0x2000))),
         esp(UPDATE, spi=0x2000), all_())
    case('update_spi0', esp(UPDATE, spi=0))
    case('add_fulfils_larval', getspi(), esp(spi=0x2000), all_())
    case('add_fulfils_larval_without_spi', getspi(mode=TUNNEL, reqid=1, low=5, high=4), esp(), all_())


def delete_get_cases():
    for kind, word in ((DELETE, 'delete'), (GET, 'get')):
        rows(word, before=(esp(), esp(ends=V6, spi=0x1001)), after=(all_(),), found=named(kind), v6=named(kind, 0x1001, V6),
             other_spi=named(kind, 5), spi0=named(kind, 0), other_type=named(kind, satype=AH), any_type=named(kind, satype=0),
             bad_type=named(kind, satype=5), other_dst=named(kind, ends=('10.0.0.1', '10.0.0.9')),
             other_src=named(kind, ends=('10.0.0.9', '10.0.0.2')), no_sa=message(kind, *ADDRESSES),
             no_src=message(kind, sa(0x1000), ADDRESSES[1]), no_dst=message(kind, sa(0x1000), ADDRESSES[0]),
             families=message(kind, sa(0x1000), src(V6[0]), dst(V4[1])))
        case(f'{word}_larval', getspi(), named(kind, 0x2000), all_())
        case(f'{word}_mark', '+ M', ('M', nl.msg(nl.NEWSA, nl.usersa_info(), nl.gcm() + nl.mark(0, 7))),
             ('M', nl.msg(nl.NEWSA, nl.usersa_info(spi=2), nl.gcm() + nl.mark(3, 7))), named(kind), named(kind, 2), all_())


def getspi_cases():
    rows('getspi', after=(all_(),), one=getspi(), v6=getspi(ends=V6), mode=getspi(mode=TUNNEL, reqid=7),
         mode_bad=getspi(mode=4), backwards=getspi(5, 4), zero=getspi(0, 0), ah=getspi(satype=AH), comp=getspi(satype=IPCOMP),
         comp_large=getspi(0x10000, 0x10000, satype=IPCOMP), any_type=getspi(satype=0), bad_type=getspi(satype=5),
         no_src=message(GETSPI, dst(V4[1]), spirange(9, 9)), no_dst=message(GETSPI, src(V4[0]), spirange(9, 9)),
         families=message(GETSPI, src(V4[0]), dst(V6[1]), spirange(9, 9)), seq=getspi(seq=0x7001), small=getspi(1, 1))
    case('getspi_full', getspi(), getspi(), getspi(), all_())
    case('getspi_taken', esp(spi=0x2000), getspi(), getspi(satype=AH), getspi(ends=('10.0.0.1', '10.0.0.3')), all_())
    case('getspi_same_larval', getspi(5, 4, mode=TUNNEL, reqid=3), getspi(mode=TUNNEL, reqid=3), getspi(0x2001, 0x2001, mode=TUNNEL, reqid=3),
         all_())
    case('getspi_expires', message(REGISTER), '+ R', getspi(), 'tick 29000', all_(), 'tick 3000', all_())
    case('getspi_any_flushed', getspi(satype=0), all_(), all_(FLUSH), all_())


def acquire_cases():
    rows('acquire', plain=message(ACQUIRE), errno=message(ACQUIRE, errno=9), seq0=message(ACQUIRE, seq=0, errno=9),
         more=message(ACQUIRE, *ADDRESSES), more_errno=message(ACQUIRE, *ADDRESSES, errno=1))
    info = nl.policy_info(nl.selector('10.2.0.0', '10.1.0.0', 16, 16, nl.INET), 1, 5, 9)

    def ask(tmpl, algos, family=nl.INET):
        head = nl.addr('10.0.0.2') + struct.pack('>I', 0) + struct.pack('=B3x', 50) + nl.addr('10.0.0.1') + \
            nl.selector('10.2.0.0', '10.1.0.0', 16, 16, family) + info + struct.pack('=4I', *algos, 0)
        return ('M', nl.msg(nl.ACQUIRE, head, nl.attr(nl.TMPL, tmpl)))
    all_bits = (0xffffffff,) * 3
    case('acquire_heard', '+ M', message(REGISTER), ask(nl.template('10.0.0.2', '10.0.0.1'), all_bits))
    case('acquire_unregistered', '+ M', ask(nl.template('10.0.0.2', '10.0.0.1'), all_bits))
    case('acquire_ah', '+ M', message(REGISTER, satype=AH), ask(nl.template('10.0.0.2', '10.0.0.1', proto=51), all_bits))
    case('acquire_comp', '+ M', message(REGISTER), ask(nl.template('10.0.0.2', '10.0.0.1', proto=108), all_bits))
    case('acquire_some', '+ M', message(REGISTER), ask(nl.template('10.0.0.2', '10.0.0.1'), (1 << 5, 1 << 12, 0)),
         ask(nl.template('10.0.0.2', '10.0.0.1'), (0, 0, 0)))
    case('acquire_two', '+ M', message(REGISTER),
         ask(nl.template('10.0.0.2', '10.0.0.1', proto=108) + nl.template('10.0.0.4', '10.0.0.3', proto=50, family=0), all_bits))


def flush_dump_cases():
    two = (esp(), esp(spi=0x1001, ends=V6), getspi())
    for satype in (UNSPEC, AH, ESP, IPCOMP, 5, 200):
        case(f'flush_{satype}', *two, message(FLUSH, satype=satype), all_())
        case(f'dump_{satype}', *two, message(DUMP, satype=satype))
    case('flush_empty', all_(FLUSH), ('Q', message(FLUSH)))
    case('flush_heard', esp(), ('Q', message(FLUSH, seq=99, pid=5, errno=3)))
    case('flush_more', esp(), message(FLUSH, *ADDRESSES))
    case('dump_empty', all_())
    case('dump_many', *(esp(spi=0x1000 + i) for i in range(12)), all_(), message(DUMP, seq=5, pid=1234, satype=0))
    filters = {'none': addr_filter(), 'src': addr_filter('10.0.0.1', splen=32), 'dst': addr_filter(daddr='10.0.0.0', dplen=30),
               'family4': addr_filter(family=2), 'family6': addr_filter(family=10), 'family9': addr_filter(family=9),
               'splen129': addr_filter(splen=129), 'dplen129': addr_filter(dplen=129), 'splen128': addr_filter(V6[0], splen=128),
               'miss': addr_filter('10.0.0.9', splen=32)}
    for name, f in filters.items():
        case(f'dump_filter_{name}', *two, message(DUMP, f, satype=UNSPEC))
    case('dump_unshowable', '+ M', esp(), ('M', nl.msg(nl.ALLOCSPI, nl.userspi_info(0x3000, 0x3000, mode=nl.RO))), esp(spi=3), all_())
    case('dump_unshowable_first', '+ M', esp(), ('M', nl.msg(nl.ALLOCSPI, nl.userspi_info(0x3000, 0x3000, mode=nl.RO))), all_())


def spd_cases():
    look = (message(SPDDUMP, satype=0),)
    rows('spdadd', after=look, plain=spd(), inbound=spd(direction=IN), forward=spd(direction=FWD), dir0=spd(direction=0),
         dir4=spd(direction=4), v6=spd(nets=NET6, requests=(request(ends=V6),)), v6_in_v4=spd(requests=(request(ends=V6),)),
         discard=spd(what=DISCARD), none=spd(what=NONE), entrust=spd(what=3), bypass=spd(what=4), none_with_templates=spd(what=NONE),
         empty=spd(requests=()), priority=spd(priority=0x80000001), index=spd(index=0x1001), proto=spd(proto=6), proto0=spd(proto=0),
         ports=spd(proto=17, sport=500, dport=4500), hosts=spd(nets=(('10.0.0.1', 32), ('10.0.0.2', 32))),
         unmasked=spd(nets=(('10.1.2.3', 8), ('10.2.3.4', 0))), limits=spd(more=[hard(4, 3, 20, 1), soft(3, 2, 1, 1)]),
         hard_only=spd(more=[hard(4, 3, 2, 1)]), soft_only=spd(more=[soft(4, 3, 2, 1)]), limits0=spd(more=[hard(), soft()]),
         label=spd(more=[label('abc')]), satype=spd(satype=ESP, errno=4),
         no_src=message(SPDADD, policy(), dst('10.0.0.0', 8)), no_dst=message(SPDADD, policy(), src('10.0.0.0', 8)),
         no_policy=message(SPDADD, *ADDRESSES), families=message(SPDADD, policy(), src('10.0.0.0', 8), dst('2001:db8::', 32)),
         protos=message(SPDADD, policy(kind=NONE), src('10.0.0.0', 8, 6, 1), dst('10.0.0.0', 8, 17, 2), satype=0))
    templates = {
        'transport': [request(mode=TRANSPORT)], 'transport_addresses': [request(mode=TRANSPORT, ends=V4)], 'beet': [request(mode=BEET)],
        'beet_addresses': [request(mode=BEET, ends=V4)], 'any_mode': [request(mode=0, ends=V4)], 'mode4': [request(mode=4, ends=V4)],
        'tunnel_bare': [request()], 'tunnel_short': [struct.pack('=HHBBHII', 24, 50, 2, 2, 0, 0, 0) + bytes(8)],
        'ah': [request(proto=51, ends=V4)], 'comp': [request(proto=108, ends=V4)], 'routing': [request(proto=43, mode=TRANSPORT)],
        'dstopts': [request(proto=60, mode=TRANSPORT)], 'proto0': [request(proto=0, ends=V4)], 'proto255': [request(proto=255, ends=V4)],
        'proto306': [request(proto=306, ends=V4)], 'use': [request(level=USE, ends=V4)], 'use_transport': [request(mode=TRANSPORT, level=USE)],
        'use_beet': [request(mode=BEET, level=USE)], 'default': [request(level=DEFAULT, ends=V4)], 'level9': [request(level=9, ends=V4)],
        'unique': [request(level=UNIQUE, reqid=5, ends=V4)], 'unique0': [request(level=UNIQUE, ends=V4)],
        'unique_large': [request(level=UNIQUE, reqid=0x4000, ends=V4)], 'unique_max': [request(level=UNIQUE, reqid=0x3fff, ends=V4)],
        'require_reqid': [request(reqid=5, ends=V4)], 'two': [request(proto=108, ends=V4), request(mode=TRANSPORT)],
        'mixed': [request(ends=V6), request(mode=TRANSPORT)], 'mixed_back': [request(mode=TRANSPORT), request(ends=V6)],
        'mixed_three': [request(ends=V6), request(mode=TRANSPORT), request(proto=51, ends=V4), request(proto=108, mode=TRANSPORT)],
        'six': [request(mode=TRANSPORT)] * 6, 'seven': [request(mode=TRANSPORT)] * 7, 'length8': [request(mode=TRANSPORT, length=8)],
        'length0': [request(mode=TRANSPORT, length=0)], 'length_beyond': [request(mode=TRANSPORT, length=24)],
        'pair_families': [struct.pack('=HHBBHII', 64, 50, 2, 2, 0, 0, 0) + sockaddr('10.0.0.1') + sockaddr(V6[0]) + bytes(4)],
        'pair_unspec': [struct.pack('=HHBBHII', 48, 50, 2, 2, 0, 0, 0) + bytes(32)],
        'odd_length': [struct.pack('=HHBBHII', 18, 50, 1, 2, 0, 0, 0) + bytes(2) + request(mode=TRANSPORT)],
        'tail8': [request(mode=TRANSPORT), bytes(8)]}
    for name, r in templates.items():
        case(f'spdadd_template_{name}', spd(requests=r), message(SPDDUMP, satype=0))
    case('spdadd_template_use_in', spd(direction=IN, requests=[request(level=USE, ends=V4)]), *look)
    case('spdadd_unique_counts', *(spd(nets=((f'10.{i}.0.0', 16), NET4[1]), requests=[request(level=UNIQUE, ends=V4)] * 2)
                                   for i in range(4)), *look)
    case('spdadd_twice', spd(), spd(), spd(priority=5), *look)
    case('spdadd_directions', *(spd(direction=d) for d in (IN, OUT, FWD)), *look)
    case('spdupdate', spd(SPDUPDATE), spd(SPDUPDATE, priority=9), spd(SPDUPDATE, what=DISCARD), *look)
    case('spdsetidx', spd(SPDSETIDX), spd(SPDSETIDX), *look)
    case('spd_nothing_else', message(SPDACQUIRE), message(SPDEXPIRE))


def spd_find_cases():
    three = tuple(spd(direction=d, nets=n) for d, n in ((IN, NET4), (OUT, NET4), (OUT, NET4[::-1])))
    look = (message(SPDDUMP, satype=0),)
    rows('spddelete', before=three, after=look, found=spd(SPDDELETE), inbound=spd(SPDDELETE, IN), forward=spd(SPDDELETE, FWD),
         dir0=spd(SPDDELETE, 0), dir4=spd(SPDDELETE, 4), proto=spd(SPDDELETE, proto=6), bits=spd(SPDDELETE, nets=(NET4[0], ('10.2.0.0', 15))),
         ports=spd(SPDDELETE, proto=255, sport=1), bad_type=spd(SPDDELETE, what=9), bad_templates=spd(SPDDELETE, requests=[bytes(16)]),
         label=spd(SPDDELETE, more=[label('abc')]), no_src=message(SPDDELETE, policy(), dst('10.0.0.0', 8)),
         no_policy=message(SPDDELETE, *ADDRESSES))
    for kind, word in ((SPDGET, 'spdget'), (SPDDELETE2, 'spddelete2')):
        rows(word, before=three, after=look, first=by_index(kind, 8), second=by_index(kind, 9), third=by_index(kind, 17),
             none=by_index(kind, 16), index0=by_index(kind, 0), dir3=by_index(kind, 11), dir7=by_index(kind, 15),
             no_policy=message(kind, *ADDRESSES), huge=by_index(kind, 0xfffffff8))
    case('spdflush', *three, message(SPDFLUSH, satype=ESP, errno=5), *look, message(SPDFLUSH, satype=0))
    case('spddump_empty', *look)
    case('spddump_order', *(spd(nets=((f'10.{i}.0.0', 16), NET4[1]), priority=9 - i) for i in range(9)), message(SPDDUMP, satype=9, pid=3, seq=9))
    case('spd_age', spd(more=[hard(add=9), soft(add=3)]), 'tick 5000', *look, by_index(SPDGET, 1), 'tick 10000', *look)


OLD, NEW, NEW2 = ('10.0.0.1', '10.0.0.2'), ('10.0.0.11', '10.0.0.12'), ('10.0.0.21', '10.0.0.22')


def migrate_cases():
    one = dict(reqid=1)
    start = (esp(), spd(requests=[request(level=UNIQUE, reqid=1, ends=OLD)]))
    look = (all_(), message(SPDDUMP, satype=0))
    move = [(OLD, NEW, one)]
    short = struct.pack('=HHBBHII', 24, 50, 2, 2, 0, 1, 0) + bytes(8)
    pair = request(ends=OLD, reqid=1)
    raw = lambda *r: message(MIGRATE, policy(OUT, *r), src(*NET4[0], proto=255), dst(*NET4[1], proto=255), satype=0)  # noqa: E731
    rows('migrate', before=start, after=look, plain=migration(move), to_v6=migration([(OLD, V6, one)]),
         level=migration([(OLD, NEW, dict(reqid=1, level=UNIQUE))]), any_mode=migration([(OLD, NEW, dict(reqid=1, mode=0))]),
         mode9=migration([(OLD, NEW, dict(reqid=1, mode=9))]), transport=migration([(OLD, NEW, dict(reqid=1, mode=TRANSPORT))]),
         reqid0=migration([(OLD, NEW, {})]), other_reqid=migration([(OLD, NEW, dict(reqid=2))]), other_ends=migration([(NEW, NEW2, one)]),
         other_proto=migration([(OLD, NEW, dict(reqid=1, proto=51))]), dir0=migration(move, 0), dir4=migration(move, 4),
         inbound=migration(move, IN), forward=migration(move, FWD), same=migration([(OLD, OLD, one)]), twice=migration(move * 2),
         null_new=migration([(OLD, ('0.0.0.0', '10.0.0.9'), one)]), none=raw(), half=raw(pair), three=raw(pair, request(ends=NEW, reqid=1), pair),
         reqids=raw(pair, request(ends=NEW, reqid=2)), protos=raw(pair, request(ends=NEW, reqid=1, proto=51)),
         modes=raw(pair, request(ends=NEW, reqid=1, mode=TRANSPORT)), short=raw(short, short), bare=raw(request(reqid=1), request(reqid=1)),
         tail=migration(move, tail=bytes(8)), seven=migration([((f'10.7.{i}.1', '10.7.0.2'), NEW, one) for i in range(7)]),
         six=migration([(OLD, NEW, one)] + [((f'10.7.{i}.1', '10.7.0.2'), NEW, one) for i in range(5)]),
         kmaddress=migration(move, more=[kmaddress('10.0.0.5', '10.0.0.6', 77)]), kmaddress6=migration(move, more=[kmaddress(*V6)]),
         kmaddress_short=migration(move, more=[ext(25, bytes(4) + sockaddr('10.0.0.5'))]),
         kmaddress_families=migration(move, more=[ext(25, bytes(4) + sockaddr('10.0.0.5') + sockaddr(V6[0]))]),
         no_policy=message(MIGRATE, *ADDRESSES), no_src=message(MIGRATE, policy(), dst('10.0.0.0', 8)), proto=migration(move, proto=6))
    case('migrate_without_policy', esp(), migration(move), *look)
    case('migrate_without_sa', start[1], migration(move), *look)
    case('migrate_there_and_back', *start, migration(move), migration([(NEW, OLD, one)]), *look)
    case('migrate_heard_of_netlink', '+ M', *start, ('M', nl.msg(nl.MIGRATE, nl.policy_id(nl.selector(
        '10.2.0.0', '10.1.0.0', 16, 16, nl.INET), 1), nl.attr(nl.A_MIGRATE, nl.addr(OLD[1]) + nl.addr(OLD[0]) + nl.addr(NEW[1]) +
                                                              nl.addr(NEW[0]) + struct.pack('=BBHIHH', 50, 1, 0, 1, 2, 2)))), *look)


def netlink_cases():
    """what PF_KEY hears of changes by NETLINK_XFRM"""
    def m(kind, body=b'', attrs=b'', **kw):
        return 'M', nl.msg(kind, body, attrs, pid=0x77, seq=0x99, **kw)
    new = m(nl.NEWSA, nl.usersa_info(), nl.cbc_sha256())
    sel = nl.selector('10.2.0.0', '10.1.0.0', 16, 16, nl.INET)
    pol = m(nl.NEWPOLICY, nl.policy_info(sel, 1, 100), nl.attr(nl.TMPL, nl.template('10.0.0.2', '10.0.0.1')))
    case('heard_newsa', '+ M', new, all_())
    case('heard_aead', '+ M', m(nl.NEWSA, nl.usersa_info(), nl.gcm()), named(GET))
    case('heard_esn', '+ M', m(nl.NEWSA, nl.usersa_info(flags=0x80), nl.gcm() + nl.replay_esn(128)), named(GET))
    case('heard_flags', '+ M', m(nl.NEWSA, nl.usersa_info(flags=0xf, window=77), nl.gcm()), named(GET))
    case('heard_sel', '+ M', m(nl.NEWSA, nl.usersa_info(sel=nl.selector('10.2.0.0', '10.1.0.0', 16, 16, 2, 17, 5, 6)), nl.gcm()), named(GET))
    case('heard_sel6', '+ M', m(nl.NEWSA, nl.usersa_info(sel=nl.selector('2001:db8::', '2001:db8:1::', 16, 16, 10)), nl.gcm()), named(GET))
    case('heard_encap', '+ M', m(nl.NEWSA, nl.usersa_info(), nl.gcm() + nl.encap()), named(GET))
    case('heard_limits', '+ M', m(nl.NEWSA, nl.usersa_info(lft=nl.limits(1, 2, 3, 2**33, 50, 60, 70, 80)), nl.gcm()), named(GET))
    case('heard_updsa', '+ M', new, m(nl.UPDSA, nl.usersa_info(lft=nl.limits(5, 6, 7, 8)), nl.cbc_sha256()), named(GET))
    case('heard_delsa', '+ M', new, m(nl.DELSA, nl.usersa_id()))
    case('heard_flushsa', '+ M', new, m(nl.FLUSHSA, b'\x33'), m(nl.FLUSHSA, b'\x32'), new, m(nl.FLUSHSA, b'\0'))
    case('heard_allocspi', '+ M', m(nl.ALLOCSPI, nl.userspi_info(0x3000, 0x3000)), all_(), 'tick 40000')
    case('heard_expire', '+ M', message(REGISTER), new, m(nl.EXPIRE, nl.usersa_info() + b'\0'), named(GET), m(nl.EXPIRE, nl.usersa_info() + b'\1'),
         named(GET))
    case('heard_expire_unregistered', '+ M', new, m(nl.EXPIRE, nl.usersa_info() + b'\1'))
    case('heard_policy', '+ M', pol, message(SPDDUMP, satype=0), m(nl.UPDPOLICY, nl.policy_info(sel, 1, 7)), m(nl.DELPOLICY, nl.policy_id(sel, 1)))
    case('heard_delpolicy_index', '+ M', pol, m(nl.DELPOLICY, nl.policy_id(nl.selector(), 1, 1)))
    case('heard_sub_policy', '+ M', m(nl.NEWPOLICY, nl.policy_info(sel, 1, 100), nl.attr(nl.POLICY_TYPE, bytes([1, 0, 0, 0, 0, 0]))),
         message(SPDDUMP, satype=0), m(nl.FLUSHPOLICY, b'', nl.attr(nl.POLICY_TYPE, bytes([1, 0, 0, 0, 0, 0]))))
    case('heard_flushpolicy', '+ M', pol, m(nl.FLUSHPOLICY), m(nl.FLUSHPOLICY))
    case('heard_polexpire', '+ M', message(REGISTER), pol, m(nl.POLEXPIRE, nl.policy_info(sel, 1, 100) + b'\1' + bytes(7)))
    case('heard_if_id', '+ M', m(nl.NEWPOLICY, nl.policy_info(sel, 1, 100), nl.u32(nl.IF_ID, 5)), spd(SPDDELETE), by_index(SPDGET, 1),
         message(SPDDUMP, satype=0))
    case('heard_policy_mark', '+ M', m(nl.NEWPOLICY, nl.policy_info(sel, 1, 100), nl.mark(1, 1)), spd(SPDDELETE), by_index(SPDGET, 1),
         message(SPDDUMP, satype=0))
    case('heard_templates', '+ M', m(nl.NEWPOLICY, nl.policy_info(sel, 1, 100), nl.attr(nl.TMPL, nl.template(
        '10.0.0.2', '10.0.0.1', mode=nl.BEET) + nl.template(mode=nl.TRANSPORT, reqid=0))), message(SPDDUMP, satype=0))
    case('heard_template_mode', '+ M', m(nl.NEWPOLICY, nl.policy_info(sel, 1, 100), nl.attr(nl.TMPL, nl.template(mode=nl.RO))),
         spd(direction=IN), message(SPDDUMP, satype=0), by_index(SPDGET, 1))
    case('heard_family_change', '+ M', m(nl.NEWPOLICY, nl.policy_info(sel, 1, 100), nl.attr(nl.TMPL, nl.template(
        V6[1], V6[0], mode=nl.BEET, family=nl.INET6))), message(SPDDUMP, satype=0))
    case('heard_closed', '+ R', ('R', message(REGISTER)), '- R', '+ R', getspi(), 'tick 31000', ('R', message(REGISTER)))


def all_cases():
    """(name, lines) of each"""
    for part in (base_cases, extension_cases, register_cases, promisc_cases, add_cases, update_cases, delete_get_cases, getspi_cases,
                 acquire_cases, flush_dump_cases, spd_cases, spd_find_cases, migrate_cases, netlink_cases):
        part()
    for name, lines in CASES:
        opens = any(line.startswith('> M') for line in lines) and '+ M' not in lines
        yield name, ['+ M'] * opens + lines


def main():
    for name, lines in all_cases():
        print('\n'.join([f'reset {name}'] + lines))


if __name__ == '__main__':
    main()
