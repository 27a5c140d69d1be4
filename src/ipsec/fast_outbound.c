/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The short way out: flow -> SA -> numbers for all packets of an SA at once -> headers from a
 * template -> crypto for the whole run.
 */

#include "base/rcu.h"
#include "base/stages.h"
#include "ipsec/account.h"
#include "ipsec/fast.h"
#include "ipsec/fast_limits.h"
#include "ipsec/interface_check.h"
#include "ipsec/mode.h"
#include "ipsec/padding.h"
#include "ipsec/path_mtu.h"
#include "ipsec/sa_use.h"
#include "ipsec/udp_encap.h"
#include "packet/checksum.h"
#include "packet/ecn.h"
#include "packet/esp_header.h"
#include "packet/udp.h"

#define IP4_DF 0x4000

/* A packet of the run, as it stands between the steps. */
struct fast_packet {
	struct ux_out_flow *flow;
	struct ux_plain_ip ip;
	uint32_t padded_len;
	bool udp6; /* its UDP checksum waits for the last byte */
};

/* Which SA it is may depend on the CPU (RFC 9611). */
static bool read_id(const struct uxfrm_worker *w, const struct uxfrm_packet *p,
		    struct ux_flow_id *id, struct ux_plain_ip *ip)
{
	const struct ux_flow_about about = {
	    .mark = p->mark, .ifindex = p->ifindex, .if_id = p->if_id, .more = w->cpu};

	return ux_flow_id_read(p->data, p->len, &about, id, ip);
}

static bool usable(const struct uxfrm_worker *w, const struct ux_out_flow *flow)
{
	return flow->head.generation == w->fast->generation &&
	       flow->paths ==
		   atomic_load_explicit(&w->instance->paths_forgotten, memory_order_relaxed);
}

/* Is there room, and does the path take it? As ux_protocol_room and ux_path_check, towards no. */
static bool fits(const struct uxfrm_packet *p, const struct ux_out_flow *flow, uint32_t inner_len,
		 uint32_t padded_len)
{
	size_t front = (size_t)(p->data - p->buf);
	uint32_t head = flow->outer_len + UX_ESP_HEADER_LEN + flow->iv_len;
	uint32_t behind = padded_len + flow->icv_len;

	return inner_len <= flow->longest && front >= head && p->size - front >= behind &&
	       head + behind <= UX_IP_MAX && !p->may_split;
}

static bool knows(struct uxfrm_worker *w, struct uxfrm_packet *p)
{
	struct ux_flow_cache *cache = &w->fast->out_flows;
	const struct ux_out_flow *flow;
	struct ux_plain_ip ip;
	struct ux_flow_id id;

	if (!read_id(w, p, &id, &ip))
		return false;
	flow = ux_flow_cache_find(cache, ux_flow_id_hash(&id, cache->secret), &id);
	return flow && usable(w, flow);
}

/* Is it of the flow of the packet before? Then *@ip is as read_id gives it. */
static bool follows(const struct uxfrm_packet *p, const struct uxfrm_packet *before,
		    const struct ux_plain_ip *ip_before, struct ux_plain_ip *ip)
{
	if (p->len < UX_FLOW_ID_FOLLOWS_LEN || ip_before->v6 ||
	    !ux_flow_id_follows(p->data, before->data) || p->mark != before->mark ||
	    p->ifindex != before->ifindex || p->if_id != before->if_id)
		return false;
	*ip = (struct ux_plain_ip){.total_len = ux_get_be16(p->data + 2),
				   .tos = p->data[1],
				   .df = ip_before->df};
	return ip->total_len <= p->len && ip->total_len >= UX_FLOW_ID_FOLLOWS_LEN;
}

/* The packets from the first on that can go together; what they need is on its way. */
static size_t find_flows(struct uxfrm_worker *w, struct uxfrm_packet *const *packets, size_t n,
			 struct fast_packet *run)
{
	struct ux_flow_lookup l;

