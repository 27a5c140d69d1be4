/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Which frames are for our AF_XDP sockets: whole IPv4 and IPv6 packets to this host that carry ESP,
 * AH or IPComp, or ESP in UDP at a port of ours. All others are the kernel's: also what is
 * unusual, such as fragments, options and extension headers, VLAN tags, and frames longer than the
 * part of them that can be seen here. So are packets of an SA that looks at marks, since the
 * kernel's netfilter may set one.
 *
 * Packets of one SA must not overtake each other, or they fall behind its replay window. So when one
 * comes in fragments, which the kernel puts together, the others of its SPI are the kernel's too,
 * until there were none in fragments for a while, and then none at all for a moment in which the
 * process has taken what the kernel has for it.
 */

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "io/xdp_maps.h"

#define IP4_MORE 0x2000
#define IP4_OFFSET 0x1fff
#define IP6_OFFSET 0xfff8
#define IPV6_FRAGMENT 44
#define FRAGMENT_HOLDS_NS 1000000000ull
#define QUIET_NS 2000000ull

struct {
	__uint(type, BPF_MAP_TYPE_XSKMAP);
	__uint(max_entries, UX_XDP_DEVICES *UX_XDP_QUEUES);
	__type(key, __u32);
	__type(value, __u32);
} sockets SEC(".maps");

/* By ifindex. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, UX_XDP_DEVICES);
	__type(key, __u32);
	__type(value, struct ux_xdp_own);
} devices SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, UX_XDP_ADDRESSES);
	__type(key, __be32);
	__type(value, __u32);
} addresses4 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, UX_XDP_ADDRESSES);
	__type(key, struct ux_xdp_address);
	__type(value, __u32);
} addresses6 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, UX_XDP_PORTS);
	__type(key, struct ux_xdp_udp_port);
	__type(value, __u32);
} ports SEC(".maps");

/* Ports of ours that are somebody else's at one address. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, UX_XDP_EXCEPTIONS);
	__type(key, struct ux_xdp_udp_port);
	__type(value, __u32);
} exceptions SEC(".maps");

/* SPIs, and IPComp's CPIs, of SAs with a mark. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, UX_XDP_SPIS);
	__type(key, __be32);
	__type(value, __u32);
} marked_spis SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct ux_xdp_gate);
} gate SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, UX_XDP_KERNEL_SPIS);
	__type(key, __be32);
	__type(value, struct ux_xdp_kernel_spi);
} kernel_spis SEC(".maps");

/* Was anything ever put there? */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} any_kernel_spi SEC(".maps");


/* The upper layer of a packet to this host. */
struct upper {
	const void *at;
	const void *end; /* of the packet, not of the frame */
	struct ux_xdp_address to;
	__u16 family;
	__u8 proto;
	__u8 fragment; /* the first one; others are not looked at */
};

struct ip6_fragment {
	__u8 nexthdr, reserved;
	__be16 offset;
	__be32 id;
};

static __always_inline int parse_ip4(const void *at, const void *data_end, struct upper *u)
{
	const struct iphdr *ip = at;
	__u32 len;

	if ((const void *)(ip + 1) > data_end)
		return 0;
	len = bpf_ntohs(ip->tot_len);
	if (ip->version != 4 || ip->ihl != 5 || (ip->frag_off & bpf_htons(IP4_OFFSET)) ||
	    len < sizeof(*ip) || at + len > data_end)
		return 0;
	u->fragment = (ip->frag_off & bpf_htons(IP4_MORE)) != 0;
	u->at = ip + 1;
	u->end = at + len;
	u->to.w[0] = ip->daddr;
	u->family = 4;
	u->proto = ip->protocol;
	return 1;
}

static __always_inline int parse_ip6(const void *at, const void *data_end, struct upper *u)
{
	const struct ipv6hdr *ip = at;
	__u32 len;

	if ((const void *)(ip + 1) > data_end)
		return 0;
	len = bpf_ntohs(ip->payload_len);
	if (ip->version != 6 || (const void *)(ip + 1) + len > data_end)
		return 0;
	u->at = ip + 1;
	u->end = (const void *)(ip + 1) + len;
	__builtin_memcpy(&u->to, &ip->daddr, sizeof(u->to));
	u->family = 6;
	u->proto = ip->nexthdr;
	if (u->proto == IPV6_FRAGMENT) {
		const struct ip6_fragment *f = u->at;

		if ((const void *)(f + 1) > data_end || (f->offset & bpf_htons(IP6_OFFSET)))
			return 0;
		u->fragment = 1;
		u->proto = f->nexthdr;
		u->at = f + 1;
	}
	return 1;
}

