# SPDX-License-Identifier: BSD-2-Clause
"""Messages from words; README.md says which words there are."""
import ipaddress
import pathlib
import struct
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'tools'))
import xfrm_bytes as X  # noqa: E402

PROTOS = {'esp': 50, 'ah': 51, 'comp': 108, 'routing': 43, 'dstopts': 60, 'tcp': 6, 'udp': 17, 'icmp': 1,
          'icmp6': 58, 'any': 255, 'gre': 47, 'mh': 135, 'sctp': 132, 'udplite': 136, 'dccp': 33}
MODES = {'transport': 0, 'tunnel': 1, 'ro': 2, 'trigger': 3, 'beet': 4, 'iptfs': 5}
DIRS = {'in': 0, 'out': 1, 'fwd': 2}
SA_DIRS = {'in': 1, 'out': 2}
FAMILIES = {'inet': 2, 'inet6': 10, 'unspec': 0}
INF = {'inf': 2**64 - 1, 'max': 2**32 - 1}
ALGORITHMS = {'gcm': 'rfc4106(gcm(aes))', 'gmac': 'rfc4543(gcm(aes))', 'ccm': 'rfc4309(ccm(aes))',
              'chacha': 'rfc7539esp(chacha20,poly1305)', 'cbc': 'cbc(aes)', 'ctr': 'rfc3686(ctr(aes))',
              'null': 'ecb(cipher_null)', 'sha1': 'hmac(sha1)', 'sha256': 'hmac(sha256)', 'sha384': 'hmac(sha384)',
              'sha512': 'hmac(sha512)', 'no-auth': 'digest_null', 'empty': ''}
KEY = bytes((7 * i + 1) & 0xff for i in range(256)) * 8
FLAGS = {'request': 1, 'multi': 2, 'ack': 4, 'echo': 8, 'dump': 0x300, 'root': 0x100, 'match': 0x200, 'replace': 0x100,
         'excl': 0x200, 'create': 0x400, 'append': 0x800}


class Unknown(Exception):
    """a word that means nothing"""


def number(text, *names):
    for table in names + (INF,):
        if text in table:
            return table[text]
    if '|' in text:
        return number(text.split('|', 1)[0], *names) | number(text.split('|', 1)[1], *names)
    return int(text, 0)


def payload(text):
    """hex:0102, zero:12, of:4:7 = 7 as a number of 4 bytes"""
    kind, _, rest = text.partition(':')
    if kind == 'hex':
        return bytes.fromhex(rest)
    if kind == 'zero':
        return bytes(int(rest, 0))
    if kind == 'ff':
        return b'\xff' * int(rest, 0)
    raise Unknown(text)


def prefix(text):
    address, _, bits = text.partition('/')
    packed = X.addr(address)
    return packed, int(bits, 0) if bits else ipaddress.ip_address(address).max_prefixlen


def selector(w):
    """words that start with sel-, or sel=dst,src"""
    dst, src = w.take('sel', '').split(',') if 'sel' in w else (w.take('sel-dst', ''), w.take('sel-src', ''))
    d, dlen = prefix(dst) if dst else (bytes(16), 0)
    s, slen = prefix(src) if src else (bytes(16), 0)
    family = 10 if ':' in dst + src else 2 if dst + src else 0
    dport, sport = w.number('dport', 0), w.number('sport', 0)
    return d + s + struct.pack('>H', dport) + struct.pack('=H', w.number('dport-mask', 0xffff if dport else 0)) + \
        struct.pack('>H', sport) + struct.pack('=H', w.number('sport-mask', 0xffff if sport else 0)) + struct.pack(
            '=HBBB', w.number('sel-family', family, FAMILIES), w.number('sel-dlen', dlen), w.number('sel-slen', slen),
            w.number('sel-proto', 0, PROTOS)) + w.payload('sel-pad', bytes(3)) + struct.pack(
                '=iI', w.number('ifindex', 0), w.number('user', 0))


def limits(w):
    inf = INF['inf']
    return struct.pack('=8Q', *(w.number(n, inf) for n in ('soft-bytes', 'hard-bytes', 'soft-packets', 'hard-packets')),
                       *(w.number(n, 0) for n in ('soft-add', 'hard-add', 'soft-use', 'hard-use')))


def family_of(*addresses):
    return 10 if any(':' in a for a in addresses) else 2


