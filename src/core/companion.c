/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/companion.h"

#include <errno.h>
#include <stdlib.h>

#include "core/instance.h"
#include "core/sa_runtime.h"

/* ---- SPIs by source, IPv6 ---- */

static _Atomic(struct ux_companion_spi *) *bucket_of(struct uxfrm *u, const struct ux_addr *saddr)
{
	uint64_t hash = ux_siphash(&u->hash_key, saddr, sizeof(*saddr));

	return &u->companions.spi6[hash % UX_COMPANION_BUCKETS];
}

static struct ux_companion_spi *find_spi6(struct uxfrm *u, const struct ux_addr *saddr)
{
	struct ux_companion_spi *s = ux_rcu_follow(bucket_of(u, saddr));

	while (s && !ux_addr_equal(&s->saddr, saddr, AF_INET6))
		s = ux_rcu_follow(&s->next);
	return s;
}

__be32 ux_companion_spi(struct uxfrm *u, uint16_t family, const struct ux_addr *saddr)
{
	const struct ux_companion_spi *s;

	if (family == AF_INET)
		return saddr->w[0];
	s = find_spi6(u, saddr);
	return s ? s->spi : 0;
}

static struct ux_companion_spi *hold_spi6(struct uxfrm *u, const struct ux_addr *saddr)
{
	_Atomic(struct ux_companion_spi *) *bucket = bucket_of(u, saddr);
	struct ux_companion_spi *s = find_spi6(u, saddr);

	if (!s) {
		s = calloc(1, sizeof(*s));
		if (!s)
			return NULL;
		if (++u->companions.last_spi6 == 0)
			u->companions.last_spi6 = 1;
		s->saddr = *saddr;
		s->spi = htobe32(u->companions.last_spi6);
		atomic_init(&s->next, ux_rcu_own(bucket));
		ux_rcu_publish(bucket, s);
	}
	s->users++;
	return s;
}

static void drop_spi6(struct uxfrm *u, const struct ux_addr *saddr)
{
	_Atomic(struct ux_companion_spi *) *at = bucket_of(u, saddr);
	struct ux_companion_spi *s = find_spi6(u, saddr);

	if (!s || --s->users)
		return;
	while (ux_rcu_own(at) != s)
		at = &ux_rcu_own(at)->next;
	ux_rcu_publish(at, ux_rcu_own(&s->next));
	ux_retire_add(&u->retire, s, free);
}

void ux_companions_fini(struct uxfrm *u)
{
	for (int i = 0; i < UX_COMPANION_BUCKETS; i++) {
		struct ux_companion_spi *s = ux_rcu_own(&u->companions.spi6[i]);

		while (s) {
			struct ux_companion_spi *next = ux_rcu_own(&s->next);

			free(s);
			s = next;
		}
	}
}

/* ---- companions ---- */

struct ux_sa_runtime *ux_companion_of(const struct ux_sa_runtime *r)
{
	return r->extras & UX_SA_HAS_RARE ? r->terms.rare->companion : NULL;
}

static struct ux_sa_params params_of(const struct ux_sa *sa)
{
	bool v4 = sa->id.family == AF_INET;

	return (struct ux_sa_params){
	    .id = {.daddr = sa->id.daddr,
		   .spi = sa->saddr.w[0],
		   .family = sa->id.family,
		   .proto = ux_companion_proto(sa->id.family)},
	    .saddr = sa->saddr,
	    .sel = sa->sel,
	    .mark = sa->mark,
	    .if_id = sa->if_id,
	    .mode = sa->mode,
	    .flags = v4 ? sa->flags : 0,
	    .extra_flags = v4 ? sa->runtime->terms.extra_flags : 0,
	    .pcpu = UINT32_MAX,
	    .limits = {UX_LIMIT_INFINITE, UX_LIMIT_INFINITE, UX_LIMIT_INFINITE, UX_LIMIT_INFINITE},
	};
}

/* A new one, in the database. */
static int make(struct uxfrm *u, const struct ux_sa_params *p, struct ux_sa_runtime **ret_runtime)
{
	struct ux_sa *sa;
	int err = ux_sa_new(u, p, &sa, NULL);

	if (err < 0)
		return -ENOMEM; /* nothing else is wrong with it */
	if (!ux_sa_runtime_rare(sa->runtime) || ux_sad_insert(u, sa) < 0) {
		ux_sa_free(sa);
		return -ENOMEM;
	}
	*ret_runtime = sa->runtime;
	return 0;
}

static int make6(struct uxfrm *u, struct ux_sa_params *p, struct ux_sa_runtime **ret_runtime)
{
	struct ux_companion_spi *s = hold_spi6(u, &p->saddr);
	int err;

	if (!s)
		return -ENOMEM;
	p->id.spi = s->spi;
	err = make(u, p, ret_runtime);
	if (err < 0)
		drop_spi6(u, &p->saddr);
	return err;
}

static struct ux_sa *find(struct uxfrm *u, struct ux_sa_params *p)
{
	if (p->id.family == AF_INET6)
		p->id.spi = ux_companion_spi(u, AF_INET6, &p->saddr);
	if (!p->id.spi)
		return NULL;
	return ux_sad_lookup_wildcard(u, &p->id, p->mark.v & p->mark.m, NULL);
}

int ux_companion_attach(struct uxfrm *u, const struct ux_sa *sa)
{
	struct ux_sa_params p = params_of(sa);
	struct ux_sa_rare *rare = ux_sa_runtime_rare(sa->runtime);
	struct ux_sa *there = find(u, &p);
	struct ux_sa_runtime *companion;
	int err = 0;

	if (!rare)
		return -ENOMEM;
	if (there)
		companion = there->runtime;
	else
		err = p.id.family == AF_INET6 ? make6(u, &p, &companion) : make(u, &p, &companion);
	if (err < 0)
		return err;
	companion->terms.rare->companion_users++;
	rare->companion = companion;
	return 0;
}

void ux_companion_release(struct uxfrm *u, struct ux_sa_runtime *companion)
{
	struct ux_sa *sa;

	if (!companion || --companion->terms.rare->companion_users)
		return;
	sa = ux_rcu_own(&companion->current);
	if (sa->id.family == AF_INET6)
		drop_spi6(u, &sa->saddr);
	ux_sad_remove(u, sa);
}

void ux_companion_leave(struct uxfrm *u, const struct ux_sa *sa)
{
	struct ux_sa_params p = params_of(sa);
	struct ux_sa *there = find(u, &p);

	if (there)
		ux_companion_release(u, there->runtime);
}