	l.n = 0;
	while (l.n < n) {
		ux_fast_ahead(packets, n, l.n);
		if (l.n && follows(packets[l.n], packets[l.n - 1], &run[l.n - 1].ip,
				   &run[l.n].ip)) {
			ux_flow_lookup_again(&l);
			continue;
		}
		if (!read_id(w, packets[l.n], &l.id[l.n], &run[l.n].ip))
			break;
		ux_flow_lookup_add(&l, &w->fast->out_flows);
	}
	ux_flow_lookup_all(&l, &w->fast->out_flows);
	for (size_t i = 0; i < l.n; i++) {
		struct fast_packet *f = &run[i];

		f->flow = l.found[i];
		if (!f->flow || !usable(w, f->flow))
			return i;
		f->udp6 = f->flow->outer_udp && f->flow->outer_v6;
		f->padded_len =
		    ux_round_up(f->ip.total_len + UX_ESP_TRAILER_LEN, f->flow->align);
		if (!fits(packets[i], f->flow, f->ip.total_len, f->padded_len))
			return i;
		if (l.same[i] == i) {
			__builtin_prefetch(&f->flow->rt->oseq, 1);
			__builtin_prefetch(f->flow->iv, 1);
			__builtin_prefetch(f->flow->transform);
		}
	}
	return l.n;
}

/* Who sends how much; false: one of them is near a limit. */
static bool count_groups(struct uxfrm_worker *w, const struct fast_packet *run, size_t n)
{
	struct ux_fast *fast = w->fast;
	const struct ux_sa_runtime *last;
	uint8_t g;

	ux_fast_groups_clear(fast);
	for (size_t i = 0, first; i < n;) {
		uint64_t bytes = 0;

		last = run[i].flow->rt;
		g = ux_fast_group(fast, run[i].flow->rt);
		for (first = i; i < n && run[i].flow->rt == last; i++) {
			fast->group_of[i] = g;
			bytes += run[i].ip.total_len;
		}
		fast->groups[g].n += (uint32_t)(i - first);
		fast->groups[g].bytes += bytes;
	}
	for (size_t i = 0; i < n; i++) {
		const struct ux_fast_group *group = &fast->groups[fast->group_of[i]];

		if (i && fast->group_of[i] == fast->group_of[i - 1])
			continue;
		if (!ux_fast_limits_far(&run[i].flow->limits, group->rt, group->bytes, group->n,
					w->now_s))
			return false;
	}
	return true;
}

/*
 * Numbers for all. Returns how many packets go on: what comes behind the first one without a
 * number goes the general way, which says why there are none. Numbers that are left over are a gap.
 */
static size_t take_numbers(struct uxfrm_worker *w, const struct fast_packet *run, size_t n)
{
	struct ux_fast *fast = w->fast;
	uint32_t left[UXFRM_BURST];
	size_t first_of[UXFRM_BURST];
	bool all = true;

	for (size_t i = n; i-- > 0;)
		first_of[fast->group_of[i]] = i;
	for (size_t g = 0; g < fast->n_groups; g++) {
		struct ux_fast_group *group = &fast->groups[g];

		const struct ux_out_flow *flow = run[first_of[g]].flow;

		ux_worker_number(w, group->rt);
		left[g] = ux_sa_use_take(group->rt, flow->iv, flow->last_seq, group->n,
					 &group->seq, &group->iv);
		all &= left[g] == group->n;
	}
	if (all)
		return n;
	for (size_t i = 0; i < n; i++)
		if (left[fast->group_of[i]]-- == 0)
			return i;
	return n;
}

/* The run has become shorter: who has counted what. */
static void count_again(struct ux_fast *fast, const struct fast_packet *run, size_t n)
{
	for (size_t g = 0; g < fast->n_groups; g++)
		fast->groups[g].bytes = fast->groups[g].n = 0;
	for (size_t i = 0; i < n; i++) {
		fast->groups[fast->group_of[i]].n++;
		fast->groups[fast->group_of[i]].bytes += run[i].ip.total_len;
	}
}