def sa_info(w, spi=0x1000):
    v6 = '6' in w.set and w.set.remove('6') is None
    dst = w.take('dst', 'fd00::2' if v6 else '10.0.0.2')
    src = w.take('src', 'fd00::1' if v6 else '10.0.0.1')
    return selector(w) + X.addr(dst) + w.spi(spi) + struct.pack('=B', w.number('proto', 50, PROTOS)) + w.payload(
        'pad', bytes(3)) + X.addr(src) + limits(w) + bytes(32) + w.payload('stats', bytes(12)) + struct.pack(
            '=IIHBBB7x', w.number('seq', 0), w.number('reqid', 1), w.number('family', family_of(dst), FAMILIES),
            w.number('mode', 1, MODES), w.number('window', 0), w.number('flags', 0))


def sa_id(w):
    v6 = '6' in w.set and w.set.remove('6') is None
    dst = w.take('dst', 'fd00::2' if v6 else '10.0.0.2')
    return X.addr(dst) + w.spi(0x1000) + struct.pack('=HBx', w.number('family', family_of(dst), FAMILIES),
                                                     w.number('proto', 50, PROTOS))


def new_sa(w):
    body = sa_info(w)
    if not w.set & {'bare'} and not any(a.startswith(('aead=', 'auth=', 'auth-trunc=', 'crypt=', 'comp=', '18=', '1=',
                                                      '2=', '3=', '20=')) for a in w.attrs):
        w.attrs.insert(0, 'aead=gcm,20,128')
    w.set.discard('bare')
    return body


def alloc_spi(w):
    body = sa_info(w, 0)
    low = w.number('min', 0x500)
    return body + struct.pack('=II', low, w.number('max', low))


def policy_info(w):
    if 'sel' not in w and 'sel-dst' not in w and 'sel-family' not in w:
        w.words['sel'] = 'fd02::/64,fd01::/64' if w.flag('6') else '10.2.0.0/16,10.1.0.0/16'
    return selector(w) + limits(w) + bytes(32) + struct.pack(
        '=IIBBBB4x', w.number('priority', 0), w.number('index', 0), w.number('dir', 1, DIRS), w.number('action', 0),
        w.number('flags', 0), w.number('share', 0))


def policy_id(w):
    if 'sel' not in w and 'sel-dst' not in w and 'sel-family' not in w:
        w.words['sel'] = 'fd02::/64,fd01::/64' if w.flag('6') else '10.2.0.0/16,10.1.0.0/16'
    return selector(w) + struct.pack('=IB3x', w.number('index', 0), w.number('dir', 1, DIRS))


def acquire(w):
    dst, src = w.take('dst', '10.0.0.2'), w.take('src', '10.0.0.1')
    ident = X.addr(dst) + w.spi(0) + struct.pack('=B3x', w.number('proto', 50, PROTOS))
    flow = Words([]).selector() if 'flow' not in w else Words(['sel=' + w.take('flow', '')]).selector()
    algos = [w.number(n, INF['max']) for n in ('aalgos', 'ealgos', 'calgos')]
    seq = w.number('seq', 0)
    return ident + X.addr(src) + flow + policy_info(w) + struct.pack('=4I', *algos, seq)


def aevent(w):
    ident = sa_id(w)
    return ident + X.addr(w.take('src', '')) + struct.pack('=II', w.number('flags', 0), w.number('reqid', 0))


def defaults(w):
    names = {'none': 0, 'block': 1, 'accept': 2}
    return bytes(w.number(n, 0, names) for n in ('in', 'fwd', 'out'))


def mapping(w):
    return w.payload('body', bytes(88))


KINDS = {
    'newsa': (16, new_sa), 'delsa': (17, sa_id), 'getsa': (18, sa_id), 'newpolicy': (19, policy_info),
    'delpolicy': (20, policy_id), 'getpolicy': (21, policy_id), 'allocspi': (22, alloc_spi), 'acquire': (23, acquire),
    'expire': (24, lambda w: sa_info(w) + struct.pack('=B7x', w.number('hard', 0))), 'updpolicy': (25, policy_info),
    'updsa': (26, new_sa), 'polexpire': (27, lambda w: policy_info(w) + struct.pack('=B7x', w.number('hard', 0))),
    'flushsa': (28, lambda w: bytes([w.number('proto', 0, PROTOS)])), 'flushpolicy': (29, lambda w: b''),
    'newae': (30, aevent), 'getae': (31, aevent), 'report': (32, lambda w: w.payload('body', bytes(76))),
    'migrate': (33, policy_id), 'newsadinfo': (34, lambda w: w.payload('body', bytes(4))),
    'getsadinfo': (35, lambda w: struct.pack('=I', w.number('flags', 0))),
    'newspdinfo': (36, lambda w: struct.pack('=I', w.number('flags', 0))),
    'getspdinfo': (37, lambda w: struct.pack('=I', w.number('flags', 0))), 'mapping': (38, mapping),
    'setdefault': (39, defaults), 'getdefault': (40, defaults),
    'dumpsa': (18, lambda w: b''), 'dumppolicy': (21, lambda w: b''),
    'message': (0, lambda w: w.payload('body', b'')),
}


