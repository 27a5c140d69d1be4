#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""One end of a wire, in the guest: does what its standard input says and answers each line with one line, of words and of
messages in hexadecimal. Under `uxfrm run` its NETLINK_XFRM and PF_KEY sockets are uxfrmd's."""
import select
import socket
import sys

NETLINK_XFRM, PF_KEY, UDP_ENCAP = 6, 15, 100
PORT = 7000
MINE = {'1': '10.1.0.1', '2': '10.2.0.1'}
OTHER = {'1': '2', '2': '1'}


def drained(s):
    """all datagrams that wait in @s"""
    found = []
    while select.select([s], [], [], 0)[0]:
        found.append(s.recv(1 << 16))
    return found


class Agent:
    """an end"""

    def __init__(self, own):
        self.source, self.target = MINE[own], MINE[OTHER[own]]
        self.asks = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_XFRM)
        self.hears = self.key = None
        self.wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind((self.source, PORT))
        self.encap = None

    def encapsulated(self, _):
        """take ESP out of UDP, as an IKE daemon's socket does"""
        self.encap = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.encap.bind(('', 4500))
        self.encap.setsockopt(socket.IPPROTO_UDP, UDP_ENCAP, 2)
        return []

    def request(self, words):
        self.asks.send(bytes.fromhex(words[0]))
        return [m.hex() for m in self.answers()]

    def answers(self):
        """up to the acknowledgement or the end of a dump"""
        while True:
            datagram = self.asks.recv(1 << 16)
            yield datagram
            kinds = set()
            while len(datagram) >= 16:
                size = int.from_bytes(datagram[:4], 'little')
                kinds.add(int.from_bytes(datagram[4:6], 'little'))
                datagram = datagram[(size + 3) & ~3:]
            if kinds & {2, 3}:
                return

    def listen(self, words):
        if self.hears:
            self.hears.close()
        self.hears = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_XFRM)
        self.hears.bind((0, int(words[0], 0)))
        return []

    def register(self, words):
        """a PF_KEY socket, registered for a type of SAs"""
        self.key = socket.socket(PF_KEY, socket.SOCK_RAW, 2)
        self.key.send(bytes([2, 7, 0, int(words[0]), 2, 0, 0, 0]) + bytes(8))
        drained(self.key)
        return []

    def deaf(self, _):
        for s in (self.hears, self.key):
            if s:
                s.close()
        self.hears = self.key = None
        return []

    def heard(self, _):
        return [m.hex() for m in drained(self.hears)] if self.hears else []

    def heard_key(self, _):
        return [m.hex() for m in drained(self.key)] if self.key else []

    def send(self, words):
        try:
            self.udp.sendto(bytes(int(words[0])), (self.target, PORT))
        except OSError:
            pass  # it has met the policy: seen in counters and on the wire
        return []

    def got(self, _):
        """how many datagrams have arrived"""
        return [str(len(drained(self.udp)))]

    def seen(self, _):
        """what has come by the wire"""
        counts = {'esp': 0, 'esp-in-udp': 0, 'keepalive': 0, 'clear': 0}
        for frame in drained(self.wire):
            packet = frame[14:]
            if frame[12:14] != b'\x08\x00' or frame[6:12][-1:] == b'\x00':
                continue
            if packet[9] == 50:
                counts['esp'] += 1
            elif packet[9] == 17 and 4500 in (int.from_bytes(packet[20:22], 'big'),
                                              int.from_bytes(packet[22:24], 'big')):
                counts['keepalive' if packet[28:] == b'\xff' else 'esp-in-udp'] += 1
            elif packet[9] == 17:
                counts['clear'] += 1
        return [f'{k}={v}' for k, v in counts.items() if v]


def main():
    agent = Agent(sys.argv[1])
    print('ready', flush=True)
    for line in sys.stdin:
        verb, *words = line.split()
        print(*getattr(agent, verb)(words), flush=True)


main()
