/* SPDX-License-Identifier: BSD-2-Clause */
#include "core_fixture.h"

#include <errno.h>

#define MS UINT64_C(1000000)

static struct ux_sa *inbound(struct uxfrm *u, uint32_t dst, uint32_t spi, uint32_t mark,
			     uint16_t encap)
{
	struct ux_sa_id id = id4(dst, spi);

	return ux_sad_lookup_inbound(u, &id, mark, encap);
}

static struct ux_sa_query query_for(uint32_t src, uint32_t dst, uint32_t reqid)
{
	struct ux_sa_query q;

	memset(&q, 0, sizeof(q));
	q.daddr = addr4(dst);
	q.saddr = addr4(src);
	q.reqid = reqid;
	q.family = AF_INET;
	q.proto = 50;
	q.mode = UX_MODE_TUNNEL;
	return q;
}

static struct ux_sa *move(struct uxfrm *u, struct ux_sa *sa, uint32_t src, uint32_t dst)
{
	struct ux_migration m = migration_to(sa, src, dst);
	struct ux_sa *fresh = NULL;

	assert_int_equal(ux_migrate(u, sa, &m, &fresh, NULL), 0);
	return fresh;
}

static void marks_newest_first(void **state)
{
	struct uxfrm *u = engine_new(0);
	struct ux_algo_request aead;
	struct ux_sa_params p = sa_params(&aead, 1, 2, 0x100);
	struct ux_sa *narrow, *wide;
	struct ux_sa_id id = id4(2, 0x100);

	p.mark = (struct ux_mark){7, 0xff};
	narrow = sa_insert(u, &p);
	assert_null(inbound(u, 2, 0x100, 8, 0));
	assert_ptr_equal(inbound(u, 2, 0x100, 0x107, 0), narrow);
	p.mark = (struct ux_mark){0, 0};
	wide = sa_insert(u, &p);
	assert_ptr_equal(inbound(u, 2, 0x100, 7, 0), wide);
	assert_ptr_equal(ux_sad_lookup_exact(u, &id, (struct ux_mark){7, 0xff}), narrow);
	assert_ptr_equal(ux_sad_lookup_exact(u, &id, (struct ux_mark){0, 0}), wide);
	assert_null(ux_sad_lookup_exact(u, &id, (struct ux_mark){7, 0}));
	assert_ptr_equal(ux_sad_lookup_wildcard(u, &id, 7, wide), narrow);
	ux_sad_remove(u, wide);
	assert_ptr_equal(inbound(u, 2, 0x100, 7, 0), narrow);
	assert_null(inbound(u, 3, 0x100, 7, 0));
	uxfrm_free(u);
}

static void grace_keeps_the_old_tuple(void **state)
{
	struct uxfrm *u = engine_new(100);
	struct ux_sa *a = sa_add(u, 1, 2, 0x100);
	struct ux_sa *b = move(u, a, 1, 3);
	struct ux_sa_id old_id = id4(2, 0x100);
	struct uxfrm_counts counts;

	assert_ptr_equal(inbound(u, 3, 0x100, 0, 0), b);
	assert_ptr_equal(inbound(u, 2, 0x100, 0, 0), a);
	assert_ptr_equal(inbound(u, 2, 0x100, 0, 0)->runtime, b->runtime);
	assert_null(ux_sad_lookup_exact(u, &old_id, (struct ux_mark){0, 0}));
	assert_null(ux_sad_lookup_wildcard(u, &old_id, 0, NULL));
	uxfrm_counts_get(u, &counts);
	assert_int_equal(counts.sa, 1);
	assert_int_equal(counts.sa_grace, 1);

	/* one newly installed on the former tuple wins */
	struct ux_sa *c = sa_add(u, 9, 2, 0x100);

	assert_ptr_equal(inbound(u, 2, 0x100, 0, 0), c);
	ux_sad_remove(u, c);
	assert_ptr_equal(inbound(u, 2, 0x100, 0, 0), a);

	assert_int_equal(uxfrm_tick(u, 99 * MS, FIXTURE_NOW_S), 100 * MS);
	assert_non_null(inbound(u, 2, 0x100, 0, 0));
	assert_int_equal(uxfrm_tick(u, 100 * MS, FIXTURE_NOW_S), UINT64_MAX);
	assert_null(inbound(u, 2, 0x100, 0, 0));
	assert_ptr_equal(inbound(u, 3, 0x100, 0, 0), b);
	uxfrm_free(u);
}

