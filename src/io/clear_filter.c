/* SPDX-License-Identifier: BSD-2-Clause */

/* Which prefixes there are, by how many policies, and what of it the kernel does not know yet. */

#include "io/clear_filter.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "io/clear_rules.h"

#define IKE_PORT 500
#define IKE_NAT_PORT 4500
#define LENGTHS 129
#define MESSAGE_ROOM 2048 /* of a new set with its rule and element, and the batch's end */

struct prefix {
	struct ux_clear_set set;
	struct ux_addr addr;
	uint32_t count; /* of policies */
};

struct ux_clear_filter {
	struct ux_clear_filter_params params;
	struct ux_nfnl nl;
	enum ux_clear_way way;
	void *prefixes; /* tree of struct prefix */
	bool has_family[2];
	uint8_t ports[2][65536 / 8];	/* IPv6; in use, beside those of IKE */
	bool has_set[2][2][2][LENGTHS]; /* IPv6, forwarded, destination, bits */
	int error;			/* the first since the last flush */
};

static int compare_prefixes(const void *a, const void *b)
{
	const struct prefix *x = a, *y = b;
	int order = (x->set.family > y->set.family) - (x->set.family < y->set.family);

	order = order ? order : x->set.forwarded - y->set.forwarded;
	order = order ? order : x->set.destination - y->set.destination;
	order = order ? order : x->set.bits - y->set.bits;
	return order ? order : memcmp(&x->addr, &y->addr, sizeof(x->addr));
}

static void commit(struct ux_clear_filter *f)
{
	int err;

	if (!f->nl.len)
		return;
	err = ux_clear_batch_commit(&f->nl);
	f->error = f->error ? f->error : err;
}

/* Before each change: there is room for it in a batch. */
static void make_room(struct ux_clear_filter *f)
{
	if (f->nl.len > UX_NFNL_BUFFER - MESSAGE_ROOM)
		commit(f);
	if (!f->nl.len)
		ux_clear_batch_begin(&f->nl);
}

/* A rule with a queue is tried: not every system has the one, or the other. */
static int try_way(struct ux_clear_filter *f, int family, enum ux_clear_way way)
{
	const struct ux_clear_table table = {family, f->params.own_group};
	const struct ux_clear_set set = {.family = family, .bits = family == AF_INET ? 32 : 128};

	ux_clear_batch_begin(&f->nl);
	ux_clear_put_table(&f->nl, &table);
	ux_clear_put_port(&f->nl, family, IKE_PORT, true);
	ux_clear_put_port(&f->nl, family, IKE_NAT_PORT, true);
	ux_clear_put_set(&f->nl, &set, way, f->params.queue_in);
	return ux_clear_batch_commit(&f->nl);
}

static int open_family(struct ux_clear_filter *f, int family)
{
	int err = try_way(f, family, UX_CLEAR_QUEUE);

	f->way = UX_CLEAR_QUEUE;
	if (err) {
		err = try_way(f, family, UX_CLEAR_TARGET);
		f->way = UX_CLEAR_TARGET;
	}
	if (err)
		return err;
	f->has_family[family == AF_INET6] = true;
	f->has_set[family == AF_INET6][0][0][family == AF_INET ? 32 : 128] = true;
	return 0;
}

int ux_clear_filter_open(const struct ux_clear_filter_params *params,
			 struct ux_clear_filter **ret_filter)
{
	struct ux_clear_filter *f = calloc(1, sizeof(*f));
	int err;

	if (!f)
		return -ENOMEM;
	f->params = *params;
	err = ux_nfnl_open(&f->nl);
	if (!err) {
		/* A host without IPv6 has no table for it. */
		(void)!open_family(f, AF_INET6);
		err = open_family(f, AF_INET);
	}
	if (err) {
		ux_clear_filter_free(f, false);
		return err;
	}
	*ret_filter = f;
	return 0;
}

struct ux_clear_filter *ux_clear_filter_free(struct ux_clear_filter *f, bool keep)
{
	if (!f)
		return NULL;
	f->nl.len = 0;
	for (int six = 0; six < 2; six++) {
		if (!f->has_family[six] || (keep && f->prefixes))
			continue;
		ux_clear_batch_begin(&f->nl);
		ux_clear_drop_table(&f->nl, six ? AF_INET6 : AF_INET);
		/* somebody else may have done it */
		(void)!ux_clear_batch_commit(&f->nl);
	}
	ux_nfnl_close(&f->nl);
	tdestroy(f->prefixes, free);
	free(f);
	return NULL;
}

/* The longer of both prefixes is the better sieve. */
static struct prefix choose(const struct ux_clear_selector *s)
{
	bool destination = s->destination.bits > s->source.bits;
	const struct ux_prefix *from = destination ? &s->destination : &s->source;
	struct prefix p = {.set = {.family = s->family,
				   .forwarded = s->forwarded,
				   .destination = destination,
				   .bits = from->bits}};

