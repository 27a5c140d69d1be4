/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * SAs are deleted and installed again, policies blocked, deleted and brought back, in the order of
 * an IKE daemon that moves them, while threads send from one engine to the other. A packet that has
 * to wait is offered again. Each must come through, protected, once, with a sequence number of its
 * own.
 *
 * Built for ThreadSanitizer as well. Arguments: seconds (2), packets at least (20000).
 */

#include "../unit/ipsec/pair.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/bytes.h"

#define THREADS 2
#define WINDOW 4096
#define NUMBERS (1u << 22)
#define MS UINT64_C(1000000)

static struct pair pair;
static unsigned int seconds = 2, packets_wanted = 20000;
static _Atomic(bool) stop;
static _Atomic(uint64_t) n_passed, n_held, n_repeated, n_lost;
static _Atomic(uint8_t) *seen; /* sequence numbers, one byte each */
static const char *const stations[] = {"192.0.2.2", "198.51.100.9"};

struct thread {
	pthread_t id;
	struct uxfrm_worker *a, *b;
	struct test_packet packet;
};
static struct thread threads[THREADS];

/* Until it need not wait any more; the time is never up. */
static void carry(void (*call)(struct uxfrm_worker *, struct uxfrm_packet *const *, size_t),
		  struct uxfrm_worker *w, struct uxfrm_packet *p)
{
	p->may_hold = UXFRM_MAY_HOLD_FIRST;
	do {
		call(w, &p, 1);
		if (p->verdict == UXFRM_HOLD) {
			atomic_fetch_add(&n_held, 1);
			p->may_hold = UXFRM_MAY_HOLD_AGAIN;
			sched_yield();
		}
	} while (p->verdict == UXFRM_HOLD);
}

static void lose(const struct uxfrm_packet *p, const char *where)
{
	if (atomic_fetch_add(&n_lost, 1) == 0)
		printf("%s: %s\n", where, uxfrm_drop_name(p->drop));
}

/* How many packets had begun when each thread began the one it has at hand. */
static _Atomic(uint64_t) n_begun, began[THREADS];

/* A thread that does not get to run holds a packet back: the others must not leave it behind by more
 * than the replay window forgives. */
static void keep_together(const struct thread *t)
{
	size_t own = (size_t)(t - threads);

	for (size_t i = 0; i < THREADS; i++)
		while (i != own && !atomic_load(&stop) &&
		       atomic_load(&n_begun) > atomic_load(&began[i]) + WINDOW / 2)
			sched_yield();
	atomic_store(&began[own], atomic_fetch_add(&n_begun, 1));
}

static void one_packet(struct thread *t)
{
	const struct inner_spec inner = {.family = AF_INET, .proto = 17, .payload = 40};
	struct uxfrm_packet *p = &t->packet.p;
	uint32_t seq;

	make_inner(&t->packet, &inner);
	carry(uxfrm_outbound, t->a, p);
	if (p->verdict != UXFRM_UNDERLAY) {
		lose(p, "outbound");
		return;
	}
	seq = ux_get_be32(p->data + 24);
	if (seq < NUMBERS && atomic_fetch_add(&seen[seq], 1))
		atomic_fetch_add(&n_repeated, 1);
	carry(uxfrm_inbound, t->b, p);
	if (p->verdict != UXFRM_DELIVER)
		lose(p, "inbound");
	else
		atomic_fetch_add(&n_passed, 1);
}

static void *run(void *opaque)
{
	struct thread *t = opaque;

	t->a = uxfrm_worker_new(pair.a.u);
	t->b = uxfrm_worker_new(pair.b.u);
	while (!atomic_load(&stop)) {
		keep_together(t);
		one_packet(t);
	}
	atomic_store(&began[t - threads], UINT64_MAX / 2);
	uxfrm_worker_free(t->b);
	uxfrm_worker_free(t->a);
	return NULL;
}

/* ---- what the daemon asks for ---- */

static struct ux_policy *policy_now(struct side *s, enum ux_policy_dir dir)
{
	const struct ux_policy_key key = {.dir = (uint8_t)dir,
					  .sel = &(const struct ux_selector){.family = AF_INET}};
	struct ux_policy *policy = ux_spd_find(s->u, &key);

