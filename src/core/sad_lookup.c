/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/sad_index.h"

/* ---- keys ---- */

/* Twelve bytes of an IPv4 address mean nothing: they must not get into the hash. */
static struct ux_addr plain(const struct ux_addr *a, uint16_t family)
{
	if (family != AF_INET)
		return *a;
	return (struct ux_addr){.w = {a->w[0], 0, 0, 0}};
}

uint64_t ux_sad_tuple_hash(const struct uxfrm *u, const struct ux_sa_id *id)
{
	struct {
		struct ux_addr daddr;
		uint32_t spi, rest;
	} key = {plain(&id->daddr, id->family), id->spi, (uint32_t)id->proto << 16 | id->family};

	if (id->family == AF_INET) { /* the hash costs by length */
		uint64_t small[2] = {(uint64_t)key.daddr.w[0] << 32 | key.spi, key.rest};

		return ux_siphash(&u->hash_key, small, sizeof(small));
	}
	return ux_siphash(&u->hash_key, &key, sizeof(key));
}

uint64_t ux_sad_address_hash(const struct uxfrm *u, const struct ux_address_key *key)
{
	struct {
		struct ux_addr daddr;
		uint32_t reqid, family;
	} full = {plain(&key->daddr, key->family), key->reqid, key->family};

	if (key->family == AF_INET) {
		uint64_t small[2] = {(uint64_t)full.daddr.w[0] << 32 | full.reqid, full.family};

		return ux_siphash(&u->hash_key, small, sizeof(small));
	}
	return ux_siphash(&u->hash_key, &full, sizeof(full));
}

uint64_t ux_sad_spi_hash(const struct uxfrm *u, __be32 spi, uint8_t proto)
{
	uint64_t key = (uint64_t)proto << 32 | spi;

	return ux_siphash(&u->hash_key, &key, sizeof(key));
}

uint64_t ux_sad_unnumbered_hash(const struct uxfrm *u, const struct ux_sa_runtime *r)
{
	uint64_t key = (uintptr_t)r;

	return ux_siphash(&u->hash_key, &key, sizeof(key));
}

bool ux_sad_is_runtime(const void *runtime, const void *other)
{
	return runtime == other;
}

bool ux_sad_same_tuple(const struct ux_sa_id *a, const struct ux_sa_id *b)
{
	return a->spi == b->spi && a->proto == b->proto && a->family == b->family &&
	       ux_addr_equal(&a->daddr, &b->daddr, a->family);
}

bool ux_sad_tuple_equal(const void *sa, const void *id)
{
	return ux_sad_same_tuple(&((const struct ux_sa *)sa)->id, id);
}

bool ux_sad_address_equal(const void *object, const void *key)
{
	const struct ux_sa *sa = object;
	const struct ux_address_key *k = key;

	return sa->reqid == k->reqid && sa->id.family == k->family &&
	       ux_addr_equal(&sa->id.daddr, &k->daddr, k->family);
}

bool ux_sad_spi_equal(const void *runtime, const void *like)
{
	const struct ux_sa_runtime *a = runtime, *b = like;

	return a->spi == b->spi && a->proto == b->proto;
}

struct ux_address_key ux_sad_address_key(const struct ux_sa *sa)
{
	return (struct ux_address_key){sa->id.daddr, sa->reqid, sa->id.family};
}

struct ux_sa *ux_sad_tuple_chain(const struct uxfrm *u, const struct ux_sa_id *id)
{
	return ux_sa_table_find(&u->sad.by_tuple, ux_sad_tuple_hash(u, id), ux_sad_tuple_equal, id);
}

struct ux_sa *ux_sad_address_chain(const struct uxfrm *u, const struct ux_address_key *key)
{
	return ux_sad_address_chain_at(u, ux_sad_address_hash(u, key), key);
}

struct ux_sa *ux_sad_address_chain_at(const struct uxfrm *u, uint64_t hash,
				      const struct ux_address_key *key)
{
	return ux_sa_table_find(&u->sad.by_address, hash, ux_sad_address_equal, key);
}

static bool is_grace(const struct ux_sa *sa)
{
	return atomic_load_explicit(&sa->grace, memory_order_relaxed);
}

static struct ux_sa *next_of_tuple(struct ux_sa *sa)
{
	return ux_rcu_follow(&sa->next_same_tuple);
}

