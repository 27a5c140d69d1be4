#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Ask a real kernel about policies and write down what it answers.

Run as root in a kernel with XFRM (an empty network namespace of its own):

    record_policy_cases.py policy_cases.txt

A case is "= name", then "> request", "A errno offset text" for the acknowledgement, "R message" for
each reply and "E message" for each event, messages hexadecimal. Port ids become 100 and times
1000000, so that test_policy can compare every byte.
"""
import socket
import struct
import sys

NEW, DEL, GET, UPD, FLUSH = 19, 20, 21, 25, 29
SEC_CTX, TMPL, TYPE, MARK, OFFLOAD, IF_ID, SA_DIR = 8, 5, 16, 21, 28, 31, 33
REQUEST, ACK, DUMP = 1, 4, 0x300
NLMSG_ERROR, NLMSG_DONE = 2, 3
INFINITE = (1 << 64) - 1
PORT_ID, TIME = 100, 1000000

cases = []


def address(a):
    family = socket.AF_INET6 if ":" in a else socket.AF_INET
    return socket.inet_pton(family, a).ljust(16, b"\0")


def attr(number, data):
    return struct.pack("=HH", 4 + len(data), number) + data + bytes(-len(data) % 4)


def selector(daddr="0.0.0.0", saddr="0.0.0.0", dlen=0, slen=0, family=2, ports=(0, 0, 0, 0),
             proto=0, ifindex=0, user=0):
    return (address(daddr) + address(saddr) + struct.pack("!4H", *ports) +
            struct.pack("=HBBB3xiI", family, dlen, slen, proto, ifindex, user))


def net(i, **kw):
    return selector(f"10.1.{i}.0", f"10.2.{i}.0", 24, 24, **kw)


def info(sel=None, limits=(INFINITE,) * 4 + (0,) * 4, priority=0, index=0, dir=1, action=0,
         flags=0, share=0):
    return ((sel or selector()) + struct.pack("=8Q", *limits) + bytes(32) +
            struct.pack("=IIBBBB4x", priority, index, dir, action, flags, share))


def name_of(sel=None, index=0, dir=1):
    return (sel or selector()) + struct.pack("=IB3x", index, dir)


def template(daddr="10.0.0.2", saddr="10.0.0.1", spi=0, proto=50, family=2, reqid=1, mode=1,
             share=0, optional=0, algos=(0xffffffff,) * 3):
    return (address(daddr) + struct.pack("!I", spi) + struct.pack("=B3xH2x", proto, family) +
            address(saddr) + struct.pack("=IBBBxIII", reqid, mode, share, optional, *algos))


def template6(**kw):
    return template("fd::1", "fd::2", family=10, **kw)


def case(name, number, body, flags=REQUEST | ACK, pid=0):
    head = struct.pack("=IHHII", 16 + len(body), number, flags, len(cases) + 1, pid)
    cases.append((name, head + body))


def new(name, body=None, attrs=b"", number=NEW, **kw):
    case(name, number, (body or info()) + attrs, **kw)


def get(name, body=None, attrs=b"", number=GET, **kw):
    case(name, number, (body or name_of()) + attrs, **kw)


def delete(name, body=None, attrs=b"", **kw):
    get(name, body, attrs, DEL, **kw)


def flush(name, attrs=b"", **kw):
    case(name, FLUSH, attrs, **kw)


def dump(name, body=b""):
    case(name, GET, body, REQUEST | DUMP)


def mark(v, m):
    return attr(MARK, struct.pack("=II", v, m))


def if_id(n):
    return attr(IF_ID, struct.pack("=I", n))


def policy_type(n):
    return attr(TYPE, bytes([n]) + bytes(5))


def sec_ctx(length, ctx_len, total=8):
    return attr(SEC_CTX, struct.pack("=HHBBH", length, 8, 1, 1, ctx_len) + bytes(total - 8))


def offload(flags):
    return attr(OFFLOAD, struct.pack("=iB3x", 1, flags))


def header_cases():
    dump("dump of nothing")
    flush("flush of nothing: no event")
    get("get of nothing")
    delete("delete of nothing")
    new("share 4", info(share=4))
    new("action 2", info(action=2))
    new("family 0", info(selector(family=0)))
    new("family 7", info(selector(family=7)))
    new("destination prefix 33", info(selector(dlen=33)))
    new("source prefix 33", info(selector(slen=33)))
    new("IPv6 destination prefix 129", info(selector("::", "::", 129, family=10)))
    new("IPv6 source prefix 129", info(selector("::", "::", slen=129, family=10)))
    new("direction 3", info(dir=3))
    new("direction 255", info(dir=255))
    new("index of another direction", info(index=8))
    new("share before action", info(share=9, action=9, dir=9))
    new("action before family", info(selector(family=9), action=9, dir=9))
    new("family before direction", info(selector(family=9), dir=9))
    new("direction before index", info(dir=9, index=8))
    new("share is not kept", info(net(0), share=3))
    get("share is not kept: shown", name_of(net(0)))
    new("header cut short", info()[:160])
    get("header cut short, get", b"1234")


def template_cases():
    new("seven templates", info(net(1)), attr(TMPL, template() * 7))
    new("six templates", info(net(1)), attr(TMPL, template() * 6))
    get("six templates: shown", name_of(net(1)))
    new("template cut short", info(net(2)), attr(TMPL, template()[:60]))
    new("no template in the attribute", info(net(2)), attr(TMPL, b""))
    new("a template and 6 bytes", info(net(2)), attr(TMPL, template() + b"123456"))
    new("template family 0", info(net(3)), attr(TMPL, template(family=0)))
    get("template family 0: shown", name_of(net(3)))
    new("template family 7", info(net(4)), attr(TMPL, template(family=7)))
    new("template family 7, transport", info(net(4)), attr(TMPL, template(family=7, mode=0)))
    new("transport into IPv6", info(net(4)), attr(TMPL, template6(mode=0)))
    new("tunnel into IPv6", info(net(4)), attr(TMPL, template6()))
    new("transport back in IPv4", info(net(5)), attr(TMPL, template6() + template(mode=0)))
    new("transport behind the tunnel", info(net(5)), attr(TMPL, template6() + template6(mode=0)))
    new("optional tunnel out", info(net(6)), attr(TMPL, template(optional=1)))
    new("optional tunnel in", info(net(6), dir=0), attr(TMPL, template(optional=1)))
    new("optional transport out", info(net(6)), attr(TMPL, template(optional=1, mode=0)))
    new("optional BEET out", info(net(7)), attr(TMPL, template(optional=1, mode=4)))
    new("route optimisation into IPv6", info(net(7)), attr(TMPL, template6(mode=2)))
    for mode in (2, 3, 4, 5, 6, 255):
        new(f"mode {mode}", info(net(8), dir=2), attr(TMPL, template(mode=mode)), UPD)
    new("family change before mode", info(net(8)), attr(TMPL, template(mode=9, family=10)))
    for proto in (0, 1, 43, 50, 51, 60, 108, 135, 254, 255):
        new(f"protocol {proto}", info(net(9), dir=2), attr(TMPL, template(proto=proto)), UPD)
    new("family before protocol", info(net(9)), attr(TMPL, template(proto=0, family=9)))
    new("the second template is bad", info(net(9)), attr(TMPL, template() + template(proto=0)))


def attribute_cases():
    new("type sub", info(net(10)), policy_type(1))
    for n in (2, 255):
        new(f"type {n}", info(net(11)), policy_type(n))
    new("type cut short", info(net(11)), attr(TYPE, bytes(5)))
    new("type before templates", info(net(11)), policy_type(2) + attr(TMPL, template() * 7))
    new("mark, stored masked", info(net(12)), mark(0x1ff, 0xff))
    new("same mark once masked", info(net(12)), mark(0x2ff, 0xff))
    new("mark cut short", info(net(12)), attr(MARK, b"1234"))
    new("without mark beside it", info(net(12)))
    get("get without mark", name_of(net(12)))
    get("get with the mark as given", name_of(net(12)), mark(0x1ff, 0xff))
    get("get with the mark as stored", name_of(net(12)), mark(0xff, 0xff))
    get("get with another mask", name_of(net(12)), mark(0xff, 0xfff))
    new("interface id", info(net(12)), if_id(5))
    new("interface id again", info(net(12)), if_id(5))
    get("get with interface id", name_of(net(12)), if_id(5))
    get("get with another interface id", name_of(net(12)), if_id(6))
    every = if_id(5) + mark(1, 1) + policy_type(1)
    two = template(spi=0x1234, algos=(1, 2, 3), share=3) + template(mode=0, optional=2)
    new("everything", info(net(13), range(1, 9), 77, flags=3), every + attr(TMPL, two))
    get("everything: shown", name_of(net(13)), every)
    get("other type", name_of(net(13)), if_id(5) + mark(1, 1))
    for length, ctx_len in ((100, 1), (12, 3)):
        new(f"label length {length} of {ctx_len}", info(net(21)), sec_ctx(length, ctx_len, 12))
    new("label cut short", info(net(21)), attr(SEC_CTX, b"1234"))
    new("label", info(net(21)), sec_ctx(12, 4, 12))
    get("get with a bad label", name_of(net(21)), sec_ctx(100, 1))
    get("get by index does not look at the label", name_of(net(21), 0x7771), sec_ctx(100, 1))
    for flags in (0, 1, 2, 4, 6, 255):
        new(f"offload flags {flags}", info(net(22)), offload(flags))
    new("templates before offload", info(net(22)), offload(1) + attr(TMPL, template(proto=0)))
    new("of duplicates the last counts", info(net(43)), policy_type(2) + policy_type(0))
    new("unknown attribute", info(net(42)), attr(77, b"1234"))
    new("direction of an SA", info(net(20)), attr(SA_DIR, b"\1"))
    new("direction of an SA before all checks", info(net(20), share=9), attr(SA_DIR, b"\1"), UPD)
    get("direction of an SA, get", name_of(net(20)), attr(SA_DIR, b"\1"))
    flush("direction of an SA, flush", attr(SA_DIR, b"\1"))


def identity_cases():
    new("same selector, other type", info(net(13)))
    new("the same again", info(net(13)))
    new("update replaces", info(net(13), priority=3, action=1), number=UPD)
    get("update replaces: shown", name_of(net(13)))
    new("update makes", info(net(14)), number=UPD)
    new("no acknowledgement asked", info(net(15)), flags=REQUEST)
    new("an error is told all the same", info(net(15)), flags=REQUEST)
    new("port id of the request in the event", info(net(16)), pid=4711)
    new("index given", info(net(17), index=0x1001))
    get("by index", name_of(index=0x1001))
    get("by index, other direction", name_of(index=0x1001, dir=0))
    get("by index, direction 3", name_of(index=0x1001, dir=3))
    get("by index, none", name_of(index=0x9991))
    new("replacement keeps the index", info(net(17), index=0x2001), number=UPD)
    get("replacement keeps the index: shown", name_of(net(17)))
    new("index given, inbound", info(net(17), index=0x1000, dir=0))
    delete("by index, other mark", name_of(index=0x1000, dir=0), mark(1, 1))
    delete("by index, other type", name_of(index=0x1000, dir=0), policy_type(1))
    delete("by index, other interface id", name_of(index=0x1000, dir=0), if_id(1))
    delete("delete by index", name_of(net(16), 0x1001))
    delete("delete by index again", name_of(index=0x1001))
    delete("delete by selector", name_of(net(16)))
    delete("delete by selector, no acknowledgement", name_of(net(15)), flags=REQUEST)
    get("type 3", name_of(), policy_type(3))
    get("type before direction", name_of(dir=9), policy_type(3))
    get("direction 3", name_of(dir=3))
    delete("delete, direction 3", name_of(dir=3))
    ports = {"ports": (80, 0xffff, 1, 3), "proto": 17, "ifindex": 1}
    full = selector("fd01::", "fd02::", 64, 128, 10, user=1000, **ports)
    new("full selector", info(full, dir=0), attr(TMPL, template6()))
    get("full selector: shown", name_of(full, dir=0))
    get("other user", name_of(selector("fd01::", "fd02::", 64, 128, 10, **ports), dir=0))
    get("host bits", name_of(selector("10.1.1.1", "10.2.1.0", 24, 24)))
    get("family 0 finds nothing", name_of(net(1, family=0)))
    get("prefix 99 finds nothing", name_of(selector("10.1.1.0", "10.2.1.0", 99, 24)))


def flush_cases():
    flush("flush, one byte too many", b"\0")
    dump("dump: the other type is left")
    for i in range(3):
        new(f"priority {3 - i}", info(net(30 + i), priority=3 - i))
    dump("dump: newest first")
    dump("dump with attributes", attr(SA_DIR, b"\1"))
    flush("flush sub", policy_type(1))
    flush("flush sub, nothing left", policy_type(1))
    flush("flush type 2", policy_type(2))
    flush("flush type 255", policy_type(255))
    flush("flush main", pid=77)
    dump("dump: all gone")


def messages(data):
    while data:
        length = struct.unpack("=I", data[:4])[0]
        yield bytearray(data[:length])
        data = data[length + 3 & ~3:]


def acknowledgement(m):
    flags, err, echoed = (struct.unpack_from("=" + form, m, at)[0]
                          for form, at in (("H", 6), ("i", 16), ("I", 20)))
    at = 36 if flags & 0x100 else 20 + (echoed + 3 & ~3)
    text, offset = "", "-"
    while flags & 0x200 and at < len(m):
        length, number = struct.unpack_from("=HH", m, at)
        if number == 1:
            text = m[at + 4:at + length - 1].decode()
        elif number == 2:
            offset = struct.unpack_from("=I", m, at + 4)[0]
        at += length + 3 & ~3
    return f"A {err} {offset} {text}".rstrip()


def normalised(m, is_reply):
    number = struct.unpack_from("=H", m, 4)[0]
    if is_reply:
        struct.pack_into("=I", m, 12, PORT_ID)
    added = {NEW: 152, UPD: 152, DEL: 220}.get(number)
    if added:
        struct.pack_into("=Q", m, added, TIME)
    return m.hex()


def received(sock):
    while True:
        try:
            yield from messages(sock.recv(1 << 17))
        except BlockingIOError:
            return


def record(out):
    asks, listens = (socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 6) for _ in range(2))
    asks.setsockopt(270, 11, 1)  # NETLINK_EXT_ACK
    asks.bind((0, 0))
    listens.bind((0, 1 << 3))  # group POLICY
    for s in (asks, listens):
        s.setblocking(False)
    for name, request in cases:
        print("=", name, file=out)
        print(">", request.hex(), file=out)
        asks.send(request)
        for m in received(asks):
            error = struct.unpack_from("=H", m, 4)[0] == NLMSG_ERROR
            print(acknowledgement(m) if error else "R " + normalised(m, True), file=out)
        for m in received(listens):
            print("E", normalised(m, False), file=out)


if __name__ == "__main__":
    for part in (header_cases, template_cases, attribute_cases, identity_cases, flush_cases):
        part()
    with open(sys.argv[1], "w", encoding="ascii") as f:
        record(f)
