/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/rcu.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#define N_READERS 2
#define N_REPLACEMENTS 3000

struct box {
	uint64_t value, twice; /* always twice == 2 * value while it lives */
};

struct shared {
	_Atomic(struct box *) slot;
	_Atomic(bool) stop;
	_Atomic(uint64_t) reads, torn;
};

static int n_freed;

static void free_counted(void *object)
{
	n_freed++;
	free(object);
}

static void free_box(void *object)
{
	struct box *b = object;

	/* Plain stores: a reader still inside would see them, and ThreadSanitizer would report
	 * them. */
	b->value = 1;
	b->twice = 1;
	free_counted(b);
}

static struct box *new_box(uint64_t value)
{
	struct box *b = malloc(sizeof(*b));

	assert_non_null(b);
	b->value = value;
	b->twice = 2 * value;
	return b;
}

static void *reader(void *arg)
{
	struct shared *s = arg;

	ux_rcu_register_thread();
	while (!atomic_load_explicit(&s->stop, memory_order_relaxed)) {
		ux_rcu_read_lock();
		for (int i = 0; i < 64; i++) {
			const struct box *b = ux_rcu_follow(&s->slot);

			ux_rcu_read_lock(); /* sections nest */
			if (b->twice != 2 * b->value)
				atomic_fetch_add(&s->torn, 1);
			ux_rcu_read_unlock();
		}
		ux_rcu_read_unlock();
		atomic_fetch_add_explicit(&s->reads, 64, memory_order_relaxed);
	}
	ux_rcu_unregister_thread();
	return NULL;
}

static void test_readers_never_see_freed(void **state)
{
	struct shared s = {0};
	struct ux_retire retire;
	pthread_t threads[N_READERS];

	n_freed = 0;
	ux_retire_init(&retire);
	atomic_init(&s.slot, new_box(0));
	for (int i = 0; i < N_READERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, reader, &s), 0);
	for (uint64_t i = 1; i <= N_REPLACEMENTS || atomic_load(&s.reads) < 1000; i++) {
		struct box *old = ux_rcu_own(&s.slot);

		ux_rcu_publish(&s.slot, new_box(i));
		ux_retire_add(&retire, old, free_box);
		if (i % 100 == 0)
			ux_retire_flush(&retire);
	}
	atomic_store(&s.stop, true);
	for (int i = 0; i < N_READERS; i++)
		pthread_join(threads[i], NULL);
	ux_retire_fini(&retire);
	free(ux_rcu_own(&s.slot));
	assert_int_equal(atomic_load(&s.torn), 0);
	assert_true(n_freed >= N_REPLACEMENTS);
}

static void test_waits_until_flushed_or_many(void **state)
{
	struct ux_retire r;

	n_freed = 0;
	ux_retire_init(&r);
	for (int i = 0; i < 10; i++)
		ux_retire_add(&r, malloc(1), free_counted);
	assert_int_equal(n_freed, 0);
	ux_retire_flush(&r);
	assert_int_equal(n_freed, 10);
	for (int i = 0; i < 5000; i++)
		ux_retire_add(&r, malloc(1), free_counted);
	assert_true(n_freed > 4000); /* memory that waits is bounded */
	ux_retire_fini(&r);
	assert_int_equal(n_freed, 5010);
	ux_retire_fini(&r);
}

static struct ux_retire chain_retire;

/* An object of a chain retires the next one when it is freed. */
static void free_chain(void *object)
{
	void **next = object;

	if (*next)
		ux_retire_add(&chain_retire, *next, free_chain);
	free_counted(object);
}

static void test_free_function_may_retire(void **state)
{
	void *chain = NULL;

	for (int i = 0; i < 600; i++) {
		void **o = malloc(sizeof(*o));

		assert_non_null(o);
		*o = chain;
		chain = o;
	}
	n_freed = 0;
	ux_retire_init(&chain_retire);
	ux_retire_add(&chain_retire, chain, free_chain);
	ux_retire_fini(&chain_retire);
	assert_int_equal(n_freed, 600);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_readers_never_see_freed),
	    cmocka_unit_test(test_waits_until_flushed_or_many),
	    cmocka_unit_test(test_free_function_may_retire),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
