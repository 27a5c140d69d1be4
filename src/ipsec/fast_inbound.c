/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The short way in: SA -> replay check -> crypto for the whole run -> windows -> payload -> flow.
 * A packet whose flow is not known, or that is not plain inside, goes on the general way from
 * there, opened as it is.
 */

#include "core/replay.h"
#include "ipsec/account.h"
#include "ipsec/esp.h"
#include "ipsec/fast.h"
#include "ipsec/fast_limits.h"
#include "ipsec/inbound.h"
#include "ipsec/mode.h"
#include "ipsec/padding.h"
#include "ipsec/protocol.h"
#include "packet/ecn.h"
#include "packet/esp_header.h"
#include "packet/udp.h"

/* A packet of the run, as it stands between the steps. */
struct fast_packet {
	struct uxfrm_packet *p;
	struct ux_in_sa *in;
	uint8_t *esp;
	uint64_t seq;
	uint32_t rest_len; /* from the ESP header on */
	uint32_t payload_len;
	uint8_t next_header, outer_tos;
	uint8_t group;
};

struct run {
	size_t n; /* packets without a verdict, order kept */
	struct fast_packet at[UXFRM_BURST];
};

/* ---- the outer packet ---- */

static bool read_outer4(const uint8_t *data, uint32_t len, struct ux_flow_id *id,
			struct ux_plain_ip *ip, uint8_t *ret_proto)
{
	ip->total_len = ux_get_be16(data + 2);
	if (data[0] != 0x45 || ip->total_len > len || (ux_get_be16(data + 6) & 0x3fff))
		return false;
	ip->tos = data[1];
	ip->v6 = false;
	*ret_proto = data[9];
	id->word[0] = ux_load32(data + 16);
	id->word[1] = 0;
	return true;
}

static bool read_outer6(const uint8_t *data, uint32_t len, struct ux_flow_id *id,
			struct ux_plain_ip *ip, uint8_t *ret_proto)
{
	if (len < UX_IP6_LEN)
		return false;
	ip->total_len = UX_IP6_LEN + ux_get_be16(data + 4);
	if (ip->total_len > len)
		return false;
	ip->tos = (uint8_t)(ux_get_be16(data) >> 4);
	ip->v6 = true;
	*ret_proto = data[6];
	id->word[0] = ux_load64(data + 24);
	id->word[1] = ux_load64(data + 32);
	return true;
}

/* What finds the SA, and where ESP is. False: the packet is not plain. */
static bool read_outer(struct fast_packet *f, struct ux_flow_id *id)
{
	const struct uxfrm_packet *p = f->p;
	struct ux_plain_ip ip;
	struct ux_flow_about about = {0};
	uint16_t encap = UX_ENCAP_NONE;
	uint32_t header_len, spi;
	uint8_t proto;

	if (p->len < UX_IP4_LEN)
		return false;
	switch (p->data[0] >> 4) {
	case 4:
		if (!read_outer4(p->data, p->len, id, &ip, &proto))
			return false;
		break;
	case 6:
		if (!read_outer6(p->data, p->len, id, &ip, &proto))
			return false;
		break;
	default:
		return false;
	}
	header_len = ip.v6 ? UX_IP6_LEN : UX_IP4_LEN;
	if (ip.total_len < header_len + UX_ESP_HEADER_LEN)
		return false;
	f->esp = p->data + header_len;
	f->rest_len = ip.total_len - header_len;
	if (proto == IPPROTO_UDP) {
		if (!ux_udp_payload_len(f->esp, f->rest_len, &f->rest_len) ||
		    f->rest_len < UX_ESP_HEADER_LEN)
			return false;
		f->esp += UX_UDP_LEN;
		encap = UX_ENCAP_ESPINUDP;
	} else if (proto != IPPROTO_ESP) {
		return false;
	}
	f->outer_tos = ip.tos;
	about.mark = p->mark;
	about.more = encap;
	spi = ux_load32(f->esp);
	id->word[2] = id->word[3] = 0;
	ux_flow_id_rest(id, spi, UX_FLOW_KIND(IPPROTO_ESP, ip.v6), &about);
	return spi != 0;
}

static bool usable(const struct uxfrm_worker *w, const struct ux_in_sa *in)
{
	return in->head.generation == w->fast->generation;
}

