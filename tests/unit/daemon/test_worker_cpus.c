/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/worker_cpus.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#define MAX 8

static void lists(void **state)
{
	static const struct {
		const char *text;
		uint32_t n;
		int cpus[MAX];
	} rows[] = {
	    {"", 0, {0}},
	    {"0", 1, {0}},
	    {"3,1", 2, {3, 1}},
	    {"0,2,4-7", 6, {0, 2, 4, 5, 6, 7}},
	    {"5-5", 1, {5}},
	    {"0-7", 8, {0, 1, 2, 3, 4, 5, 6, 7}},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ux_ext_ack ext = {0};
		int cpus[MAX];
		uint32_t n;

		assert_int_equal(ux_worker_cpus_parse(rows[i].text, cpus, MAX, &n, &ext), 0);
		assert_int_equal(n, rows[i].n);
		assert_memory_equal(cpus, rows[i].cpus, n * sizeof(int));
	}
}

static void no_lists(void **state)
{
	static const char *const texts[] = {"x",   "1,",  ",1",	 "1-",	"3-1",	    "1 2",
					    "-1",  "1--2", "0-8", "1;2", "99999999", "0-99999999999"};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct ux_ext_ack ext = {0};
		int cpus[MAX];
		uint32_t n;

		assert_int_equal(ux_worker_cpus_parse(texts[i], cpus, MAX, &n, &ext), -EINVAL);
		assert_true(ext.msg[0]);
	}
}

static void by_default(void **state)
{
	assert_int_equal(setenv("UXFRM_WORKERS", "3", 1), 0);
	assert_int_equal(ux_workers_default(), 3);
	assert_int_equal(setenv("UXFRM_WORKERS", "17", 1), 0);
	assert_in_range(ux_workers_default(), 1, 8);
	assert_int_equal(unsetenv("UXFRM_WORKERS"), 0);
	assert_in_range(ux_workers_default(), 1, 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(lists),
	    cmocka_unit_test(no_lists),
	    cmocka_unit_test(by_default),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
