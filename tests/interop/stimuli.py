# SPDX-License-Identifier: BSD-2-Clause
"""What raises each counter of /proc/net/xfrm_stat, as rows. A row is told from where the packet goes: LOCAL is the side
under test, uxfrmd's or the kernel's; PEER has no SAs and sends packets made here, byte for byte."""
import socket
import struct
from dataclasses import dataclass

import guest  # noqa: F401 - finds the module below
import xfrm_bytes as x

SPI = 0x4301
REQID = 7
IN, OUT = 0, 1
ALLOW, BLOCK = 0, 1
ESN = 128
NULL = x.algo(x.ALG_CRYPT, 'ecb(cipher_null)', b'')
UDP, IPIP, NO_NEXT = 17, 4, 59
OUTSIDE = ('192.0.2.1', '192.0.2.2'), ('2001:db8::1', '2001:db8::2')
INSIDE = ('10.1.0.1', '10.2.0.1'), ('fd01::1', 'fd02::1')
NOWHERE = '203.0.113.9'


@dataclass(frozen=True)
class Ends:
    """addresses outside and inside, of the side under test and of the other"""
    local: str
    peer: str
    inner_local: str
    inner_peer: str


def ends(side, family=4):
    own, other = (0, 1) if side == 'ours' else (1, 0)
    six = family == 6
    return Ends(OUTSIDE[six][own], OUTSIDE[six][other], INSIDE[six][own], INSIDE[six][other])


@dataclass(frozen=True)
class Row:
    """requests(Ends) to the side under test, stimulus(Ends) as script lines, what is raised and how often; @ours only where
    docs/conformance.md says that uxfrmd differs; after(Ends): a request that undoes what a flush does not"""
    name: str
    counter: str
    requests: object
    stimulus: object
    times: int = 1
    ours: object = None
    family: int = 4
    after: object = None

    def expected(self, side):
        counter = self.ours if side == 'ours' and self.ours is not None else self.counter
        return {name: self.times for name in counter.split()} if counter else {}


# ---- packets

def checksum(data):
    words = struct.unpack(f'>{len(data) // 2}H', data)
    total = sum(words)
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def ip(source, destination, protocol, payload, dont_fragment=False):
    if ':' in source:
        return struct.pack('>IHBB', 6 << 28, len(payload), protocol, 64) + x.addr(source) + x.addr(destination) + payload
    head = struct.pack('>BBHHHBBH4s4s', 0x45, 0, 20 + len(payload), 1, 0x4000 if dont_fragment else 0, 64, protocol, 0,
                       socket.inet_aton(source), socket.inet_aton(destination))
    return head[:10] + struct.pack('>H', checksum(head)) + head[12:] + payload


def udp(source=9, destination=9, data=b'twenty bytes of data'):
    return struct.pack('>HHHH', source, destination, 8 + len(data), 0) + data


def esp(seq, payload, next_header, spi=SPI, pad_length=None):
    """ESP without encryption and integrity check"""
    pad = -(len(payload) + 2) % 4
    trailer = bytes(range(1, pad + 1)) + bytes([pad if pad_length is None else pad_length, next_header])
    return struct.pack('>II', spi, seq) + payload + trailer


def ah(seq, payload, next_header, spi=SPI, icv=bytes(4), length=None):
    """Without a digest it still has four bytes, as its length is a multiple of eight."""
    words = (12 + len(icv)) // 4 - 2 if length is None else length
    return struct.pack('>BBHII', next_header, words, 0, spi, seq) + icv + payload


def from_peer(e, payload, protocol=x.ESP, **kw):
    return ip(e.peer, e.local, protocol, payload, **kw)


def inner(e, source=None):
    return ip(source or e.inner_peer, e.inner_local, UDP, udp())


def tunnelled(e, seq, **kw):
    return from_peer(e, esp(seq, inner(e), IPIP, **kw))


def ah_from_peer(seq, **kw):
    return lambda e: from_peer(e, ah(seq, inner(e), IPIP, **kw), x.AH)


def with_options(e, options):
    """UDP to the other side with an IPv4 header of 24 bytes"""
    head = struct.pack('>BBHHHBBH4s4s4s', 0x46, 0, 24 + len(udp()), 1, 0, 64, UDP, 0, socket.inet_aton(e.local),
                       socket.inet_aton(e.peer), options)
    return head[:10] + struct.pack('>H', checksum(head)) + head[12:] + udp()