	memcpy(&p.addr, &from->addr, s->family == AF_INET ? 4 : 16);
	ux_prefix_mask(&p.addr, s->family, p.set.bits);
	return p;
}

static void put_prefix(struct ux_clear_filter *f, const struct prefix *p)
{
	bool *has_set = &f->has_set[p->set.family == AF_INET6][p->set.forwarded][p->set.destination]
				   [p->set.bits];

	make_room(f);
	if (!*has_set)
		ux_clear_put_set(&f->nl, &p->set, f->way,
				 p->set.forwarded ? f->params.queue_fwd : f->params.queue_in);
	*has_set = true;
	ux_clear_put_prefix(&f->nl, &p->set, &p->addr, true);
}

static void put_prefix_of_tree(const void *node, VISIT visit, void *opaque)
{
	if (visit == postorder || visit == leaf)
		put_prefix(opaque, *(const struct prefix *const *)node);
}

static bool has_port(const struct ux_clear_filter *f, bool six, uint32_t port)
{
	return f->ports[six][port / 8] >> port % 8 & 1;
}

/* Everything anew. */
static int restore(struct ux_clear_filter *f)
{
	int err = 0;

	for (int six = 0; six < 2 && !err; six++) {
		int family = six ? AF_INET6 : AF_INET;

		if (!f->has_family[six])
			continue;
		memset(f->has_set[six], 0, sizeof(f->has_set[six]));
		f->nl.len = 0;
		err = try_way(f, family, f->way);
		f->has_set[six][0][0][six ? 128 : 32] = true;
		for (uint32_t port = 0; port < 65536 && !err; port++) {
			if (!has_port(f, six, port))
				continue;
			make_room(f);
			ux_clear_put_port(&f->nl, family, (uint16_t)port, true);
		}
	}
	if (err)
		return err;
	f->error = 0;
	twalk_r(f->prefixes, put_prefix_of_tree, f);
	commit(f);
	err = f->error;
	f->error = 0;
	return err;
}

int ux_clear_filter_check(struct ux_clear_filter *f)
{
	int err = 0;

	if (!f->prefixes)
		return 0;
	commit(f);
	for (int six = 0; six < 2 && !err; six++) {
		if (!f->has_family[six])
			continue;
		ux_clear_batch_begin(&f->nl);
		/* what is there already: it changes nothing, and needs the table */
		ux_clear_put_port(&f->nl, six ? AF_INET6 : AF_INET, IKE_PORT, true);
		err = ux_clear_batch_commit(&f->nl);
	}
	if (err != -ENOENT)
		return err;
	err = restore(f);
	return err ? err : 1;
}

int ux_clear_filter_add(struct ux_clear_filter *f, const struct ux_clear_selector *s)
{
	struct prefix wanted = choose(s), *p, **found;

	if (!f->has_family[s->family == AF_INET6])
		return 0;
	found = tfind(&wanted, &f->prefixes, compare_prefixes);
	if (found) {
		(*found)->count++;
		return 0;
	}
	p = malloc(sizeof(*p));
	if (!p)
		return -ENOMEM;
	*p = wanted;
	p->count = 1;
	if (!tsearch(p, &f->prefixes, compare_prefixes)) {
		free(p);
		return -ENOMEM;
	}
	put_prefix(f, p);
	return 0;
}

int ux_clear_filter_remove(struct ux_clear_filter *f, const struct ux_clear_selector *s)
{
	struct prefix wanted = choose(s), *p, **found;

	if (!f->has_family[s->family == AF_INET6])
		return 0;
	found = tfind(&wanted, &f->prefixes, compare_prefixes);
	if (!found)
		return -ENOENT;
	p = *found;
	if (--p->count)
		return 0;
	make_room(f);
	ux_clear_put_prefix(&f->nl, &p->set, &p->addr, false);
	tdelete(&wanted, &f->prefixes, compare_prefixes);
	free(p);
	return 0;
}

void ux_clear_filter_port(struct ux_clear_filter *f, int family, uint16_t port, bool used)
{
	if (!f->has_family[family == AF_INET6] || port == IKE_PORT || port == IKE_NAT_PORT)
		return;
	if (used)
		f->ports[family == AF_INET6][port / 8] |= (uint8_t)(1u << port % 8);
	else
		f->ports[family == AF_INET6][port / 8] &= (uint8_t) ~(1u << port % 8);
	make_room(f);
	ux_clear_put_port(&f->nl, family, port, used);
}

int ux_clear_filter_flush(struct ux_clear_filter *f)
{
	int err, again;

	commit(f);
	err = f->error;
	f->error = 0;
	if (!err)
		return 0;
	/* a batch that failed has changed nothing, and what it held is not known any more */
	again = restore(f);
	return again ? again : err;
}
