# SPDX-License-Identifier: BSD-2-Clause
"""The files of records that the two sides read and write; see script.h."""
import struct

SEQUENCE, CLIENT, CLOSE, OPTION, PATCH, SEND, KEEP, SLEEP, MORE = (ord(c) for c in 'NCXOPSKTM')
BEGIN, STEP, ANSWER, ERROR, KEPT = (ord(c) for c in 'B.AEV')
HEAD = struct.Struct('=IBBH')


def pack(kind, client=0, arg=0, data=b''):
    return HEAD.pack(len(data), kind, client, arg) + data


def pack_u32(kind, client, arg, value):
    return pack(kind, client, arg, struct.pack('=I', value))


def unpack(data):
    """(kind, client, arg, data) of each record"""
    at = 0
    while at + HEAD.size <= len(data):
        n, kind, client, arg = HEAD.unpack_from(data, at)
        at += HEAD.size
        if at + n > len(data):
            return
        yield kind, client, arg, data[at:at + n]
        at += n


def sequences(data):
    """{name: its records}"""
    found, current = {}, None
    for record in unpack(data):
        if record[0] == SEQUENCE:
            current = found.setdefault(record[3].decode(), [])
        elif current is not None:
            current.append(record)
    return found


def join(name, records):
    return pack(SEQUENCE, data=name.encode()) + b''.join(pack(*r) for r in records)
