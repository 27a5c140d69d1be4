/* SPDX-License-Identifier: BSD-2-Clause */
#include "crypto/retired.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <cmocka.h>

#define MANY 100000u

struct reader {
	uint64_t expected; /* the next id */
	bool in_order;
};

static void read_one(void *opaque, uint64_t id)
{
	struct reader *r = opaque;

	r->in_order &= id == r->expected++;
}

static void test_all_in_order(void **state)
{
	uint64_t from = ux_retired_count();
	struct reader r = {100, true};

	for (uint64_t id = 100; id < 1100; id++)
		ux_retired_add(id);
	assert_int_equal(ux_retired_count(), from + 1000);
	assert_true(ux_retired_each(from, from + 1000, read_one, &r));
	assert_true(r.in_order);
	assert_int_equal(r.expected, 1100);
	assert_true(ux_retired_each(from + 1000, from + 1000, read_one, &r));
	assert_int_equal(r.expected, 1100);
}

static void test_too_many(void **state)
{
	uint64_t from = ux_retired_count();
	struct reader r = {0, true};

	for (uint64_t id = 0; id < MANY; id++)
		ux_retired_add(id);
	assert_false(ux_retired_each(from, from + MANY, read_one, &r));
}

static _Atomic(uint64_t) reader_at;

/* The first half in step with the reader, the rest as fast as it can. */
static void *add_many(void *opaque)
{
	uint64_t from = *(const uint64_t *)opaque;

	for (uint64_t i = 0; i < MANY; i++) {
		while (i < MANY / 2 && atomic_load(&reader_at) + 1000 < from + i)
			sched_yield();
		ux_retired_add(from + i);
	}
	return NULL;
}

/* A reader beside the writer: what is said to be complete is. Ids are the counts here. */
static void test_beside_a_writer(void **state)
{
	uint64_t start = ux_retired_count(), seen = start;
	unsigned int complete = 0;
	pthread_t writer;

	atomic_store(&reader_at, start);
	assert_int_equal(pthread_create(&writer, NULL, add_many, &start), 0);
	while (seen < start + MANY) {
		uint64_t now = ux_retired_count();
		struct reader r = {seen, true};

		if (ux_retired_each(seen, now, read_one, &r)) {
			assert_true(r.in_order);
			assert_int_equal(r.expected, now);
			complete++;
		}
		seen = now;
		atomic_store(&reader_at, seen);
	}
	pthread_join(writer, NULL);
	assert_true(complete > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_all_in_order),
	    cmocka_unit_test(test_too_many),
	    cmocka_unit_test(test_beside_a_writer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
