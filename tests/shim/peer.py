# SPDX-License-Identifier: BSD-2-Clause
"""Stands in for uxfrmd: records the requests of whoever connects, and answers what it was told to answer."""
import array
import selectors
import socket
import struct
import threading

CONTROL = struct.Struct("=IHHIIiI")
MAGIC, VERSION = 0x6d726678, 1
OPEN, BIND, OPTION, STATUS, PROCESSED = 1, 2, 3, 4, 5


class Connection:
    def __init__(self, peer, control):
        self.peer, self.control, self.data, self.port_id = peer, control, None, 0

    def on_control(self):
        room = socket.CMSG_SPACE(4)
        message, ancillary, _, _ = self.control.recvmsg(CONTROL.size, room)
        if len(message) < CONTROL.size:
            self.peer.forget(self)
            return
        _, _, op, a, b, _, _ = CONTROL.unpack(message)
        value = a
        if op == OPEN:
            fds = array.array("i")
            fds.frombytes(ancillary[0][2])
            self.data = socket.socket(fileno=fds[0])
            self.port_id = value = a or 4242
            self.peer.selector.register(self.data, selectors.EVENT_READ, self.on_data)
        elif op == BIND:
            value = self.port_id = a or self.port_id
        self.tell(op, value)
        if op == BIND and b:
            for event in self.peer.events:
                self.data.send(event)

    def tell(self, op, value):
        self.control.send(CONTROL.pack(MAGIC, VERSION, op, value, 0, 0, 0))

    def on_data(self):
        datagram = self.data.recv(1 << 17)
        if not datagram:
            self.end_data()
            return
        self.peer.requests.append(datagram)
        for answer in self.peer.answer(datagram, self.port_id):
            self.data.send(answer)
        self.tell(PROCESSED, 1)


    def end_data(self):
        if self.data:
            self.peer.selector.unregister(self.data)
            self.data.close()
            self.data = None


class Peer(threading.Thread):
    """answer(datagram, port_id) gives the datagrams to be sent back; events are sent to whoever binds to groups."""

    def __init__(self):
        super().__init__(daemon=True)
        self.answer, self.events, self.requests = lambda datagram, port_id: [], [], []
        self.selector = selectors.DefaultSelector()
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.listener.bind(b"\0uxfrm")
        self.listener.listen(16)
        self.selector.register(self.listener, selectors.EVENT_READ, self.on_connection)
        self.start()

    def on_connection(self):
        control, _ = self.listener.accept()
        connection = Connection(self, control)
        self.selector.register(control, selectors.EVENT_READ, connection.on_control)

    def forget(self, connection):
        connection.end_data()
        self.selector.unregister(connection.control)
        connection.control.close()

    def run(self):
        while True:
            for key, _ in self.selector.select():
                if key.fileobj.fileno() < 0:
                    continue  # closed by one before it
                try:
                    key.data()
                except OSError:  # the other end has gone
                    pass
