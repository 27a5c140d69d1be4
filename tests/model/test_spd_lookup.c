/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threads look policies up while the control thread adds, replaces, rewrites and removes them at
 * random. Each answer must be the right one at some instant during the look-up: not that of another
 * time, not a policy behind the right one, not none.
 *
 * The control thread numbers its changes. Before each it notes what every flow will meet afterwards
 * and then that the change begins; after it, that it is done. A reader notes the last change that
 * was done before its look-up and the last that had begun when it ended: its answer must be that
 * after one of these. Built for ThreadSanitizer as well. Arguments: seconds (2), seed (1).
 */
#include <pthread.h>
#include <stdio.h>
#include <time.h>

#include "unit/core/core_fixture.h"

#define THREADS 3
#define FLOWS 12
#define POLICIES_MAX 150
#define NOTES 65536 /* changes that are remembered */

struct policy_list {
	uint32_t n;
	struct ux_policy *at[POLICIES_MAX]; /* the oldest first */
};

static struct uxfrm *engine;
static struct ux_flow_key flows[FLOWS];
static _Atomic(uint64_t) notes[FLOWS][NOTES]; /* number of the policy; 0: none */
static _Atomic(uint64_t) n_begun, n_done;
static _Atomic(bool) stop;
static _Atomic(uint64_t) n_lookups, n_met, n_wrong;
static unsigned int seconds = 2, seed = 1;

/* Policies carry their number where nothing looks at it. */
static uint64_t number_of(const struct ux_policy *p)
{
	return p ? p->add_time_s : 0;
}

/* ---- readers ---- */

static void judge(uint32_t f, const struct ux_policy *found, uint64_t first, uint64_t last)
{
	uint64_t number = number_of(found);

	if (last - first > NOTES / 2) /* it was stopped for long: nobody knows */
		return;
	atomic_fetch_add_explicit(&n_lookups, 1, memory_order_relaxed);
	if (last != first)
		atomic_fetch_add_explicit(&n_met, 1, memory_order_relaxed);
	for (uint64_t i = first; i <= last; i++)
		if (atomic_load(&notes[f][i % NOTES]) == number)
			return;
	atomic_fetch_add(&n_wrong, 1);
}

static void one_lookup(uint32_t f)
{
	uint64_t first = atomic_load(&n_done);
	const struct ux_policy *p = ux_spd_lookup(engine, UX_POLICY_OUT, &flows[f], 0);

	judge(f, p, first, atomic_load(&n_begun));
}

static void all_lookups(void)
{
	uint64_t first = atomic_load(&n_done), last;
	struct ux_spd_query q[FLOWS];

	for (uint32_t f = 0; f < FLOWS; f++)
		q[f] = (struct ux_spd_query){.flow = &flows[f]};
	ux_spd_lookup_all(engine, UX_POLICY_OUT, q, FLOWS);
	last = atomic_load(&n_begun);
	for (uint32_t f = 0; f < FLOWS; f++)
		judge(f, q[f].found, first, last);
}

static void *reader(void *arg)
{
	uint32_t f = (uint32_t)(uintptr_t)arg;

	ux_rcu_register_thread();
	while (!atomic_load_explicit(&stop, memory_order_relaxed)) {
		ux_rcu_read_lock();
		for (int i = 0; i < 16; i++)
			one_lookup(f = (f * 5 + 1) % FLOWS);
		all_lookups();
		ux_rcu_read_unlock();
	}
	ux_rcu_unregister_thread();
	return NULL;
}

/* ---- the control thread ---- */

static uint32_t below(uint32_t n)
{
	return (uint32_t)random() % n;
}

static struct ux_addr random_address(void)
{
	return addr4(0x0a000000 + below(32));
}

static uint8_t random_bits(void)
{
	return (uint8_t)(below(4) ? 32 - below(7) : below(33));
}

static struct ux_policy *random_policy(void)
{
	struct ux_policy *p = ux_policy_new(engine, below(2));

	assert_non_null(p);
	p->dir = UX_POLICY_OUT;
	p->family = p->sel.family = AF_INET;
	p->sel.daddr = random_address();
	p->sel.saddr = random_address();
	p->sel.prefixlen_d = random_bits();
	p->sel.prefixlen_s = random_bits();
	p->sel.proto = below(2) ? 17 : 0;
	p->sel.dport = htobe16((uint16_t)below(4));
	p->sel.dport_mask = below(2) ? 0xffff : 0;
	p->priority = below(12);
	return p;
}

