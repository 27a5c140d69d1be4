/* SPDX-License-Identifier: BSD-2-Clause */

/* What routers have told of outer packets' paths: how long it holds, and what is believed. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <netinet/in.h>

#include "io/path_learned.h"

#define SECOND 1000000000ull
#define NOW (1000 * SECOND)

static struct ux_path_learned *l;
static const struct ux_addr one = {.b = {192, 0, 2, 1}}, two = {.b = {192, 0, 2, 2}};

static int set_up(void **state)
{
	l = ux_path_learned_new();
	return l ? 0 : -1;
}

static int tear_down(void **state)
{
	l = ux_path_learned_free(l);
	return 0;
}

static uint32_t cap(const struct ux_addr *to, uint64_t now_ns)
{
	return ux_path_learned_cap(l, AF_INET, to, 1500, now_ns);
}

static void test_holds(void **state)
{
	ux_path_learned_note(l, AF_INET, &one, 1400, NOW);
	assert_int_equal(cap(&one, NOW), 1400);
	assert_int_equal(cap(&two, NOW), 1500);
	assert_int_equal(ux_path_learned_cap(l, AF_INET, &one, 1300, NOW), 1300);
	assert_int_equal(ux_path_learned_cap(l, AF_INET6, &one, 1500, NOW), 1500);
	assert_int_equal(cap(&one, NOW + 599 * SECOND), 1400);
	assert_int_equal(cap(&one, NOW + 600 * SECOND), 1500);
}

static void test_less_and_more(void **state)
{
	ux_path_learned_note(l, AF_INET, &one, 1400, NOW);
	ux_path_learned_note(l, AF_INET, &one, 1450, NOW + SECOND);
	assert_int_equal(cap(&one, NOW + SECOND), 1400);
	ux_path_learned_note(l, AF_INET, &one, 1300, NOW + SECOND);
	assert_int_equal(cap(&one, NOW + SECOND), 1300);
	/* when it has run out, what is told then counts */
	ux_path_learned_note(l, AF_INET, &one, 1450, NOW + 700 * SECOND);
	assert_int_equal(cap(&one, NOW + 700 * SECOND), 1450);
	ux_path_learned_forget(l);
	assert_int_equal(cap(&one, NOW + 700 * SECOND), 1500);
}

static void test_not_believed(void **state)
{
	const struct ux_addr six = {.b = {0x20, 0x01, 0x0d, 0xb8}};

	ux_path_learned_note(l, AF_INET, &one, 551, NOW);
	ux_path_learned_note(l, AF_INET, &two, 0, NOW);
	ux_path_learned_note(l, AF_INET6, &six, 1279, NOW);
	assert_int_equal(cap(&one, NOW), 1500);
	assert_int_equal(cap(&two, NOW), 1500);
	assert_int_equal(ux_path_learned_cap(l, AF_INET6, &six, 1500, NOW), 1500);
	ux_path_learned_note(l, AF_INET, &one, 552, NOW);
	ux_path_learned_note(l, AF_INET6, &six, 1280, NOW);
	assert_int_equal(cap(&one, NOW), 552);
	assert_int_equal(ux_path_learned_cap(l, AF_INET6, &six, 1500, NOW), 1280);
}

/* Errors that somebody makes up push out others, and take no more memory; the newest is known. */
static void test_flood(void **state)
{
	for (uint32_t i = 0; i < 100000; i++) {
		const struct ux_addr addr = {.w = {htobe32(i)}};

		ux_path_learned_note(l, AF_INET, &addr, 1400, NOW + i);
		assert_int_equal(cap(&addr, NOW + i), 1400);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_holds, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_less_and_more, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_not_believed, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_flood, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