static void grace_prefers_right_encap(void **state)
{
	struct uxfrm *u = engine_new(100);
	struct ux_sa *a = sa_add(u, 1, 2, 0x100), *b;
	struct ux_migration m = migration_to(a, 1, 2);

	m.has_encap = true;
	m.encap.type = UX_ENCAP_ESPINUDP;
	assert_int_equal(ux_migrate(u, a, &m, &b, NULL), 0);
	assert_ptr_equal(inbound(u, 2, 0x100, 0, UX_ENCAP_ESPINUDP), b);
	assert_ptr_equal(inbound(u, 2, 0x100, 0, UX_ENCAP_NONE), a);
	uxfrm_tick(u, 200 * MS, FIXTURE_NOW_S);
	assert_ptr_equal(inbound(u, 2, 0x100, 0, UX_ENCAP_NONE), b); /* the caller reports it */
	uxfrm_free(u);
}

static void grace_is_bounded_and_merged(void **state)
{
	struct uxfrm *u = engine_new(100);
	struct ux_sa *sa = sa_add(u, 1, 2, 0x100);

	for (uint32_t i = 0; i < 40; i++) /* to and fro: never more than the other place */
		sa = move(u, sa, 1, i % 2 ? 2 : 3);
	assert_int_equal(sa->runtime->n_grace, 1);
	assert_int_equal(u->sad.n_grace, 1);
	for (uint32_t i = 0; i < 40; i++)
		sa = move(u, sa, 1, 100 + i);
	assert_int_equal(sa->runtime->n_grace, UX_SAD_GRACE_MAX);
	assert_int_equal(u->sad.n_grace, UX_SAD_GRACE_MAX);
	assert_null(inbound(u, 138 - UX_SAD_GRACE_MAX, 0x100, 0, 0));
	assert_non_null(inbound(u, 139 - UX_SAD_GRACE_MAX, 0x100, 0, 0));
	ux_sad_remove(u, sa);
	assert_int_equal(u->sad.n_grace, 0);
	assert_null(inbound(u, 139 - UX_SAD_GRACE_MAX, 0x100, 0, 0));
	assert_null(inbound(u, 139, 0x100, 0, 0));
	uxfrm_free(u);
}

static void no_grace_for_outbound(void **state)
{
	struct uxfrm *u = engine_new(100);
	struct ux_algo_request aead;
	struct ux_sa_params p = sa_params(&aead, 1, 2, 0x100);

	p.dir = UX_SA_DIR_OUT;
	(void)move(u, sa_insert(u, &p), 1, 3);
	assert_null(inbound(u, 2, 0x100, 0, 0));
	assert_int_equal(u->sad.n_grace, 0);
	uxfrm_free(u);
}

static void outbound_choice(void **state)
{
	struct uxfrm *u = engine_new(0);
	struct ux_algo_request aead;
	struct ux_sa_params p = sa_params(&aead, 1, 2, 0x100);
	struct ux_sa_query q = query_for(1, 2, 5);

	p.reqid = 5;
	p.has_curlft = true;
	p.cur_add_s = 10;
	struct ux_sa *old = sa_insert(u, &p);

	p.id.spi = htobe32(0x101);
	p.cur_add_s = 20;
	struct ux_sa *young = sa_insert(u, &p);

	p.id.spi = htobe32(0x102);
	p.cur_add_s = 15;
	struct ux_sa *middle = sa_insert(u, &p);

	assert_ptr_equal(ux_sad_lookup_outbound(u, &q), young);
	young->dying = true;
	assert_ptr_equal(ux_sad_lookup_outbound(u, &q), middle);
	q.spi = htobe32(0x100);
	assert_ptr_equal(ux_sad_lookup_outbound(u, &q), old);
	q.spi = 0;
	q.reqid = 0; /* literally 0, not any */
	assert_null(ux_sad_lookup_outbound(u, &q));
	q.reqid = 5;
	q.mode = UX_MODE_TRANSPORT;
	assert_null(ux_sad_lookup_outbound(u, &q));
	q.mode = UX_MODE_TUNNEL;
	q.if_id = 1;
	assert_null(ux_sad_lookup_outbound(u, &q));
	q.if_id = 0;
	q.saddr = addr4(77);
	assert_null(ux_sad_lookup_outbound(u, &q));
	middle->flags = UX_SA_WILDRECV;
	q.saddr = addr4(1);
	assert_ptr_equal(ux_sad_lookup_outbound(u, &q), old);
	middle->flags = 0;
	q.saddr = addr4(0); /* any source */
	assert_ptr_equal(ux_sad_lookup_outbound(u, &q), middle);
	uxfrm_free(u);
}

