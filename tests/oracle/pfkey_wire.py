# SPDX-License-Identifier: BSD-2-Clause
"""Messages of PF_KEY v2 as bytes: what the written cases and the random sequences are made of."""
import ipaddress
import struct

GETSPI, UPDATE, ADD, DELETE, GET, ACQUIRE, REGISTER, EXPIRE, FLUSH, DUMP, PROMISC, PCHANGE = range(1, 13)
SPDUPDATE, SPDADD, SPDDELETE, SPDGET, SPDACQUIRE, SPDDUMP, SPDFLUSH, SPDSETIDX, SPDEXPIRE, SPDDELETE2 = range(13, 23)
NAT_T_NEW_MAPPING, MIGRATE = 23, 24

UNSPEC, AH, ESP, IPCOMP = 0, 2, 3, 9
TRANSPORT, TUNNEL, BEET = 1, 2, 3
IN, OUT, FWD = 1, 2, 3
DISCARD, NONE, IPSEC = 0, 1, 2
DEFAULT, USE, REQUIRE, UNIQUE = range(4)
NOECN, DECAP_DSCP, NOPMTUDISC = 0x80000000, 0x40000000, 0x20000000

A_NULL, A_MD5, A_SHA1, A_SHA256, A_SHA384, A_SHA512 = 251, 2, 3, 5, 6, 7
A_RIPEMD, A_XCBC = 8, 9
E_NULL, E_AES, E_3DES, E_CTR, E_CAMELLIA = 11, 12, 3, 13, 22
AUTH_BYTES = {A_SHA1: 20, A_SHA256: 32, A_SHA384: 48, A_SHA512: 64, A_MD5: 16, A_RIPEMD: 20, A_XCBC: 16}
ENC_BYTES = {E_AES: 16, E_3DES: 24, E_CTR: 20, E_CAMELLIA: 16}


