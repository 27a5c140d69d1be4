/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/sad_ahead.h"

#include "core/sad_index.h"

#define LINE 64 /* of the processor's caches */

/*
 * Into the second cache: that takes less of what a processor has for accesses under way, and the
 * first would not hold what several requests need.
 */
static void prefetch(const void *line)
{
	__builtin_prefetch(line, 0, 2);
}

static void prefetch_lines(const void *object, size_t size)
{
	for (size_t at = 0; object && at < size; at += LINE)
		prefetch((const char *)object + at);
}

struct ux_sad_places ux_sad_ahead_of(const struct uxfrm *u, const struct ux_sa_id *id)
{
	struct ux_sad_places p = {0};

	p.from_tuple = ux_sad_tuple_hash(u, id);
	ux_sa_table_prefetch(&u->sad.by_tuple, p.from_tuple);
	p.spi = ux_sad_spi_hash(u, id->spi, id->proto);
	ux_sa_table_prefetch(&u->sad.by_spi, p.spi);
	return p;
}

struct ux_sad_places ux_sad_ahead_of_new(const struct uxfrm *u, const struct ux_sa_id *id,
					 uint32_t reqid)
{
	struct ux_address_key key = {id->daddr, reqid, id->family};
	struct ux_sad_places p = {0};

	p.to_tuple = ux_sad_tuple_hash(u, id);
	ux_sa_table_prefetch(&u->sad.by_tuple, p.to_tuple);
	p.to_address = ux_sad_address_hash(u, &key);
	ux_sa_table_prefetch(&u->sad.by_address, p.to_address);
	p.spi = ux_sad_spi_hash(u, id->spi, id->proto);
	ux_sa_table_prefetch(&u->sad.by_spi, p.spi);
	return p;
}

struct ux_sad_places ux_sad_ahead_of_move(const struct uxfrm *u, const struct ux_sa_id *from,
					  const struct ux_sa_id *to, uint32_t to_reqid)
{
	struct ux_address_key key = {to->daddr, to_reqid, to->family};
	struct ux_sad_places p = {.from_tuple = ux_sad_tuple_hash(u, from)};

	/* the SA is waited for longest; the others go side by side, while it is on its way */
	ux_sa_table_prefetch(&u->sad.by_tuple, p.from_tuple);
	p.spi = ux_sad_spi_hash(u, from->spi, from->proto);
	p.to_tuple = ux_sad_tuple_hash(u, to);
	p.to_address = ux_sad_address_hash(u, &key);
	ux_sa_table_prefetch(&u->sad.by_spi, p.spi);
	ux_sa_table_prefetch(&u->sad.by_tuple, p.to_tuple);
	ux_sa_table_prefetch(&u->sad.by_address, p.to_address);
	return p;
}

static const struct ux_sa *sa_at(const struct uxfrm *u, const struct ux_sad_places *places)
{
	return ux_sa_table_peek(&u->sad.by_tuple, places->from_tuple);
}

void ux_sad_ahead_sa(const struct uxfrm *u, const struct ux_sad_places *places)
{
	prefetch_lines(sa_at(u, places), sizeof(struct ux_sa));
	/* by its SPI the runtime is found without waiting for the SA */
	prefetch_lines(ux_sa_table_peek(&u->sad.by_spi, places->spi), sizeof(struct ux_sa_runtime));
}

void ux_sad_ahead_moving(const struct uxfrm *u, const struct ux_sad_places *places)
{
	const struct ux_sa_runtime *r = ux_sa_table_peek(&u->sad.by_spi, places->spi);

	prefetch_lines(sa_at(u, places), sizeof(struct ux_sa));
	if (r) /* of which a move touches one line */
		prefetch(&r->current);
}

void ux_sad_ahead_around(const struct uxfrm *u, const struct ux_sa *sa)
{
	ux_sa_table_prefetch(&u->sad.by_address, sa->address_hash);
	prefetch(sa->all.prev);
	prefetch(sa->all.next);
}

/* An SA that has moved once or never gets another former identity; later ones are often known. */
static void prefetch_former(const struct uxfrm *u, const struct ux_sa *sa)
{
	if (sa->runtime->first_former == sa->runtime->latest_former)
		ux_sa_table_prefetch(&u->sad.by_former, sa->address_hash);
}

/* An SA that moves back takes the place of it. */
static const struct ux_sa *newest_former(const struct ux_sa_runtime *r)
{
	return ux_container_of(r->grace, struct ux_sa, grace_link);
}

void ux_sad_ahead_neighbours(const struct uxfrm *u, const struct ux_sad_places *places)
{
	const struct ux_sa *sa = sa_at(u, places);

	if (!sa)
		return;
	ux_sad_ahead_around(u, sa);
	prefetch_former(u, sa);
	if (sa->runtime->grace)
		prefetch_lines(newest_former(sa->runtime), sizeof(*sa));
}

