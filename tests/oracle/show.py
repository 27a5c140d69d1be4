# SPDX-License-Identifier: BSD-2-Clause
"""Messages in words, for people who look at a difference."""
import struct

TYPES = dict(enumerate((
    'NEWSA DELSA GETSA NEWPOLICY DELPOLICY GETPOLICY ALLOCSPI ACQUIRE EXPIRE UPDPOLICY UPDSA POLEXPIRE FLUSHSA '
    'FLUSHPOLICY NEWAE GETAE REPORT MIGRATE NEWSADINFO GETSADINFO NEWSPDINFO GETSPDINFO MAPPING SETDEFAULT GETDEFAULT '
    'MIGRATE_STATE').split(), 16))
TYPES.update({1: 'NOOP', 2: 'ERROR', 3: 'DONE', 4: 'OVERRUN'})
ATTRS = dict(enumerate((
    'ALG_AUTH ALG_CRYPT ALG_COMP ENCAP TMPL SA POLICY SEC_CTX LTIME_VAL REPLAY_VAL REPLAY_THRESH ETIMER_THRESH SRCADDR '
    'COADDR LASTUSED POLICY_TYPE MIGRATE ALG_AEAD KMADDRESS ALG_AUTH_TRUNC MARK TFCPAD REPLAY_ESN_VAL SA_EXTRA_FLAGS '
    'PROTO ADDRESS_FILTER PAD OFFLOAD_DEV SET_MARK SET_MARK_MASK IF_ID MTIMER_THRESH SA_DIR NAT_KEEPALIVE_INTERVAL '
    'SA_PCPU').split(), 1))
BODY = {16: 224, 26: 224, 17: 24, 18: 24, 22: 232, 19: 168, 25: 168, 20: 64, 21: 64, 33: 64, 28: 1, 23: 280, 24: 232,
        27: 176, 30: 48, 31: 48, 32: 76, 38: 88, 39: 3, 40: 3, 34: 4, 35: 4, 36: 4, 37: 4, 41: 132}
# (name, offset, format) of the fixed headers; a: an address
SA = (('sel', 0, '56s'), ('dst', 56, 'a'), ('spi', 72, '>I'), ('proto', 76, 'B'), ('pad', 77, '3s'), ('src', 80, 'a'),
      ('limits', 96, '64s'), ('bytes', 160, 'Q'), ('packets', 168, 'Q'), ('added', 176, 'Q'), ('used', 184, 'Q'),
      ('stats', 192, '12s'), ('seq', 204, 'I'), ('reqid', 208, 'I'), ('family', 212, 'H'), ('mode', 214, 'B'),
      ('window', 215, 'B'), ('flags', 216, 'B'))
SA_ID = (('dst', 0, 'a'), ('spi', 16, '>I'), ('family', 20, 'H'), ('proto', 22, 'B'))
POLICY = (('sel', 0, '56s'), ('limits', 56, '64s'), ('bytes', 120, 'Q'), ('packets', 128, 'Q'), ('added', 136, 'Q'),
          ('used', 144, 'Q'), ('priority', 152, 'I'), ('index', 156, 'I'), ('dir', 160, 'B'), ('action', 161, 'B'),
          ('flags', 162, 'B'), ('share', 163, 'B'))
POLICY_ID = (('sel', 0, '56s'), ('index', 56, 'I'), ('dir', 60, 'B'))
FIELDS = {16: SA, 26: SA, 17: SA_ID, 18: SA_ID, 19: POLICY, 25: POLICY, 20: POLICY_ID, 21: POLICY_ID, 33: POLICY_ID,
          22: SA + (('min', 224, 'I'), ('max', 228, 'I')), 24: SA + (('hard', 224, 'B'),),
          27: POLICY + (('hard', 168, 'B'),),
          30: SA_ID + (('src', 24, 'a'), ('flags', 40, 'I'), ('reqid', 44, 'I')),
          31: SA_ID + (('src', 24, 'a'), ('flags', 40, 'I'), ('reqid', 44, 'I')),
          23: (('dst', 0, 'a'), ('spi', 16, '>I'), ('proto', 20, 'B'), ('src', 24, 'a'), ('sel', 40, '56s')) + tuple(
              (n, at + 96, f) for n, at, f in POLICY) + (('algos', 264, '12s'), ('seq', 276, 'I'))}


def attrs(data, start, end):
    while start + 4 <= end:
        n, kind = struct.unpack_from('=HH', data, start)
        if n < 4 or start + n > end:
            yield start, 0, None
            return
        yield start, n, kind
        start += (n + 3) & ~3


def field(data, at, form):
    if form == 'a':
        return data[at:at + 16].rstrip(b'\0').hex() or '0'
    value, = struct.unpack_from(form if form[0] == '>' else '=' + form, data, at)
    if isinstance(value, bytes):
        return value.rstrip(b'\0').hex() or '0'
    return hex(value) if value > 255 else str(value)


def attr_words(data, start, end):
    words = []
    for at, n, kind in attrs(data, start, end):
        if kind is None:
            words.append('@rest=' + data[at:end].hex())
            break
        name = ATTRS.get(kind & 0x3fff, str(kind & 0x3fff)) + ('!' * bool(kind & 0xc000))
        words.append('@%s=%s' % (name, data[at + 4:at + n].hex()))
    return words


def error_words(data):
    kind, flags = struct.unpack_from('=HH', data, 4)
    if len(data) < 20:
        return [data.hex()]
    words = ['errno=%d' % struct.unpack_from('=i', data, 16)]
    start = 20
    if kind == 2 and len(data) >= 36:
        echo = 16 if flags & 0x100 else (struct.unpack_from('=I', data, 20)[0] + 3) & ~3
        words.append('echo=%d' % echo)
        start += echo
    for at, n, what in attrs(data, start, len(data)):
        if what is None:
            break
        payload = data[at + 4:at + n]
        words.append('"%s"' % payload[:-1].decode(errors='replace') if what & 0x3fff == 1 else
                     '%d:%s' % (what & 0x3fff, payload.hex()))
    return words


def message(data):
    """one message in one line"""
    if len(data) < 16:
        return 'bytes ' + data.hex()
    length, kind, flags, seq, pid = struct.unpack_from('=IHHII', data)
    words = ['%s len=%d flags=%#x seq=%d pid=%#x' % (TYPES.get(kind, kind), length, flags, seq, pid)]
    if kind in (2, 3):
        return ' '.join(words + error_words(data))
    body = data[16:]
    need = BODY.get(kind, 0)
    if flags & 0x300 and kind in (18, 21):
        need = 0
    if len(body) < need:
        return ' '.join(words + ['body=' + body.hex()])
    if need and kind in FIELDS:
        words += ['%s=%s' % (n, v) for n, v in ((n, field(body, at, f)) for n, at, f in FIELDS[kind]) if v != '0']
    elif need:
        words.append('body=' + body[:need].hex())
    return ' '.join(words + attr_words(data, 16 + ((need + 3) & ~3), len(data)))


def messages(datagram):
    """the messages of a datagram, each in a line"""
    while len(datagram) >= 16:
        n = (struct.unpack_from('=I', datagram)[0] + 3) & ~3
        if n < 16 or n > len(datagram):
            break
        yield message(datagram[:n])
        datagram = datagram[n:]
    if datagram:
        yield 'bytes ' + datagram.hex()