/* RFC 9611: that of the CPU, else one for all; the place in the chain does not decide. */
static void outbound_per_cpu(void **state)
{
	struct uxfrm *u = engine_new(0);
	struct ux_algo_request aead;
	struct ux_sa_params p = sa_params(&aead, 1, 2, 0x100);
	struct ux_sa_query q = query_for(1, 2, 5);
	struct ux_sa *sa[4];

	p.reqid = 5;
	p.has_curlft = true;
	for (uint32_t i = 0; i < 4; i++) {
		const uint32_t cpu[] = {3, UINT32_MAX, 4, UINT32_MAX};

		p.id.spi = htobe32(0x100 + i);
		p.pcpu = cpu[i];
		p.cur_add_s = 10 + i;
		sa[i] = sa_insert(u, &p);
	}
	q.cpu = 3;
	assert_ptr_equal(ux_sad_lookup_outbound(u, &q), sa[0]);
	q.cpu = 4;
	assert_ptr_equal(ux_sad_lookup_outbound(u, &q), sa[2]);
	q.cpu = 5;
	assert_ptr_equal(ux_sad_lookup_outbound(u, &q), sa[3]);
	q.spi = sa[0]->id.spi;
	assert_null(ux_sad_lookup_outbound(u, &q));
	q.spi = 0;
	q.cpu = 3;
	sa[0]->dying = true; /* it is met last: the CPU's own still decides, as in Linux */
	assert_ptr_equal(ux_sad_lookup_outbound(u, &q), sa[0]);
	ux_sad_remove(u, sa[0]);
	assert_ptr_equal(ux_sad_lookup_outbound(u, &q), sa[3]);
	uxfrm_free(u);
}

static void outbound_selector(void **state)
{
	struct uxfrm *u = engine_new(0);
	struct ux_algo_request aead;
	struct ux_sa_params p = sa_params(&aead, 1, 2, 0x100);
	struct ux_sa_query q = query_for(1, 2, 0);
	struct ux_flow_key flow = {
	    .saddr = addr4(0x0a000001), .daddr = addr4(0x0a000102), .family = AF_INET};

	p.sel.daddr = addr4(0x0a000100);
	p.sel.prefixlen_d = 24;
	struct ux_sa *sa = sa_insert(u, &p);

	q.flow = &flow;
	assert_ptr_equal(ux_sad_lookup_outbound(u, &q), sa);
	flow.daddr = addr4(0x0a000202);
	assert_null(ux_sad_lookup_outbound(u, &q));
	flow.daddr = addr4(0x0a000102);
	flow.family = AF_INET6;
	assert_null(ux_sad_lookup_outbound(u, &q));
	uxfrm_free(u);
}

static void policies_follow(void **state)
{
	struct uxfrm *u = engine_new(0);
	struct ux_sa *sa = sa_add(u, 1, 2, 0x100);
	struct ux_sa_query first = query_for(1, 2, 0), third = query_for(1, 12, 0);

	for (uint32_t i = 0; i < 20; i++)
		sa = move(u, sa, 1, 10 + i);
	assert_ptr_equal(ux_sad_lookup_outbound(u, &first), sa); /* as installed: never forgotten */
	assert_null(ux_sad_lookup_outbound(u, &third));		 /* the oldest of the others go */
	for (uint32_t i = 12; i < 20; i++) {
		struct ux_sa_query q = query_for(1, 10 + i, 0);

		assert_ptr_equal(ux_sad_lookup_outbound(u, &q), sa);
	}
	assert_int_equal(sa->runtime->former->n, UX_FORMER_MAX);

	/* one that is there now goes before one that was */
	struct ux_sa *other = sa_add(u, 1, 2, 0x200);

	assert_ptr_equal(ux_sad_lookup_outbound(u, &first), other);
	ux_sad_remove(u, other);
	assert_ptr_equal(ux_sad_lookup_outbound(u, &first), sa);
	u->params.strict_templates = true;
	assert_null(ux_sad_lookup_outbound(u, &first));
	u->params.strict_templates = false;
	ux_sad_remove(u, sa);
	assert_null(ux_sad_lookup_outbound(u, &first));
	uxfrm_free(u);
}

