# SPDX-License-Identifier: BSD-2-Clause
"""charon's control socket, for what would take too many processes of swanctl. Packets as strongSwan documents them:
a length, a type, a name, and a message of key/value pairs."""
import socket
import struct

from lab.namespaces import CommandFailed

CMD_REQUEST, CMD_RESPONSE = 0, 1
KEY_VALUE = 3
DO_NOT_WAIT = "-1"


class Vici:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(60)
        self.socket.connect(path)

    def close(self):
        self.socket.close()

    def _receive(self, size):
        data = b""
        while len(data) < size:
            chunk = self.socket.recv(size - len(data))
            if not chunk:
                raise CommandFailed("charon closed its control socket")
            data += chunk
        return data

    def request(self, name, **pairs):
        """Say it; an answer that is no success raises. Returns its bytes."""
        packet = struct.pack("!BB", CMD_REQUEST, len(name)) + name.encode()
        for key, value in pairs.items():
            packet += struct.pack("!BB", KEY_VALUE, len(key)) + key.encode()
            packet += struct.pack("!H", len(value)) + value.encode()
        self.socket.sendall(struct.pack("!I", len(packet)) + packet)
        answer = self._receive(struct.unpack("!I", self._receive(4))[0])
        if answer[0] != CMD_RESPONSE or b"success\0\x03yes" not in answer:
            raise CommandFailed(f"charon answered {name} {pairs}: {answer!r}")
        return answer
