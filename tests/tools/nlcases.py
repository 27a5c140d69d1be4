#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The script for nltalk: every answer of the SA part that is to be the kernel's. Each case starts anew."""
import struct
from xfrm_bytes import *

lines = []
seq = 0


def case(name, *datagrams, ext_ack=True, cap_ack=True):
    """a datagram is bytes; seq 0 in a message made by m() is numbered here"""
    lines.append('reset ' + name.replace(' ', '_'))
    if ext_ack:
        lines.append('option A ext_ack 1')
    if cap_ack:
        lines.append('option A cap_ack 1')
    for d in datagrams:
        lines.append('> A ' + d.hex())


def m(kind, body=b'', *attrs, **kw):
    global seq
    seq += 1
    kw.setdefault('seq', seq)
    return msg(kind, body, b''.join(attrs), **kw)


def newsa(*attrs, kind=NEWSA, flags_=REQUEST | ACK, **kw):
    return m(kind, usersa_info(**kw), *(attrs or (gcm(),)), flags=flags_)


def getsa(*attrs, **kw):
    return m(GETSA, usersa_id(**kw), *attrs)


def delsa(*attrs, **kw):
    return m(DELSA, usersa_id(**kw), *attrs)


def dump(*attrs, flags=REQUEST | DUMP):
    return m(GETSA, b'', *attrs, flags=flags)


DIR_IN, DIR_OUT = u8(SA_DIR, 1), u8(SA_DIR, 2)

# --- framing
case('no request flag', m(GETSADINFO, u32(0, 0)[:4], flags=ACK), m(GETSADINFO, bytes(4), flags=0))
case('control types', m(3, b'', flags=REQUEST | ACK), m(1, b'', flags=REQUEST), m(15, bytes(8)))
case('type too high', m(99, bytes(8)), m(300, b'', flags=REQUEST))
case('echo of the request', m(99, b'abcdefgh'), m(99, b'abcde', length=21), ext_ack=False, cap_ack=False)
case('echo with text', m(DELSA, b'abcdefgh'), newsa(mode=9), cap_ack=False)
case('short header', m(GETSA, bytes(20)), m(NEWSA, bytes(220)), m(FLUSHSA), m(GETSADINFO), m(ALLOCSPI, bytes(4)))
case('short of everything', b'\0' * 15, struct.pack('=IHHII', 15, DELSA, 5, 1, 0),
     struct.pack('=IHHII', 100, DELSA, 5, 1, 0))
case('several', m(DELSA, usersa_id()) + newsa() + getsa() + struct.pack('=IHHII', 8, DELSA, 5, 1, 0) + getsa())
case('unpadded last', m(FLUSHSA, b'', flags=REQUEST | ACK, length=17) + b'\x32',
     m(FLUSHSA, b'', flags=REQUEST | ACK, length=17) + b'\x32\0\0\0' + m(FLUSHSA, b'\x32'))
for t in (REPORT, NEWSADINFO, MAPPING):
    case('no handler %d' % t, m(t, bytes(200)))
case('leftover bytes', newsa(gcm(), b'\1\2\3'), newsa(gcm(), struct.pack('=HH', 40, MARK), spi=7))
case('no ack wanted', newsa(flags_=REQUEST), getsa(), m(GETSA, usersa_id(), flags=REQUEST), m(
    DELSA, usersa_id(), flags=REQUEST), m(DELSA, usersa_id(), flags=REQUEST))

# --- attribute policy
for t, n in ((ALG_AUTH, 67), (ENCAP, 23), (MARK, 7), (OFFLOAD_DEV, 7), (SET_MARK, 3), (LTIME_VAL, 31),
             (REPLAY_VAL, 11), (REPLAY_ESN_VAL, 23), (COADDR, 15), (LASTUSED, 7), (IF_ID, 3), (PROTO, 0),
             (ALG_AEAD, 71), (SA, 223), (SEC_CTX, 7), (MTIMER_THRESH, 3), (ADDRESS_FILTER, 35), (TMPL, 63),
             (POLICY_TYPE, 5), (A_MIGRATE, 75), (KMADDRESS, 39), (POLICY, 167)):
    case('attr %d short' % t, getsa(attr(t, bytes(n))))
    case('attr %d long' % t, getsa(attr(t, bytes(n + 9))))