bool ux_fast_inbound_knows(struct uxfrm_worker *w, struct uxfrm_packet *p)
{
	struct ux_flow_cache *cache = &w->fast->in_sas;
	struct fast_packet f = {.p = p};
	const struct ux_in_sa *in;
	struct ux_flow_id id;

	if (!read_outer(&f, &id))
		return false;
	in = ux_flow_cache_find(cache, ux_flow_id_hash(&id, cache->secret), &id);
	return in && usable(w, in);
}

/* Lengths as esp_open wants them. */
static bool lengths_fit(const struct fast_packet *f)
{
	uint32_t around = UX_ESP_HEADER_LEN + f->in->iv_len + f->in->icv_len;

	return f->rest_len >= around + UX_ESP_TRAILER_LEN &&
	       (f->rest_len - around) % f->in->align == 0;
}

static uint32_t padded_len(const struct fast_packet *f)
{
	return f->rest_len - UX_ESP_HEADER_LEN - f->in->iv_len - f->in->icv_len;
}

/* The packets from the first on that can go together. */
static void find_sas(struct uxfrm_worker *w, struct uxfrm_packet *const *packets, size_t n,
		     struct run *run)
{
	struct ux_flow_cache *cache = &w->fast->in_sas;
	struct ux_flow_id ids[UXFRM_BURST];
	uint64_t hashes[UXFRM_BURST];
	size_t same[UXFRM_BURST]; /* the packet whose SA it comes by */

	for (size_t i = 0; i < n; i++) {
		run->at[i].p = packets[i];
		if (!read_outer(&run->at[i], &ids[i])) {
			n = i;
			break;
		}
		same[i] = i;
		if (i && ux_flow_id_equal(&ids[i], &ids[i - 1])) {
			same[i] = same[i - 1];
			continue;
		}
		hashes[i] = ux_flow_id_hash(&ids[i], cache->secret);
		ux_flow_cache_prefetch_tags(cache, hashes[i]);
	}
	for (size_t i = 0; i < n; i++)
		if (same[i] == i)
			ux_flow_cache_prefetch(cache, hashes[i]);
	for (run->n = 0; run->n < n; run->n++) {
		size_t i = run->n;
		struct fast_packet *f = &run->at[i];

		f->in = same[i] == i ? ux_flow_cache_find(cache, hashes[i], &ids[i])
				     : run->at[same[i]].in;
		if (!f->in || !usable(w, f->in) || !lengths_fit(f))
			return;
		if (same[i] == i) {
			__builtin_prefetch(f->in->rt);
			__builtin_prefetch(&f->in->rt->oseq, 1);
			__builtin_prefetch(f->in->transform);
		}
	}
}

/* ---- counting ---- */

/* Who may get how much; false: one of them is near a limit. */
static bool count_groups(struct uxfrm_worker *w, struct run *run)
{
	struct ux_fast *fast = w->fast;
	const struct ux_sa_runtime *last = NULL;
	uint8_t g = 0;

	ux_fast_groups_clear(fast);
	for (size_t i = 0; i < run->n; i++) {
		struct fast_packet *f = &run->at[i];

		if (f->in->rt != last) {
			last = f->in->rt;
			g = ux_fast_group(fast, f->in->rt);
		}
		f->group = g;
		fast->groups[g].n++;
		fast->groups[g].bytes += padded_len(f);
	}
	for (size_t i = 0; i < run->n; i++) {
		const struct fast_packet *f = &run->at[i];
		struct ux_fast_group *group = &fast->groups[f->group];

		if (!group->n) /* looked at already */
			continue;
		if (!ux_fast_limits_far(&f->in->limits, group->rt, group->bytes, group->n,
					w->now_s))
			return false;
		group->bytes = group->n = 0; /* counted anew when they are genuine */
	}
	return true;
}

static void drop(struct uxfrm_worker *w, struct fast_packet *f, enum uxfrm_drop reason)
{
	f->p->verdict = UXFRM_DROP;
	f->p->drop = (uint8_t)reason;
	ux_count_drop(w->counters, reason);
}

/* Packets of one SA that stand together. */
static size_t stretch(const struct run *run, size_t first)
{
	size_t n = 1;

	while (first + n < run->n && run->at[first + n].group == run->at[first].group)
		n++;
	return n;
}

static void keep(struct run *run, size_t *kept, size_t i)
{
	if (*kept != i)
		run->at[*kept] = run->at[i];
	(*kept)++;
}