static void larval(void **state)
{
	struct uxfrm *u = engine_new(100);
	struct ux_algo_request aead;
	struct ux_sa_params p = sa_params(&aead, 1, 2, 0);
	struct ux_sa_query q = query_for(1, 2, 0);
	struct ux_sa *sa, *found;

	p.acquire_seq = 5;
	assert_int_equal(ux_sa_new_larval(u, &p, &sa), 0);
	assert_int_equal(ux_sad_insert(u, sa), 0);
	assert_null(ux_sad_lookup_outbound(u, &q));
	assert_ptr_equal(ux_sad_lookup_larval(u, &p), sa);
	assert_ptr_equal(ux_sad_lookup_larval_by_seq(u, p.mark, 5, UINT32_MAX), sa);
	assert_null(ux_sad_lookup_larval_by_seq(u, p.mark, 5 + UX_SAD_SEQ_BUCKETS, UINT32_MAX));
	assert_null(ux_sad_lookup_larval_by_seq(u, p.mark, 5, 0));
	p.saddr = addr4(3);
	assert_null(ux_sad_lookup_larval(u, &p));

	/* with an SPI it is no longer one without */
	p = sa_params(&aead, 1, 2, 0x100);
	assert_int_equal(ux_sa_new_larval(u, &p, &found), 0);
	assert_int_equal(ux_sad_replace(u, sa, found, false), 0);
	assert_null(ux_sad_lookup_larval(u, &p));
	assert_true(ux_sad_spi_in_use(u, htobe32(0x100), 50));
	assert_false(ux_sad_spi_in_use(u, htobe32(0x100), 51));
	assert_int_equal(uxfrm_tick(u, 29999 * MS, FIXTURE_NOW_S + 29), 30000 * MS);
	assert_int_equal(u->sad.n_sa, 1);
	assert_int_equal(uxfrm_tick(u, 30000 * MS, FIXTURE_NOW_S + 30), UINT64_MAX);
	assert_int_equal(u->sad.n_sa, 0);
	assert_false(ux_sad_spi_in_use(u, htobe32(0x100), 50));
	uxfrm_free(u);
}

static void limit_of_sas(void **state)
{
	struct uxfrm *u = engine_new(0);
	struct ux_algo_request aead;
	struct ux_sa_params p = sa_params(&aead, 1, 2, 0x101);
	struct ux_sa *sa;

	u->params.max_sa = 1;
	(void)sa_add(u, 1, 2, 0x100);
	assert_int_equal(ux_sa_new(u, &p, &sa, NULL), 0);
	assert_int_equal(ux_sad_insert(u, sa), -ENOMEM);
	ux_sa_free(sa);
	uxfrm_free(u);
}

/* A larval SA makes room for what it has waited for. */
static void limit_and_larval(void **state)
{
	struct uxfrm *u = engine_new(0);
	struct ux_algo_request aead;
	struct ux_sa_params p = sa_params(&aead, 1, 2, 0x101);
	struct ux_sa *sa, *larval;

	u->params.max_sa = 2;
	(void)sa_add(u, 1, 2, 0x100);
	assert_int_equal(ux_sa_new_larval(u, &p, &larval), 0);
	assert_int_equal(ux_sad_insert(u, larval), 0);
	assert_int_equal(ux_sa_new(u, &p, &sa, NULL), 0);
	assert_int_equal(ux_sad_insert(u, sa), -ENOMEM);
	assert_int_equal(ux_sad_fulfil(u, larval, sa), 0);
	assert_int_equal(u->sad.n_sa, 2);
	assert_true(ux_list_empty(&u->sad.larval));
	assert_ptr_equal(ux_sad_lookup_exact(u, &sa->id, sa->mark), sa);
	uxfrm_free(u);
}

