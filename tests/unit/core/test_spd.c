/* SPDX-License-Identifier: BSD-2-Clause */
#include "core_fixture.h"

#include <errno.h>

static struct ux_policy *policy_new(struct uxfrm *u, uint8_t dir, uint32_t priority, uint32_t net)
{
	struct ux_policy *p = ux_policy_new(u, 0);

	assert_non_null(p);
	p->dir = dir;
	p->priority = priority;
	p->family = p->sel.family = AF_INET;
	p->sel.daddr = (struct ux_addr){.w = {htobe32(net)}};
	p->sel.prefixlen_d = 24;
	return p;
}

static struct ux_policy *add(struct uxfrm *u, struct ux_policy *p)
{
	assert_int_equal(ux_spd_insert(u, p, true, NULL), 0);
	return p;
}

static struct ux_policy *lookup(struct uxfrm *u, uint32_t dst)
{
	struct ux_flow_key flow = {.daddr = addr4(dst), .saddr = addr4(1), .family = AF_INET};

	return ux_spd_lookup(u, UX_POLICY_OUT, &flow, 0);
}

/* The numbers a Linux kernel gave for the same requests in this order. */
static void indexes_as_linux(void **state)
{
	struct uxfrm *u = engine_new(0);
	struct ux_policy *p;

	assert_int_equal(add(u, policy_new(u, UX_POLICY_OUT, 10, 0x100))->index, 1);
	assert_int_equal(add(u, policy_new(u, UX_POLICY_OUT, 10, 0x200))->index, 9);
	assert_int_equal(add(u, policy_new(u, UX_POLICY_IN, 10, 0x200))->index, 16);
	assert_int_equal(add(u, policy_new(u, UX_POLICY_FWD, 10, 0x200))->index, 26);
	p = policy_new(u, UX_POLICY_OUT, 10, 0x300);
	p->index = 801;
	assert_int_equal(add(u, p)->index, 801);
	p = policy_new(u, UX_POLICY_OUT, 10, 0x400);
	p->index = 801; /* taken */
	assert_int_equal(add(u, p)->index, 33);
	p = policy_new(u, UX_POLICY_OUT, 10, 0x400);
	p->type = UX_POLICY_TYPE_SUB;
	p->index = 801; /* for the other type too */
	assert_int_equal(add(u, p)->index, 41);
	uxfrm_free(u);

	u = engine_new(0);
	assert_int_equal(add(u, policy_new(u, UX_POLICY_IN, 10, 0x100))->index, 8); /* 0 is none */
	uxfrm_free(u);
}

static void order_and_replacement(void **state)
{
	struct uxfrm *u = engine_new(0);
	struct ux_policy *wide = policy_new(u, UX_POLICY_OUT, 10, 0), *first, *second, *p;
	bool replaced = false;

	first = add(u, policy_new(u, UX_POLICY_OUT, 10, 0x100));
	wide->sel.prefixlen_d = 0;
	(void)add(u, wide); /* the same priority, younger */
	assert_ptr_equal(lookup(u, 0x105), first);
	assert_ptr_equal(lookup(u, 0x205), wide);

	/* replaced with the same priority: the index stays, but now it is the youngest */
	p = policy_new(u, UX_POLICY_OUT, 10, 0x100);
	p->index = 8001;
	assert_int_equal(ux_spd_insert(u, p, true, NULL), -EEXIST);
	assert_int_equal(ux_spd_insert(u, p, false, &replaced), 0);
	assert_true(replaced);
	assert_int_equal(p->index, 1);
	assert_ptr_equal(lookup(u, 0x105), wide);
	assert_int_equal(u->spd.n[UX_POLICY_OUT], 2);

	/* with another priority it moves */
	second = policy_new(u, UX_POLICY_OUT, 11, 0x100);
	assert_int_equal(ux_spd_insert(u, second, false, &replaced), 0);
	assert_ptr_equal(lookup(u, 0x105), wide);
	p = policy_new(u, UX_POLICY_OUT, 9, 0x100);
	assert_int_equal(ux_spd_insert(u, p, false, &replaced), 0);
	assert_ptr_equal(lookup(u, 0x105), p);
	ux_spd_remove(u, p);
	assert_ptr_equal(lookup(u, 0x105), wide);
	ux_spd_remove(u, wide);
	assert_null(lookup(u, 0x105));
	uxfrm_free(u);
}

