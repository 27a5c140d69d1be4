# SPDX-License-Identifier: BSD-2-Clause
"""A client of <uxfrm/control.h> in the namespace of the calling process, for tests that misbehave."""
import array
import ctypes
import os
import pathlib
import select
import socket
import struct
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tools"))
import xfrm_bytes as xb  # noqa: E402

NAME = b"\0uxfrm"
MAGIC, VERSION = 0x6d726678, 1
OPEN, BIND, OPTION, STATUS, PROCESSED = range(1, 6)
libc = ctypes.CDLL(None, use_errno=True)


def enter(namespace):
    """This process goes into a named network namespace."""
    fd = os.open(f"/run/netns/{namespace}", os.O_RDONLY)
    if libc.setns(fd, 0x40000000):
        raise OSError(ctypes.get_errno(), "setns")
    os.close(fd)


def control_message(op, a=0, b=0, magic=MAGIC, version=VERSION):
    return struct.pack("=IHHIIiI", magic, version, op, a, b, 0, 0)


def connect(timeout=5):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    s.connect(NAME)  # waits while too many knock
    s.settimeout(timeout)
    return s


def pass_fds(s, fds, message=control_message(OPEN)):
    rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else []
    return s.sendmsg([message], rights)


def read_answer(s):
    """(op, value, result), past what tells of progress; None when the daemon hung up."""
    while True:
        data = s.recv(1 << 17)
        if not data:
            return None
        _, _, op, a, _, result, _ = struct.unpack("=IHHIIiI", data[:24])
        if op != PROCESSED:
            return op, a, result


class Client:
    """A netlink socket of the daemon's."""

    def __init__(self, timeout=5):
        self.control = connect(timeout)
        self.data, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.data.settimeout(timeout)
        pass_fds(self.control, [theirs.fileno()])
        theirs.close()
        answer = read_answer(self.control)
        if not answer or answer[2]:
            self.close()
            raise ConnectionError(f"OPEN: {answer}")
        self.port = answer[1]

    def close(self):
        self.control.close()
        self.data.close()

    def drop_progress(self):
        while select.select([self.control], [], [], 0)[0] and self.control.recv(4096):
            pass

    def request(self, message):
        """Send one message that asks for an acknowledgement; the errno it gives, 0 if none."""
        self.data.send(message)
        while True:
            data = self.data.recv(1 << 20)
            if not data:
                raise ConnectionError("the daemon hung up")
            at = 0
            while at + 16 <= len(data):
                length, kind = struct.unpack_from("=IH", data, at)
                if kind == 2:
                    return -struct.unpack_from("=i", data, at + 16)[0]
                if kind == 3 or length < 16:
                    return 0
                at += (length + 3) & ~3

    def bulk(self, messages, per_datagram=40):
        """Many messages that ask for no acknowledgement; waits for all of them."""
        for i in range(0, len(messages), per_datagram):
            self.data.send(b"".join(messages[i:i + per_datagram]))
            self.drop_progress()
        return self.request(xb.msg(xb.GETSADINFO, struct.pack("=I", 0)))


def new_sa(spi, **words):
    flags = words.pop("flags", xb.REQUEST | xb.ACK)
    return xb.msg(xb.NEWSA, xb.usersa_info(spi=spi, **words), xb.gcm(), flags=flags)


def del_sa(spi, dst="10.0.0.2", flags=xb.REQUEST | xb.ACK):
    return xb.msg(xb.DELSA, xb.usersa_id(dst=dst, spi=spi), flags=flags)


def move_sa(spi, dst, new_dst, new_src, reqid=1, flags=xb.REQUEST | xb.ACK):
    body = xb.migrate_state(xb.usersa_id(dst=dst, spi=spi), new_dst, new_src, reqid)
    return xb.msg(xb.MIGRATE_STATE, body, flags=flags)


def works(spi=0x7e57):
    """Does a newcomer get an SA in and out again?"""
    c = Client()
    try:
        return c.request(new_sa(spi)) == 0 and c.request(del_sa(spi)) == 0
    finally:
        c.close()
