/* SPDX-License-Identifier: BSD-2-Clause */

/* Several workers share an SA: no number twice, counters add up and outlive the workers. */

#include "pair.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"

#define THREADS 4
#define BURSTS 200
#define BURST 8
#define TOTAL (THREADS * BURSTS * BURST)

struct sender {
	pthread_t thread;
	struct uxfrm *u;
	uint32_t seqs[BURSTS * BURST];
	uint64_t ivs[BURSTS * BURST];
};

static void *send_all(void *opaque)
{
	struct sender *s = opaque;
	struct uxfrm_worker *w = uxfrm_worker_new(s->u);
	struct test_packet *t = calloc(BURST, sizeof(*t));
	struct inner_spec inner = {.family = AF_INET, .payload = 20};
	struct uxfrm_packet *burst[BURST];

	for (int round = 0; w && t && round < BURSTS; round++) {
		for (int i = 0; i < BURST; i++) {
			make_inner(&t[i], &inner);
			burst[i] = &t[i].p;
		}
		uxfrm_outbound(w, burst, BURST);
		for (int i = 0; i < BURST; i++) {
			s->seqs[round * BURST + i] = ux_get_be32(burst[i]->data + 24);
			s->ivs[round * BURST + i] = ux_get_be64(burst[i]->data + 28);
		}
	}
	free(t);
	uxfrm_worker_free(w);
	return NULL;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void test_numbers_of_many_threads(void **state)
{
	static struct sender senders[THREADS];
	static uint64_t ivs[TOTAL];
	static bool seen[TOTAL + 1];
	struct sa_spec spec = {.algo = GCM128_16};
	struct uxfrm_packet_stats stats;
	struct ux_sa *at_a;
	struct pair p;
	size_t n = 0;

	pair_open(&p);
	at_a = usual_tunnel(&p, &spec, NULL);
	for (int i = 0; i < THREADS; i++) {
		senders[i].u = p.a.u;
		assert_int_equal(pthread_create(&senders[i].thread, NULL, send_all, &senders[i]),
				 0);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(senders[i].thread, NULL);
	for (int i = 0; i < THREADS; i++)
		for (int k = 0; k < BURSTS * BURST; k++) {
			uint32_t seq = senders[i].seqs[k];

			assert_in_range(seq, 1, TOTAL);
			assert_false(seen[seq]);
			seen[seq] = true;
			ivs[n++] = senders[i].ivs[k];
		}
	qsort(ivs, TOTAL, sizeof(ivs[0]), compare);
	for (size_t i = 1; i < TOTAL; i++)
		assert_true(ivs[i] != ivs[i - 1]);
	assert_int_equal(atomic_load(&at_a->runtime->packets), TOTAL);
	uxfrm_packet_stats_get(p.a.u, &stats);
	assert_int_equal(stats.out_packets, TOTAL);
	assert_int_equal(stats.out_bytes, TOTAL * 40);
	pair_close(&p);
}

/* More packets than a burst holds are worked off in several. */
static void test_long_array(void **state)
{
	enum { MANY = 3 * UXFRM_BURST + 5 };
	struct test_packet *t = calloc(MANY, sizeof(*t));
	struct uxfrm_packet *all[MANY];
	struct inner_spec inner = {.family = AF_INET, .payload = 20};
	struct sa_spec spec = {.algo = GCM128_16, .window = 64};
	struct pair p;

	assert_non_null(t);
	pair_open(&p);
	usual_tunnel(&p, &spec, NULL);
	for (int i = 0; i < MANY; i++) {
		make_inner(&t[i], &inner);
		all[i] = &t[i].p;
	}
	uxfrm_outbound(p.a.w, all, MANY);
	uxfrm_inbound(p.b.w, all, MANY);
	for (int i = 0; i < MANY; i++)
		assert_int_equal(all[i]->verdict, UXFRM_DELIVER);
	uxfrm_outbound(p.a.w, all, 0);
	pair_close(&p);
	free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_numbers_of_many_threads),
	    cmocka_unit_test(test_long_array),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