for t, n in ((SA_DIR, 0), (SA_DIR, 2), (NAT_KEEPALIVE_INTERVAL, 3), (NAT_KEEPALIVE_INTERVAL, 5), (SA_PCPU, 0)):
    case('attr %d of %d bytes' % (t, n), getsa(attr(t, b'\1' * n)))
for v in (0, 3, 255):
    case('direction %d' % v, getsa(u8(SA_DIR, v)))
case('nested flag', getsa(attr(MARK | 0x8000, bytes(8))), getsa(attr(SA_DIR | 0x8000, b'\1')),
     getsa(attr(MARK | 0x4000, bytes(8))))
case('unknown attributes', getsa(attr(900, b'xyz'), attr(0, b'')))
case('direction where it is not', getsa(DIR_IN), delsa(DIR_IN), m(FLUSHSA, b'\0', DIR_IN), m(
    GETSADINFO, bytes(4), DIR_OUT))

# --- NEWSA: what it checks
case('families', newsa(family=0), newsa(family=7), newsa(sel=selector(family=7)),
     newsa(sel=selector(dlen=33)), newsa(sel=selector(slen=33, family=INET)),
     newsa(sel=selector(slen=129, family=INET6)), newsa(sel=selector(dlen=77), flags=0x20),
     newsa(sel=selector(dlen=129), dst='fd00::1', src='fd00::2'))
case('protocols', newsa(proto=6), newsa(proto=0), newsa(gcm(), proto=AH), newsa(gcm(), proto=COMP),
     newsa(gcm(), proto=ROUTING), newsa(proto=DSTOPTS))
case('AH attributes', newsa(algo(ALG_AUTH, 'hmac(sha1)', bytes(20)), gcm(), proto=AH))
case('ESP attributes', newsa(u32(TFCPAD, 9)), newsa(gcm(), algo(ALG_COMP, 'deflate', b'')),
     newsa(gcm(), algo(ALG_AUTH, 'hmac(sha1)', bytes(20))), newsa(gcm(), u32(TFCPAD, 9), mode=TRANSPORT),
     newsa(mark(1)))
case('COMP attributes', newsa(algo(ALG_COMP, 'deflate', b''), gcm(), proto=COMP),
     newsa(algo(ALG_COMP, 'deflate', b''), proto=COMP, spi=0x10000))
case('mobility attributes', newsa(attr(COADDR, bytes(16)), gcm(), proto=ROUTING))
case('algorithm lengths', newsa(algo2(ALG_AEAD, 'rfc4106(gcm(aes))', bytes(20), 128, 168)),
     newsa(algo(ALG_CRYPT, 'cbc(aes)', bytes(16), 129), algo(ALG_AUTH, 'hmac(sha1)', bytes(20))),
     newsa(algo(ALG_AUTH, 'hmac(sha1)', bytes(20), 1000)),
     newsa(algo2(ALG_AUTH_TRUNC, 'hmac(sha1)', bytes(20), 96, 1000)),
     newsa(gcm(), attr(SEC_CTX, bytes(8))))
case('algorithm names', newsa(algo2(ALG_AEAD, 'rfc4106(gcm(xxx))', bytes(20), 128)),
     newsa(algo2(ALG_AEAD, 'rfc4106(gcm(aes))', bytes(20), 120)),
     newsa(algo2(ALG_AEAD, 'rfc4106(gcm(aes))', bytes(21), 128)),
     newsa(algo2(ALG_AEAD, '', b'', 0)),
     newsa(algo(ALG_CRYPT, 'nope', bytes(16)), algo(ALG_AUTH, 'hmac(sha1)', bytes(20))),
     newsa(algo(ALG_CRYPT, 'cbc(aes)', bytes(17)), algo(ALG_AUTH, 'hmac(sha1)', bytes(20))),
     newsa(algo(ALG_CRYPT, 'cbc(aes)', bytes(16)), algo(ALG_AUTH, 'hmac(nope)', bytes(20))),
     newsa(algo(ALG_CRYPT, 'cbc(aes)', bytes(16)), algo2(ALG_AUTH_TRUNC, 'hmac(nope)', bytes(20), 96)),
     newsa(algo(ALG_CRYPT, 'cbc(aes)', bytes(16)), algo2(ALG_AUTH_TRUNC, 'hmac(sha1)', bytes(20), 168)),
     newsa(algo(ALG_AUTH, 'hmac(sha1)', bytes(20))), newsa(algo2(ALG_AUTH_TRUNC, 'hmac(sha1)', bytes(20), 96)))