static void dump_while_changing(void **state)
{
	struct uxfrm *u = engine_new(0);
	struct ux_sad_cursor c;
	struct ux_sa *sa[4];

	for (uint32_t i = 0; i < 4; i++)
		sa[i] = sa_add(u, 1, 2, 0x100 + i);
	ux_sad_cursor_init(&c);
	assert_ptr_equal(ux_sad_cursor_next(&u->sad, &c), sa[3]);
	assert_ptr_equal(ux_sad_cursor_next(&u->sad, &c), sa[2]);
	ux_sad_cursor_back(&u->sad, &c);
	assert_ptr_equal(ux_sad_cursor_next(&u->sad, &c), sa[2]);
	ux_sad_remove(u, sa[1]); /* the next one goes, */
	ux_sad_remove(u, sa[2]); /* and the one just seen */
	(void)sa_add(u, 1, 2, 0x200);
	assert_ptr_equal(ux_sad_cursor_next(&u->sad, &c), sa[0]);
	assert_null(ux_sad_cursor_next(&u->sad, &c));
	assert_null(ux_sad_cursor_next(&u->sad, &c));
	ux_sad_cursor_fini(&c);
	uxfrm_free(u);
}

struct seen_port {
	int added, gone;
	uint16_t last;
};

static void on_encap(void *opaque, const struct uxfrm_encap_event *event)
{
	struct seen_port *s = opaque;

	if (event->added)
		s->added++;
	else
		s->gone++;
	s->last = event->port;
}

static void ports_are_told(void **state)
{
	static const struct uxfrm_watch_ops ops = {.encap = on_encap};
	struct uxfrm *u = engine_new(100);
	struct ux_algo_request aead;
	struct ux_sa_params p = sa_params(&aead, 1, 2, 0x100);
	struct seen_port seen = {0, 0, 0};

	uxfrm_watch(u, &ops, &seen);
	p.encap = (struct ux_encap){
	    .type = UX_ENCAP_ESPINUDP, .sport = htobe16(1111), .dport = htobe16(4500)};
	struct ux_sa *a = sa_insert(u, &p);

	assert_int_equal(seen.added, 1);
	assert_int_equal(seen.last, 4500);
	p.id.spi = htobe32(0x101);
	p.dir = UX_SA_DIR_OUT;
	p.encap.sport = htobe16(4500);
	p.encap.dport = htobe16(1111);
	struct ux_sa *b = sa_insert(u, &p);

	assert_int_equal(seen.added, 1); /* the same port again */

	/* encapsulation off: the port is needed until the grace time is over */
	struct ux_migration m = migration_to(a, 1, 3);

	m.has_encap = true;
	assert_int_equal(ux_migrate(u, a, &m, &a, NULL), 0);
	ux_sad_remove(u, b);
	assert_int_equal(seen.gone, 0);
	uxfrm_tick(u, 100 * MS, FIXTURE_NOW_S);
	assert_int_equal(seen.gone, 1);
	assert_int_equal(seen.added, 1);
	uxfrm_free(u);
}

/* ---- random operations against a plain list ---- */

enum { MODEL_MAX = 200, STEPS = 30000 };

struct model {
	struct ux_sa *sa;
	uint32_t src, dst, spi, mark;
};

static struct model model[MODEL_MAX];
static uint32_t n_model;

static struct ux_sa *model_exact(uint32_t dst, uint32_t spi, uint32_t mark)
{
	for (uint32_t i = 0; i < n_model; i++)
		if (model[i].dst == dst && model[i].spi == spi && model[i].mark == mark)
			return model[i].sa;
	return NULL;
}

static void model_add(struct uxfrm *u)
{
	struct model m = {NULL, (uint32_t)random() % 4 + 1, (uint32_t)random() % 8 + 1,
			  (uint32_t)random() % 16 + 256, (uint32_t)random() % 3};
	struct ux_algo_request aead;
	struct ux_sa_params p = sa_params(&aead, m.src, m.dst, m.spi);

	if (n_model == MODEL_MAX || model_exact(m.dst, m.spi, m.mark))
		return;
	p.mark = (struct ux_mark){m.mark, 3};
	m.sa = sa_insert(u, &p);
	model[n_model++] = m;
}

