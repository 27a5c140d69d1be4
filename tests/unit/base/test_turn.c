/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/turn.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define N_THREADS 4
#define N_TURNS 3000

static struct {
	pthread_mutex_t lock;
	struct ux_turn turn;
	uint32_t seen[N_THREADS * N_TURNS]; /* whoever's turn it is */
	uint32_t n_seen;
} shared = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void *take_turns(void *opaque)
{
	const uint32_t pause = *(const uint32_t *)opaque;

	for (uint32_t i = 0; i < N_TURNS; i++) {
		uint32_t number;

		pthread_mutex_lock(&shared.lock);
		number = ux_turn_take(&shared.turn);
		pthread_mutex_unlock(&shared.lock);
		/* some let others wait so long that they sleep */
		if (pause && i % pause == 0)
			sched_yield();
		ux_turn_wait(&shared.turn, number);
		shared.seen[shared.n_seen++] = number;
		ux_turn_give(&shared.turn, number);
	}
	return NULL;
}

static void in_order(void **state)
{
	uint32_t pauses[N_THREADS] = {0, 1, 7, 100};
	pthread_t threads[N_THREADS];

	/* over the end of the numbers */
	shared.turn.taken = UINT32_MAX - 5;
	atomic_store(&shared.turn.given, UINT32_MAX - 5);
	for (int i = 0; i < N_THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, take_turns, &pauses[i]), 0);
	for (int i = 0; i < N_THREADS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(shared.n_seen, N_THREADS * N_TURNS);
	for (uint32_t i = 0; i < shared.n_seen; i++)
		assert_int_equal(shared.seen[i], UINT32_MAX - 5 + i);
	assert_int_equal(atomic_load(&shared.turn.sleepers), 0);
}

static void *wait_for_second(void *opaque)
{
	ux_turn_wait(&shared.turn, 1);
	*(bool *)opaque = true;
	ux_turn_give(&shared.turn, 1);
	return NULL;
}

/* Who sleeps is woken. */
static void sleeper_is_woken(void **state)
{
	bool done = false;
	pthread_t thread;

	shared.turn = (struct ux_turn){.taken = 2};
	assert_int_equal(pthread_create(&thread, NULL, wait_for_second, &done), 0);
	while (!atomic_load(&shared.turn.sleepers))
		sched_yield();
	ux_turn_give(&shared.turn, 0);
	pthread_join(thread, NULL);
	assert_true(done);
	assert_int_equal(atomic_load(&shared.turn.given), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(in_order),
	    cmocka_unit_test(sleeper_is_woken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
