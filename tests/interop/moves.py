# SPDX-License-Identifier: BSD-2-Clause
"""SAs that move while packets flow: uxfrmd's by MIGRATE_STATE, the kernel's, which stays where it is, in its own words."""
import itertools
import json
import struct
import subprocess
from dataclasses import dataclass

import cells
import guest
import xfrm_bytes as x

OURS = {4: ('192.0.2.1', '192.0.2.11'), 6: ('2001:db8::1', '2001:db8::11')}
THEIRS = {4: '192.0.2.2', 6: '2001:db8::2'}
REQID = 1
BURST = 16
STREAM = 200000 # bytes of a TCP stream from either side, which goes on all the while
# Sequence numbers of an SA that the kernel has to install anew go on from here.
LATER = 10000
AF_UNSPEC = 0x20  # a flag of SAs: no selector, of no family
ALGORITHMS = {'gcm': (('aead', 'rfc4106(gcm(aes))', 20, 128), 8),
              'cbc': (('cipher', 'cbc(aes)', 16, 'hmac(sha256)', 32, 128), 16)}
AH_ALGORITHMS = {'sha1': ('auth', 'hmac(sha1)', 20, 96), 'sha256': ('auth', 'hmac(sha256)', 32, 128)}
RECORD = 'wire-{}.pcap'


@dataclass(frozen=True)
class Place:
    """where uxfrmd's end of an SA is, and how it is reached"""
    family: int
    which: int
    encap: str

    @property
    def ends(self):
        return OURS[self.family][self.which], THEIRS[self.family]

    @property
    def name(self):
        return f'{self.family}.{self.which + 1}{"udp" if self.encap == "udp" else ""}'

    def pair(self, sender):
        """(source, destination) of what @sender sends; 0 is uxfrmd"""
        return self.ends if sender == 0 else self.ends[::-1]


