/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Which packets that leave by a device are for uxfrmd: those that the selector of an outbound policy may cover. When
 * in doubt a packet is taken: the daemon asks its real policies and lets through what none covers. A doubt is a
 * fragment where ports matter, and what stands behind more extension headers than are looked at here.
 *
 * The program stays when its process ends, and what it would have taken is dropped then: the kernel empties a
 * map of programs (@live) when nobody has it open any more.
 */

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/pkt_cls.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "io/tc_maps.h"

#define AF_PACKET 17
#define IP4_FRAGMENT 0x3fff /* more of them, or an offset */
#define LEVELS 130	    /* prefixes that one address can be in, and one more */
#define EXTENSIONS_MAX 8

#define HOP_BY_HOP 0
#define ROUTING 43
#define FRAGMENT 44
#define DESTINATION 60
#define ND_FIRST 133
#define ND_LAST 137

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, UX_TC_PREFIXES);
	__type(key, struct ux_tc_prefix);
	__type(value, struct ux_tc_chunk);
} prefixes SEC(".maps");

/* A trie as well, since what goes from a hash may be reused while it is read. */
struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, UX_TC_PREFIXES);
	__type(key, struct ux_tc_place);
	__type(value, struct ux_tc_chunk);
} more SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct ux_tc_settings);
} settings SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} live SEC(".maps");

/* A packet, and how far it has been looked up. */
struct walk {
	struct ux_tc_prefix to;
	struct ux_tc_place place;
	__be32 from[4];
	__be16 sport, dport;
	__u32 mark, ifindex;
	__u8 proto;
	__u8 proto_known, ports_known;
	__u8 taken, clear;
};

/* ---- what the packet is ---- */

static __always_inline void read_ports(struct __sk_buff *skb, struct walk *w, __u32 at)
{
	__be16 ports[2];

	switch (w->proto) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
	case IPPROTO_SCTP:
	case IPPROTO_DCCP:
		break;
	default:
		return;
	}
	if (bpf_skb_load_bytes_relative(skb, at, ports, sizeof(ports), BPF_HDR_START_NET) < 0)
		return;
	w->sport = ports[0];
	w->dport = ports[1];
	w->ports_known = 1;
}

static __always_inline int read_ip4(struct __sk_buff *skb, struct walk *w)
{
	struct iphdr ip;

	if (bpf_skb_load_bytes_relative(skb, 0, &ip, sizeof(ip), BPF_HDR_START_NET) < 0)
		return 0;
	w->to.bits = UX_TC_FAMILY_BITS + 32;
	w->to.family = bpf_htonl(4);
	w->to.addr[0] = ip.daddr;
	w->from[0] = ip.saddr;
	w->proto = ip.protocol;
	w->proto_known = 1;
	if (!(ip.frag_off & bpf_htons(IP4_FRAGMENT)))
		read_ports(skb, w, ip.ihl * 4);
	return 1;
}

/* Neighbour discovery is the link's own (RFC 4861: a hop limit of 255). */
static __always_inline int is_discovery(struct __sk_buff *skb, const struct ipv6hdr *ip)
{
	__u8 type = 0;

	if (ip->nexthdr != IPPROTO_ICMPV6 || ip->hop_limit != 255)
		return 0;
	if (bpf_skb_load_bytes_relative(skb, sizeof(*ip), &type, 1, BPF_HDR_START_NET) < 0)
		return 0;
	return type >= ND_FIRST && type <= ND_LAST;
}

/* fe80::/10, and multicast that does not go beyond the link. */
static __always_inline int is_of_link(const struct ipv6hdr *ip)
{
	const __be32 first = ip->daddr.in6_u.u6_addr32[0];
	const __be32 scope = first & bpf_htonl(0xff0f0000);

	return (first & bpf_htonl(0xffc00000)) == bpf_htonl(0xfe800000) || scope == bpf_htonl(0xff010000) ||
	       scope == bpf_htonl(0xff020000);
}

static __always_inline int is_extension(__u8 proto)
{
	return proto == HOP_BY_HOP || proto == ROUTING || proto == DESTINATION || proto == FRAGMENT;
}

/* Protocol and ports behind the extension headers. */
static __always_inline void read_upper6(struct __sk_buff *skb, struct walk *w, __u8 next)
{
	__u32 at = sizeof(struct ipv6hdr);

	for (int i = 0; i < EXTENSIONS_MAX && is_extension(next); i++) {
		__u8 head[2];

		if (bpf_skb_load_bytes_relative(skb, at, head, sizeof(head), BPF_HDR_START_NET) < 0)
			return;
		if (next == FRAGMENT) {
			/* what is behind it is in one of the fragments only */
			w->proto = head[0];
			w->proto_known = !is_extension(head[0]);
			return;
		}
		next = head[0];
		at += (head[1] + 1) * 8;
	}
	if (is_extension(next))
		return;
	w->proto = next;
	w->proto_known = 1;
	read_ports(skb, w, at);
}

static __always_inline int read_ip6(struct __sk_buff *skb, struct walk *w)
{
	struct ipv6hdr ip;

	if (bpf_skb_load_bytes_relative(skb, 0, &ip, sizeof(ip), BPF_HDR_START_NET) < 0)
		return 0;
	if (is_of_link(&ip) || is_discovery(skb, &ip))
		return 0;
	w->to.bits = UX_TC_FAMILY_BITS + 128;
	w->to.family = bpf_htonl(6);
	__builtin_memcpy(w->to.addr, &ip.daddr, sizeof(w->to.addr));
	__builtin_memcpy(w->from, &ip.saddr, sizeof(w->from));
	read_upper6(skb, w, ip.nexthdr);
	return 1;
}