	assert_non_null(policy);
	return policy;
}

static void install(struct side *s, const struct ux_policy *like, uint8_t action, const char *dst)
{
	struct ux_policy *fresh = ux_policy_clone(like);

	assert_non_null(fresh);
	fresh->action = action;
	fresh->templates[0].daddr = addr_of(dst, NULL);
	assert_int_equal(ux_spd_insert(s->u, fresh, false, NULL), 0);
}

static struct ux_sa *only_sa(struct side *s)
{
	return ux_container_of(s->u->sad.all.next, struct ux_sa, all);
}

/* Counters are read, then the SA goes, then it comes back with them. */
static void move_sa(struct side *s, const char *dst)
{
	struct ux_sa *sa = only_sa(s);
	struct sa_spec again = {
	    .src = "192.0.2.1",
	    .dst = dst,
	    .spi = be32toh(sa->id.spi),
	    .reqid = sa->reqid,
	    .mode = sa->mode,
	    .flags = UX_SA_AF_UNSPEC,
	    .algo = NULL_SHA256,
	    .window = WINDOW,
	    .installed_before = true,
	    .oseq = atomic_load(&sa->runtime->oseq),
	    .iseq = atomic_load(&ux_rcu_own(&sa->runtime->replay)->top),
	};

	sched_yield();
	park_sa(s, sa);
	sched_yield();
	assert_non_null(resume_sa(s, &again));
}

static void move_receiver(const char *dst)
{
	struct ux_policy *kept = ux_policy_clone(policy_now(&pair.b, UX_POLICY_IN));
	struct ux_policy *policy = policy_now(&pair.b, UX_POLICY_IN);

	ux_interim_open(pair.b.u, policy);
	ux_spd_remove(pair.b.u, policy);
	move_sa(&pair.b, dst);
	install(&pair.b, kept, UX_POLICY_ALLOW, dst);
	ux_policy_free(kept);
}

static void move_sender(const char *dst)
{
	struct ux_policy *kept = ux_policy_clone(policy_now(&pair.a, UX_POLICY_OUT));

	install(&pair.a, kept, UX_POLICY_BLOCK, dst);
	move_sa(&pair.a, dst);
	install(&pair.a, kept, UX_POLICY_ALLOW, dst);
	ux_policy_free(kept);
}

/* The time of an engine stands still but for this: nothing here may run out. */
static void tick(struct side *s)
{
	uxfrm_tick(s->u, s->u->now_ns + MS, REAL_S);
}

static bool enough(const struct timespec *start)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec - start->tv_sec >= (time_t)seconds &&
	       atomic_load(&n_passed) >= packets_wanted && atomic_load(&n_held) > 100;
}

static void test_nothing_lost(void **state)
{
	struct sa_spec spec = {.algo = NULL_SHA256, .window = WINDOW};
	struct uxfrm_params params;
	struct timespec start;
	uint64_t moves = 0;

	uxfrm_params_init(&params);
	params.now_ns = MS;
	params.real_s = REAL_S;
	params.hold_ms = 10000;
	pair_open_params(&pair, &params);
	usual_tunnel(&pair, &spec, NULL);
	seen = calloc(NUMBERS, sizeof(*seen));
	assert_non_null(seen);
	clock_gettime(CLOCK_MONOTONIC, &start);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i].id, NULL, run, &threads[i]), 0);
	while (!enough(&start)) {
		const char *dst = stations[++moves % 2];

		move_receiver(dst);
		move_sender(dst);
		tick(&pair.a);
		tick(&pair.b);
	}
	atomic_store(&stop, true);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i].id, NULL);
	printf("%llu moves, %llu packets, %llu waits\n", (unsigned long long)moves,
	       (unsigned long long)n_passed, (unsigned long long)n_held);
	assert_int_equal(n_lost, 0);
	assert_int_equal(n_repeated, 0);
	pair_close(&pair);
	free(seen);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_nothing_lost)};

	if (argc > 1)
		seconds = (unsigned int)atoi(argv[1]);
	if (argc > 2)
		packets_wanted = (unsigned int)atoi(argv[2]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