/* ---- the steps ---- */

static void prefetch_windows(const struct run *run)
{
	for (size_t i = 0; i < run->n; i++)
		if (!i || run->at[i].group != run->at[i - 1].group)
			ux_replay_prefetch(ux_rcu_follow(&run->at[i].in->rt->replay),
					   ux_esp_seq(run->at[i].esp));
}

static void check_replay(struct uxfrm_worker *w, struct run *run)
{
	size_t kept = 0, n;

	prefetch_windows(run);
	for (size_t first = 0; first < run->n; first += n) {
		struct ux_sa_runtime *rt = run->at[first].in->rt;
		const struct ux_replay_window *window = ux_rcu_follow(&rt->replay);
		uint64_t seqs[UXFRM_BURST];
		uint8_t answers[UXFRM_BURST];

		n = stretch(run, first);
		for (size_t i = 0; i < n; i++)
			seqs[i] = ux_esp_seq(run->at[first + i].esp);
		ux_replay_check_run(window, seqs, n, answers);
		for (size_t i = 0; i < n; i++) {
			struct fast_packet *f = &run->at[first + i];

			f->seq = seqs[i];
			f->p->spi = f->in->spi;
			if (answers[i] == UX_REPLAY_NEW)
				keep(run, &kept, first + i);
			else
				drop(w, f, ux_inbound_replay_drop(rt, answers[i]));
		}
	}
	run->n = kept;
}

static void decrypt(struct uxfrm_worker *w, struct run *run)
{
	size_t kept = 0;

	for (size_t i = 0; i < run->n; i++) {
		const struct fast_packet *f = &run->at[i];
		struct ux_crypt_op *op = &w->ops[i];

		op->transform = f->in->transform;
		op->esp = f->esp;
		op->payload_len = padded_len(f);
		op->icv = f->esp + f->rest_len - f->in->icv_len;
		op->seq_hi = (uint32_t)(f->seq >> 32);
	}
	ux_crypt_decrypt(w->crypto, w->ops, run->n);
	for (size_t i = 0; i < run->n; i++) {
		struct fast_packet *f = &run->at[i];

		if (w->ops[i].ok) {
			keep(run, &kept, i);
			continue;
		}
		atomic_fetch_add_explicit(&f->in->rt->stats.integrity_failed, 1,
					  memory_order_relaxed);
		drop(w, f, UXFRM_DROP_IN_ICV);
	}
	run->n = kept;
}

/* Genuine: the numbers are used up now, and the first of two copies wins. */
static void commit_replay(struct uxfrm_worker *w, struct run *run)
{
	size_t kept = 0, n;

	for (size_t first = 0; first < run->n; first += n) {
		struct ux_sa_runtime *rt = run->at[first].in->rt;
		struct ux_replay_window *window = ux_rcu_follow(&rt->replay);
		uint64_t seqs[UXFRM_BURST];
		uint8_t answers[UXFRM_BURST];

		n = stretch(run, first);
		for (size_t i = 0; i < n; i++)
			seqs[i] = run->at[first + i].seq;
		ux_replay_commit_run(window, seqs, n, answers);
		for (size_t i = 0; i < n; i++) {
			if (answers[i] == UX_REPLAY_NEW)
				keep(run, &kept, first + i);
			else
				drop(w, &run->at[first + i],
				     ux_inbound_replay_drop(rt, answers[i]));
		}
	}
	run->n = kept;
}

static uint8_t *payload_of(const struct fast_packet *f)
{
	return f->esp + UX_ESP_HEADER_LEN + f->in->iv_len;
}

static void watch_source(struct uxfrm_worker *w, const struct fast_packet *f)
{
	struct ux_addr saddr, daddr;
	bool v6 = f->p->data[0] >> 4 == 6;

	if (f->in->encap_type == UX_ENCAP_NONE)
		return;
	ux_ip_addresses(f->p->data, v6 ? AF_INET6 : AF_INET, &saddr, &daddr);
	ux_account_source(w, f->in->sa, &saddr, ux_udp_source(f->esp - UX_UDP_LEN));
}