void ux_sad_ahead_former(const struct uxfrm *u, const struct ux_sad_places *places)
{
	const struct ux_sa *sa = sa_at(u, places), *former;

	if (!sa || !sa->runtime->grace)
		return;
	former = newest_former(sa->runtime);
	prefetch(former->timed.prev);
	prefetch(former->timed.next);
}

static uint64_t endpoint_hash(const struct uxfrm *u, const struct ux_sad_endpoint *e)
{
	struct ux_address_key key = {e->daddr, e->reqid, e->family};

	return ux_sad_address_hash(u, &key);
}

struct ux_sad_places ux_sad_ahead_of_endpoint(const struct uxfrm *u,
					      const struct ux_sad_endpoint *from,
					      const struct ux_sad_endpoint *to)
{
	struct ux_sad_places p = {
	    .from_address = endpoint_hash(u, from),
	    .to_address = endpoint_hash(u, to),
	};

	ux_sa_table_prefetch(&u->sad.by_address, p.from_address);
	ux_sa_table_prefetch(&u->sad.by_address, p.to_address);
	return p;
}

void ux_sad_ahead_at_endpoint(const struct uxfrm *u, const struct ux_sad_places *places)
{
	prefetch_lines(ux_sa_table_peek(&u->sad.by_address, places->from_address),
		       sizeof(struct ux_sa));
}

void ux_sad_ahead_leaving(const struct uxfrm *u, const struct ux_sad_places *places,
			  const struct ux_sad_endpoint *to)
{
	const struct ux_sa *sa = ux_sa_table_peek(&u->sad.by_address, places->from_address);
	struct ux_sa_id id;

	if (!sa)
		return;
	prefetch(&sa->runtime->current);
	prefetch(sa->all.prev);
	prefetch(sa->all.next);
	ux_sa_table_prefetch(&u->sad.by_tuple, sa->tuple_hash);
	id = (struct ux_sa_id){to->daddr, sa->id.spi, to->family, sa->id.proto};
	ux_sa_table_prefetch(&u->sad.by_tuple, ux_sad_tuple_hash(u, &id));
}

void ux_sad_ahead_left(const struct uxfrm *u, const struct ux_sad_places *places)
{
	const struct ux_sa *sa = ux_sa_table_peek(&u->sad.by_address, places->from_address);

	if (sa)
		prefetch_former(u, sa);
}

static void prefetch_parts(const struct ux_sa_runtime *r)
{
	prefetch(ux_rcu_follow(&r->replay));
	prefetch(r->keys);
}

void ux_sad_ahead_parts(const struct uxfrm *u, const struct ux_sad_places *places, bool removed)
{
	const struct ux_sa *sa = sa_at(u, places);

	if (!sa)
		return;
	prefetch_parts(sa->runtime);
	if (!removed)
		return;
	prefetch(sa->runtime->transform);
	prefetch(sa->runtime->iv);
	ux_sad_ahead_around(u, sa);
}

static void prefetch_keys(const struct ux_sa_keys *keys)
{
	if (!keys)
		return;
	for (int kind = 0; kind < UX_KEY_KINDS; kind++) {
		const struct ux_algo_key *key = ux_sa_key(keys, (uint8_t)(1 << kind));

		if (key)
			prefetch(key->key);
	}
}

void ux_sad_ahead_keys(const struct uxfrm *u, const struct ux_sad_places *places, bool removed)
{
	const struct ux_sa *sa = sa_at(u, places);

	if (!sa)
		return;
	prefetch_keys(sa->runtime->keys);
	if (!removed || !sa->runtime->iv)
		return;
	prefetch(sa->runtime->iv->link.prev);
	prefetch(sa->runtime->iv->link.next);
}

/* The fourth behind @sa was not looked at yet, of the nearer ones more is there with each step. */
void ux_sad_ahead_walk(const struct ux_sad *sad, const struct ux_sa *sa)
{
	const struct ux_list *item = sa->all.next;

	for (int step = 0; step < 4 && item != &sad->all; step++) {
		const struct ux_sa *next = ux_container_of(item, struct ux_sa, all);

		if (step == 0)
			prefetch_keys(next->runtime->keys);
		else if (step == 1)
			prefetch_parts(next->runtime);
		else if (step == 2)
			prefetch_lines(next->runtime, sizeof(*next->runtime));
		else
			prefetch_lines(next, sizeof(*next));
		item = step < 3 ? item->next : item;
	}
}

void ux_sad_ahead_grace(const struct uxfrm *u, const struct ux_sa *sa)
{
	const struct ux_list *item = sa->timed.next;

	for (int step = 0; step < 3 && item != &u->sad.grace_queue; step++) {
		const struct ux_sa *next = ux_container_of(item, struct ux_sa, timed);

		if (step == 1) {
			prefetch(&next->runtime->current);
			ux_sa_table_prefetch(&u->sad.by_tuple, next->tuple_hash);
		} else if (step == 2) {
			prefetch_lines(next, sizeof(*next));
		}
		item = step < 2 ? item->next : item;
	}
}