static void find_exactly(void **state)
{
	struct uxfrm *u = engine_new(0);
	struct ux_policy *p = policy_new(u, UX_POLICY_OUT, 10, 0x100);
	struct ux_policy_key key = {UX_POLICY_TYPE_MAIN, UX_POLICY_OUT, 3, {1, 0xff}, &p->sel};
	struct ux_selector sel = p->sel;

	p->mark = (struct ux_mark){1, 0xff};
	p->if_id = 3;
	(void)add(u, p);
	assert_ptr_equal(ux_spd_find(u, &key), p);
	assert_ptr_equal(ux_spd_find_by_index(u, &key, p->index), p);
	assert_null(ux_spd_find_by_index(u, &key, p->index + 8));
	key.mark.m = 0xfff;
	assert_null(ux_spd_find(u, &key));
	assert_null(ux_spd_find_by_index(u, &key, p->index));
	key.mark.m = 0xff;
	key.if_id = 0;
	assert_null(ux_spd_find(u, &key));
	key.if_id = 3;
	key.type = UX_POLICY_TYPE_SUB;
	assert_null(ux_spd_find(u, &key));
	key.type = UX_POLICY_TYPE_MAIN;
	key.dir = UX_POLICY_IN;
	assert_null(ux_spd_find(u, &key));
	assert_null(ux_spd_find_by_index(u, &key, p->index));
	key.dir = UX_POLICY_OUT;
	sel.user++;
	key.sel = &sel;
	assert_null(ux_spd_find(u, &key));
	assert_null(lookup(u, 0x105)); /* the mark does not fit, nor the if_id */
	uxfrm_free(u);
}

/* Random policies: the search gives what a walk over all by priority and age gives. */
static void random_against_list(void **state)
{
	enum { N = 300 };
	struct ux_policy *all[N];
	uint32_t n = 0;
	struct uxfrm *u = engine_new(0);

	srandom(5);
	for (int step = 0; step < 6000; step++) {
		if (n < N && random() % 2) {
			struct ux_policy *p = policy_new(u, UX_POLICY_OUT, (uint32_t)random() % 20,
							 (uint32_t)random() % 4096);

			p->sel.prefixlen_d = (uint8_t)(20 + random() % 13);
			p->sel.user = (uint32_t)step; /* so that none is equal to another */
			all[n++] = add(u, p);
		} else if (n && random() % 3 == 0) {
			uint32_t i = (uint32_t)random() % n;

			ux_spd_remove(u, all[i]);
			memmove(&all[i], &all[i + 1], (n - i - 1) * sizeof(all[0]));
			n--;
		}
		struct ux_flow_key flow = {.daddr = addr4((uint32_t)random() % 4096),
					   .family = AF_INET};
		struct ux_policy *best = NULL;

		for (uint32_t i = 0; i < n; i++)
			if (ux_selector_match(&all[i]->sel, &flow) &&
			    (!best || all[i]->priority < best->priority))
				best = all[i];
		assert_ptr_equal(ux_spd_lookup(u, UX_POLICY_OUT, &flow, 0), best);
		if (step % 64 == 0)
			uxfrm_tick(u, (uint64_t)step, FIXTURE_NOW_S);
	}
	uxfrm_free(u);
}

struct seen {
	int added, removed;
	bool protects;
	uint8_t dir;
	uint32_t if_id;
};

static void on_policy(void *opaque, const struct uxfrm_policy_event *event)
{
	struct seen *s = opaque;

	*(event->added ? &s->added : &s->removed) += 1;
	s->protects = event->protects;
	s->if_id = event->if_id;
	s->dir = event->dir;
}