/* Words as they lie in memory: class, length, identification and DF go into the first. */
static void build_ip4(uint8_t *outer, const struct ux_out_flow *flow, const struct ux_plain_ip *ip,
		      uint32_t total_len, uint64_t seq)
{
	bool df = ip->df && flow->keep_df;
	uint64_t id = df ? 0 : htobe16((uint16_t)(seq + flow->id_base));
	uint64_t changes = be64toh((uint64_t)flow->outer_tos << 48 | (uint64_t)total_len << 32 |
				   (df ? IP4_DF : 0)) |
			   le64toh(id << 32);
	uint64_t first = ux_load64(flow->outer) | changes, addresses = ux_load64(flow->outer + 12);
	uint32_t sum = flow->outer_sum, second = ux_load32(flow->outer + 8);

	for (int shift = 0; shift < 64; shift += 16)
		sum += (uint16_t)(changes >> shift);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	second |= be32toh((uint32_t)be16toh((uint16_t)~sum));
	memcpy(outer, &first, sizeof(first));
	memcpy(outer + 8, &second, sizeof(second));
	memcpy(outer + 12, &addresses, sizeof(addresses));
}

static void build_ip6(uint8_t *outer, const struct ux_out_flow *flow, const struct ux_plain_ip *ip,
		      uint32_t total_len)
{
	memcpy(outer, flow->outer, UX_IP6_LEN);
	ux_put_be32(outer, 6u << 28 | (uint32_t)flow->outer_tos << 20 | ip->flow_label);
	ux_put_be16(outer + 4, (uint16_t)(total_len - UX_IP6_LEN));
}

static void build_udp(uint8_t *udp, const struct ux_out_flow *flow, uint32_t len)
{
	uint64_t header = ux_load64(flow->outer + flow->outer_len - UX_UDP_LEN) |
			  be64toh((uint64_t)len << 16);

	memcpy(udp, &header, sizeof(header));
}

/* As ux_padding_write; what is written too much lies where the ICV will be. */
static void write_trailer(uint8_t *payload, const struct fast_packet *f, uint8_t icv_len)
{
	static const uint8_t padding[8] = {1, 2, 3, 4, 5, 6, 7, 8};
	uint8_t next_header = f->ip.v6 ? IPPROTO_IPV6 : IPPROTO_IPIP;
	uint32_t pad = f->padded_len - f->ip.total_len - UX_ESP_TRAILER_LEN;

	if (pad > sizeof(padding) || icv_len < sizeof(padding)) {
		ux_padding_write(payload, f->ip.total_len, f->padded_len, next_header);
		return;
	}
	memcpy(payload + f->ip.total_len, padding, sizeof(padding));
	payload[f->padded_len - 2] = (uint8_t)pad;
	payload[f->padded_len - 1] = next_header;
}

static void refresh_tos(struct ux_out_flow *flow, uint8_t inner)
{
	if (flow->inner_tos == inner)
		return;
	flow->inner_tos = inner;
	flow->outer_tos = ux_tunnel_outer_tos(flow->sa, inner);
}

/* Everything around the payload, and what the crypto has to do. */
static void build(struct uxfrm_worker *w, struct uxfrm_packet *p, const struct fast_packet *f,
		  struct ux_fast_group *group, struct ux_crypt_op *op)
{
	struct ux_out_flow *flow = f->flow;
	uint64_t seq = group->seq++, header;
	uint8_t *payload = p->data, *esp = payload - flow->iv_len - UX_ESP_HEADER_LEN;
	uint8_t *outer = esp - flow->outer_len;
	uint32_t total_len =
	    (uint32_t)(payload - outer) + f->padded_len + flow->icv_len;

	refresh_tos(flow, f->ip.tos);
	if (flow->outer_v6)
		build_ip6(outer, flow, &f->ip, total_len);
	else
		build_ip4(outer, flow, &f->ip, total_len, seq);
	if (flow->outer_udp)
		build_udp(esp - UX_UDP_LEN, flow, UX_UDP_LEN + total_len - flow->outer_len);
	header = htobe64((uint64_t)flow->spi << 32 | (uint32_t)seq);
	memcpy(esp, &header, sizeof(header));
	write_trailer(payload, f, flow->icv_len);
	op->transform = flow->transform;
	op->esp = esp;
	op->payload_len = f->padded_len;
	op->icv = payload + f->padded_len;
	op->iv_counter = group->iv++;
	op->seq_hi = (uint32_t)(seq >> 32);
	p->data = outer;
	p->len = total_len;
	p->may_fragment = flow->outer_v6 || !(f->ip.df && flow->keep_df);
	p->spi = flow->spi;
	p->mtu = f->ip.total_len > UX_PATH_ALWAYS_FITS ? flow->mtu : 0;
	p->drop = UXFRM_DROP_NONE;
	p->verdict = UXFRM_UNDERLAY;
	if (flow->marks)
		p->mark = (p->mark & ~flow->mark_m) | flow->mark_v;
	if (flow->policy_used_s != w->now_s) {
		flow->policy_used_s = w->now_s;
		atomic_store_explicit(&flow->policy->use_time_s, w->now_s, memory_order_relaxed);
	}
}