def sends(*packets):
    return lambda e: [f'packet PEER {p.hex()}' for p in (make(e) for make in packets)]


def nested(e, depth):
    """ESP in ESP, so many times"""
    packet, protocol = udp(), UDP
    for seq in range(1, depth + 1):
        packet, protocol = esp(seq, packet, protocol), x.ESP
    return from_peer(e, packet)


def datagrams(count=1, size=100):
    return lambda e: [f'datagram LOCAL {e.inner_local} {e.inner_peer} {size}'] * count


def outer_datagrams(size):
    return lambda e: [f'datagram LOCAL {e.local} {e.peer} {size}']


# ---- requests

def in_sa(attrs=NULL, **kw):
    kw = {'window': 32, 'reqid': REQID, 'spi': SPI, **kw}
    return lambda e: x.msg(x.NEWSA, x.usersa_info(dst=e.local, src=e.peer, **kw), attrs)


def out_sa(attrs=NULL, to=None, **kw):
    kw = {'reqid': REQID, 'spi': SPI, **kw}
    return lambda e: x.msg(x.NEWSA, x.usersa_info(dst=to or e.peer, src=e.local, **kw), attrs)


def selector(source, destination):
    bits = 128 if ':' in source else 32
    return x.selector(src=source, dst=destination, slen=bits, dlen=bits, family=x.family_of(source))


def guest_of(e):
    """an address behind the side under test; its own packets are cut up where they are made"""
    return e.inner_local[:-1] + '99'


SUB = x.attr(x.POLICY_TYPE, b'\1' + bytes(5))


def policy(direction, action=ALLOW, template=True, behind=False, more=b'', flags=0, **kw):
    """@more: attributes; @kw: of the template"""
    def make(e):
        local = guest_of(e) if behind else e.inner_local
        there = (local, e.inner_peer) if direction == OUT else (e.inner_peer, local)
        outside = (e.local, e.peer) if direction == OUT else (e.peer, e.local)
        fields = {'src': outside[0], 'dst': outside[1], 'reqid': REQID, 'family': x.family_of(e.local), **kw}
        return x.msg(x.NEWPOLICY, x.policy_info(selector(*there), direction, action=action, flags=flags),
                     more + (x.attr(x.TMPL, x.template(**fields)) if template else b''))
    return make


def outer_policy(e, proto=x.ESP):
    template = x.template(src=e.local, dst=e.peer, proto=proto, reqid=REQID, mode=x.TRANSPORT, family=x.family_of(e.local))
    return x.msg(x.NEWPOLICY, x.policy_info(selector(e.local, e.peer), OUT), x.attr(x.TMPL, template))


def policy_of_udp(flags):
    """which an ICMP error goes by with the flag alone"""
    def make(e):
        bits = 128 if ':' in e.local else 32
        sel = x.selector(src=e.inner_local, dst=e.inner_peer, slen=bits, dlen=bits, proto=UDP, family=x.family_of(e.local))
        template = x.template(src=e.local, dst=e.peer, reqid=REQID, family=x.family_of(e.local))
        return x.msg(x.NEWPOLICY, x.policy_info(sel, OUT, flags=flags), x.attr(x.TMPL, template))
    return make


FLAG_ICMP = 2
ENDED = out_sa(NULL + x.replay(oseq=0xffffffff))


def requests(*makers):
    return lambda e: [make(e) for make in makers]


def default(into=2, forward=2, out=2):
    return lambda e: x.msg(x.SETDEFAULT, struct.pack('=BBB', into, forward, out))


def larval(e):
    info = x.usersa_info(dst=e.local, src=e.peer, spi=0)
    return x.msg(x.ALLOCSPI, info + struct.pack('=II', SPI, SPI))


GOOD = requests(in_sa(), policy(IN))
GCM = in_sa(x.gcm())
HMAC = in_sa(x.cbc_sha256())
UDP_SA = in_sa(NULL + x.encap())


NO_DIGEST = x.algo2(x.ALG_AUTH_TRUNC, 'digest_null', b'', 0)
AH_HMAC = x.algo2(x.ALG_AUTH_TRUNC, 'hmac(sha256)', bytes(32), 96)
AH_GOOD = requests(in_sa(NO_DIGEST, proto=x.AH), policy(IN, proto=x.AH))


