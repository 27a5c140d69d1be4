#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""More cases for nltalk, as nlcases.py: replay state (NEWAE, GETAE), default policies, and the requests that make
events: ACQUIRE, EXPIRE, POLEXPIRE."""
import struct
import nlcases
from nlcases import DIR_IN, DIR_OUT, allocspi, case, dump, getsa, m, newsa
from xfrm_bytes import *

nlcases.lines.clear()
REPLACE = 0x100
RTHR, RVAL, LVAL, ETHR, CR, CE, CU = (1 << i for i in range(7))


def aevent(kind, *attrs, dst='10.0.0.2', src='', flags=0, reqid=0, request=REQUEST | ACK, pid=0, **kw):
    body = usersa_id(dst=dst, **kw) + addr(src) + struct.pack('=II', flags, reqid)
    return m(kind, body, *attrs, flags=request, pid=pid)


def getae(*attrs, **kw):
    return aevent(GETAE, *attrs, **kw)


def newae(*attrs, **kw):
    kw.setdefault('request', REQUEST | ACK | REPLACE)
    return aevent(NEWAE, *attrs, **kw)


def ltime(nbytes, packets, added=1600000000, used=0):
    return attr(LTIME_VAL, struct.pack('=4Q', nbytes, packets, added, used))


# when an SA is added is masked in SAs only: here it is given
LIVE = (gcm(), ltime(0, 0))

# --- GETAE
case('getae', newsa(*LIVE, window=32), getae(flags=RVAL), getae(), getae(flags=RVAL | LVAL | RTHR | ETHR, reqid=9, src='10.9.9.9'),
     getae(flags=0xffffffff & ~ETHR))
case('getae none', getae(), newsa(), getae(dst='10.0.0.3'), getae(spi=7), getae(proto=AH), getae(family=INET6),
     getae(proto=0), getae(proto=255), getae(spi=0), m(GETAE, bytes(47)), m(NEWAE, bytes(47)))
case('getae port id', newsa(*LIVE), getae(pid=4711, flags=RVAL), getae(pid=4711, request=REQUEST),
     getae(request=REQUEST | DUMP))
case('getae everything', newsa(*LIVE, replay(7, 100, 0x55), mark(0x1ff, 0xff), u32(IF_ID, 5), DIR_IN, u32(REPLAY_THRESH, 77),
                               reqid=3, window=32), getae(mark(0xff, 0xff), flags=RTHR | RVAL), getae(mark(0xff, 0xff)))
case('getae ESN', newsa(*LIVE, replay_esn(64, oseq=1 << 33 | 5, seq=70, bitmap=[3, 5]), flags=0x80), getae(flags=RVAL))
case('getae IPv6', newsa(*LIVE, dst='fd00::2', src='fd00::1'), getae(dst='fd00::2', flags=RVAL))
case('getae larval', allocspi(0x500, 0x500), newae(replay(1), spi=0x500), newae(spi=0x500))
case('getae direction given', newsa(*LIVE), getae(DIR_IN), newae(replay(1), DIR_IN))
case('getae out', newsa(*LIVE, DIR_OUT, replay(oseq=9)), getae(flags=RVAL))

# --- NEWAE
case('newae nothing to set', newsa(*LIVE), newae(), newae(request=REQUEST | ACK), newae(replay(1), request=REQUEST | ACK),
     newae(u32(REPLAY_THRESH, 5), request=REQUEST | ACK), newae(mark(1)), newae(mark(1), spi=7))
case('newae none', newae(replay(1)), newsa(), newae(replay(1), spi=7), newae(replay(1), dst='10.0.0.3'),
     newae(replay(1), proto=AH))
case('newae replay', newsa(*LIVE, window=32), newae(replay(77, 1000, 0xf0f0f0f1)), getsa(), getae(flags=RVAL),
     newae(replay(5, 6, 0x3f)), getsa(), newae(replay(0, 0, 0)), getae())
case('newae window of 8', newsa(*LIVE, window=8), newae(replay(77, 1000, 0xf0f0f0f1)), getsa())
case('newae without window', newsa(*LIVE), newae(replay(77, 1000, 0xf0f0f0f1)), getsa(), getae())
case('newae ESN without window', newsa(*LIVE, replay_esn(0, 2), DIR_OUT, flags=0x80),
     newae(replay_esn(0, 2, oseq=7)), getae(), newae(replay_esn(0, 2, oseq=7, seq=3, bitmap=[1, 2])), getae())
case('newae window unlike the header', newsa(*LIVE, replay_esn(64), flags=0x80), newae(replay_esn(64, oseq=9), ltime(1, 2)),
     newsa(gcm(), replay_esn(64), flags=0x80, kind=UPDSA), getsa())
case('newae lifetime', newsa(*LIVE), newae(ltime(5, 6, 1600000000, 1600000000)), getsa(), getae(flags=LVAL),
     newae(ltime(0, 0)), getae())
case('newae thresholds', newsa(*LIVE), newae(u32(REPLAY_THRESH, 5)), getae(flags=RTHR),
     newae(u32(REPLAY_THRESH, 0), u32(ETIMER_THRESH, 0)), getae(flags=RTHR | ETHR), getsa())
case('thresholds kept', newsa(*LIVE, u32(REPLAY_THRESH, 77)), newsa(*LIVE, kind=UPDSA), getae(flags=RTHR),
     newae(u32(REPLAY_THRESH, 78)), newsa(*LIVE, u32(REPLAY_THRESH, 79), kind=UPDSA), getae(flags=RTHR))
case('newae all', newsa(*LIVE, window=32), newae(replay(1, 2, 3), ltime(5, 6), u32(REPLAY_THRESH, 9), u32(ETIMER_THRESH, 0),
                                                 flags=RVAL, reqid=5, src='10.7.7.7', pid=99), getae(flags=RTHR | ETHR))
case('newae no ack', newsa(*LIVE), newae(replay(5, 0, 0), request=REQUEST | REPLACE), getae())
case('newae mark', newsa(*LIVE, mark(5, 7)), newae(replay(5), mark(5, 7)), getae(mark(5, 7)), getae(mark(6, 7)),
     newae(replay(5), mark(6, 7)))
case('newae MTIMER', newsa(*LIVE, encap()), newae(u32(MTIMER_THRESH, 5)), newae(replay(1), u32(MTIMER_THRESH, 5)), getsa())
for w in (1, 31, 32, 33, 100, 4096):
    n = (w + 31) // 32
    words = [(0x9e3779b9 * (i + 7)) & 0xffffffff for i in range(n)]
    if w % 32:
        words[-1] &= (1 << (w % 32)) - 1
    case('newae ESN %d' % w, newsa(*LIVE, replay_esn(w), flags=0x80),
         newae(replay_esn(w, oseq=1 << 33 | 5, seq=3 * w + 7 + (5 << 32), bitmap=words)), getsa(), getae(flags=RVAL),
         newae(replay_esn(w, oseq=2, seq=0, bitmap=[0] * n)), getae())
case('newae ESN without bitmap', newsa(*LIVE, replay_esn(64, seq=70, bitmap=[3, 5]), flags=0x80),
     newae(replay_esn(64, short=True, seq=9)), getae())
case('newae other ESN size', newsa(*LIVE, replay_esn(64), flags=0x80), newae(replay_esn(96)), newae(replay_esn(32)),
     newae(replay_esn(65, 2)), newae(replay_esn(0, 2)), getsa(), newae(replay_esn(33, 2, seq=40, bitmap=[9, 1])), getae(),
     newae(attr(REPLAY_ESN_VAL, struct.pack('=7I', 3, 0, 0, 0, 0, 64, 0))),
     newae(attr(REPLAY_ESN_VAL, struct.pack('=6I', 0x40000000, 0, 0, 0, 0, 64))), newae(attr(REPLAY_ESN_VAL, bytes(23))))
case('newae ESN to plain', newsa(*LIVE, window=32), newae(replay_esn(64, oseq=7, seq=9)), getae(),
     newae(replay_esn(64, oseq=7, seq=9), replay(3, 4, 5)), getae(), newae(attr(REPLAY_ESN_VAL, struct.pack('=7I', 3, 0, 0, 0, 0, 64, 0))))
case('newae plain to ESN', newsa(*LIVE, replay_esn(64), flags=0x80), newae(replay(3, 4, 5)), getae(), getsa())
case('newae bitmap mode', newsa(*LIVE, replay_esn(64, seq=70, bitmap=[1, 2])),
     newae(replay_esn(64, oseq=7, seq=99, bitmap=[7, 9])), getae(), getsa())
case('newae bitmap mode, upper halves', newsa(*LIVE, replay_esn(64)), newae(replay_esn(64, seq=99, bitmap=[7, 9])),
     newae(ltime(1, 1)))
case('newae ESN out', newsa(*LIVE, DIR_OUT, replay_esn(0), flags=0x80), newae(replay_esn(0, oseq=1 << 32 | 9)), getae(), getsa())
case('newae attribute lengths', newsa(*LIVE), newae(attr(REPLAY_VAL, bytes(11))), newae(attr(LTIME_VAL, bytes(31))),
     newae(attr(REPLAY_THRESH, bytes(3))), newae(attr(ETIMER_THRESH, bytes(3))))


# --- default policies
def setdefault(*values, kind=SETDEFAULT, **kw):
    return m(kind, bytes(values), **kw)


case('default policies', m(GETDEFAULT, bytes(3)), setdefault(1, 2, 1), m(GETDEFAULT, bytes(3)), setdefault(0, 1, 0),
     m(GETDEFAULT, bytes(3), pid=77), setdefault(3, 255, 9), m(GETDEFAULT, b'\7\7\7'), setdefault(2, 2, 2, pid=77),
     m(GETDEFAULT, bytes(3), flags=REQUEST), m(SETDEFAULT, bytes(2)), m(GETDEFAULT, bytes(2)), m(GETDEFAULT, b''),
     m(SETDEFAULT, bytes(3), DIR_IN), m(GETDEFAULT, bytes(3), flags=REQUEST | DUMP),
     m(SETDEFAULT, b'\1\1\1', flags=REQUEST))


# --- EXPIRE
def expire(hard, *attrs, pid=0, request=REQUEST | ACK, **kw):
    return m(EXPIRE, usersa_info(**kw) + bytes([hard]) + b'\7' * 7, *attrs, pid=pid, flags=request)


case('expire soft', newsa(*LIVE), expire(0), getsa(), expire(0, pid=4711), expire(0, request=REQUEST))
case('expire hard', newsa(*LIVE), expire(1, pid=4711), getsa(), expire(1), dump())
case('expire hard 255', newsa(*LIVE), expire(255), getsa())
case('expire none', expire(0), expire(1), newsa(*LIVE), expire(0, spi=7), expire(1, proto=AH), expire(0, dst='10.0.0.3'),
     m(EXPIRE, bytes(231)), expire(0, DIR_IN))
case('expire larval', allocspi(0x500, 0x500), expire(0, spi=0x500), expire(1, spi=0x500), getsa(spi=0x500))
case('expire attributes', newsa(*LIVE, mark(5, 7), u32(IF_ID, 9), DIR_OUT, encap(), u32(SET_MARK, 5), reqid=7, flags=5, seq=9,
                                lft=limits(1, 2, 3, 4, 5, 6, 7, 8)),
     expire(0), expire(0, mark(5, 7)), expire(1, mark(5, 7)), getsa(mark(5, 7)))
case('expire IPv6', newsa(*LIVE, dst='fd00::2', src='fd00::1'), expire(0, dst='fd00::2'))


# --- POLEXPIRE
def selector_of(n=2):
    return selector('10.%d.0.0' % n, '10.1.0.0', 16, 16, INET)


def polexpire(hard, sel, *attrs, direction=1, index=0, pid=0, request=REQUEST | ACK):
    return m(POLEXPIRE, policy_info(sel, direction, index=index) + bytes([hard]) + b'\7' * 7, *attrs, pid=pid, flags=request)


def newpolicy(*attrs, n=2, direction=1, index=0x10000001, **kw):
    return m(NEWPOLICY, policy_info(selector_of(n), direction, index=index, **kw), *attrs)


def getpolicy(n=2, *attrs, direction=1, index=0):
    return m(GETPOLICY, policy_id(selector_of(n), direction, index), *attrs)


TWO = attr(TMPL, template('10.0.0.2', '10.0.0.1') + template(mode=0, reqid=7))
case('polexpire soft', newpolicy(TWO), polexpire(0, selector_of()), polexpire(0, selector_of(), pid=4711), getpolicy(),
     polexpire(0, selector_of(), request=REQUEST))
case('polexpire hard', newpolicy(TWO), polexpire(1, selector_of(), pid=4711), getpolicy(), polexpire(1, selector_of()))
case('polexpire hard 9', newpolicy(), polexpire(9, selector_of()), getpolicy())
case('polexpire by index', newpolicy(), polexpire(0, bytes(56), index=0x10000001), polexpire(1, bytes(56), index=0x10000009),
     polexpire(1, bytes(56), index=0x10000001, direction=0), polexpire(1, bytes(56), index=0x10000001), getpolicy())
case('polexpire attributes', newpolicy(TWO, mark(5, 7), u32(IF_ID, 9), attr(POLICY_TYPE, b'\1' + bytes(5)), direction=0, index=0x10000000,
                                       priority=77, action=1, flags=3),
     polexpire(0, selector_of(), direction=0),
     polexpire(0, selector_of(), mark(5, 7), u32(IF_ID, 9), attr(POLICY_TYPE, b'\1' + bytes(5)), direction=0))
case('polexpire refused', polexpire(0, selector_of()), polexpire(0, selector_of(), direction=3), polexpire(0, selector_of(), direction=255),
     polexpire(0, selector_of(), attr(POLICY_TYPE, b'\2' + bytes(5))),
     polexpire(0, selector_of(), attr(POLICY_TYPE, b'\2' + bytes(5)), direction=3),
     polexpire(0, selector_of(), attr(SEC_CTX, struct.pack('=HHBBH', 100, 8, 1, 1, 1))),
     polexpire(0, selector_of(), attr(SEC_CTX, struct.pack('=HHBBH', 100, 8, 1, 1, 1)), index=0x10000001),
     m(POLEXPIRE, bytes(175)), polexpire(0, selector_of(), DIR_IN))


# --- ACQUIRE
def acquire(*attrs, sel=None, direction=1, algos=(1, 2, 3), seq=0, proto=ESP, pid=0, request=REQUEST | ACK, **kw):
    ident = addr('10.0.0.2') + struct.pack('=IB3x', 0, proto)
    body = (ident + addr('10.0.0.1') + selector_of(4) + policy_info(sel or selector_of(), direction, **kw) +
            struct.pack('=4I', *algos, seq))
    return m(ACQUIRE, body, *attrs, pid=pid, flags=request)


case('acquire', acquire(TWO), acquire(TWO, pid=4711, request=REQUEST), getpolicy(), dump())
case('acquire without template', acquire(), acquire(attr(TMPL, b'')))
case('acquire one', acquire(attr(TMPL, template('10.0.0.2', '10.0.0.1', spi=9))), acquire(attr(TMPL, template('10.0.0.2', '10.0.0.1')), proto=AH, seq=7))
case('acquire attributes', acquire(TWO, mark(0x1ff, 0xff), u32(IF_ID, 9), attr(POLICY_TYPE, b'\1' + bytes(5)), direction=0, index=0x10000000,
                                   priority=77, action=1, flags=3, share=3))
case('acquire IPv6', acquire(attr(TMPL, template('fd00::2', 'fd00::1', family=INET6))))
case('acquire refused', acquire(TWO, direction=3), acquire(TWO, sel=selector(family=9)), acquire(TWO, action=7), acquire(TWO, share=7),
     acquire(TWO, index=8), acquire(attr(TMPL, template(proto=0))), acquire(attr(TMPL, template() * 7)), acquire(attr(TMPL, bytes(60))),
     acquire(TWO, attr(POLICY_TYPE, b'\2' + bytes(5))), acquire(TWO, attr(SEC_CTX, struct.pack('=HHBBH', 100, 8, 1, 1, 1))),
     m(ACQUIRE, bytes(279)), acquire(TWO, DIR_IN), acquire(TWO, attr(OFFLOAD_DEV, struct.pack('=iB3x', 0, 1))))

if __name__ == '__main__':
    print('\n'.join(nlcases.lines))