static void finish_udp6(struct uxfrm_packet *p)
{
	struct ux_ip_info info;

	if (ux_ip_parse(p->data, p->len, &info))
		ux_transport_checksum(p->data, &info);
}

/* What could not be sealed does not leave, and does not count. */
static void take_back(struct uxfrm_worker *w, struct uxfrm_packet *const *packets,
		      const struct fast_packet *run, size_t n)
{
	uint64_t bytes = 0, lost = 0;

	for (size_t i = 0; i < n; i++) {
		if (w->ops[i].ok)
			continue;
		packets[i]->verdict = UXFRM_DROP;
		packets[i]->drop = UXFRM_DROP_OUT_CRYPTO;
		ux_count_drop(w->counters, UXFRM_DROP_OUT_CRYPTO);
		bytes += run[i].ip.total_len;
		lost++;
	}
	ux_count_add(&w->counters->out_packets, -lost);
	ux_count_add(&w->counters->out_bytes, -bytes);
}

static void settle(struct uxfrm_worker *w, struct uxfrm_packet *const *packets,
		   const struct fast_packet *run, size_t n)
{
	bool all = true, udp6 = false;

	for (size_t i = 0; i < n; i++) {
		all &= w->ops[i].ok;
		udp6 |= run[i].udp6;
	}
	if (!all)
		take_back(w, packets, run, n);
	for (size_t i = 0; udp6 && i < n; i++)
		if (run[i].udp6 && packets[i]->verdict == UXFRM_UNDERLAY)
			finish_udp6(packets[i]);
}

static size_t short_way(struct uxfrm_worker *w, struct uxfrm_packet *const *packets, size_t n)
{
	struct fast_packet run[UXFRM_BURST];
	struct ux_fast *fast = w->fast;
	uint64_t packets_n = 0, bytes = 0;
	size_t numbered;

	ux_stage_begin();
	n = find_flows(w, packets, n, run);
	ux_stage_end(UX_STAGE_FIND);
	if (!n || !count_groups(w, run, n))
		return 0;
	ux_stage_end(UX_STAGE_LIMITS);
	numbered = take_numbers(w, run, n);
	if (numbered < n)
		count_again(fast, run, numbered);
	if (numbered == w->n_burst)
		ux_worker_numbered(w);
	n = numbered;
	ux_stage_end(UX_STAGE_NUMBERS);
	for (size_t i = 0; i < n; i++)
		build(w, packets[i], &run[i], &fast->groups[fast->group_of[i]], &w->ops[i]);
	ux_stage_end(UX_STAGE_HEADERS);
	ux_crypt_encrypt(w->crypto, w->ops, n);
	ux_stage_end(UX_STAGE_CRYPTO);
	settle(w, packets, run, n);
	ux_stage_end(UX_STAGE_DELIVER);
	for (size_t g = 0; g < fast->n_groups; g++) {
		const struct ux_fast_group *group = &fast->groups[g];

		if (!group->n)
			continue;
		packets_n += group->n;
		bytes += group->bytes;
		ux_account_count(group->rt, group->bytes, group->n, w->now_s);
		ux_account_sequence(w, group->rt);
	}
	ux_count_add(&w->counters->out_packets, packets_n);
	ux_count_add(&w->counters->out_bytes, bytes);
	ux_stage_end(UX_STAGE_ACCOUNT);
	return n;
}