# --- attributes
def algorithm(text, wide):
    name, *rest = text.split(';') if ';' in text else text.split(',')
    if name == 'chacha' or name not in ALGORITHMS:
        name, rest = ALGORITHMS.get(name, name), rest
    else:
        name = ALGORITHMS[name]
    size = int(rest[0], 0) if rest else 0
    bits = number(rest[2 if wide else 1]) if len(rest) > (2 if wide else 1) else size * 8
    head = struct.pack('=64sI', name.encode(), bits)
    if wide:
        head += struct.pack('=I', number(rest[1]) if len(rest) > 1 else 0)
    return head + KEY[:size]


def encap(text):
    kind, *rest = text.split(',')
    ports = [int(p, 0) for p in rest[:2]] + [4500] * (2 - len(rest[:2]))
    return struct.pack('=H', number(kind, {'espinudp': 2, 'non-ike': 1, 'tcp': 7})) + struct.pack('>HH', *ports) + \
        bytes(2) + X.addr(rest[2] if len(rest) > 2 else '')


def mark(text):
    v, _, m = text.partition('/')
    return struct.pack('=II', number(v), number(m) if m else INF['max'])


def replay(text):
    return struct.pack('=3I', *(number(n) for n in (text.split(',') + ['0', '0'])[:3]))


def replay_esn(text):
    """window,key=value...: oseq seq (64 bits), words (of the bitmap), short, bits=hex words"""
    window, *rest = text.split(',')
    values = dict(r.partition('=')[::2] for r in rest)
    window = number(window)
    bits = [int(b, 16) for b in values['bits'].split(':')] if 'bits' in values else None
    n = number(values['words']) if 'words' in values else len(bits) if bits else (window + 31) // 32
    oseq, seq = number(values.get('oseq', '0')), number(values.get('seq', '0'))
    body = [] if 'short' in values else (bits or [])[:n] + [0] * (min(n, 200) - len(bits or []))
    return struct.pack('=6I', n, oseq & 0xffffffff, seq & 0xffffffff, oseq >> 32, seq >> 32, window) + struct.pack(
        '=%dI' % len(body), *body)


def template(text):
    """dst,src and then key=value: spi proto mode reqid family share optional algos"""
    dst, src, *rest = text.split(',')
    values = dict(r.partition('=')[::2] for r in rest)
    algos = number(values.get('algos', 'max'))
    return X.addr(dst) + struct.pack('>I', number(values.get('spi', '0'))) + struct.pack(
        '=B3xH2x', number(values.get('proto', 'esp'), PROTOS),
        number(values['family'], FAMILIES) if 'family' in values else family_of(dst, src)) + X.addr(src) + struct.pack(
            '=IBBBxIII', number(values.get('reqid', '1')), number(values.get('mode', 'tunnel'), MODES),
            number(values.get('share', '0')), number(values.get('optional', '0')), algos, algos, algos)


def migrate_entry(text):
    """old dst,old src,new dst,new src and then key=value: proto mode reqid old-family new-family"""
    old_dst, old_src, new_dst, new_src, *rest = text.split(',')
    values = dict(r.partition('=')[::2] for r in rest)
    return b''.join(X.addr(a) for a in (old_dst, old_src, new_dst, new_src)) + struct.pack(
        '=BBHIHH', number(values.get('proto', 'esp'), PROTOS), number(values.get('mode', 'tunnel'), MODES), 0,
        number(values.get('reqid', '1')),
        number(values['old-family'], FAMILIES) if 'old-family' in values else family_of(old_dst),
        number(values['new-family'], FAMILIES) if 'new-family' in values else family_of(new_dst))


def address_filter(text):
    """src/len,dst/len[,family]"""
    src, dst, *rest = text.split(',')
    s, slen = prefix(src) if src else (bytes(16), 0)
    d, dlen = prefix(dst) if dst else (bytes(16), 0)
    return s + d + struct.pack('=HBB', number(rest[0], FAMILIES) if rest else family_of(src, dst), slen, dlen)


def numbers(form, *tables):
    return lambda text: struct.pack(form, *(number(t, *tables) for t in text.split(',')))


def kmaddress(text):
    local, remote = text.split(',')[:2]
    return X.addr(local) + X.addr(remote) + struct.pack('=IHH', 0, family_of(local), 0)


def many(make):
    return lambda text: b''.join(make(t) for t in text.split('/+/'))


def sec_ctx(text):
    """length[,claimed length[,context length]]"""
    sizes = [number(t) for t in text.split(',')]
    n = sizes[0]
    return struct.pack('=HHBBH', sizes[1] if len(sizes) > 1 else n, 8, 1, 1,
                       sizes[2] if len(sizes) > 2 else max(0, n - 8)) + KEY[:max(0, n - 8)]


