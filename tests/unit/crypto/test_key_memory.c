/* SPDX-License-Identifier: BSD-2-Clause */
#include "crypto/key_memory.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#if defined(__SANITIZE_ADDRESS__)
void __asan_unpoison_memory_region(void const volatile *start, size_t len);
#else
#define __asan_unpoison_memory_region(start, len) ((void)(start), (void)(len))
#endif

/* What was freed, under a sanitizer. */
static void allow_reading(void *p, size_t len)
{
	__asan_unpoison_memory_region(p, len);
}

static bool all_are(const uint8_t *p, size_t len, uint8_t value)
{
	for (size_t i = 0; i < len; i++)
		if (p[i] != value)
			return false;
	return true;
}

static void test_zeroed_and_apart(void **state)
{
	static const size_t lens[] = {0, 1, 15, 16, 17, 32, 36, 100, 511, 1024, 1025, 5000, 70000};
	enum { N = sizeof(lens) / sizeof(lens[0]) };
	uint8_t *p[N];

	for (int round = 0; round < 3; round++) {
		for (size_t i = 0; i < N; i++) {
			p[i] = ux_key_alloc(lens[i]);
			assert_non_null(p[i]);
			assert_int_equal((uintptr_t)p[i] % 16, 0);
			assert_true(all_are(p[i], lens[i], 0));
			memset(p[i], (int)i + 1, lens[i]);
		}
		for (size_t i = 0; i < N; i++)
			assert_true(all_are(p[i], lens[i], (uint8_t)(i + 1)));
		for (size_t i = 0; i < N; i++)
			ux_key_free(p[i], lens[i]);
	}
	ux_key_free(NULL, 10);
	assert_null(ux_key_alloc(SIZE_MAX));
}

/* The pool keeps its pages, so what was freed can be looked at: only the free list's link stands
 * there. */
static void test_wiped_when_freed(void **state)
{
	uint8_t *p = ux_key_alloc(256);

	assert_non_null(p);
	memset(p, 0x5a, 256);
	ux_key_free(p, 256);
	allow_reading(p, 256);
	assert_true(all_are(p + sizeof(void *), 256 - sizeof(void *), 0));
	assert_false(all_are(p, sizeof(void *), 0x5a));
}

static void test_reused(void **state)
{
	void *p = ux_key_alloc(64);

	ux_key_free(p, 64);
	void *q = ux_key_alloc(50);

	assert_ptr_equal(p, q);
	ux_key_free(q, 50);
}

/* VmFlags of the mapping that holds @p, from smaps: "dd" is what MADV_DONTDUMP sets. */
static bool is_left_out_of_dumps(const void *p)
{
	FILE *f = fopen("/proc/self/smaps", "r");
	char line[512];
	bool inside = false, found = false;

	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		unsigned long from, to;

		if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
			inside = (uintptr_t)p >= from && (uintptr_t)p < to;
		else if (inside && strncmp(line, "VmFlags:", 8) == 0)
			found = strstr(line, " dd") != NULL;
	}
	fclose(f);
	return found;
}

static void test_left_out_of_dumps(void **state)
{
	void *small = ux_key_alloc(32), *large = ux_key_alloc(100000), *usual = malloc(100);

	assert_true(is_left_out_of_dumps(small));
	assert_true(is_left_out_of_dumps(large));
	assert_false(is_left_out_of_dumps(usual));
	ux_key_free(small, 32);
	ux_key_free(large, 100000);
	free(usual);
}

static void *churn(void *arg)
{
	uint8_t mine = *(const uint8_t *)arg;
	uint8_t *held[64] = {0};
	bool ok = true;

	for (unsigned int i = 0; i < 20000; i++) {
		unsigned int at = (i * 31) % 64;
		size_t len = 16 + (at % 3) * 20;

		if (held[at]) {
			ok = ok && all_are(held[at], len, mine);
			ux_key_free(held[at], len);
		}
		held[at] = ux_key_alloc(len);
		memset(held[at], mine, len);
	}
	for (unsigned int at = 0; at < 64; at++)
		ux_key_free(held[at], 16 + (at % 3) * 20);
	return ok ? arg : NULL;
}

static void test_threads(void **state)
{
	uint8_t name[2] = {1, 2};
	pthread_t t[2];

	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&t[i], NULL, churn, &name[i]), 0);
	for (int i = 0; i < 2; i++) {
		void *ret;

		pthread_join(t[i], &ret);
		assert_ptr_equal(ret, &name[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_zeroed_and_apart), cmocka_unit_test(test_wiped_when_freed),
	    cmocka_unit_test(test_reused),	     cmocka_unit_test(test_left_out_of_dumps),
	    cmocka_unit_test(test_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