/* ---- which selectors it is in ---- */

static __always_inline int is_from(const struct ux_tc_entry *e, const struct walk *w)
{
	__u32 differ = 0;

	for (int i = 0; i < 4; i++)
		differ |= (w->from[i] ^ e->src[i]) & e->src_mask[i];
	return !differ;
}

static __always_inline int is_icmp(const struct walk *w)
{
	return w->proto == IPPROTO_ICMP || w->proto == IPPROTO_ICMPV6 || !w->proto_known;
}

static __always_inline int fits(const struct ux_tc_entry *e, const struct walk *w)
{
	if (!(e->flags & UX_TC_USED) || (e->ifindex && e->ifindex != w->ifindex) ||
	    ((w->mark ^ e->mark) & e->mark_mask))
		return 0;
	if ((e->flags & UX_TC_ICMP) && is_icmp(w))
		return 1;
	if (e->proto && w->proto_known && e->proto != w->proto)
		return 0;
	if (w->ports_known &&
	    (((w->sport ^ e->sport) & e->sport_mask) || ((w->dport ^ e->dport) & e->dport_mask)))
		return 0;
	return is_from(e, w);
}

static __always_inline int any_fits(const struct ux_tc_chunk *c, const struct walk *w)
{
	for (int i = 0; i < UX_TC_ENTRIES; i++) {
		if (fits(&c->entries[i], w))
			return 1;
	}
	return 0;
}

/* Called for each further chunk of a prefix; 1 ends it. One that is missing has just gone. */
static long look_at_more(__u32 i, struct walk *w)
{
	const struct ux_tc_chunk *c;

	w->place.chunk = i + 1;
	c = bpf_map_lookup_elem(&more, &w->place);
	if (c && any_fits(c, w))
		w->taken = 1;
	return w->taken != 0;
}

/* Called for each prefix that the destination is in, longest first. */
static long look_at_prefix(__u32 i, struct walk *w)
{
	const struct ux_tc_chunk *c = bpf_map_lookup_elem(&prefixes, &w->to);
	__u32 n, bits;

	if (!c)
		return 1;
	if (!i)
		w->clear = c->flags & UX_TC_CLEAR;
	if ((c->flags & UX_TC_ALL) || any_fits(c, w)) {
		w->taken = 1;
		return 1;
	}
	n = c->n_chunks;
	bits = c->bits;
	if (n > 1 && n <= UX_TC_CHUNKS) {
		w->place.id = c->id;
		bpf_loop(n - 1, look_at_more, w, 0);
	}
	w->to.bits = UX_TC_FAMILY_BITS + bits - 1;
	return w->taken != 0 || !bits;
}

static __always_inline void look_up(struct walk *w)
{
	w->place.bits = UX_TC_PLACE_BITS;
	bpf_loop(LEVELS, look_at_prefix, w, 0);
}

/* ---- what becomes of it ---- */

/* Frames of packet sockets do not come from IP. */
static __always_inline int is_from_ip(const struct __sk_buff *skb)
{
	const struct bpf_sock *sk = skb->sk;

	return !sk || sk->family != AF_PACKET;
}

/* Called as long as the daemon lives. */
SEC("tc")
int capture_taken(struct __sk_buff *skb)
{
	const __u32 zero = 0;
	const struct ux_tc_settings *s = bpf_map_lookup_elem(&settings, &zero);
	__u32 ifindex;

	if (!s)
		return TC_ACT_SHOT;
	ifindex = s->ifindex;
	for (int i = 0; i < UX_TC_MARKS; i++) {
		const struct ux_tc_mark *m = &s->marks[i];

		if (m->used && !((skb->mark ^ m->v) & m->m)) {
			ifindex = m->ifindex;
			break;
		}
	}
	return ifindex ? (int)bpf_redirect(ifindex, 0) : TC_ACT_SHOT;
}

SEC("tc")
int capture(struct __sk_buff *skb)
{
	const __u32 zero = 0;
	const struct ux_tc_settings *s = bpf_map_lookup_elem(&settings, &zero);
	struct walk w = {0};
	int known = 0;

	if (!s)
		return TC_ACT_UNSPEC; /* cannot be: it has one element */
	if (skb->mark & s->own_mark)
		return s->left ? TC_ACT_OK : TC_ACT_UNSPEC;
	if (!is_from_ip(skb))
		return s->left ? TC_ACT_OK : TC_ACT_UNSPEC;
	w.mark = skb->mark;
	w.ifindex = skb->ifindex;
	if (skb->protocol == bpf_htons(ETH_P_IP))
		known = read_ip4(skb, &w);
	else if (skb->protocol == bpf_htons(ETH_P_IPV6))
		known = read_ip6(skb, &w);
	if (!known)
		return TC_ACT_UNSPEC;
	if (s->all)
		w.taken = 1;
	else
		look_up(&w);
	if (!w.taken)
		return w.clear && s->left ? TC_ACT_OK : TC_ACT_UNSPEC;
	bpf_tail_call(skb, &live, 0);
	return TC_ACT_SHOT;
}

char _license[] SEC("license") = "Dual BSD/GPL";