case('modes', newsa(mode=3), newsa(mode=9), newsa(mode=255), newsa(mode=RO))
case('transport across families', newsa(mode=TRANSPORT, sel=selector(family=INET6)),
     newsa(mode=TRANSPORT, flags=0x20))
case('ESN', newsa(flags=0x80), newsa(gcm(), replay_esn(0), flags=0x80), newsa(gcm(), replay_esn(64, 1), flags=0x80),
     newsa(gcm(), replay_esn(64), window=32), newsa(gcm(), replay_esn(4128)),
     newsa(gcm(), replay_esn(4096, short=True), flags=0x80),
     newsa(gcm(), attr(REPLAY_ESN_VAL, struct.pack('=7I', 3, 0, 0, 0, 0, 64, 0))),
     newsa(algo(ALG_COMP, 'deflate', b''), replay_esn(32), proto=COMP, spi=9))
case('ESN out', *[newsa(gcm(), r, DIR_OUT, flags=f) for r, f in (
    (replay_esn(32), 0x80), (replay_esn(0, seq=1), 0x80), (replay_esn(0, oseq=1 << 32), 0),
    (replay_esn(0, oseq=0xffffffff), 0), (replay_esn(0, oseq=2**64 - 1), 0x80), (replay_esn(0, 1), 0x80),
    (replay_esn(0, oseq=77), 0x80))], getsa())
case('ESN in', *[newsa(gcm(), r, DIR_IN, flags=f) for r, f in (
    (replay_esn(32, oseq=1), 0x80), (replay_esn(32, seq=1 << 32), 0), (replay_esn(32, seq=0xffffffff), 0),
    (replay_esn(32, seq=2**64 - 1), 0x80), (replay_esn(0), 0x80), (replay_esn(32), 0x80))], getsa())
case('flags out', *[newsa(gcm(), DIR_OUT, flags=f) for f in (2, 16, 8)], newsa(gcm(), DIR_OUT, window=1),
     newsa(gcm(), DIR_OUT, replay(seq=1)), newsa(gcm(), DIR_OUT, replay(bitmap=1)),
     newsa(gcm(), DIR_OUT, replay(oseq=5), flags=5), getsa())
case('flags in', newsa(gcm(), DIR_IN, flags=4), newsa(gcm(), DIR_IN, u32(SA_EXTRA_FLAGS, 1)),
     newsa(gcm(), DIR_IN, u32(SA_EXTRA_FLAGS, 2)), newsa(gcm(), DIR_IN, flags=2, window=64), getsa())
case('CPU', newsa(gcm(), u32(SA_PCPU, 0)), newsa(gcm(), DIR_IN, u32(SA_PCPU, 70000)),
     newsa(gcm(), DIR_IN, u32(SA_PCPU, 0)), getsa())
case('encapsulation types', newsa(gcm(), encap(0)), newsa(gcm(), encap(5)), newsa(gcm(), encap(1)), newsa(gcm(), encap()), getsa())
case('keepalive', newsa(gcm(), u32(NAT_KEEPALIVE_INTERVAL, 20)), newsa(gcm(), DIR_OUT, u32(NAT_KEEPALIVE_INTERVAL, 20)),
     newsa(gcm(), DIR_IN, encap(), u32(NAT_KEEPALIVE_INTERVAL, 20)),
     newsa(gcm(), DIR_OUT, encap(), u32(NAT_KEEPALIVE_INTERVAL, 20)), getsa())