def direction(which):
    return NULL + x.u8(x.SA_DIR, which)


ROWS = (
    Row('good', None, GOOD, sends(lambda e: tunnelled(e, 1), lambda e: tunnelled(e, 2)), 0),
    Row('good/6', None, GOOD, sends(lambda e: from_peer(e, esp(1, inner(e), 41))), 0, family=6),
    Row('short-header', 'XfrmInHdrError', GOOD, sends(lambda e: from_peer(e, bytes(4)))),
    Row('short-header/6', 'XfrmInHdrError', GOOD, sends(lambda e: from_peer(e, bytes(7))), family=6),
    Row('unknown-spi', 'XfrmInNoStates', GOOD, sends(lambda e: tunnelled(e, 1, spi=SPI + 1))),
    Row('unknown-spi/6', 'XfrmInNoStates', GOOD, sends(lambda e: from_peer(e, esp(1, inner(e), 41, spi=SPI + 1))),
        family=6),
    Row('icv', 'XfrmInStateProtoError', requests(HMAC, policy(IN)),
        sends(lambda e: from_peer(e, struct.pack('>II', SPI, 1) + bytes(64)))),
    Row('icv-aead', 'XfrmInStateProtoError', requests(GCM, policy(IN)),
        sends(lambda e: from_peer(e, struct.pack('>II', SPI, 1) + bytes(64)))),
    Row('short', 'XfrmInStateProtoError', requests(GCM, policy(IN)),
        sends(lambda e: from_peer(e, struct.pack('>II', SPI, 1) + bytes(20)))),
    Row('misaligned', 'XfrmInStateProtoError', requests(HMAC, policy(IN)),
        sends(lambda e: from_peer(e, struct.pack('>II', SPI, 1) + bytes(50)))),
    Row('padding', 'XfrmInStateProtoError', GOOD,
        sends(lambda e: from_peer(e, esp(1, bytes(8), IPIP, pad_length=200)))),
    Row('dummy', 'XfrmInStateProtoError', GOOD, sends(lambda e: from_peer(e, esp(1, bytes(20), NO_NEXT)))),
    Row('replayed', 'XfrmInStateSeqError', GOOD, sends(*[lambda e: tunnelled(e, 5)] * 3), 2),
    Row('too-old', 'XfrmInStateSeqError', GOOD, sends(lambda e: tunnelled(e, 100), lambda e: tunnelled(e, 68))),
    Row('zero', 'XfrmInStateSeqError', GOOD, sends(lambda e: tunnelled(e, 0))),
    Row('replayed/esn', 'XfrmInStateSeqError',
        requests(in_sa(NULL + x.replay_esn(64), window=0, flags=ESN), policy(IN)), sends(*[lambda e: tunnelled(e, 5)] * 2)),
    Row('zero/esn', 'XfrmInStateSeqError',
        requests(in_sa(NULL + x.replay_esn(64), window=0, flags=ESN), policy(IN)), sends(lambda e: tunnelled(e, 0))),
    Row('not-a-tunnel', 'XfrmInStateModeError', GOOD, sends(lambda e: from_peer(e, esp(1, udp(), UDP)))),
    Row('tunnel-cut-short', 'XfrmInStateModeError', GOOD, sends(lambda e: from_peer(e, esp(1, bytes(10), IPIP)))),
    Row('inner-malformed', None, GOOD, sends(lambda e: from_peer(e, esp(1, b'\x43' + bytes(39), IPIP))), 0),
    Row('in-packets', 'XfrmInStateExpired', requests(in_sa(lft=x.limits(hard_packets=1)), policy(IN)),
        sends(lambda e: tunnelled(e, 1), lambda e: tunnelled(e, 2))),
    Row('in-bytes', 'XfrmInStateExpired', requests(in_sa(lft=x.limits(hard_bytes=10)), policy(IN)),
        sends(lambda e: tunnelled(e, 1), lambda e: tunnelled(e, 2))),
    Row('in-after-expiry', 'XfrmInStateExpired XfrmInNoStates',
        requests(in_sa(lft=x.limits(hard_packets=1)), policy(IN)),
        lambda e: [*sends(lambda e: tunnelled(e, 1), lambda e: tunnelled(e, 2))(e), 'sleep 1000',
                   *sends(lambda e: tunnelled(e, 3))(e)]),
    Row('layers', 'XfrmInBufferError', requests(in_sa(mode=x.TRANSPORT)), sends(lambda e: nested(e, 7))),
    Row('plain-for-udp', 'XfrmInStateMismatch', requests(UDP_SA, policy(IN)), sends(lambda e: tunnelled(e, 1))),
    Row('udp-for-plain', 'XfrmInStateMismatch', requests(in_sa(NULL + x.encap(), spi=9), in_sa(), policy(IN)),
        sends(lambda e: from_peer(e, udp(4500, 4500, esp(1, inner(e), IPIP)), UDP))),
    Row('selector', 'XfrmInStateMismatch', lambda e: [in_sa(sel=selector(e.inner_peer, e.inner_local))(e), policy(IN)(e)],
        sends(lambda e: from_peer(e, esp(1, inner(e, e.peer), IPIP)))),
    Row('reqid', 'XfrmInTmplMismatch', requests(in_sa(reqid=REQID + 1), policy(IN)), sends(lambda e: tunnelled(e, 1))),
    Row('template-mode', 'XfrmInTmplMismatch', requests(in_sa(), policy(IN, mode=x.TRANSPORT)),
        sends(lambda e: tunnelled(e, 1))),
    Row('no-in-policy', 'XfrmInNoPols', requests(in_sa()), sends(lambda e: tunnelled(e, 1))),
    Row('in-block', 'XfrmInPolBlock', requests(in_sa(), policy(IN, BLOCK)), sends(lambda e: tunnelled(e, 1))),
    Row('larval', 'XfrmAcquireError', requests(larval),
        # uxfrmd keeps such a packet for a while: the keys may be on their way
        lambda e: [*sends(lambda e: tunnelled(e, 1))(e), 'sleep 1000']),
    Row('in-by-out', 'XfrmInStateDirError', requests(in_sa(direction(2), window=0), policy(IN)),
        sends(lambda e: tunnelled(e, 1))),
    Row('ah-good', None, AH_GOOD, sends(ah_from_peer(1), ah_from_peer(2)), 0),
    Row('ah-short-header', 'XfrmInHdrError', AH_GOOD, sends(lambda e: from_peer(e, bytes(8), x.AH))),
    Row('ah-unknown-spi', 'XfrmInNoStates', AH_GOOD, sends(ah_from_peer(1, spi=SPI + 1))),
    Row('ah-length', 'XfrmInStateProtoError', AH_GOOD, sends(ah_from_peer(1, length=9))),
    Row('ah-icv', 'XfrmInStateProtoError', requests(in_sa(AH_HMAC, proto=x.AH), policy(IN, proto=x.AH)),
        sends(ah_from_peer(1, icv=bytes(12)))),
    Row('ah-replayed', 'XfrmInStateSeqError', AH_GOOD, sends(ah_from_peer(5), ah_from_peer(5))),
    Row('ah-not-a-tunnel', 'XfrmInStateModeError', AH_GOOD, sends(lambda e: from_peer(e, ah(1, udp(), UDP), x.AH))),
    Row('ah-for-esp', 'XfrmInTmplMismatch', requests(in_sa(NO_DIGEST, proto=x.AH), policy(IN)), sends(ah_from_peer(1))),
    Row('ah-options', 'XfrmOutStateProtoError',
        requests(out_sa(AH_HMAC, proto=x.AH, mode=x.TRANSPORT), lambda e: outer_policy(e, x.AH)),
        lambda e: [f'packet LOCAL {with_options(e, bytes((7, 200, 4, 0))).hex()}']),
    Row('out-good', None, requests(out_sa(), policy(OUT)), datagrams(2), 0),
    Row('out-block', 'XfrmOutPolBlock', requests(policy(OUT, BLOCK)), datagrams()),
    Row('out-default', None, requests(default(out=1)), datagrams(), 0, after=default()),
    Row('no-out-sa', 'XfrmOutNoStates', requests(policy(OUT)), datagrams()),
    Row('out-reqid', 'XfrmOutNoStates', requests(out_sa(reqid=REQID + 1), policy(OUT)), datagrams()),
    Row('numbers-end', 'XfrmOutStateSeqError', requests(out_sa(NULL + x.replay(oseq=0xffffffff)), policy(OUT)), datagrams()),
    Row('numbers-end/esn', 'XfrmOutStateSeqError',
        requests(out_sa(NULL + x.replay_esn(32, oseq=2**64 - 1), flags=ESN), policy(OUT)), datagrams()),
    Row('out-packets', 'XfrmOutStateExpired', requests(out_sa(lft=x.limits(hard_packets=1)), policy(OUT)), datagrams(2)),
    Row('out-bytes', 'XfrmOutStateExpired', requests(out_sa(lft=x.limits(hard_bytes=10)), policy(OUT)), datagrams(2)),
    Row('out-after-expiry', 'XfrmOutStateExpired XfrmOutNoStates', requests(out_sa(lft=x.limits(hard_packets=1)), policy(OUT)),
        lambda e: [*datagrams(2)(e), 'sleep 1000', *datagrams()(e)]),
    Row('too-long', 'XfrmOutStateProtoError',
        requests(out_sa(NULL + x.encap(), mode=x.TRANSPORT), outer_policy), outer_datagrams(65507)),
    Row('out-by-in', 'XfrmOutStateDirError XfrmOutPolError', requests(out_sa(direction(1), window=32), policy(OUT)),
        datagrams(), ours='XfrmOutStateDirError'),
    Row('too-big', 'XfrmOutStateModeError', requests(out_sa(), policy(OUT, behind=True)),
        lambda e: [f'packet LOCAL {ip(guest_of(e), e.inner_peer, UDP, udp(data=bytes(1452)), dont_fragment=True).hex()}']),
    Row('sub-in-block', 'XfrmInPolBlock', requests(in_sa(), policy(IN), policy(IN, BLOCK, more=SUB)), sends(lambda e: tunnelled(e, 1))),
    Row('sub-in-main-block', 'XfrmInPolBlock', requests(in_sa(), policy(IN, BLOCK), policy(IN, more=SUB)),
        sends(lambda e: tunnelled(e, 1))),
    Row('sub-in-good', None, requests(in_sa(), policy(IN, more=SUB)), sends(lambda e: tunnelled(e, 1)), 0),
    Row('sub-in-without', None, requests(in_sa(), policy(IN), policy(IN, template=False, more=SUB)), sends(lambda e: tunnelled(e, 1)), 0),
    Row('sub-in-main-wants', 'XfrmInTmplMismatch', requests(in_sa(), policy(IN), policy(IN, more=SUB)), sends(lambda e: tunnelled(e, 1))),
    Row('sub-out-block', 'XfrmOutPolBlock', requests(out_sa(), policy(OUT), policy(OUT, BLOCK, more=SUB)), datagrams()),
    Row('sub-out-main-block', 'XfrmOutPolBlock', requests(out_sa(), policy(OUT, BLOCK), policy(OUT, more=SUB)), datagrams()),
    Row('sub-out-good', None, requests(out_sa(), policy(OUT, more=SUB)), datagrams(), 0),
    Row('sub-out-main-missing', 'XfrmOutNoStates', requests(out_sa(reqid=8), policy(OUT), policy(OUT, more=SUB, reqid=8)), datagrams()),
    Row('sub-out-missing', 'XfrmOutNoStates', requests(out_sa(reqid=8), policy(OUT, reqid=8), policy(OUT, more=SUB)), datagrams()),
    Row('out-wrong-spi', 'XfrmOutPolError', requests(out_sa(reqid=8), policy(OUT, spi=SPI)), datagrams()),
    # the port is closed, and the side under test itself says so: by an SA whose numbers have ended, or in clear
    Row('icmp-flag', 'XfrmOutStateSeqError', requests(ENDED, policy_of_udp(FLAG_ICMP)), sends(inner)),
    Row('icmp-without-flag', None, requests(ENDED, policy_of_udp(0)), sends(inner), 0),
    Row('clear-in', 'XfrmInTmplMismatch', requests(policy(IN)), sends(inner)),
    Row('clear-in-block', 'XfrmInPolBlock', requests(policy(IN, BLOCK)), sends(inner)),
    Row('clear-in-allowed', None, requests(policy(IN, template=False)), sends(inner), 0),
    Row('clear-in-default', 'XfrmInNoPols', requests(default(into=1)), sends(inner), after=default()),
    Row('no-route', 'XfrmOutBundleGenError', requests(out_sa(to=NOWHERE), policy(OUT, dst=NOWHERE)), datagrams()),
)
