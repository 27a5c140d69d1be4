/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threads draw sequence numbers and IVs and accept numbers of the peer while the control thread
 * moves, updates, deletes and re-adds the same few SAs and keys at random. What must hold, whatever
 * the order:
 *
 *  - an IV counter is given at most once for a key, for ever;
 *  - a sequence number is given at most once in the life of an SA, through all its moves;
 *  - a number of the peer is accepted at most once in the life of an SA;
 *  - at no instant is there no policy, though half of the moves rewrite its template.
 *
 * Numbers are noted in bit maps; a bit found set is a failure. Built for ThreadSanitizer as well.
 * Arguments: seconds (2), seed (1).
 */
#include <pthread.h>
#include <stdio.h>
#include <time.h>

#include "core/legacy_migrate.h"
#include "unit/core/core_fixture.h"

#define THREADS 3
#define SLOTS 8			/* places for SAs */
#define KEYS 4			/* fewer keys than SAs */
#define LIVES 4096		/* lives of SAs that are followed */
#define LIFE_NUMBERS (1u << 17) /* numbers of one life that can be noted */
#define KEY_NUMBERS (1u << 26)	/* IVs of one key that can be noted */
#define TEMPLATE_REQID 1000	/* no SA's */
#define FIRST_IV ((uint64_t)FIXTURE_NOW_S << 32)
#define MS UINT64_C(1000000)

struct notes {
	uint64_t size;
	_Atomic(uint64_t) bits[];
};

/* The life of one runtime. It is named by the SA's if_id, which never changes. */
struct life {
	_Atomic(struct notes *) sent, accepted;
};

static struct life lives[LIVES];
static struct notes *key_notes[KEYS];
static struct uxfrm *engine;
static _Atomic(bool) stop;
static _Atomic(uint64_t) n_sent, n_accepted, n_refused, n_repeated, n_former, n_unprotected;
static unsigned int seconds = 2, seed = 1;

static struct notes *notes_new(uint64_t size)
{
	struct notes *n = calloc(1, sizeof(*n) + size / 8);

	if (!n)
		abort();
	n->size = size;
	return n;
}

static struct notes *notes_of(_Atomic(struct notes *) *slot)
{
	struct notes *n = atomic_load(slot), *fresh;

	if (n)
		return n;
	fresh = notes_new(LIFE_NUMBERS);
	if (atomic_compare_exchange_strong(slot, &n, fresh))
		return fresh;
	free(fresh);
	return n;
}

/* Note @number; one noted before is what must not happen. */
static void note(struct notes *n, uint64_t number)
{
	uint64_t bit = UINT64_C(1) << (number % 64);

	if (number >= n->size)
		return;
	if (atomic_fetch_or(&n->bits[number / 64], bit) & bit)
		atomic_fetch_add(&n_repeated, 1);
}