# --- NEWSA and what GETSA shows of it
case('plain', newsa(), getsa(), delsa(), getsa(), delsa())
case('cbc and hmac', newsa(cbc_sha256(), window=32), getsa(), delsa())
case('auth without truncation', newsa(algo(ALG_CRYPT, 'cbc(aes)', bytes(32)), algo(ALG_AUTH, 'hmac(sha256)', bytes(32))), getsa())
case('short names', newsa(algo(ALG_CRYPT, 'aes', bytes(32)), algo(ALG_AUTH, 'sha1', bytes(20))), getsa())
case('null cipher', newsa(algo(ALG_CRYPT, 'ecb(cipher_null)', b''), algo(ALG_AUTH, 'hmac(sha1)', bytes(20))), getsa())
case('both auth forms', newsa(algo(ALG_AUTH, 'hmac(sha512)', bytes(64)), algo2(ALG_AUTH_TRUNC, 'hmac(sha512)', bytes(64), 512),
                              algo(ALG_CRYPT, 'cbc(aes)', bytes(24))), getsa())
case('duplicate attributes', newsa(gcm(), replay(oseq=1), replay(oseq=2), mark(1), mark(3, 7)), getsa(mark(3, 7)))
case('everything', newsa(gcm(icv=64), encap(2, 4500, 1025, '192.0.2.9'), mark(0x1ff, 0xff), u32(SET_MARK, 5), u32(SET_MARK_MASK, 15),
                         u32(IF_ID, 77), u32(MTIMER_THRESH, 9), u32(SA_EXTRA_FLAGS, 3), attr(COADDR, addr('10.9.9.9')),
                         u32(TFCPAD, 40), replay(7, 100, 0x55), attr(LTIME_VAL, struct.pack('=4Q', 1, 2, 1600000000, 1600000001)),
                         u64(LASTUSED, 1600000002), window=200, reqid=0x1234, flags=0x27, seq=99,
                         lft=limits(1, 2, 3, 4, 5, 6, 7, 8)),
     getsa(mark(0xff, 0xff)), getsa(), delsa(mark(0xff, 0xff)))
case('output mark alone', newsa(gcm(), u32(SET_MARK, 5)), getsa(), newsa(gcm(), u32(SET_MARK_MASK, 5), spi=2), getsa(spi=2))
case('selectors', newsa(sel=selector('10.1.0.0', '10.2.0.0', 16, 24, INET, 17, 53, 99, 3)), getsa(),
     newsa(sel=selector('10.1.0.0', '10.2.0.0', 16, 24), flags=0x20, spi=5), getsa(spi=5))
case('IPv6', newsa(dst='fd00::2', src='fd00::1'), getsa(dst='fd00::2'), getsa(), delsa(dst='fd00::2'))
case('mixed families', newsa(dst='fd00::2', src='fd00::1', sel=selector('10.1.0.0', '10.2.0.0', 16, 16, INET)), getsa(dst='fd00::2'))
for seq_, bits in ((5, 0x1f), (100, 0x80000001), (0xffffffff, 0xffffffff), (0, 1)):
    case('legacy window %x' % seq_, newsa(gcm(), replay(9, seq_, bits), window=32), getsa())
for w in (1, 31, 32, 33, 100, 4096):
    n = (w + 31) // 32
    for s in (0, w, 3 * w + 5) if w < 4096 else (5000,):
        words = [(0x9e3779b9 * (i + s + 1)) & 0xffffffff for i in range(n)]
        if w % 32:
            words[-1] &= (1 << (w % 32)) - 1
        if s == 0:
            words = [0] * n
        case('ring %d at %d' % (w, s), newsa(gcm(), replay_esn(w, oseq=1 << 33 | 5, seq=s, bitmap=words), flags=0x80), getsa())
case('ESN attribute without ESN', newsa(gcm(), replay_esn(64, seq=70, bitmap=[1, 2])), getsa())
case('ESN bitmap left out', newsa(gcm(), replay_esn(64, short=True, seq=9), flags=0x80), getsa())
case('window above 32', newsa(window=64), getsa())
case('SPI 0', newsa(spi=0), newsa(spi=0), getsa(spi=0), delsa(spi=0))

# --- NEWSA, UPDSA, DELSA, GETSA against what is there
case('twice', newsa(), newsa(), newsa(dst='10.0.0.3'), newsa(proto=ESP, spi=0x1001))
case('wildcard duplicate', newsa(), newsa(gcm(), mark(5)), newsa(gcm(), mark(5), spi=2), newsa(spi=2), newsa(gcm(), mark(6), spi=2))
case('update nothing', newsa(kind=UPDSA))
case('update', newsa(cbc_sha256(), window=32, reqid=3), newsa(gcm(), kind=UPDSA, reqid=9, mode=TRANSPORT, window=8,
                                                         lft=limits(9, 9, 9, 9, 1000, 2000)), getsa(), dump())