static void make_flows(void)
{
	for (int f = 0; f < FLOWS; f++)
		flows[f] = (struct ux_flow_key){
		    .daddr = random_address(),
		    .saddr = random_address(),
		    .family = AF_INET,
		    .proto = below(2) ? 17 : 6,
		    .dport = htobe16((uint16_t)below(4)),
		};
}

static const struct ux_policy *first_of(const struct policy_list *l, const struct ux_flow_key *flow)
{
	const struct ux_policy *best = NULL;

	for (uint32_t i = 0; i < l->n; i++)
		if (ux_selector_match(&l->at[i]->sel, flow) &&
		    (!best || l->at[i]->priority < best->priority))
			best = l->at[i];
	return best;
}

/* What follows makes the database what @l is. */
static void begin_change(const struct policy_list *l)
{
	uint64_t change = atomic_load(&n_begun) + 1;

	for (int f = 0; f < FLOWS; f++)
		atomic_store(&notes[f][change % NOTES], number_of(first_of(l, &flows[f])));
	atomic_store(&n_begun, change);
}

static void end_change(void)
{
	atomic_store(&n_done, atomic_load(&n_begun));
}

static void forget(struct policy_list *l, uint32_t i)
{
	memmove(&l->at[i], &l->at[i + 1], (l->n - i - 1) * sizeof(l->at[0]));
	l->n--;
}

static void insert(struct policy_list *l, struct ux_policy *p, uint64_t number)
{
	p->add_time_s = number;
	l->at[l->n++] = p;
	begin_change(l);
	assert_int_equal(ux_spd_insert(engine, p, false, NULL), 0);
	end_change();
}

static void add(struct policy_list *l, uint64_t number)
{
	struct ux_policy *p = random_policy();
	struct ux_policy_key key = {.dir = p->dir, .sel = &p->sel};

	if (l->n == POLICIES_MAX || ux_spd_find(engine, &key))
		ux_policy_free(p);
	else
		insert(l, p, number);
}

static void replace(struct policy_list *l, uint64_t number)
{
	uint32_t i = below(l->n);
	struct ux_policy *p = ux_policy_clone(l->at[i]);

	assert_non_null(p);
	p->priority = below(12);
	forget(l, i);
	insert(l, p, number);
}

static void rewrite(struct policy_list *l, uint64_t number)
{
	uint32_t i = below(l->n);
	struct ux_policy *old = l->at[i];

	l->at[i] = ux_policy_clone(old);
	assert_non_null(l->at[i]);
	l->at[i]->add_time_s = number;
	begin_change(l);
	ux_spd_rewrite(engine, old, l->at[i]);
	end_change();
}

static void take_out(struct policy_list *l)
{
	uint32_t i = below(l->n);
	struct ux_policy *p = l->at[i];

	forget(l, i);
	begin_change(l);
	ux_spd_remove(engine, p);
	end_change();
}

static void one_step(struct policy_list *l, uint64_t step)
{
	uint32_t what = below(100);

	if (l->n < 10 || what < (step / 4096 % 2 ? 30 : 45))
		add(l, step);
	else if (what < 65)
		replace(l, step);
	else if (what < 75)
		rewrite(l, step);
	else
		take_out(l);
	if (step % 64 == 0)
		uxfrm_tick(engine, step * 1000, FIXTURE_NOW_S);
}

static double elapsed_s(const struct timespec *since)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - since->tv_sec) + (double)(now.tv_nsec - since->tv_nsec) * 1e-9;
}

static void right_at_some_instant(void **state)
{
	static struct policy_list list;
	pthread_t threads[THREADS];
	struct timespec start;
	uint64_t step = 0;

	srandom(seed);
	engine = engine_new(0);
	make_flows();
	clock_gettime(CLOCK_MONOTONIC, &start);
	for (uintptr_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, reader, (void *)i), 0);
	while (elapsed_s(&start) < seconds)
		for (int i = 0; i < 32; i++)
			one_step(&list, ++step);
	atomic_store(&stop, true);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	uxfrm_free(engine);

	printf("%llu changes, %u policies, %llu look-ups, %llu of them met a change\n",
	       (unsigned long long)atomic_load(&n_done), list.n,
	       (unsigned long long)atomic_load(&n_lookups),
	       (unsigned long long)atomic_load(&n_met));
	assert_int_equal(n_wrong, 0);
	assert_true(n_done > 200 && n_lookups > 1000 && n_met > 0); /* they did meet */
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(right_at_some_instant)};

	if (argc > 1)
		seconds = (unsigned int)atoi(argv[1]);
	if (argc > 2)
		seed = (unsigned int)atoi(argv[2]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
