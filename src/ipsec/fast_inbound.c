/* SPDX-License-Identifier: BSD-2-Clause */

/* The short way in: SA -> replay check -> crypto for the whole run -> windows -> payload; what then
 * comes is in fast_inner.c. */

#include "base/stages.h"
#include "core/replay.h"
#include "ipsec/account.h"
#include "ipsec/esp.h"
#include "ipsec/fast_inbound.h"
#include "ipsec/fast_limits.h"
#include "ipsec/hold.h"
#include "ipsec/inbound.h"
#include "ipsec/mode.h"
#include "ipsec/padding.h"
#include "ipsec/protocol.h"
#include "packet/ecn.h"
#include "packet/esp_header.h"
#include "packet/udp.h"

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
static bool read_outer(struct ux_fast_packet *f, struct ux_flow_id *id)
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

/* Is it of the SA of the packet before, in plain ESP over IPv4? Then *@f is as read_outer gives it.
 */
static bool follows(struct ux_fast_packet *f, const struct ux_fast_packet *before)
{
	const struct uxfrm_packet *p = f->p;
	uint32_t total_len;

	/* where ESP begins behind the header of IPv4 its first word is the SPI */
	if (p->len < UX_IP4_LEN + UX_ESP_HEADER_LEN || p->data[9] != IPPROTO_ESP ||
	    before->esp != before->p->data + UX_IP4_LEN ||
	    !ux_flow_id_follows(p->data, before->p->data) || p->mark != before->p->mark)
		return false;
	total_len = ux_get_be16(p->data + 2);
	f->esp = p->data + UX_IP4_LEN;
	f->rest_len = total_len - UX_IP4_LEN;
	f->outer_tos = p->data[1];
	return total_len <= p->len && total_len >= UX_IP4_LEN + UX_ESP_HEADER_LEN;
}

static bool usable(const struct uxfrm_worker *w, const struct ux_in_sa *in)
{
	return in->head.generation == w->fast->generation;
}

static bool knows(struct uxfrm_worker *w, struct uxfrm_packet *p)
{
	struct ux_flow_cache *cache = &w->fast->in_sas;
	struct ux_fast_packet f = {.p = p};
	const struct ux_in_sa *in;
	struct ux_flow_id id;

	if (!read_outer(&f, &id))
		return false;
	in = ux_flow_cache_find(cache, ux_flow_id_hash(&id, cache->secret), &id);
	return in && usable(w, in);
}

/* Lengths as esp_open wants them. */
static bool lengths_fit(const struct ux_fast_packet *f)
{
	uint32_t around = UX_ESP_HEADER_LEN + f->in->iv_len + f->in->icv_len;

	return f->rest_len >= around + UX_ESP_TRAILER_LEN &&
	       (f->rest_len - around) % f->in->align == 0;
}

/* The packets from the first on that can go together. */
static void find_sas(struct uxfrm_worker *w, struct uxfrm_packet *const *packets, size_t n,
		     struct ux_fast_run *run)
{
	struct ux_flow_lookup l;

	l.n = 0;
	while (l.n < n) {
		ux_fast_ahead(packets, n, l.n);
		run->at[l.n].p = packets[l.n];
		if (l.n && follows(&run->at[l.n], &run->at[l.n - 1])) {
			ux_flow_lookup_again(&l);
			continue;
		}
		if (!read_outer(&run->at[l.n], &l.id[l.n]))
			break;
		ux_flow_lookup_add(&l, &w->fast->in_sas);
	}
	ux_flow_lookup_all(&l, &w->fast->in_sas);
	for (run->n = 0; run->n < l.n; run->n++) {
		struct ux_fast_packet *f = &run->at[run->n];

		f->in = l.found[run->n];
		if (!f->in || !usable(w, f->in) || !lengths_fit(f))
			return;
		if (l.same[run->n] == run->n) {
			__builtin_prefetch(f->in->rt);
			__builtin_prefetch(&f->in->rt->oseq, 1);
			__builtin_prefetch(f->in->transform);
		}
	}
}

/* ---- counting ---- */