case('update marks', newsa(gcm(), u32(SET_MARK, 1)), newsa(gcm(), u32(SET_MARK, 2), u32(SET_MARK_MASK, 3), u32(IF_ID, 4), kind=UPDSA),
     getsa(), newsa(gcm(), kind=UPDSA), getsa())
case('update encapsulation', newsa(gcm(), encap()), newsa(kind=UPDSA), newsa(gcm(), encap(2, 4500, 999), kind=UPDSA), getsa())
case('update adds encapsulation', newsa(), newsa(gcm(), encap(), kind=UPDSA), getsa())
case('update direction', newsa(gcm(), DIR_IN), newsa(kind=UPDSA), newsa(gcm(), DIR_OUT, kind=UPDSA), newsa(gcm(), DIR_IN, kind=UPDSA))
case('update bad', newsa(), newsa(algo2(ALG_AEAD, 'x', bytes(20), 128), kind=UPDSA), newsa(mode=9, kind=UPDSA), getsa())
case('update coaddr', newsa(gcm(), attr(COADDR, addr('10.9.9.9'))), newsa(gcm(), attr(COADDR, addr('10.9.9.8')), kind=UPDSA), getsa())
case('update lifetime', newsa(), newsa(gcm(), attr(LTIME_VAL, struct.pack('=4Q', 1, 2, 1600000000, 1600000001)), kind=UPDSA), getsa())
case('get other', newsa(), getsa(dst='10.0.0.9'), getsa(spi=9), getsa(proto=AH), getsa(family=INET6), getsa(proto=6), getsa(proto=0),
     getsa(attr(SRCADDR, addr('10.0.0.1')), proto=6), delsa(proto=6), delsa(attr(SRCADDR, addr('10.0.0.1')), proto=43))

# --- dumps, flush
case('dump empty', dump(), m(GETSA, b'', flags=REQUEST | ACK | DUMP))
many = [newsa(gcm(), spi=0x100 + i, dst='10.0.%d.2' % (i % 3), flags_=REQUEST) for i in range(7)] + \
    [newsa(cbc_sha256(), spi=0x900 + i, dst='fd00::%d' % (i + 1), src='fd00::9', flags_=REQUEST) for i in range(2)]
case('dump', *many, dump(), dump(flags=REQUEST | ROOT), dump(flags=REQUEST | MATCH | ACK))
case('dump filtered', *many, dump(u8(PROTO, ESP)), dump(u8(PROTO, AH)), dump(u8(PROTO, 255)),
     dump(filter_(dst='10.0.1.0', family=INET, dlen=24)), dump(filter_(src='10.0.0.0', dst='10.0.2.2', family=INET, slen=8, dlen=32)),
     dump(filter_(family=INET6)), dump(filter_(family=77)), dump(filter_(dst='fd00::1', dlen=126)))
case('dump refused', dump(filter_(family=INET, dlen=129)), dump(attr(ADDRESS_FILTER, bytes(3))), dump(attr(PROTO, b'')), dump(b'\0' * 24))
case('dump of what has none', m(DELSA, usersa_id(), flags=REQUEST | DUMP))
case('flush', *many[:3], m(FLUSHSA, bytes([AH])), m(FLUSHSA, bytes([ESP]), pid=77), m(FLUSHSA, b'\0'), dump())
case('flush IPsec', *many[:2], m(FLUSHSA, bytes([255])), dump())
case('flush odd', *many[:2], m(FLUSHSA, bytes([6])), m(FLUSHSA, b'\0', flags=REQUEST))

# --- ALLOCSPI
def allocspi(low, high, *attrs, **kw):
    return m(ALLOCSPI, userspi_info(low, high, **kw), *attrs)


case('allocspi', allocspi(0x500, 0x500), getsa(spi=0x500), dump())
case('allocspi refusals', allocspi(5, 4), allocspi(1, 2, proto=6), allocspi(1, 0x10000, proto=COMP), allocspi(0, 0),
     allocspi(0, 0xffffffff), allocspi(5, 6, u32(SA_PCPU, 70000)))