/* Padding off; what the SA counts. */
static void accept_all(struct uxfrm_worker *w, struct run *run)
{
	size_t kept = 0;

	for (size_t i = 0; i < run->n; i++) {
		struct fast_packet *f = &run->at[i];
		struct ux_fast_group *group = &w->fast->groups[f->group];

		if (!ux_padding_read(payload_of(f), padded_len(f), &f->payload_len,
				     &f->next_header)) {
			drop(w, f, UXFRM_DROP_IN_PADDING);
			continue;
		}
		if (f->next_header == IPPROTO_NONE) {
			drop(w, f, UXFRM_DROP_IN_DUMMY);
			continue;
		}
		group->n++;
		group->bytes += f->payload_len;
		watch_source(w, f);
		keep(run, &kept, i);
	}
	run->n = kept;
	for (size_t g = 0; g < w->fast->n_groups; g++) {
		const struct ux_fast_group *group = &w->fast->groups[g];

		if (!group->n)
			continue;
		ux_account_count(group->rt, group->bytes, group->n, w->now_s);
		ux_account_sequence(w, group->rt);
	}
}

/* ---- the inner packet ---- */

static uint32_t inner_mark(const struct fast_packet *f)
{
	return (f->p->mark & ~f->in->mark_m) | f->in->mark_v;
}

static bool read_inner(const struct fast_packet *f, struct ux_flow_id *id, struct ux_plain_ip *ip)
{
	const struct ux_flow_about about = {
	    .mark = inner_mark(f), .ifindex = f->p->ifindex, .more = f->in->spi};

	return ux_flow_id_read(payload_of(f), f->payload_len, &about, id, ip) &&
	       f->next_header == (ip->v6 ? IPPROTO_IPV6 : IPPROTO_IPIP);
}

/* Does the outer header change the inner one? */
static bool changes_inner(const struct fast_packet *f)
{
	return f->in->watch_tos || (f->outer_tos & UX_ECN_MASK) == UX_ECN_CE;
}

static void deliver(struct uxfrm_worker *w, const struct fast_packet *f, struct ux_in_flow *flow,
		    uint32_t len)
{
	struct uxfrm_packet *p = f->p;

	p->mark = inner_mark(f);
	p->data = payload_of(f);
	p->len = len;
	p->if_id = flow->if_id;
	p->drop = UXFRM_DROP_NONE;
	p->mtu = 0;
	p->may_fragment = 0;
	p->verdict = UXFRM_DELIVER;
	if (flow->policy_used_s != w->now_s) {
		flow->policy_used_s = w->now_s;
		atomic_store_explicit(&flow->policy->use_time_s, w->now_s, memory_order_relaxed);
	}
}

/* The general way from here on. */
static void hand_over(struct uxfrm_worker *w, const struct run *run, const size_t *which, size_t n)
{
	struct uxfrm_packet *packets[UXFRM_BURST];
	size_t kept = 0;

	for (size_t i = 0; i < n; i++)
		packets[i] = run->at[which[i]].p;
	ux_worker_load(w, packets, n);
	for (size_t i = 0; i < n; i++) {
		const struct fast_packet *f = &run->at[which[i]];
		struct ux_slot *s = w->live[i];

		s->p->spi = f->in->spi;
		if (!ux_ip_parse(s->p->data, s->p->len, &s->ip)) {
			ux_worker_drop(w, s, UXFRM_DROP_IN_HEADER);
			continue;
		}
		s->sa = s->bundle[0] = f->in->sa;
		s->n_bundle = 1;
		s->protocol = &ux_esp;
		s->mode = &ux_tunnel_mode;
		s->header = f->esp;
		s->rest_len = f->rest_len;
		s->seq = f->seq;
		s->payload = payload_of(f);
		s->padded_len = padded_len(f);
		s->payload_len = f->payload_len;
		s->next_header = f->next_header;
		s->encap_type = f->in->encap_type;
		w->live[kept++] = s;
	}
	w->n_live = kept;
	ux_inbound_opened(w);
}

