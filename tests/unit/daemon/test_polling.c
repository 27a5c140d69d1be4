/* SPDX-License-Identifier: BSD-2-Clause */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <unistd.h>

#include "daemon/polling.h"

#define US 1000ull

static void off(void **state)
{
	struct ux_polling p;

	ux_polling_init(&p, 0);
	assert_int_equal(p.load_fd, -1);
	ux_polling_begin(&p, 0);
	ux_polling_end(&p, 1);
	ux_polling_begin(&p, 1);
	assert_false(ux_polling_in_time(&p, 1));
	ux_polling_fini(&p);
}

/* Whoever has not seen packets soon after each other sleeps at once; others look as long as the limit says. */
static void is_earned_and_limited(void **state)
{
	struct ux_polling p;

	ux_polling_init(&p, 50);
	ux_polling_begin(&p, 1000 * US);
	assert_false(ux_polling_in_time(&p, 1000 * US));
	ux_polling_end(&p, 1051 * US);
	assert_false(ux_polling_in_time(&p, 1051 * US));

	ux_polling_begin(&p, 2000 * US);
	ux_polling_end(&p, 2050 * US);
	ux_polling_begin(&p, 3000 * US);
	assert_true(ux_polling_in_time(&p, 3000 * US));
	assert_true(ux_polling_in_time(&p, 3049 * US));
	assert_false(ux_polling_in_time(&p, 3050 * US));
	ux_polling_fini(&p);
}

/* Packets far apart use it up, one by one; none at all never comes this far. */
static void is_used_up(void **state)
{
	struct ux_polling p;
	uint64_t now = 0;
	int tries = 0;

	ux_polling_init(&p, 50);
	ux_polling_begin(&p, now);
	ux_polling_end(&p, now + US);
	for (int i = 0; i < 100; i++) {
		ux_polling_begin(&p, now);
		tries += ux_polling_in_time(&p, now);
		now += 1000 * US;
		ux_polling_end(&p, now);
	}
	assert_int_equal(tries, 8);
	ux_polling_fini(&p);
}

static void runnable_threads(void **state)
{
	static const struct {
		const char *text;
		uint32_t n;
	} rows[] = {
	    {"0.20 0.18 0.12 1/80 11206\n", 1}, {"10.20 8.18 7.12 123/8000 11206\n", 123},
	    {"1/2", 1},				{"", 0},
	    {"0.20 0.18 0.12", 0},		{"/80", 0},
	    {"0.1 0.2 0.3 /80 5", 0},		{"0.1 0.2 0.3 0/80 5", 0},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(ux_polling_runnable(rows[i].text), rows[i].n);
}

/* Bound to one CPU: alone by what a file says, and not with a second one. */
static void alone_on_its_cpus(void **state)
{
	static const struct {
		const char *text;
		bool alone;
	} rows[] = {
	    {"0.20 0.18 0.12 1/80 11206\n", true},
	    {"0.20 0.18 0.12 2/80 11206\n", false},
	    {"nothing\n", false},
	};
	cpu_set_t before, one;
	char path[64];

	assert_int_equal(sched_getaffinity(0, sizeof(before), &before), 0);
	CPU_ZERO(&one);
	for (int cpu = 0; cpu < CPU_SETSIZE && !CPU_COUNT(&one); cpu++) {
		if (CPU_ISSET(cpu, &before))
			CPU_SET(cpu, &one);
	}
	assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
	snprintf(path, sizeof(path), "/tmp/uxfrm-polling-%d", (int)getpid());
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ux_polling p = {.limit_ns = US};
		FILE *file = fopen(path, "w");

		assert_non_null(file);
		fputs(rows[i].text, file);
		assert_int_equal(fclose(file), 0);
		p.load_fd = open(path, O_RDONLY | O_CLOEXEC);
		assert_true(p.load_fd >= 0);
		assert_int_equal(ux_polling_alone(&p), rows[i].alone);
		ux_polling_fini(&p);
	}
	unlink(path);
	assert_int_equal(sched_setaffinity(0, sizeof(before), &before), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(off),		cmocka_unit_test(is_earned_and_limited),
	    cmocka_unit_test(is_used_up),	cmocka_unit_test(runnable_threads),
	    cmocka_unit_test(alone_on_its_cpus),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