@dataclass(frozen=True)
class Move:
    mode: str
    inner: int
    old: Place
    new: Place
    algorithm: str
    esn: bool

    is_recorded = True

    @property
    def name(self):
        return (f'move/{self.mode}/{self.inner}/{self.old.name}-{self.new.name}/{self.algorithm}'
                f'/{"esn" if self.esn else "32"}')

    def values(self):
        return tuple(enumerate((self.mode, self.inner, self.old, self.new, self.algorithm, self.esn)))

    def inside(self):
        return self.old.ends if self.mode == 'transport' else cells.INNER[self.inner]

    @property
    def is_told_anew(self):
        """no MIGRATE of this kernel takes an SA out of UDP"""
        return self.old.encap == 'udp' and self.new.encap != 'udp'

    @property
    def is_seamless(self):
        """the kernel takes packets of either kind between its own step and the last one of uxfrmd"""
        return (self.old.family, self.old.encap) == (self.new.family, self.new.encap)

    def selector(self, sender):
        ends = self.inside()[::-1] if sender else self.inside()
        bits = cells.PREFIX[self.inner]
        return x.selector(dst=ends[1], src=ends[0], dlen=bits, slen=bits, family=cells.FAMILY[self.inner])

    @property
    def protocol(self):
        return x.ESP

    def sa(self, place, sender, spi, oseq=0):
        source, destination = place.pair(sender)
        info = x.usersa_info(dst=destination, src=source, spi=spi, mode=cells.MODES[self.mode], reqid=REQID,
                             window=0 if self.esn else 32, flags=cells.ESN if self.esn else 0,
                             sel=self.selector(sender))
        attrs = cells.attributes(ALGORITHMS[self.algorithm][0], spi)
        if self.esn:
            attrs += x.replay_esn(64, oseq=oseq)
        elif oseq:
            attrs += x.replay(oseq)
        return x.msg(x.NEWSA, info, attrs + (x.encap() if place.encap == 'udp' else b''))

    def sas(self, place, sender, spi, oseq=0):
        """the requests for all that @sender sends by"""
        yield self.sa(place, sender, spi, oseq)

    def policy(self, kind, place, sender, direction):
        source, destination = place.pair(sender)
        tmpl = x.template(dst=destination, src=source, proto=self.protocol, mode=cells.MODES[self.mode], reqid=REQID,
                          family=cells.FAMILY[place.family])
        return x.msg(kind, x.policy_info(self.selector(sender), direction), x.attr(x.TMPL, tmpl))

    def migrate_state(self, sender, spi):
        source, destination = self.new.pair(sender)
        ident = x.usersa_id(dst=self.old.pair(sender)[1], spi=spi, proto=self.protocol)
        body = x.migrate_state(ident, destination, source, new_reqid=REQID, sel=self.selector(sender))
        encap = x.encap() if self.new.encap == 'udp' else x.encap(0, 0, 0)
        return x.msg(x.MIGRATE_STATE, body, encap if self.old.encap != self.new.encap else b'')

    def migrate(self, sender, direction):
        old, new = self.old.pair(sender)[::-1], self.new.pair(sender)[::-1]
        entry = b''.join(map(x.addr, old + new)) + struct.pack(
            '=BBHIHH', self.protocol, cells.MODES[self.mode], 0, REQID, cells.FAMILY[self.old.family],
            cells.FAMILY[self.new.family])
        return x.msg(x.MIGRATE, x.policy_id(self.selector(sender), direction), x.attr(x.A_MIGRATE, entry) +
                     (x.encap() if self.new.encap == 'udp' else b''))

    def tell_kernel(self, spis):
        if not self.is_told_anew:
            yield f'theirs {self.migrate(1, cells.OUT).hex()}'
            yield f'theirs {self.migrate(0, cells.IN).hex()}'
            return
        for sender in (0, 1):
            for request in (*self.gone(sender, spis[sender]), *self.sas(self.new, sender, spis[sender], LATER * sender)):
                yield f'theirs {request.hex()}'
            direction = cells.OUT if sender else cells.IN
            yield f'theirs {self.policy(x.UPDPOLICY, self.new, sender, direction).hex()}'

    def gone(self, sender, spi):
        """the requests that delete all that @sender sends by"""
        yield x.msg(x.DELSA, x.usersa_id(dst=self.old.pair(sender)[1], spi=spi))

    def migrate_ours(self, sender, spi):
        yield f'ours {self.migrate_state(sender, spi).hex()}'

    @staticmethod
    def traffic():
        """a part of the streams, and datagrams that are on their way when it goes on"""
        yield f'stream-go ours {STREAM // 8}'
        yield f'stream-go theirs {STREAM // 8}'
        yield f'send {BURST}'

    def size(self, number):
        """of a datagram"""
        return 700 if number % 2 else 3000

    def spis(self, number):
        return 0x8000000 + 2 * number, 0x8000001 + 2 * number

    def script(self, number):
        spis = self.spis(number)
        ours, theirs = self.inside()
        yield f'case {self.name}'
        for sender in (0, 1):
            for request in self.sas(self.old, sender, spis[sender]):
                yield f'both {request.hex()}'
        for side, own in (('ours', 0), ('theirs', 1)):
            for sender in (0, 1):
                direction = cells.OUT if sender == own else cells.IN
                yield f'{side} {self.policy(x.NEWPOLICY, self.old, sender, direction).hex()}'
        yield f'record {RECORD.format(number)}'
        yield f'echo ours {ours} {theirs} 56 4000'
        yield f'flow {ours} {theirs} {self.size(number)}'
        yield f'stream-open ours {ours} {theirs} {STREAM}'
        yield f'stream-open theirs {theirs} {ours} {STREAM}'
        yield from self.traffic()
        yield from self.migrate_ours(1, spis[1])
        yield from self.traffic()
        # What is on its way when the kernel deletes its SA is lost there.
        yield from () if self.is_seamless and not self.is_told_anew else ('sleep 20',)
        yield from self.tell_kernel(spis)
        yield from self.traffic() if self.is_seamless else ()
        yield from self.migrate_ours(0, spis[0])
        yield from self.traffic()
        yield 'stream-end ours'
        yield 'stream-end theirs'
        yield 'flow-end'
        yield f'echo theirs {theirs} {ours} 56 4000'
        yield 'recorded'

    def wrong(self, case, number, decoded):
        for ours, theirs in case.requests():
            if any(answer and answer[0] for answer in (ours, theirs)):
                yield f'refused: uxfrmd {ours}, the kernel {theirs}'
        yield from case.of('wrong')
        for flow in case.of('flow'):
            if ' lost=0 doubled=0 damaged=0' not in flow:
                yield f'datagrams into {flow}'
        yield from self.wrong_on_wire(case, self.spis(number), decoded)

    def wrong_on_wire(self, case, spis, decoded):
        for what in ('repeated_sequence_numbers', 'cleartext_packets', 'undecodable'):
            if decoded[what]:
                yield f'on the wire: {what} {decoded[what]}'
        seen = {int(spi['spi'], 16): spi for spi in decoded['spis']}
        if set(seen) != set(spis):
            yield f'on the wire: {sorted(seen)} instead of {spis}'
            return
        for who, of in zip(('uxfrmd', 'the kernel'), (seen[spi] for spi in spis)):
            if of['paths'] != 2:
                yield f'{who} did not change its packets: {of}'
        # The kernel's own are not judged further: cutting TCP segments for ESP it leaves out numbers and repeats IVs.
        ours = seen[spis[0]]
        if ours['first'] != 1 or ours['packets'] != ours['highest'] or ours['repeated_ivs']:
            yield f'sequence numbers or IVs of uxfrmd: {ours}'