/* Those that come in are told apart, and a default that blocks is one for everything. */
static void inbound_events(void **state)
{
	static const struct uxfrm_watch_ops ops = {.inbound = on_policy};
	struct uxfrm *u = engine_new(0);
	struct seen seen = {0};

	uxfrm_watch(u, &ops, &seen);
	(void)add(u, policy_new(u, UX_POLICY_OUT, 1, 0x100));
	assert_int_equal(seen.added, 0);
	(void)add(u, policy_new(u, UX_POLICY_FWD, 1, 0x100));
	assert_int_equal(seen.added, 1);
	assert_int_equal(seen.dir, UXFRM_WATCH_FWD);
	(void)add(u, policy_new(u, UX_POLICY_IN, 1, 0x100));
	assert_int_equal(seen.added, 2);
	assert_int_equal(seen.dir, UXFRM_WATCH_IN);
	ux_spd_set_default(u, UX_POLICY_FWD, UX_POLICY_BLOCK);
	assert_int_equal(seen.added, 4); /* IPv4 and IPv6 */
	assert_int_equal(seen.dir, UXFRM_WATCH_FWD);
	assert_true(seen.protects);
	ux_spd_set_default(u, UX_POLICY_FWD, UX_POLICY_BLOCK);
	assert_int_equal(seen.added, 4);
	ux_spd_set_default(u, UX_POLICY_OUT, UX_POLICY_BLOCK);
	assert_int_equal(seen.added, 4);
	ux_spd_set_default(u, UX_POLICY_FWD, UX_POLICY_ALLOW);
	assert_int_equal(seen.removed, 2);
	uxfrm_free(u);
}

static void events_and_limits(void **state)
{
	static const struct uxfrm_watch_ops ops = {.policy = on_policy};
	struct uxfrm *u = engine_new(0);
	struct seen seen = {0};
	struct ux_policy *p;

	u->params.max_policy = 2;
	uxfrm_watch(u, &ops, &seen);
	(void)add(u, policy_new(u, UX_POLICY_IN, 1, 0x100));
	assert_int_equal(seen.added, 0);
	(void)add(u, policy_new(u, UX_POLICY_OUT, 1, 0x100));
	assert_int_equal(seen.added, 1);
	assert_false(seen.protects);
	p = policy_new(u, UX_POLICY_OUT, 1, 0x200);
	assert_int_equal(ux_spd_insert(u, p, false, NULL), -ENOMEM);
	ux_policy_free(p);
	p = policy_new(u, UX_POLICY_OUT, 1, 0x100);
	p->action = UX_POLICY_BLOCK;
	assert_int_equal(ux_spd_insert(u, p, false, NULL), 0);
	assert_int_equal(seen.added, 2);
	assert_int_equal(seen.removed, 1);
	ux_spd_remove(u, p);
	assert_int_equal(seen.removed, 2);
	assert_true(seen.protects);
	assert_int_equal(seen.if_id, 0);
	p = policy_new(u, UX_POLICY_OUT, 1, 0x100);
	p->if_id = 7;
	assert_int_equal(ux_spd_insert(u, p, false, NULL), 0);
	assert_int_equal(seen.if_id, 7);
	uxfrm_free(u);
}

/* The owner of the engine hears of blocked traffic as of a policy for everything. */
static void default_action(void **state)
{
	static const struct uxfrm_watch_ops ops = {.policy = on_policy};
	struct uxfrm *u = engine_new(0);
	struct seen seen = {0};

	uxfrm_watch(u, &ops, &seen);
	for (enum ux_policy_dir dir = UX_POLICY_IN; dir < UX_POLICY_DIRS; dir++) {
		assert_int_equal(ux_spd_default(&u->spd, dir), UX_POLICY_ALLOW);
		for (int i = 0; i < 2; i++)
			ux_spd_set_default(u, dir, UX_POLICY_BLOCK);
		assert_int_equal(ux_spd_default(&u->spd, dir), UX_POLICY_BLOCK);
		assert_int_equal(seen.added, dir == UX_POLICY_IN ? 0 : 2); /* IPv4 and IPv6 */
	}
	assert_true(seen.protects);
	assert_int_equal(seen.removed, 0);
	ux_spd_set_default(u, UX_POLICY_OUT, UX_POLICY_ALLOW);
	assert_int_equal(seen.removed, 2);
	uxfrm_free(u);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(indexes_as_linux),	 cmocka_unit_test(order_and_replacement),
	    cmocka_unit_test(find_exactly),	 cmocka_unit_test(random_against_list),
	    cmocka_unit_test(events_and_limits), cmocka_unit_test(inbound_events),
	    cmocka_unit_test(default_action),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