static struct ux_sa *next_of_address(struct ux_sa *sa)
{
	return ux_rcu_follow(&sa->next_same_address);
}

/* ---- packet path ---- */

struct ux_sa *ux_sad_lookup_inbound(struct uxfrm *u, const struct ux_sa_id *id, uint32_t mark,
				    uint16_t encap_type)
{
	struct ux_sa *best = NULL;
	int best_rank = -1;

	for (struct ux_sa *sa = ux_sad_tuple_chain(u, id); sa; sa = next_of_tuple(sa)) {
		/*
		 * Right encapsulation counts more than being current: a packet of the old kind that
		 * was on its way when the SA moved is good. Two wrong ones: report the current one.
		 */
		int rank = (sa->encap.type == encap_type ? 2 : 0) + (is_grace(sa) ? 0 : 1);

		if (!ux_sa_mark_match(sa, mark) || rank <= best_rank)
			continue;
		best = sa;
		best_rank = rank;
		if (rank == 3)
			break;
	}
	return best;
}

bool ux_sad_source_fits(const struct ux_addr *a, const struct ux_addr *b, uint16_t family)
{
	return ux_addr_equal(a, b, family) || ux_addr_is_any(a, family) ||
	       ux_addr_is_any(b, family);
}

static bool special_fits(const struct ux_sa *sa, const struct ux_sa_query *q)
{
	if ((sa->special & UX_SA_PER_CPU) && sa->runtime->terms.pcpu != q->cpu)
		return false;
	return ux_label_same(ux_sa_label(sa), q->label);
}

static bool is_per_cpu(const struct ux_sa *sa)
{
	return sa->special & UX_SA_PER_CPU;
}

bool ux_sad_fits(const struct ux_sa *sa, const struct ux_sa_query *q)
{
	if (ux_sa_state_of(sa) != UX_SA_VALID || sa->mode != q->mode || sa->id.proto != q->proto)
		return false;
	if (sa->flags & UX_SA_WILDRECV) /* Linux: only ever for input */
		return false;
	if (sa->if_id != q->if_id || (q->spi && q->spi != sa->id.spi))
		return false;
	if ((sa->special || q->label) && !special_fits(sa, q))
		return false;
	if (!q->flow || !sa->sel.family)
		return true;
	return sa->sel.family == q->flow->family && ux_selector_match(&sa->sel, q->flow);
}

bool ux_sad_better(const struct ux_sa *a, const struct ux_sa *b)
{
	if (!b || (is_per_cpu(a) && !is_per_cpu(b)))
		return true;

	bool a_dying = atomic_load_explicit(&a->dying, memory_order_relaxed);
	bool b_dying = atomic_load_explicit(&b->dying, memory_order_relaxed);

	if (a_dying != b_dying)
		return b_dying;
	return atomic_load_explicit(&a->runtime->add_time_s, memory_order_relaxed) >
	       atomic_load_explicit(&b->runtime->add_time_s, memory_order_relaxed);
}

struct ux_sa *ux_sad_lookup_outbound(struct uxfrm *u, const struct ux_sa_query *q)
{
	struct ux_address_key key = {q->daddr, q->reqid, q->family};
	struct ux_sa *best = NULL;

	for (struct ux_sa *sa = ux_sad_address_chain(u, &key); sa; sa = next_of_address(sa)) {
		if (!ux_sa_mark_match(sa, q->mark) ||
		    !ux_sad_source_fits(&sa->saddr, &q->saddr, q->family))
			continue;
		if (ux_sad_fits(sa, q) && ux_sad_better(sa, best))
			best = sa;
	}
	if (!best && !u->params.strict_templates)
		best = ux_former_lookup(u, q);
	return best;
}

/* ---- control thread ---- */

static struct ux_sa *tuple_chain_at(const struct uxfrm *u, uint64_t hash, const struct ux_sa_id *id)
{
	return ux_sa_table_find(&u->sad.by_tuple, hash, ux_sad_tuple_equal, id);
}

struct ux_sa *ux_sad_lookup_exact_at(struct uxfrm *u, uint64_t hash, const struct ux_sa_id *id,
				     struct ux_mark mark)
{
	for (struct ux_sa *sa = tuple_chain_at(u, hash, id); sa; sa = next_of_tuple(sa))
		if (!is_grace(sa) && sa->mark.v == mark.v && sa->mark.m == mark.m)
			return sa;
	return NULL;
}