case('allocspi taken', newsa(spi=0x500, dst='10.9.9.9'), allocspi(0x500, 0x500), dump(), newsa(), dump())
case('allocspi twice', allocspi(0x500, 0x500), allocspi(0x500, 0x500), dump())
case('allocspi attributes', allocspi(0x500, 0x500, mark(0xff, 0xff), u32(IF_ID, 9), DIR_IN, reqid=7, mode=TRANSPORT),
     getsa(mark(0xff, 0xff), spi=0x500))
case('allocspi update', allocspi(0x500, 0x500, reqid=7), newsa(spi=0x500, reqid=7, kind=UPDSA), getsa(spi=0x500), dump())
case('allocspi update direction', allocspi(0x500, 0x500, DIR_IN), newsa(gcm(), DIR_OUT, spi=0x500, kind=UPDSA), newsa(gcm(), DIR_IN, spi=0x500, kind=UPDSA), dump())
case('allocspi new', allocspi(0x500, 0x500, reqid=7), newsa(spi=0x500, reqid=7), delsa(spi=0x500), newsa(spi=0x500, reqid=7))
case('allocspi fulfilled', allocspi(0, 0, reqid=7), newsa(spi=0x600, reqid=7), dump())
case('allocspi retried', allocspi(0, 0, reqid=7), allocspi(0x500, 0x500, reqid=7), dump())
case('allocspi IPv6', allocspi(0x500, 0x500, dst='fd00::2', src='fd00::1'), dump())
case('allocspi comp', allocspi(0x100, 0x100, proto=COMP), dump())
case('MTIMER_THRESH', newsa(gcm(), encap(), u32(MTIMER_THRESH, 5)), getsa())

case('allocspi by an acquire that is none', allocspi(0x500, 0x500, seq=9), newsa(spi=0x500, seq=9, kind=UPDSA), dump())
case('esn order', newsa(algo2(ALG_AEAD, 'x', bytes(20), 128), replay_esn(64,1), flags=0x80), newsa(gcm(), encap(9), replay_esn(64,1), flags=0x80))
case('trunc0', newsa(algo(ALG_CRYPT, 'cbc(aes)', bytes(16)), algo2(ALG_AUTH_TRUNC, 'hmac(sha256)', bytes(32), 0)), getsa())
case('sec ctx', newsa(gcm(), attr(SEC_CTX, struct.pack('=HHBBH', 8, 8, 1,1,0))), newsa(gcm(), attr(SEC_CTX, struct.pack('=HHBBH', 10, 8, 1,1,2)+b'xy'), spi=3))
case('mark upd', newsa(gcm(), mark(5,7)), newsa(gcm(), mark(5,7), kind=UPDSA), newsa(gcm(), kind=UPDSA), getsa(mark(5,7)))
case('getsa by address', newsa(), getsa(attr(SRCADDR, addr('10.0.0.1')), proto=50, spi=0), getsa(attr(SRCADDR, addr('10.0.0.1')), proto=0, spi=0))
case('allocspi mode', m(ALLOCSPI, userspi_info(5,5,mode=99)), dump())
case('larval del', m(ALLOCSPI, userspi_info(5,5)), delsa(spi=5), dump())
case('larval ah', m(ALLOCSPI, userspi_info(5,5,proto=AH)), getsa(proto=AH,spi=5), m(FLUSHSA, bytes([ESP])), dump())
case('seq', newsa(seq=5), newsa(seq=5, spi=3), getsa(spi=3))
case('flags', newsa(flags=0x7f), getsa(), newsa(flags=0x10, mode=TRANSPORT,spi=3), getsa(spi=3))
case('multicast', newsa(dst='224.0.0.1'), newsa(dst='0.0.0.0', src='0.0.0.0', spi=1), getsa(dst='0.0.0.0', spi=1))
case('tfc', newsa(gcm(), u32(TFCPAD, 0xffffffff)), getsa())

def offload(ifindex, flags):
    return attr(OFFLOAD_DEV, struct.pack('=iB3x', ifindex, flags))