def ext(kind, body):
    """an extension; its length in words is counted"""
    body += bytes(-(len(body) + 4) % 8)
    return struct.pack('=HH', (len(body) + 4) // 8, kind) + body


def message(kind, *exts, satype=ESP, seq=7, pid=77, errno=0, version=2, reserved=0, words=None):
    body = b''.join(e for e in exts if e)
    if words is None:
        words = (16 + len(body)) // 8
    return struct.pack('=BBBBHHII', version, kind, errno, satype, words, reserved, seq, pid) + body


def sockaddr(addr, port=0):
    a = ipaddress.ip_address(addr)
    if a.version == 4:
        return struct.pack('=HH4s8x', 2, port, a.packed)
    return struct.pack('=HHI16sI', 10, port, 0, a.packed, 0)


def swap16(n):
    return struct.unpack('=H', struct.pack('!H', n))[0]


def address(kind, addr, bits=None, proto=0, port=0):
    if bits is None:
        bits = ipaddress.ip_address(addr).max_prefixlen
    return ext(kind, struct.pack('=BBH', proto, bits, 0) + sockaddr(addr, swap16(port)))


def src(addr, bits=None, proto=0, port=0):
    return address(5, addr, bits, proto, port)


def dst(addr, bits=None, proto=0, port=0):
    return address(6, addr, bits, proto, port)


def proxy(addr, bits=None, proto=0, port=0):
    return address(7, addr, bits, proto, port)


def sa(spi, auth=0, encrypt=0, replay=0, state=1, flags=0):
    return ext(1, struct.pack('!I', spi) + struct.pack('=BBBBI', replay, state, auth, encrypt, flags))


def lifetime(kind, packets=0, bytes_=0, add=0, use=0):
    return ext(kind, struct.pack('=IQQQ', packets, bytes_, add, use))


def hard(*args, **kw):
    return lifetime(3, *args, **kw)


def soft(*args, **kw):
    return lifetime(4, *args, **kw)


def key(kind, n, fill=None, bits=None):
    data = bytes((i * 7 + n + 1) & 255 for i in range(n)) if fill is None else bytes([fill]) * n
    return ext(kind, struct.pack('=HH', n * 8 if bits is None else bits, 0) + data)


def auth_key(n, **kw):
    return key(8, n, **kw)


def enc_key(n, **kw):
    return key(9, n, **kw)


def spirange(low, high):
    return ext(16, struct.pack('=III', low, high, 0))


def sa2(mode=TUNNEL, reqid=0):
    return ext(19, struct.pack('=BBHII', mode, 0, 0, 0, reqid))


def nat_type(n):
    return ext(20, bytes([n, 0, 0, 0]))


def nat_sport(n):
    return ext(21, struct.pack('!H', n) + b'\0\0')


def nat_dport(n):
    return ext(22, struct.pack('!H', n) + b'\0\0')


def nat_oa(addr):
    return address(23, addr)


def label(text, alg=1, doi=1, length=None):
    data = text.encode()
    return ext(24, struct.pack('=BBH', alg, doi, len(data) if length is None else length) + data)


def sockaddr_pair(left, right):
    return sockaddr(left) + sockaddr(right)


def kmaddress(local, remote, reserved=0):
    return ext(25, struct.pack('=I', reserved) + sockaddr_pair(local, remote))


def addr_filter(saddr='0.0.0.0', daddr='0.0.0.0', family=0, splen=0, dplen=0):
    pack = lambda a: ipaddress.ip_address(a).packed.ljust(16, b'\0')  # noqa: E731
    return ext(26, pack(saddr) + pack(daddr) + struct.pack('=HBB', family, splen, dplen))


def request(proto=50, mode=TUNNEL, level=REQUIRE, reqid=0, ends=(), length=None):
    """one template of a policy; ends: the addresses behind it"""
    body = sockaddr_pair(*ends) if ends else b''
    body += bytes(-len(body) % 8)
    n = 16 + len(body) if length is None else length
    return struct.pack('=HHBBHII', n, proto, mode, level, 0, reqid, 0) + body


def policy(direction=OUT, *requests, kind=IPSEC, index=0, priority=0, tail=b''):
    return ext(18, struct.pack('=HBBII', kind, direction, 0, index, priority) + b''.join(requests) + tail)


# ---- whole messages that many cases start from ----

V4 = ('10.0.0.1', '10.0.0.2')
V6 = ('2001:db8::1', '2001:db8::2')


def esp(kind=ADD, spi=0x1000, ends=V4, auth=A_SHA256, encrypt=E_AES, more=(), mode=TUNNEL, reqid=1, replay=32,
        flags=0, **head):
    """ADD or UPDATE of an ESP SA"""
    exts = [sa(spi, auth, encrypt, replay, flags=flags), src(ends[0]), dst(ends[1])]
    if auth:
        exts.append(auth_key(AUTH_BYTES.get(auth, 0)))
    exts.append(enc_key(ENC_BYTES.get(encrypt, 0)))
    if mode is not None:
        exts.append(sa2(mode, reqid))
    return message(kind, *exts, *more, **head)


def named(kind, spi=0x1000, ends=V4, **head):
    """DELETE or GET"""
    return message(kind, sa(spi), src(ends[0]), dst(ends[1]), **head)


def getspi(low=0x2000, high=0x2000, ends=V4, mode=None, reqid=0, **head):
    return message(GETSPI, src(ends[0]), dst(ends[1]), spirange(low, high),
                   sa2(mode, reqid) if mode is not None else b'', **head)


NET4 = (('10.1.0.0', 16), ('10.2.0.0', 16))
NET6 = (('2001:db8:1::', 48), ('2001:db8:2::', 48))


def spd(kind=SPDADD, direction=OUT, nets=NET4, requests=None, proto=255, more=(), sport=0, dport=0, satype=UNSPEC,
        what=IPSEC, priority=0, index=0, **head):
    """SPDADD, SPDUPDATE, SPDSETIDX, SPDDELETE"""
    if requests is None:
        requests = (request(ends=V4),)
    return message(kind, policy(direction, *requests, kind=what, priority=priority, index=index),
                   src(*nets[0], proto=proto, port=sport), dst(*nets[1], proto=proto, port=dport), *more,
                   satype=satype, **head)


def by_index(kind, index, **head):
    """SPDGET, SPDDELETE2"""
    return message(kind, policy(0, kind=NONE, index=index), satype=UNSPEC, **head)


def migration(moves, direction=OUT, nets=NET4, proto=255, more=(), tail=b'', **head):
    """MIGRATE; moves: (old ends, new ends, keywords of request) each"""
    requests = []
    for old, new, words in moves:
        requests += [request(ends=old, **words), request(ends=new, **words)]
    return message(MIGRATE, policy(direction, *requests, tail=tail), src(*nets[0], proto=proto),
                   dst(*nets[1], proto=proto), *more, satype=UNSPEC, **head)