@dataclass(frozen=True)
class AhMove(Move):
    """of AH, which has no form in UDP. The decoder does not know it: what passed is counted, and the other side's window of
    numbers and the flow tell that none came twice."""

    is_recorded = False

    @property
    def name(self):
        return super().name.replace('move/', 'move/ah-')

    def sa(self, place, sender, spi, oseq=0):
        source, destination = place.pair(sender)
        info = x.usersa_info(dst=destination, src=source, spi=spi, proto=x.AH, mode=cells.MODES[self.mode], reqid=REQID,
                             window=0 if self.esn else 32, flags=cells.ESN if self.esn else 0, sel=self.selector(sender))
        return x.msg(x.NEWSA, info, cells.attributes(AH_ALGORITHMS[self.algorithm], spi) +
                     (x.replay_esn(64, oseq=oseq) if self.esn else b''))

    @property
    def protocol(self):
        return x.AH

    def script(self, number):
        for line in super().script(number):
            if not line.startswith('record'):
                yield line
        yield 'wire'

    def wrong_on_wire(self, case, spis, decoded):
        counts = {w.split('=')[0]: int(w.split('=')[1]) for line in case.of('wire') for w in line.split()}
        if counts.get('ah', 0) < 6 * BURST or any(counts.get(k) for k in ('esp', 'comp', 'udp', 'clear', 'unseen')):
            yield f'on the wire: {counts}'


