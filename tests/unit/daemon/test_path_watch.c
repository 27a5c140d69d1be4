/* SPDX-License-Identifier: BSD-2-Clause */

/* Errors that are made up do not make workers ask for their paths all the time. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "daemon/path_watch.h"

#define MS UINT64_C(1000000)
#define SECOND (1000 * MS)

/* How many are followed within @seconds, when one comes as soon as the one before is done with. */
static int followed(struct ux_path_watch *w, uint64_t *now_ns, uint64_t seconds)
{
	const uint64_t end_ns = *now_ns + seconds * SECOND;
	int n = 0;

	for (;; n++) {
		uint64_t due_ns = ux_path_watch_due(w, *now_ns);

		assert_true(due_ns > *now_ns);
		*now_ns = due_ns;
		if (due_ns >= end_ns)
			return n;
	}
}

static void test_flood(void **state)
{
	static const uint64_t starts[] = {0, 5 * MS, 100000 * SECOND};

	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
		struct ux_path_watch w = {.next_ns = 0};
		uint64_t now_ns = starts[i];

		assert_in_range(followed(&w, &now_ns, 1), 9, 11);
		assert_in_range(followed(&w, &now_ns, 100), 98, 101);
		now_ns += 100 * SECOND;
		assert_in_range(followed(&w, &now_ns, 1), 9, 11);
	}
}

/* Those of several routers on one path, one after the other, are not held up. */
static void test_some(void **state)
{
	struct ux_path_watch w = {.next_ns = 0};

	for (uint64_t i = 0; i < 10; i++)
		assert_int_equal(ux_path_watch_due(&w, SECOND + i * 30 * MS),
				 SECOND + i * 30 * MS + 20 * MS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_flood),
	    cmocka_unit_test(test_some),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