/* Who may get how much; false: one of them is near a limit. */
static bool count_groups(struct uxfrm_worker *w, struct ux_fast_run *run)
{
	struct ux_fast *fast = w->fast;

	ux_fast_groups_clear(fast);
	for (size_t i = 0, first; i < run->n;) {
		const struct ux_sa_runtime *rt = run->at[i].in->rt;
		uint8_t g = ux_fast_group(fast, run->at[i].in->rt);
		uint64_t bytes = 0;

		for (first = i; i < run->n && run->at[i].in->rt == rt; i++) {
			run->at[i].group = g;
			bytes += ux_fast_padded_len(&run->at[i]);
		}
		fast->groups[g].n += (uint32_t)(i - first);
		fast->groups[g].bytes += bytes;
	}
	for (size_t i = 0; i < run->n; i++) {
		const struct ux_fast_packet *f = &run->at[i];
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

static void drop(struct uxfrm_worker *w, struct ux_fast_packet *f, enum uxfrm_drop reason)
{
	f->p->verdict = UXFRM_DROP;
	f->p->drop = (uint8_t)reason;
	ux_count_drop(w->counters, reason);
}

/* Packets of one SA that stand together. */
static size_t stretch(const struct ux_fast_run *run, size_t first)
{
	size_t n = 1;

	while (first + n < run->n && run->at[first + n].group == run->at[first].group)
		n++;
	return n;
}

static void keep(struct ux_fast_run *run, size_t *kept, size_t i)
{
	if (*kept != i)
		run->at[*kept] = run->at[i];
	(*kept)++;
}

/* ---- the steps ---- */

static void prefetch_windows(const struct ux_fast_run *run)
{
	for (size_t i = 0; i < run->n; i++)
		if (!i || run->at[i].group != run->at[i - 1].group)
			ux_replay_prefetch(ux_rcu_follow(&run->at[i].in->rt->replay),
					   ux_esp_seq(run->at[i].esp));
}

static void check_replay(struct uxfrm_worker *w, struct ux_fast_run *run)
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
			struct ux_fast_packet *f = &run->at[first + i];

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

static void decrypt(struct uxfrm_worker *w, struct ux_fast_run *run)
{
	size_t kept = 0;

	for (size_t i = 0; i < run->n; i++) {
		const struct ux_fast_packet *f = &run->at[i];
		struct ux_crypt_op *op = &w->ops[i];

		op->transform = f->in->transform;
		op->esp = f->esp;
		op->payload_len = ux_fast_padded_len(f);
		op->icv = f->esp + f->rest_len - f->in->icv_len;
		op->seq_hi = (uint32_t)(f->seq >> 32);
	}
	ux_crypt_decrypt(w->crypto, w->ops, run->n);
	for (size_t i = 0; i < run->n; i++) {
		struct ux_fast_packet *f = &run->at[i];

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
static void commit_replay(struct uxfrm_worker *w, struct ux_fast_run *run)
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

static void watch_source(struct uxfrm_worker *w, const struct ux_fast_packet *f)
{
	struct ux_addr saddr, daddr;
	bool v6 = f->p->data[0] >> 4 == 6;

	if (f->in->encap_type == UX_ENCAP_NONE)
		return;
	ux_ip_addresses(f->p->data, v6 ? AF_INET6 : AF_INET, &saddr, &daddr);
	ux_account_source(w, f->in->sa, &saddr, ux_udp_source(f->esp - UX_UDP_LEN));
}

/* Padding off; what the SA counts. */
static void accept_all(struct uxfrm_worker *w, struct ux_fast_run *run)
{
	size_t kept = 0;

	for (size_t i = 0; i < run->n; i++) {
		struct ux_fast_packet *f = &run->at[i];
		struct ux_fast_group *group = &w->fast->groups[f->group];

		if (!ux_padding_read(ux_fast_payload(f), ux_fast_padded_len(f), &f->payload_len,
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
	ux_stage_end(UX_STAGE_TRAILER);
	for (size_t g = 0; g < w->fast->n_groups; g++) {
		const struct ux_fast_group *group = &w->fast->groups[g];

		if (!group->n)
			continue;
		ux_account_count(group->rt, group->bytes, group->n, w->now_s);
		ux_account_sequence(w, group->rt);
	}
	ux_stage_end(UX_STAGE_ACCOUNT);
}

static size_t short_way(struct uxfrm_worker *w, struct uxfrm_packet *const *packets, size_t n)
{
	struct ux_fast_run run;
	size_t taken;

	/* where packets wait the order is at stake, and the short way knows nothing of it */
	if (w->held || w->others_wait)
		return 0;
	ux_stage_begin();
	find_sas(w, packets, n, &run);
	ux_stage_end(UX_STAGE_FIND);
	taken = run.n;
	if (!taken || !count_groups(w, &run))
		return 0;
	ux_stage_end(UX_STAGE_LIMITS);
	check_replay(w, &run);
	ux_stage_end(UX_STAGE_NUMBERS);
	decrypt(w, &run);
	ux_stage_end(UX_STAGE_CRYPTO);
	ux_worker_arrived(w);
	commit_replay(w, &run);
	ux_stage_end(UX_STAGE_WINDOW);
	accept_all(w, &run);
	ux_fast_settle(w, &run);
	ux_stage_end(UX_STAGE_DELIVER);
	return taken;
}

const struct ux_fast_ways ux_fast_inbound = {.short_way = short_way, .knows = knows};

/* ---- what is remembered ---- */

void ux_fast_learn_sa(struct uxfrm_worker *w, struct ux_slot *s)
{
	struct ux_flow_cache *cache = &w->fast->in_sas;
	const struct ux_sa *sa = s->sa;
	const struct ux_transform *t = sa->runtime->transform;
	struct ux_fast_packet f = {.p = s->p};
	struct ux_flow_id id;
	struct ux_in_sa *in;

	if (s->n_bundle != 1 || s->protocol != &ux_esp || sa->mode != UX_MODE_TUNNEL ||
	    ux_hold_overtakes(w, sa) || !read_outer(&f, &id) || f.esp != s->header)
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