@dataclass(frozen=True)
class CompMove(Move):
    """of SAs with IPComp inside ESP: each moves by a request of its own, the companion with its IPComp SA"""

    @property
    def name(self):
        return super().name.replace('move/', 'move/comp-')

    def chain(self):
        """(protocol, mode, reqid, attributes) of each SA, the inner one first"""
        return ((x.COMP, cells.MODES[self.mode], REQID, x.algo(x.ALG_COMP, 'deflate', b'')),
                (x.ESP, x.TRANSPORT, REQID + 1, cells.attributes(ALGORITHMS[self.algorithm][0], 7)))

    @staticmethod
    def index(protocol, spi):
        """of the SA with this protocol: an SPI, or the CPI beside it"""
        return spi if protocol == x.ESP else 0x1000 + spi % 0xe000

    def sas(self, place, sender, spi, oseq=0):
        source, destination = place.pair(sender)
        for protocol, mode, reqid, attrs in self.chain():
            numbered = protocol == x.ESP
            esn = self.esn and numbered
            info = x.usersa_info(dst=destination, src=source, spi=self.index(protocol, spi), proto=protocol, mode=mode,
                                 reqid=reqid, window=32 if numbered and not esn else 0,
                                 flags=AF_UNSPEC | (cells.ESN if esn else 0), sel=x.selector(family=0))
            if esn:
                attrs += x.replay_esn(64, oseq=oseq)
            elif oseq and numbered:
                attrs += x.replay(oseq)
            yield x.msg(x.NEWSA, info, attrs + (x.encap() if numbered and place.encap == 'udp' else b''))

    def policy(self, kind, place, sender, direction):
        source, destination = place.pair(sender)
        made = b''
        for protocol, mode, reqid, _ in self.chain():
            one = bytearray(x.template(dst=destination, src=source, proto=protocol, mode=mode, reqid=reqid,
                                       family=cells.FAMILY[place.family]))
            # not everything gets smaller
            one[50] = protocol == x.COMP and direction == cells.IN
            made += bytes(one)
        return x.msg(kind, x.policy_info(self.selector(sender), direction), x.attr(x.TMPL, made))

    def migrate_ours(self, sender, spi):
        source, destination = self.new.pair(sender)
        # the outer one last by which packets come, and first by which they leave: those between find their SA
        for protocol, _, reqid, _ in self.chain():
            ident = x.usersa_id(dst=self.old.pair(sender)[1], spi=self.index(protocol, spi), proto=protocol)
            body = x.migrate_state(ident, destination, source, new_reqid=reqid, sel=x.selector(family=0))
            changes = protocol == x.ESP and self.old.encap != self.new.encap
            encap = x.encap() if self.new.encap == 'udp' else x.encap(0, 0, 0)
            yield f'ours {x.msg(x.MIGRATE_STATE, body, encap if changes else b"").hex()}'

    @property
    def is_told_anew(self):
        """the companion of an IPComp SA that this kernel moves stays where it was"""
        return True

    @property
    def is_seamless(self):
        return False

    def gone(self, sender, spi):
        for protocol, *_ in self.chain():
            yield x.msg(x.DELSA, x.usersa_id(dst=self.old.pair(sender)[1], spi=self.index(protocol, spi), proto=protocol))


def decode(build, recorded, iv_length, work):
    """what the independent decoder says of a capture"""
    path = work / 'capture.pcap'
    path.write_bytes(recorded)
    said = subprocess.run([f'{build}/tests/tools/espcheck/espcheck', '--inner', '10.0.0.0/8', '--inner', 'fd00::/8',
                           '--iv-length', str(iv_length), path], stdout=subprocess.PIPE, check=False).stdout
    if not said:
        raise guest.Failure('the capture cannot be decoded')
    return json.loads(said)


def places(old):
    """where an SA may go from @old"""
    other = 10 - old.family
    if old.encap == 'udp':
        return (Place(old.family, 1, 'udp'), Place(old.family, 0, 'plain'), Place(old.family, 1, 'plain'),
                Place(other, 0, 'udp'))
    return (Place(old.family, 1, 'plain'), Place(old.family, 0, 'udp'), Place(old.family, 1, 'udp'),
            Place(other, 0, 'plain'), Place(other, 1, 'udp'))


def everything():
    for mode, inner, family, encap in itertools.product(('tunnel', 'beet'), (4, 6), (4, 6), ('plain', 'udp')):
        old = Place(family, 0, encap)
        for new, algorithm, esn in itertools.product(places(old), ALGORITHMS, (False, True)):
            yield Move(mode, inner, old, new, algorithm, esn)
    for family, algorithm, esn in itertools.product((4, 6), ALGORITHMS, (False, True)):
        plain, udp = Place(family, 0, 'plain'), Place(family, 0, 'udp')
        yield Move('transport', family, plain, udp, algorithm, esn)
        yield Move('transport', family, udp, plain, algorithm, esn)
    for mode, inner, family in itertools.product(('tunnel', 'beet'), (4, 6), (4, 6)):
        # as cells.everything: Linux does not do AH in BEET mode with IPv4 inside
        if mode == 'beet' and inner == 4:
            continue
        for new, algorithm, esn in itertools.product(places(Place(family, 0, 'plain')), AH_ALGORITHMS, (False, True)):
            if new.encap == 'plain':
                yield AhMove(mode, inner, Place(family, 0, 'plain'), new, algorithm, esn)
    for inner, family in itertools.product((4, 6), (4, 6)):
        for new, algorithm, esn in itertools.product(places(Place(family, 0, 'plain')), ALGORITHMS, (False, True)):
            if new.encap == 'plain':
                yield CompMove('tunnel', inner, Place(family, 0, 'plain'), new, algorithm, esn)