static uint32_t next_random(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

static void send_some(struct ux_sa *sa, uint32_t *random_state)
{
	uint32_t n = 1 + next_random(random_state) % 8;
	struct ux_sa_runtime *r = sa->runtime;
	uint32_t key = r->keys->algo[0].key[0];
	uint64_t iv, seq;

	if (!ux_iv_take(r->iv, n, &iv))
		return;
	seq = atomic_fetch_add_explicit(&r->oseq, n, memory_order_relaxed) + 1;
	for (uint32_t i = 0; i < n; i++) {
		note(key_notes[key], iv + i - FIRST_IV);
		note(notes_of(&lives[sa->if_id].sent), seq + i);
	}
	atomic_fetch_add(&n_sent, n);
}

static void accept_some(struct ux_sa *sa, uint32_t *random_state)
{
	struct ux_replay_window *w = sa->runtime->replay;
	uint64_t top = atomic_load_explicit(&w->top, memory_order_relaxed);

	for (int i = 0; i < 8; i++) {
		uint64_t seq = top + next_random(random_state) % 24;

		seq = seq > 16 ? seq - 16 : seq;
		if (ux_replay_check(w, seq) != UX_REPLAY_NEW ||
		    ux_replay_commit(w, seq) != UX_REPLAY_NEW) {
			atomic_fetch_add(&n_refused, 1);
			continue;
		}
		note(notes_of(&lives[sa->if_id].accepted), seq);
		atomic_fetch_add(&n_accepted, 1);
	}
}

static void one_burst(uint32_t *random_state)
{
	uint32_t slot = next_random(random_state) % SLOTS, place = next_random(random_state) % 4;
	struct ux_sa_id id = id4(10 + place, 0x100 + slot);
	struct ux_sa *sa = ux_sad_lookup_inbound(engine, &id, 0, 0);
	struct ux_sa_query q = {.daddr = id.daddr,
				.family = AF_INET,
				.proto = 50,
				.mode = UX_MODE_TUNNEL,
				.reqid = 1 + slot};

	struct ux_flow_key flow = {.daddr = addr4(3), .saddr = addr4(4), .family = AF_INET};

	if (!ux_spd_lookup(engine, UX_POLICY_OUT, &flow, 0))
		atomic_fetch_add(&n_unprotected, 1);
	if (sa) {
		if (atomic_load_explicit(&sa->grace, memory_order_relaxed))
			atomic_fetch_add(&n_former, 1);
		accept_some(sa, random_state);
	}
	/* the if_id is part of the question: take it from what is there */
	q.if_id = sa ? sa->if_id : 0;
	sa = ux_sad_lookup_outbound(engine, &q);
	if (sa)
		send_some(sa, random_state);
}

static void *worker(void *arg)
{
	uint32_t random_state = (uint32_t)(uintptr_t)arg * 7919 + seed;

	ux_rcu_register_thread();
	while (!atomic_load_explicit(&stop, memory_order_relaxed)) {
		ux_rcu_read_lock();
		for (int i = 0; i < 16; i++)
			one_burst(&random_state);
		ux_rcu_read_unlock();
	}
	ux_rcu_unregister_thread();
	return NULL;
}

/* ---- the control thread ---- */

static struct ux_sa *slots[SLOTS];
static uint32_t next_life = 1;

static void add(uint32_t slot, uint32_t place)
{
	uint8_t key[20] = {(uint8_t)(slot % KEYS), 7, 7};
	struct ux_algo_request aead;
	struct ux_sa_params p = sa_params(&aead, 1, 10 + place, 0x100 + slot);

	if (next_life == LIVES)
		return;
	aead.key = key;
	p.if_id = next_life++;
	p.reqid = 1 + slot;
	p.esn_attr = true;
	p.flags = UX_SA_ESN;
	p.replay_window = 64;
	slots[slot] = sa_insert(engine, &p);
}

static void update(uint32_t slot)
{
	struct ux_sa *fresh = ux_sa_clone(slots[slot]);

	assert_non_null(fresh);
	fresh->output_mark.v++;
	assert_int_equal(ux_sa_init(fresh, NULL), 0);
	assert_int_equal(ux_sad_replace(engine, slots[slot], fresh, false), 0);
	slots[slot] = fresh;
}

static void move(uint32_t slot, uint32_t place)
{
	struct ux_migration m = migration_to(slots[slot], 1, 10 + place);

	assert_int_equal(ux_migrate(engine, slots[slot], &m, &slots[slot], NULL), 0);
}

static struct ux_policy *policy_now(void)
{
	struct ux_flow_key flow = {.daddr = addr4(3), .saddr = addr4(4), .family = AF_INET};

	return ux_spd_lookup(engine, UX_POLICY_OUT, &flow, 0);
}

static void add_policy(void)
{
	struct ux_policy *p = ux_policy_new(engine, 1);

	assert_non_null(p);
	p->dir = UX_POLICY_OUT;
	p->family = p->sel.family = AF_INET;
	p->templates[0] = (struct ux_template){
	    .reqid = TEMPLATE_REQID, .family = AF_INET, .proto = 50, .mode = UX_MODE_TUNNEL};
	assert_int_equal(ux_spd_insert(engine, p, true, NULL), 0);
}

/* The same by the other message: one entry for the SA, one for the policy's template. */
static void move_with_policy(uint32_t slot, uint32_t place)
{
	const struct ux_template *t = &policy_now()->templates[0];
	struct ux_sa *sa = slots[slot];
	struct ux_legacy_entry entries[2] = {
	    {.old_daddr = sa->id.daddr, .old_saddr = sa->saddr, .reqid = sa->reqid},
	    {.old_daddr = t->daddr, .old_saddr = t->saddr, .reqid = t->reqid},
	};
	struct ux_legacy_migration m = {.entry = entries, .n_entries = 2};
	struct ux_sa_id id = id4(10 + place, 0x100 + slot);

	for (int i = 0; i < 2; i++) {
		entries[i].new_daddr = addr4(10 + place);
		entries[i].new_saddr = addr4(1);
		entries[i].old_family = entries[i].new_family = AF_INET;
		entries[i].proto = 50;
		entries[i].mode = UX_MODE_TUNNEL;
	}
	assert_int_equal(ux_legacy_migrate(engine, policy_now(), &m, NULL), 0);
	slots[slot] = ux_sad_lookup_exact(engine, &id, (struct ux_mark){0, 0});
	assert_non_null(slots[slot]);
	assert_int_equal(policy_now()->templates[0].daddr.w[0], htobe32(10 + place));
}

static void one_change(uint64_t step)
{
	uint32_t slot = (uint32_t)random() % SLOTS, place = (uint32_t)random() % 4;
	long what = random() % 100;

	if (!slots[slot]) {
		add(slot, place);
	} else if (what < 35) {
		move(slot, place);
	} else if (what < 70) {
		move_with_policy(slot, place);
	} else if (what < 90) {
		update(slot);
	} else if (what < 94) {
		ux_sad_remove(engine, slots[slot]);
		slots[slot] = NULL;
	}
	if (step % 16 == 0)
		uxfrm_tick(engine, step * MS / 4, FIXTURE_NOW_S);
}

static double elapsed_s(const struct timespec *since)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - since->tv_sec) + (double)(now.tv_nsec - since->tv_nsec) * 1e-9;
}