const struct ux_fast_ways ux_fast_outbound = {.short_way = short_way, .knows = knows};

/* ---- what is remembered ---- */

static bool can_go(const struct ux_slot *s)
{
	const struct ux_sa *sa = s->n_bundle == 1 ? s->bundle[0] : NULL;
	const struct ux_policy *policy = s->policy;

	return sa && policy && policy->type == UX_POLICY_TYPE_MAIN &&
	       policy->n_templates == 1 && !policy->labelled &&
	       !(policy->flags & UX_POLICY_CPU_ACQUIRE) && sa->id.proto == IPPROTO_ESP &&
	       sa->mode == UX_MODE_TUNNEL && (!sa->runtime->transform->iv_len || sa->runtime->iv) &&
	       !sa->special && !sa->runtime->terms.tfcpad && !s->ip.fragment &&
	       !s->p->may_split && !ux_interface_may_loop(s);
}

static void template_ip(struct ux_out_flow *flow, const struct ux_sa *sa)
{
	struct ux_ip_build b = {
	    .saddr = &sa->saddr,
	    .daddr = &sa->id.daddr,
	    .ttl = UX_IP_DEFAULT_TTL,
	    .proto = ux_udp_encap_proto(sa),
	    .total_len = UX_IP6_LEN, /* filled in for each packet */
	};

	flow->outer_v6 = sa->id.family == AF_INET6;
	flow->outer_len = flow->outer_v6 ? UX_IP6_LEN : UX_IP4_LEN;
	if (flow->outer_v6) {
		ux_ip6_build(flow->outer, &b);
		return;
	}
	b.total_len = 0;
	ux_ip4_build(flow->outer, &b);
	ux_checksum_store(flow->outer + 10, 0);
	flow->outer_sum = 0;
	for (uint32_t at = 0; at < UX_IP4_LEN; at += 2)
		flow->outer_sum += ux_checksum_load(flow->outer + at);
}

static void make_template(struct ux_out_flow *flow, const struct ux_sa *sa)
{
	template_ip(flow, sa);
	flow->outer_udp = sa->encap.type != UX_ENCAP_NONE;
	if (flow->outer_udp) {
		ux_udp_build(flow->outer + flow->outer_len, sa->encap.sport, sa->encap.dport, 0);
		flow->outer_len += UX_UDP_LEN;
	}
	flow->spi = be32toh(sa->id.spi);
	flow->id_base = (uint16_t)(flow->spi ^ flow->spi >> 16);
	flow->keep_df = !(sa->flags & UX_SA_NOPMTUDISC);
	flow->marks = sa->output_mark.m;
	flow->mark_m = sa->output_mark.m;
	flow->mark_v = sa->output_mark.v & sa->output_mark.m;
}

void ux_fast_learn_outbound(struct uxfrm_worker *w, struct ux_slot *s)
{
	struct ux_flow_cache *cache = &w->fast->out_flows;
	struct ux_out_flow *flow;
	struct ux_plain_ip ip;
	struct ux_flow_id id;
	const struct ux_transform *t;

	if (!can_go(s) || !read_id(w, s->p, &id, &ip))
		return;
	flow = ux_flow_cache_place(cache, ux_flow_id_hash(&id, cache->secret), &id);
	flow->head.generation = w->fast->generation;
	flow->sa = s->bundle[0];
	flow->rt = flow->sa->runtime;
	flow->policy = s->policy;
	flow->policy_used_s = w->now_s;
	flow->limits = ux_fast_limits_of(flow->sa, w->now_s);
	flow->paths = atomic_load_explicit(&w->instance->paths_forgotten, memory_order_relaxed);
	flow->longest = ux_path_longest(w, s, &flow->mtu);
	t = flow->transform = flow->rt->transform;
	flow->iv = t->iv_len ? flow->rt->iv : NULL;
	flow->last_seq = ux_sa_use_last(flow->sa);
	flow->iv_len = t->iv_len;
	flow->icv_len = t->icv_len;
	flow->align = t->align;
	make_template(flow, flow->sa);
	flow->inner_tos = ip.tos;
	flow->outer_tos = ux_tunnel_outer_tos(flow->sa, ip.tos);
}