static void settle(struct uxfrm_worker *w, struct run *run)
{
	struct ux_flow_cache *cache = &w->fast->in_flows;
	struct ux_in_flow *flow = NULL;
	struct ux_flow_id ids[UXFRM_BURST];
	struct ux_plain_ip ips[UXFRM_BURST];
	uint64_t hashes[UXFRM_BURST];
	size_t others[UXFRM_BURST], n_others = 0, last = SIZE_MAX;
	uint64_t n = 0, bytes = 0;
	bool plain[UXFRM_BURST];

	for (size_t i = 0; i < run->n; i++) {
		const struct fast_packet *f = &run->at[i];

		plain[i] = read_inner(f, &ids[i], &ips[i]) && !changes_inner(f);
		if (!plain[i] || (i && plain[i - 1] && ux_flow_id_equal(&ids[i], &ids[i - 1])))
			continue;
		hashes[i] = ux_flow_id_hash(&ids[i], cache->secret);
		ux_flow_cache_prefetch_tags(cache, hashes[i]);
	}
	for (size_t i = 0; i < run->n; i++) {
		const struct fast_packet *f = &run->at[i];

		if (plain[i] && !(last != SIZE_MAX && last + 1 == i &&
				  ux_flow_id_equal(&ids[i], &ids[last]))) {
			if (i && plain[i - 1] && ux_flow_id_equal(&ids[i], &ids[i - 1]))
				hashes[i] = hashes[i - 1];
			flow = ux_flow_cache_find(cache, hashes[i], &ids[i]);
		} else if (plain[i]) {
			hashes[i] = hashes[i - 1];
		}
		if (plain[i])
			last = i;
		if (!plain[i] || !flow || flow->head.generation != w->fast->generation ||
		    flow->sa != f->in->sa) {
			others[n_others++] = i;
			continue;
		}
		deliver(w, f, flow, ips[i].total_len);
		n++;
		bytes += ips[i].total_len;
	}
	ux_count_add(&w->counters->in_packets, n);
	ux_count_add(&w->counters->in_bytes, bytes);
	if (n_others)
		hand_over(w, run, others, n_others);
}

size_t ux_fast_inbound(struct uxfrm_worker *w, struct uxfrm_packet *const *packets, size_t n)
{
	struct run run;
	size_t taken;

	find_sas(w, packets, n, &run);
	taken = run.n;
	if (!taken || !count_groups(w, &run))
		return 0;
	check_replay(w, &run);
	decrypt(w, &run);
	commit_replay(w, &run);
	accept_all(w, &run);
	settle(w, &run);
	return taken;
}

/* ---- what is remembered ---- */

void ux_fast_learn_sa(struct uxfrm_worker *w, struct ux_slot *s)
{
	struct ux_flow_cache *cache = &w->fast->in_sas;
	const struct ux_sa *sa = s->sa;
	const struct ux_transform *t = sa->runtime->transform;
	struct fast_packet f = {.p = s->p};
	struct ux_flow_id id;
	struct ux_in_sa *in;

	if (s->n_bundle != 1 || s->protocol != &ux_esp || sa->mode != UX_MODE_TUNNEL ||
	    !read_outer(&f, &id) || f.esp != s->header)
		return;
	in = ux_flow_cache_place(cache, ux_flow_id_hash(&id, cache->secret), &id);
	in->head.generation = w->fast->generation;
	in->sa = s->sa;
	in->rt = sa->runtime;
	in->transform = t;
	in->limits = ux_fast_limits_of(sa, w->now_s);
	in->spi = be32toh(sa->id.spi);
	in->mark_m = sa->output_mark.m;
	in->mark_v = sa->output_mark.v & sa->output_mark.m;
	in->encap_type = s->encap_type;
	in->iv_len = t->iv_len;
	in->icv_len = t->icv_len;
	in->align = t->align;
	in->watch_tos = sa->flags & UX_SA_DECAP_DSCP;
}

void ux_fast_learn_inner(struct uxfrm_worker *w, struct ux_slot *s)
{
	struct ux_flow_cache *cache = &w->fast->in_flows;
	struct ux_plain_ip ip;
	struct ux_in_flow *flow;
	struct ux_flow_id id;
	const struct ux_flow_about about = {
	    .mark = s->p->mark, .ifindex = s->p->ifindex, .more = be32toh(s->sa->id.spi)};

	if (s->n_bundle != 1 || s->protocol != &ux_esp || s->sa->mode != UX_MODE_TUNNEL ||
	    !s->policy || s->policy->type != UX_POLICY_TYPE_MAIN ||
	    !ux_flow_id_read(s->p->data, s->p->len, &about, &id, &ip))
		return;
	flow = ux_flow_cache_place(cache, ux_flow_id_hash(&id, cache->secret), &id);
	flow->head.generation = w->fast->generation;
	flow->sa = s->sa;
	flow->policy = s->policy;
	flow->policy_used_s = w->now_s;
	flow->if_id = s->p->if_id;
}