/* Did the threads meet? On a slow machine that takes longer than the time asked for. */
static bool have_met(uint64_t steps)
{
	return steps > 1000 && atomic_load(&n_sent) > 1000 && atomic_load(&n_accepted) > 1000 &&
	       atomic_load(&n_former) > 0;
}

static void nothing_twice(void **state)
{
	pthread_t threads[THREADS];
	struct timespec start;
	uint64_t steps = 0;

	srandom(seed);
	engine = engine_new(5);
	add_policy();
	for (int k = 0; k < KEYS; k++)
		key_notes[k] = notes_new(KEY_NUMBERS);
	clock_gettime(CLOCK_MONOTONIC, &start);
	for (uintptr_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, worker, (void *)(i + 1)), 0);
	while (elapsed_s(&start) < seconds || !have_met(steps))
		for (int i = 0; i < 32; i++)
			one_change(++steps);
	atomic_store(&stop, true);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	uxfrm_free(engine);

	printf("%llu changes, %u lives, %llu sent, %llu accepted (%llu refused), %llu by former "
	       "tuples\n",
	       (unsigned long long)steps, next_life - 1, (unsigned long long)n_sent,
	       (unsigned long long)n_accepted, (unsigned long long)n_refused,
	       (unsigned long long)n_former);
	assert_int_equal(n_repeated, 0);
	assert_int_equal(n_unprotected, 0);
	for (int i = 0; i < LIVES; i++) {
		free(lives[i].sent);
		free(lives[i].accepted);
	}
	for (int k = 0; k < KEYS; k++)
		free(key_notes[k]);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(nothing_twice)};

	if (argc > 1)
		seconds = (unsigned int)atoi(argv[1]);
	if (argc > 2)
		seed = (unsigned int)atoi(argv[2]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