static __always_inline int is_local(const struct upper *u)
{
	if (u->family == 4)
		return bpf_map_lookup_elem(&addresses4, &u->to.w[0]) != 0;
	return bpf_map_lookup_elem(&addresses6, &u->to) != 0;
}

/* ESP in UDP at a port of ours; IKE has a zero word there, a keepalive is shorter. */
static __always_inline int parse_udp(const struct upper *u, const void *data_end, __be32 *ret_spi)
{
	const struct udphdr *udp = u->at;
	const __be32 *spi = (const void *)(udp + 1);
	struct ux_xdp_udp_port key = {.family = u->family};

	if ((const void *)(spi + 1) > data_end || (const void *)(spi + 1) > u->end)
		return 0;
	if (bpf_ntohs(udp->len) < sizeof(*udp) + sizeof(*spi) ||
	    (!u->fragment && u->at + bpf_ntohs(udp->len) > u->end) || *spi == 0)
		return 0;
	key.port = udp->dest;
	if (!bpf_map_lookup_elem(&ports, &key))
		return 0;
	key.addr = u->to;
	if (bpf_map_lookup_elem(&exceptions, &key))
		return 0;
	*ret_spi = *spi;
	return 1;
}

static __always_inline int find_spi(const struct upper *u, const void *data_end, __be32 *ret_spi)
{
	const __be32 *words = u->at;

	if (u->proto == IPPROTO_UDP)
		return parse_udp(u, data_end, ret_spi);
	if ((const void *)(words + 2) > data_end || (const void *)(words + 2) > u->end)
		return 0;
	switch (u->proto) {
	case IPPROTO_ESP:
		*ret_spi = words[0];
		return 1;
	case IPPROTO_AH:
		*ret_spi = words[1];
		return 1;
	case 108: /* IPPROTO_COMP: the CPI is half a word */
		*ret_spi = bpf_htonl(bpf_ntohl(words[0]) & 0xffff);
		return 1;
	default:
		return 0;
	}
}

/* Is the packet the kernel's because of others of its SPI? */
static __always_inline int goes_with_others(__be32 spi, int marked, int fragment)
{
	struct ux_xdp_kernel_spi *known, fresh;
	const __u32 zero = 0;
	__u32 *any = bpf_map_lookup_elem(&any_kernel_spi, &zero);
	__u64 now;

	if (!any || (!marked && !fragment && !*any))
		return 0;
	known = bpf_map_lookup_elem(&kernel_spis, &spi);
	if (!known && !marked && !fragment)
		return 0;
	now = bpf_ktime_get_ns();
	if (!known) {
		*any = 1;
		fresh.latest = now;
		fresh.fragment = fragment ? now : 0;
		bpf_map_update_elem(&kernel_spis, &spi, &fresh, BPF_ANY);
		return 1;
	}
	if (fragment)
		known->fragment = now;
	if (!marked && now - known->fragment > FRAGMENT_HOLDS_NS && now - known->latest > QUIET_NS)
		return 0;
	known->latest = now;
	return 1;
}

SEC("xdp")
int underlay(struct xdp_md *ctx)
{
	const void *data = (const void *)(long)ctx->data;
	const void *data_end = (const void *)(long)ctx->data_end;
	const struct ethhdr *eth = data;
	struct upper u = {0};
	const struct ux_xdp_gate *g;
	const struct ux_xdp_own *own;
	const __u32 zero = 0, ifindex = ctx->ingress_ifindex;
	__be32 spi = 0;
	int marked;
	int ok;

	if ((const void *)(eth + 1) > data_end)
		return XDP_PASS;
	if (eth->h_proto == bpf_htons(ETH_P_IP))
		ok = parse_ip4(eth + 1, data_end, &u);
	else if (eth->h_proto == bpf_htons(ETH_P_IPV6))
		ok = parse_ip6(eth + 1, data_end, &u);
	else
		return XDP_PASS;
	if (!ok || !find_spi(&u, data_end, &spi) || !is_local(&u))
		return XDP_PASS;
	own = bpf_map_lookup_elem(&devices, &ifindex);
	if (!own || data_end - data > own->longest || ctx->rx_queue_index >= own->queues)
		return XDP_PASS;
	for (int i = 0; i < ETH_ALEN; i++) {
		if (eth->h_dest[i] != own->mac[i])
			return XDP_PASS;
	}
	g = bpf_map_lookup_elem(&gate, &zero);
	if (!g || g->closed)
		return XDP_PASS;
	marked = g->marked && bpf_map_lookup_elem(&marked_spis, &spi);
	if (goes_with_others(spi, marked, u.fragment))
		return XDP_PASS;
	/* No socket for this queue: to the kernel as well. */
	return (int)bpf_redirect_map(&sockets, own->first_socket + ctx->rx_queue_index, XDP_PASS);
}

char _license[] SEC("license") = "Dual BSD/GPL";