struct ux_sa *ux_sad_lookup_exact(struct uxfrm *u, const struct ux_sa_id *id, struct ux_mark mark)
{
	return ux_sad_lookup_exact_at(u, ux_sad_tuple_hash(u, id), id, mark);
}

struct ux_sa *ux_sad_lookup_wildcard_at(struct uxfrm *u, uint64_t hash, const struct ux_sa_id *id,
					uint32_t mark, const struct ux_sa *except)
{
	for (struct ux_sa *sa = tuple_chain_at(u, hash, id); sa; sa = next_of_tuple(sa))
		if (!is_grace(sa) && sa != except && ux_sa_mark_match(sa, mark))
			return sa;
	return NULL;
}

struct ux_sa *ux_sad_lookup_wildcard(struct uxfrm *u, const struct ux_sa_id *id, uint32_t mark,
				     const struct ux_sa *except)
{
	return ux_sad_lookup_wildcard_at(u, ux_sad_tuple_hash(u, id), id, mark, except);
}

struct ux_sa *ux_sad_lookup_by_address(struct uxfrm *u, const struct ux_addr *daddr,
				       const struct ux_addr *saddr, uint8_t proto, uint16_t family,
				       struct ux_mark mark)
{
	struct ux_sad_cursor cursor;
	struct ux_sa *sa;

	ux_sad_cursor_init(&cursor);
	while ((sa = ux_sad_cursor_next(&u->sad, &cursor)))
		if (sa->id.family == family && sa->id.proto == proto && sa->mark.v == mark.v &&
		    sa->mark.m == mark.m && ux_addr_equal(&sa->id.daddr, daddr, family) &&
		    ux_addr_equal(&sa->saddr, saddr, family))
			break;
	ux_sad_cursor_fini(&cursor);
	return sa;
}

bool ux_sad_spi_in_use(struct uxfrm *u, __be32 spi, uint8_t proto)
{
	struct ux_sa_runtime like = {.spi = spi, .proto = proto};

	return ux_sa_table_find(&u->sad.by_spi, ux_sad_spi_hash(u, spi, proto), ux_sad_spi_equal,
				&like);
}

struct ux_sa *ux_sad_lookup_larval_by_seq(struct uxfrm *u, struct ux_mark mark, uint32_t seq,
					  uint32_t pcpu)
{
	struct ux_list *pos, *head = &u->sad.by_seq[seq % UX_SAD_SEQ_BUCKETS];

	ux_list_for_each (pos, head) {
		struct ux_sa *sa = ux_container_of(pos, struct ux_larval, by_seq)->sa;
		const struct ux_sa_terms *terms = &sa->runtime->terms;

		if (terms->acquire_seq == seq && terms->pcpu == pcpu &&
		    ux_sa_mark_match(sa, mark.v & mark.m))
			return sa;
	}
	return NULL;
}

struct ux_sa *ux_sad_lookup_larval(struct uxfrm *u, const struct ux_sa_params *like)
{
	struct ux_address_key key = {like->id.daddr, like->reqid, like->id.family};

	return ux_sad_lookup_larval_at(u, ux_sad_address_hash(u, &key), like);
}

struct ux_sa *ux_sad_lookup_larval_at(struct uxfrm *u, uint64_t hash,
				      const struct ux_sa_params *like)
{
	struct ux_address_key key = {like->id.daddr, like->reqid, like->id.family};
	uint32_t mark = like->mark.v & like->mark.m;
	struct ux_sa *sa = ux_sa_table_find(&u->sad.by_address, hash, ux_sad_address_equal, &key);

	for (; sa; sa = next_of_address(sa)) {
		if (ux_sa_state_of(sa) != UX_SA_LARVAL || sa->id.spi)
			continue;
		if (sa->mode == like->mode && sa->id.proto == like->id.proto &&
		    sa->runtime->terms.pcpu == like->pcpu && /* Linux does not compare if_id here */
		    ux_sa_mark_match(sa, mark) &&
		    ux_addr_equal(&sa->saddr, &like->saddr, key.family))
			return sa;
	}
	return NULL;
}