u8, u32, u64 = numbers('=B'), numbers('=I'), numbers('=Q')
ATTRS = {
    'auth': (1, lambda t: algorithm(t, False)), 'crypt': (2, lambda t: algorithm(t, False)),
    'comp': (3, lambda t: algorithm(t, False)), 'encap': (4, encap), 'tmpl': (5, many(template)),
    'sec-ctx': (8, sec_ctx), 'lifetime': (9, numbers('=4Q')), 'replay': (10, replay), 'replay-thresh': (11, u32),
    'etimer-thresh': (12, u32), 'srcaddr': (13, X.addr), 'coaddr': (14, X.addr), 'lastused': (15, u64),
    'type': (16, numbers('=B5x', {'main': 0, 'sub': 1})), 'migrate': (17, many(migrate_entry)),
    'aead': (18, lambda t: algorithm(t, True)), 'kmaddress': (19, kmaddress),
    'auth-trunc': (20, lambda t: algorithm(t, True)), 'mark': (21, mark), 'tfcpad': (22, u32),
    'replay-esn': (23, replay_esn), 'extra-flags': (24, u32), 'proto': (25, numbers('=B', PROTOS)),
    'filter': (26, address_filter), 'offload': (28, numbers('=iB3x')), 'set-mark': (29, u32),
    'set-mark-mask': (30, u32), 'if-id': (31, u32), 'mtimer-thresh': (32, u32), 'dir': (33, numbers('=B', SA_DIRS)),
    'keepalive': (34, u32), 'pcpu': (35, u32), 'thresh4': (3, numbers('=BB')), 'thresh6': (4, numbers('=BB')),
}


def attribute(text):
    """name=value; name!=value with the bit NESTED, name~=value with NET_BYTEORDER; the name may be a number"""
    name, _, value = text.partition('=')
    bits = {'!': 0x8000, '~': 0x4000}.get(name[-1:], 0)
    name = name.rstrip('!~')
    kind, make = ATTRS[name] if name in ATTRS else (int(name, 0), payload)
    if value.startswith(('hex:', 'zero:', 'ff:')):
        make = payload
    try:
        data = make(value)
    except (ValueError, struct.error, KeyError) as problem:
        raise Unknown(f'{text}: {problem}') from problem
    return X.attr(kind | bits, data)


class Words:
    """The words of one message, taken one after the other."""

    def __init__(self, words):
        self.attrs = [w[1:] for w in words if w[0] == '@']
        plain = [w for w in words if w[0] != '@']
        self.words = dict(w.partition('=')[::2] for w in plain if '=' in w)
        self.set = {w for w in plain if '=' not in w}

    def __contains__(self, name):
        return name in self.words

    def take(self, name, otherwise):
        return self.words.pop(name, otherwise)

    def flag(self, name):
        found = name in self.set
        self.set.discard(name)
        return found

    def number(self, name, otherwise, *tables):
        return number(self.words.pop(name), *tables) if name in self.words else otherwise

    def payload(self, name, otherwise):
        return payload(self.words.pop(name)) if name in self.words else otherwise

    def spi(self, otherwise):
        return struct.pack('>I', self.number('spi', otherwise) & 0xffffffff)

    def selector(self):
        return selector(self)


def message(words, seq):
    """the bytes of one message"""
    if words[0] not in KINDS:
        raise Unknown('no message ' + words[0])
    kind, make = KINDS[words[0]]
    w = Words(words[1:])
    dump = words[0].startswith('dump')
    flags = w.number('nl-flags', 1 | (0x300 if dump else 4), FLAGS)
    flags |= w.number('nl-more', 0, FLAGS)
    kind = w.number('nl-type', kind)
    pid, seq = w.number('nl-pid', 0), w.number('nl-seq', seq)
    length = w.number('nl-len', None) if 'nl-len' in w else None
    more = w.number('nl-len-more', 0)
    cut, tail = w.number('cut', None), w.payload('tail', b'')
    try:
        body = make(w)
    except (ValueError, struct.error) as problem:
        raise Unknown(' '.join(words) + ': ' + str(problem)) from problem
    if w.words or w.set:
        raise Unknown('left over: ' + ' '.join(list(w.words) + list(w.set)))
    if cut is not None:
        body = body[:cut]
        data = body if not w.attrs else body + bytes(-len(body) % 4)
    else:
        data = body + bytes(-len(body) % 4)
    data += b''.join(attribute(a) for a in w.attrs) + tail
    if length is None:
        length = 16 + len(data) + more
    return struct.pack('=IHHII', length & 0xffffffff, kind, flags, seq, pid) + data