for bits in (0, 2, 4, 6, 8, 255):
    # crypto offload that a device does not do falls back on both sides, but only we keep the request
    wrong = (DIR_OUT,) if bits == 2 else (DIR_IN,) if bits == 0 else (b'', DIR_IN, DIR_OUT)
    for d in wrong:
        case('offload %d %s' % (bits, d.hex() or 'none'), newsa(gcm(), offload(1, bits), d), getsa())
case('offload with padding', newsa(gcm(), offload(1, 0), u32(TFCPAD, 9)), getsa())
case('offload after replay', newsa(gcm(), offload(1, 8), replay_esn(64, 1)), newsa(gcm(), offload(1, 8), encap(0)))
case('packet offload with padding', newsa(gcm(), offload(1, 4), u32(TFCPAD, 9), DIR_OUT), newsa(gcm(), offload(1, 4), encap(), DIR_OUT))
case('packet offload to no device', newsa(gcm(), offload(4711, 4)), getsa())
case('info', m(GETSADINFO, b''), m(GETSPDINFO, b''))
case('thresholds', m(NEWSPDINFO, bytes(4), attr(3, bytes([33, 0]))), m(NEWSPDINFO, bytes(4), attr(4, bytes([0, 129]))),
     m(NEWSPDINFO, bytes(4), attr(3, bytes(1))), m(NEWSPDINFO, bytes(4), attr(3, bytes([32, 32])), attr(4, bytes([128, 128]))),
     m(NEWSPDINFO, bytes(4)), m(NEWSPDINFO, bytes(4), DIR_IN))

two = newsa(spi=1, flags_=REQUEST) + newsa(spi=2, flags_=REQUEST)
case('two dumps', dump() + dump(), two, dump() + dump(), dump() + m(GETPOLICY, b'', flags=REQUEST | DUMP))
case('behind a dump', two, dump() + delsa(spi=1), dump() + getsa(spi=2), dump(DIR_IN[:5]) + dump())
case('bmp_len', newsa(gcm(), replay_esn(33, 7)), getsa(), newsa(gcm(), replay_esn(0, 3), spi=2), getsa(spi=2))
case('whole bitmap', newsa(gcm(), replay(1, 9, 0xfedcba98), window=8), getsa())
case('leftover in a dump', dump(b'\5\0\1'), two, dump(b'\5\0\1'))
case('any IPsec protocol', newsa(), getsa(proto=255), delsa(proto=255), getsa(attr(SRCADDR, addr('10.0.0.1')), proto=255))
case('late CPU', newsa(algo2(ALG_AEAD, 'x', bytes(20), 128), DIR_IN, u32(SA_PCPU, 70000)))
case('larval by another if_id', allocspi(0, 0, u32(IF_ID, 1)), newsa(gcm(), u32(IF_ID, 2), spi=7), dump())

def spdinfo(*attrs):
    return m(NEWSPDINFO, bytes([7, 0, 0, 0]), *attrs) + m(GETSPDINFO, bytes(4))


def bits4(*bits):
    return attr(3, bytes(bits))


def bits6(*bits):
    return attr(4, bytes(bits))


case('thresholds are kept', m(GETSPDINFO, bytes(4)), spdinfo(bits4(24, 16)), spdinfo(bits6(64, 48)), spdinfo(bits4(33, 0)),
     spdinfo(bits4(0, 33)), spdinfo(bits6(129, 1)), spdinfo(bits6(1, 129)), spdinfo(bits4(8, 8), bits6(129, 1)),
     spdinfo(bits4(33, 8), bits6(129, 1)), spdinfo(bits4(1)), spdinfo(bits6(1)), spdinfo(bits6(1), bits4(1)),
     spdinfo(bits4(99, 99), bits6(1)), spdinfo(bits4(4, 5, 6, 7)), spdinfo(), spdinfo(bits4(1, 2), bits4(7, 9)),
     spdinfo(bits4(1), bits4(7, 7)), spdinfo(bits4()), spdinfo(attr(9, bytes(4)), attr(1, bytes(1)), attr(2, bytes(1))),
     spdinfo(attr(0x8003, bytes([9, 10]))), spdinfo(bits4(0, 0), bits6(0, 0)), spdinfo(bits4(32, 32), bits6(128, 128)))

if __name__ == '__main__':
    print('\n'.join(lines))
