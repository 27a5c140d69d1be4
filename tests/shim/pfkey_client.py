#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Does a PF_KEY socket behave as one? Prints TAP. Run under the shim; on a Linux with NET_KEY it passes as well, as root
in an empty network namespace."""
import ctypes
import errno
import os
import pathlib
import select
import socket
import struct
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'oracle'))
import pfkey_wire as w  # noqa: E402

AF_KEY, PF_KEY_V2 = 15, 2
libc = ctypes.CDLL(None, use_errno=True)
tests = failed = 0


def check(what, good):
    global tests, failed
    tests += 1
    failed += not good
    print(f'{"ok" if good else "not ok"} {tests} - {what}')


def fails(error, call, *args):
    """the call fails with this error"""
    try:
        call(*args)
    except OSError as e:
        return e.errno == error
    return False


def named(call, s):
    """getsockname() and its like, which Python does not do for this family: 0 or errno"""
    room, length = ctypes.create_string_buffer(16), ctypes.c_uint(16)
    return ctypes.get_errno() if getattr(libc, call)(s.fileno(), room, ctypes.byref(length)) else 0


def received_from(s, room):
    """(bytes received, length of the source address)"""
    data, source, length = ctypes.create_string_buffer(room), ctypes.create_string_buffer(16), ctypes.c_uint(16)
    return libc.recvfrom(s.fileno(), data, room, 0, source, ctypes.byref(length)), length.value


def key_socket(flags=0):
    return socket.socket(AF_KEY, socket.SOCK_RAW | flags, PF_KEY_V2)


def kinds():
    check('another type', fails(errno.ESOCKTNOSUPPORT, socket.socket, AF_KEY, socket.SOCK_DGRAM, PF_KEY_V2))
    check('another protocol', fails(errno.EPROTONOSUPPORT, socket.socket, AF_KEY, socket.SOCK_RAW, 3))
    with key_socket() as s:
        options = [s.getsockopt(socket.SOL_SOCKET, o) for o in (socket.SO_DOMAIN, socket.SO_TYPE, socket.SO_PROTOCOL)]
        check('domain, type, protocol', options == [AF_KEY, socket.SOCK_RAW, 0])
        check('an option of netlink', fails(errno.EOPNOTSUPP, s.setsockopt, 270, 11, 1))
        check('no name', {named(c, s) for c in ('getsockname', 'getpeername')} == {errno.EOPNOTSUPP})
        check('no stream', fails(errno.EOPNOTSUPP, s.listen, 1) and fails(errno.EOPNOTSUPP, s.shutdown, 2))
        with socket.socket(AF_KEY, socket.SOCK_RAW, PF_KEY_V2, fileno=os.dup(s.fileno())) as copy:
            check('a copy is one as well', copy.getsockopt(socket.SOL_SOCKET, socket.SO_DOMAIN) == AF_KEY)


def talk():
    """requests, answers at once, and what others hear"""
    with key_socket() as s, key_socket() as listener, socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 6) as netlink:
        netlink.bind((0, 0xff))
        add = w.esp()
        check('send takes it all', s.send(add) == len(add))
        answer = s.recv(4096, socket.MSG_DONTWAIT)
        check('the answer is there when send returns', answer[1] == w.ADD and answer[2] == 0)
        check('others hear of it', listener.recv(4096, socket.MSG_DONTWAIT) == answer)
        check('so do those of netlink', netlink.recv(4096, socket.MSG_DONTWAIT)[4] == 16)
        os.write(s.fileno(), w.named(w.GET))
        check('write and read', os.read(s.fileno(), 4096)[1] == w.GET)
        s.send(w.named(w.GET))
        peeked = s.recv(4, socket.MSG_PEEK | socket.MSG_TRUNC)  # Python makes it as long as the whole
        check('peek', len(peeked) == len(answer) and peeked[:4] == bytes([2, w.GET, 0, w.ESP]))
        check('cut, with an empty source', received_from(s, 16) == (16, 0))
        check('then nothing', fails(errno.EAGAIN, s.recv, 4096, socket.MSG_DONTWAIT))
        check('an unknown flag', fails(errno.EINVAL, s.recv, 4096, socket.MSG_WAITALL | socket.MSG_DONTWAIT))
        check('not a message', fails(errno.EMSGSIZE, s.send, b'abc') and fails(errno.EINVAL, s.send, bytes([1]) + add[1:]))
        check('a wrong length', fails(errno.EMSGSIZE, s.send, add + bytes(8)))
        check('and goes on', s.send(w.message(w.REGISTER)) == 16 and s.recv(4096)[1] == w.REGISTER)


def wait():
    """poll, and a receive that waits"""
    with key_socket(socket.SOCK_NONBLOCK) as s, key_socket() as other:
        check('nothing to read', fails(errno.EAGAIN, s.recv, 64) and not select.select([s], [], [], 0)[0])
        if os.fork() == 0:
            other.send(w.message(w.FLUSH, satype=0))
            os._exit(0)
        check('poll sees what another process has caused', select.select([s], [], [], 5)[0] == [s])
        os.wait()
        check('a flush', s.recv(64)[1] == w.FLUSH)


def dump():
    """more than a socket holds"""
    with key_socket() as s:
        for i in range(300):
            s.send(w.spd(nets=((f'10.{i >> 8}.{i & 255}.0', 24), w.NET4[1])))
            s.recv(4096)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        s.send(w.message(w.SPDDUMP, satype=0))
        numbers = [struct.unpack_from('=I', s.recv(4096), 8)[0] for _ in range(300)]
        check('a long dump, read slowly', numbers == list(range(1, 300)) + [0])
        s.send(w.message(w.SPDFLUSH, satype=0))
        check('and another request behind it', s.recv(4096)[1] == w.SPDFLUSH)


def receiver(channel):
    """another program: it has the socket of the one that started it, which has closed it"""
    with socket.socket(fileno=channel) as c:
        _, fds, _, _ = socket.recv_fds(c, 16, 1)
    with socket.socket(AF_KEY, socket.SOCK_RAW, PF_KEY_V2, fileno=fds[0]) as s:
        good = s.send(w.message(w.REGISTER)) == 16 and s.recv(4096, socket.MSG_DONTWAIT)[1] == w.REGISTER
        good = good and fails(errno.EINVAL, s.send, w.message(w.GET, version=1)) and fails(errno.EMSGSIZE, s.send, b'abc')
        good = good and s.getsockopt(socket.SOL_SOCKET, socket.SO_DOMAIN) == AF_KEY
        os.writev(s.fileno(), [w.message(w.FLUSH)[:7], w.message(w.FLUSH)[7:]])
        return 0 if good and s.recv(4096, socket.MSG_DONTWAIT)[1] == w.FLUSH else 1


def passed():
    """to a program that does not know how the socket came to be; supervised it gets the bare channel"""
    if 'UXFRM_SUPERVISED' in os.environ:
        return
    here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    with subprocess.Popen([sys.executable, __file__, 'receiver', str(there.fileno())], pass_fds=[there.fileno()]) as other:
        with key_socket() as s:
            socket.send_fds(here, [b'socket'], [s.fileno()])
        check('a socket passed to another program', other.wait(10) == 0)


def policies():
    """those of sockets, by which an IKE daemon lets its own packets pass"""
    def policy(kind, direction, length=2):
        return struct.pack('=HHHBBII', length, 18, kind, direction, 0, 0, 0)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s, socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as six:
        for direction in (1, 2):
            s.setsockopt(socket.IPPROTO_IP, 16, policy(4, direction))
            six.setsockopt(socket.IPPROTO_IPV6, 34, policy(4, direction))
        check('bypass', True)
        bad = (policy(4, 0), policy(4, 3), policy(5, 1), policy(4, 1, 3), policy(4, 1)[:15])
        check('what is no policy', all(fails(errno.EINVAL, s.setsockopt, socket.IPPROTO_IP, 16, b) for b in bad))


def main():
    if sys.argv[1:2] == ['receiver']:
        return receiver(int(sys.argv[2]))
    for part in (kinds, talk, wait, dump, passed, policies):
        part()
    print(f'1..{tests}')
    return 1 if failed else 0


sys.exit(main())
