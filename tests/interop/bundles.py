# SPDX-License-Identifier: BSD-2-Clause
"""Cells with IPComp, and with several SAs for one packet."""
import itertools
from dataclasses import dataclass

import cells
import xfrm_bytes as x

# innermost first; the first in the mode asked for, the others in transport mode around it. Not AH inside of ESP: Linux
# checks such an ICV with the protocol ESP still in the IP header.
CHAINS = ('comp', 'comp+esp', 'comp+ah', 'comp+esp+ah', 'esp+ah', 'esp+esp', 'ah+ah', 'esp+esp+ah')
ATTRIBUTES = {
    'esp': x.algo2(x.ALG_AEAD, 'rfc4106(gcm(aes))', cells.key(20, 1), 128),
    'ah': x.algo2(x.ALG_AUTH_TRUNC, 'hmac(sha256)', cells.key(32, 2), 128),
    'comp': x.algo(x.ALG_COMP, 'deflate', b''),
}
PROTOCOLS = {'esp': x.ESP, 'ah': x.AH, 'comp': x.COMP}
AF_UNSPEC = 0x20  # a flag of SAs: no selector, of no family


@dataclass(frozen=True)
class Bundle(cells.Cell):
    """cells.Cell's protocol is one of CHAINS"""

    @property
    def name(self):
        inner, outer = self.families
        return f'{self.protocol}/{self.mode}/{inner}in{outer}'

    def chain(self):
        """(protocol, mode) of each SA"""
        first, *others = self.protocol.split('+')
        return [(first, cells.MODES[self.mode])] + [(p, x.TRANSPORT) for p in others]

    def sa_of(self, sender, spi, position):
        protocol, mode = self.chain()[position]
        outer = cells.OUTER[self.families[1]]
        info = x.usersa_info(dst=outer[1 - sender], src=outer[sender], spi=spi, proto=PROTOCOLS[protocol], mode=mode,
                             reqid=position + 1, window=0 if protocol == 'comp' else 32, flags=AF_UNSPEC,
                             sel=x.selector(family=0))
        return x.msg(x.NEWSA, info, ATTRIBUTES[protocol])

    def policy(self, sender, direction):
        outer = cells.OUTER[self.families[1]]
        made = b''
        for position, (protocol, mode) in enumerate(self.chain()):
            one = bytearray(x.template(dst=outer[1 - sender], src=outer[sender], proto=PROTOCOLS[protocol], mode=mode,
                                       reqid=position + 1, family=cells.FAMILY[self.families[1]]))
            # not everything gets smaller
            one[50] = protocol == 'comp' and direction == cells.IN
            made += bytes(one)
        return x.msg(x.NEWPOLICY, x.policy_info(self.selector(sender), direction), x.attr(x.TMPL, made))

    def setting(self, number):
        for sender, position in itertools.product((0, 1), range(len(self.chain()))):
            spi = 0x1000 + (16 * number + 8 * sender + position) % 0xe000
            yield f'both {self.sa_of(sender, spi, position).hex()}'
        for side, own in (('ours', 0), ('theirs', 1)):
            for sender in (0, 1):
                yield f'{side} {self.policy(sender, cells.OUT if sender == own else cells.IN).hex()}'

    def wrong(self, case):
        for ours, theirs in case.requests():
            if (ours or theirs)[0] or (theirs or ours)[0]:
                yield f'refused: uxfrmd {ours}, the kernel {theirs}'
        yield from case.of('wrong')
        counts = {w.split('=')[0]: int(w.split('=')[1]) for line in case.of('wire') for w in line.split()}
        form = self.protocol.split('+')[-1]
        if not counts.get(form):
            yield f'no packet had the form asked for: {counts}'
        others = {'esp', 'ah', 'udp', 'unseen'} | (set() if form == 'comp' else {'comp', 'clear'})
        if any(counts.get(k) for k in others - {form}):
            yield f'packets of another form: {counts}'


def everything():
    for protocol, families, mode in itertools.product(CHAINS, cells.FAMILIES, ('tunnel', 'transport')):
        if mode == 'tunnel' or families[0] == families[1]:
            yield Bundle(protocol, mode, families, (), 'plain', False)
