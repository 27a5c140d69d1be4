# SPDX-License-Identifier: BSD-2-Clause
"""NETLINK_XFRM messages as bytes, for tests: what is not given is zero."""
import ipaddress
import struct

NEWSA, DELSA, GETSA, NEWPOLICY, DELPOLICY, GETPOLICY, ALLOCSPI, ACQUIRE, EXPIRE, UPDPOLICY, UPDSA, \
    POLEXPIRE, FLUSHSA, FLUSHPOLICY, NEWAE, GETAE, REPORT, MIGRATE, NEWSADINFO, GETSADINFO, \
    NEWSPDINFO, GETSPDINFO, MAPPING, SETDEFAULT, GETDEFAULT, MIGRATE_STATE = range(16, 42)
REQUEST, MULTI, ACK, ROOT, MATCH = 1, 2, 4, 0x100, 0x200
DUMP = ROOT | MATCH

(ALG_AUTH, ALG_CRYPT, ALG_COMP, ENCAP, TMPL, SA, POLICY, SEC_CTX, LTIME_VAL, REPLAY_VAL,
 REPLAY_THRESH, ETIMER_THRESH, SRCADDR, COADDR, LASTUSED, POLICY_TYPE, A_MIGRATE, ALG_AEAD,
 KMADDRESS, ALG_AUTH_TRUNC, MARK, TFCPAD, REPLAY_ESN_VAL, SA_EXTRA_FLAGS, PROTO, ADDRESS_FILTER,
 PAD, OFFLOAD_DEV, SET_MARK, SET_MARK_MASK, IF_ID, MTIMER_THRESH, SA_DIR, NAT_KEEPALIVE_INTERVAL,
 SA_PCPU, IPTFS_DROP_TIME) = range(1, 37)

INF = 2**64 - 1
ESP, AH, COMP, ROUTING, DSTOPTS = 50, 51, 108, 43, 60
INET, INET6 = 2, 10
TRANSPORT, TUNNEL, RO, BEET, IPTFS = 0, 1, 2, 4, 5


def addr(a):
    """16 bytes; the family is lost"""
    return ipaddress.ip_address(a).packed.ljust(16, b'\0') if a else bytes(16)


def family_of(a):
    return INET6 if ':' in a else INET


def attr(kind, data=b''):
    length = 4 + len(data)
    return struct.pack('=HH', length, kind) + data + bytes(-length % 4)


def u8(kind, v):
    return attr(kind, struct.pack('=B', v))


def u32(kind, v):
    return attr(kind, struct.pack('=I', v))


def u64(kind, v):
    return attr(kind, struct.pack('=Q', v))


def mark(v, m=0xffffffff):
    return attr(MARK, struct.pack('=II', v, m))


def algo(kind, name, key, bits=None):
    return attr(kind, struct.pack('=64sI', name.encode(), len(key) * 8 if bits is None else bits) + key)


def algo2(kind, name, key, icv, bits=None):
    return attr(kind, struct.pack('=64sII', name.encode(),
                                  len(key) * 8 if bits is None else bits, icv) + key)


def gcm(key=bytes(range(20)), icv=128):
    return algo2(ALG_AEAD, 'rfc4106(gcm(aes))', key, icv)


def cbc_sha256(enc=bytes(range(16)), auth=bytes(range(32)), trunc=128):
    return algo(ALG_CRYPT, 'cbc(aes)', enc) + algo2(ALG_AUTH_TRUNC, 'hmac(sha256)', auth, trunc)


def encap(kind=2, sport=4500, dport=4500, oa=''):
    return attr(ENCAP, struct.pack('=H', kind) + struct.pack('>HH', sport, dport) + bytes(2) + addr(oa))


def replay(oseq=0, seq=0, bitmap=0):
    return attr(REPLAY_VAL, struct.pack('=III', oseq, seq, bitmap))


def replay_esn(window, bmp_len=None, oseq=0, seq=0, bitmap=None, short=False):
    n = (window + 31) // 32 if bmp_len is None else bmp_len
    words = bitmap if bitmap is not None else [0] * n
    return attr(REPLAY_ESN_VAL, struct.pack(
        '=IIIIII', n, oseq & 0xffffffff, seq & 0xffffffff, oseq >> 32, seq >> 32, window) +
        (b'' if short else struct.pack('=%dI' % len(words), *words)))


def selector(dst='', src='', dlen=0, slen=0, family=0, proto=0, dport=0, sport=0, ifindex=0):
    return addr(dst) + addr(src) + struct.pack('>HHHH', dport, 0xffff if dport else 0, sport,
                                               0xffff if sport else 0) + \
        struct.pack('=HBBB3xii', family, dlen, slen, proto, ifindex, 0)


def limits(soft_bytes=INF, hard_bytes=INF, soft_packets=INF, hard_packets=INF, *seconds):
    return struct.pack('=8Q', soft_bytes, hard_bytes, soft_packets, hard_packets,
                       *(list(seconds) + [0] * (4 - len(seconds))))


def usersa_info(dst='10.0.0.2', src='10.0.0.1', spi=0x1000, proto=ESP, mode=TUNNEL, reqid=1, window=0,
                flags=0, seq=0, family=None, sel=None, lft=None):
    return (sel or selector()) + addr(dst) + struct.pack('>I', spi) + struct.pack('=B3x', proto) + \
        addr(src) + (lft or limits()) + bytes(32) + bytes(12) + \
        struct.pack('=IIHBBB7x', seq, reqid, family_of(dst) if family is None else family, mode, window,
                    flags)


def usersa_id(dst='10.0.0.2', spi=0x1000, proto=ESP, family=None):
    return addr(dst) + struct.pack('>I', spi) + struct.pack(
        '=HBx', family_of(dst) if family is None else family, proto)


def userspi_info(low, high, **kw):
    kw.setdefault('spi', 0)
    return usersa_info(**kw) + struct.pack('=II', low, high)


def filter_(src='', dst='', family=0, slen=0, dlen=0):
    return attr(ADDRESS_FILTER, addr(src) + addr(dst) + struct.pack('=HBB', family, slen, dlen))


def policy_info(sel, direction, priority=0, index=0, action=0, flags=0, share=0):
    return sel + limits() + bytes(32) + struct.pack('=IIBBBB4x', priority, index, direction, action, flags,
                                                    share)


def policy_id(sel, direction, index=0):
    return sel + struct.pack('=IB3x', index, direction)


def template(dst='', src='', spi=0, proto=ESP, mode=TUNNEL, reqid=1, family=INET, optional=0):
    return addr(dst) + struct.pack('>I', spi) + struct.pack('=B3xH2x', proto, family) + addr(src) + \
        struct.pack('=IBBBxIII', reqid, mode, 0, optional, 0xffffffff, 0xffffffff, 0xffffffff)


def migrate_state(ident, new_dst, new_src, new_reqid=1, flags=0, old_mark=(0, 0), sel=None, family=None,
                  reserved=0):
    return ident + addr(new_dst) + addr(new_src) + struct.pack('=II', *old_mark) + (sel or selector()) + \
        struct.pack('=IIHH', new_reqid, flags, family_of(new_dst) if family is None else family, reserved)


def msg(kind, body=b'', attrs=b'', flags=REQUEST | ACK, seq=1, pid=0, length=None):
    body = body + bytes(-len(body) % 4)
    n = 16 + len(body) + len(attrs)
    return struct.pack('=IHHII', n if length is None else length, kind, flags, seq, pid) + body + attrs