static void model_move(struct uxfrm *u)
{
	struct model *m = &model[(uint32_t)random() % n_model];
	uint32_t dst = (uint32_t)random() % 8 + 1, src = (uint32_t)random() % 4 + 1;
	struct ux_sa *there = model_exact(dst, m->spi, m->mark), *fresh;
	struct ux_migration mig = migration_to(m->sa, src, dst);
	struct ux_sa_runtime *runtime = m->sa->runtime;
	int err = ux_migrate(u, m->sa, &mig, &fresh, NULL);

	if (there && there != m->sa) {
		assert_int_equal(err, -EEXIST);
		return;
	}
	assert_int_equal(err, 0);
	assert_ptr_equal(fresh->runtime, runtime);
	assert_ptr_equal(runtime->current, fresh);
	m->sa = fresh;
	m->src = src;
	m->dst = dst;
}

static void model_check(struct uxfrm *u)
{
	struct ux_sad_cursor c;
	uint32_t n = 0;

	assert_int_equal(u->sad.n_sa, n_model);
	for (uint32_t i = 0; i < n_model; i++) {
		struct model *m = &model[i];
		struct ux_sa_id id = id4(m->dst, m->spi);
		struct ux_sa_query q = query_for(m->src, m->dst, 0);

		assert_ptr_equal(ux_sad_lookup_exact(u, &id, (struct ux_mark){m->mark, 3}), m->sa);
		assert_ptr_equal(ux_sad_lookup_inbound(u, &id, m->mark, 0), m->sa);
		q.spi = id.spi;
		q.mark = m->mark;
		assert_ptr_equal(ux_sad_lookup_outbound(u, &q), m->sa);
		assert_true(ux_sad_spi_in_use(u, id.spi, 50));
	}
	for (uint32_t dst = 1; dst < 9; dst++)
		for (uint32_t spi = 256; spi < 272; spi++)
			for (uint32_t mark = 0; mark < 3; mark++) {
				struct ux_sa_id id = id4(dst, spi);

				assert_ptr_equal(
				    ux_sad_lookup_exact(u, &id, (struct ux_mark){mark, 3}),
				    model_exact(dst, spi, mark));
			}
	ux_sad_cursor_init(&c);
	while (ux_sad_cursor_next(&u->sad, &c))
		n++;
	ux_sad_cursor_fini(&c);
	assert_int_equal(n, n_model);
}

static void random_against_list(void **state)
{
	struct uxfrm *u = engine_new(50);

	srandom(42);
	n_model = 0;
	for (uint64_t step = 0; step < STEPS; step++) {
		long what = random() % 10;

		if (what < 3 || !n_model) {
			model_add(u);
		} else if (what < 5) {
			uint32_t i = (uint32_t)random() % n_model;

			ux_sad_remove(u, model[i].sa);
			model[i] = model[--n_model];
		} else {
			model_move(u);
		}
		if (random() % 8 == 0)
			uxfrm_tick(u, step * MS, FIXTURE_NOW_S);
		if (step % 500 == 0)
			model_check(u);
	}
	model_check(u);
	uxfrm_tick(u, (STEPS + 100) * MS, FIXTURE_NOW_S);
	assert_int_equal(u->sad.n_grace, 0);
	uxfrm_free(u);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(marks_newest_first),
	    cmocka_unit_test(grace_keeps_the_old_tuple),
	    cmocka_unit_test(grace_prefers_right_encap),
	    cmocka_unit_test(grace_is_bounded_and_merged),
	    cmocka_unit_test(no_grace_for_outbound),
	    cmocka_unit_test(outbound_choice),
	    cmocka_unit_test(outbound_per_cpu),
	    cmocka_unit_test(outbound_selector),
	    cmocka_unit_test(policies_follow),
	    cmocka_unit_test(larval),
	    cmocka_unit_test(limit_of_sas),
	    cmocka_unit_test(limit_and_larval),
	    cmocka_unit_test(dump_while_changing),
	    cmocka_unit_test(ports_are_told),
	    cmocka_unit_test(random_against_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
