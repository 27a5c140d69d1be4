/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/slab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/pages.h"

static void test_sizes(void **state)
{
	static const struct {
		size_t asked, got;
	} rows[] = {{1, 32}, {32, 32}, {33, 64}, {64, 64}, {65, 128}, {256, 256}, {257, 320}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ux_slab s, fixed = UX_SLAB_OF(rows[i].asked);

		ux_slab_init(&s, rows[i].asked);
		assert_int_equal(s.object_size, rows[i].got);
		assert_int_equal(fixed.object_size, rows[i].got);
		ux_slab_fini(&s);
	}
}

/* More than the chunks with small pages hold: each object is whole, aligned and its own. */
static void many_of(size_t size)
{
	size_t n = 5 * UX_HUGE_PAGE / size + 3;
	uint32_t **object = malloc(n * sizeof(*object));
	struct ux_slab s;

	assert_non_null(object);
	ux_slab_init(&s, size);
	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < n; i++) {
			object[i] = ux_slab_get(&s);
			assert_non_null(object[i]);
			assert_int_equal((uintptr_t)object[i] % (size < 64 ? 32 : 64), 0);
			for (size_t j = 0; j < size / sizeof(uint32_t); j++)
				object[i][j] = (uint32_t)i;
		}
		for (size_t i = 0; i < n; i++) {
			for (size_t j = 0; j < size / sizeof(uint32_t); j++)
				if (object[i][j] != i)
					fail_msg("object %zu was changed", i);
			if (i % 2)
				ux_slab_put(&s, object[i]);
			else
				ux_slab_return(object[i]);
		}
	}
	ux_slab_fini(&s);
	free(object);
}

static void test_many(void **state)
{
	many_of(32);
	many_of(64);
	many_of(320);
}

static void test_pages(void **state)
{
	static const size_t lens[] = {4096, UX_HUGE_PAGE, 2 * UX_HUGE_PAGE, UX_HUGE_PAGE + 4096};

	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		uint8_t *p = ux_pages_map(lens[i]);

		assert_non_null(p);
		assert_int_equal((uintptr_t)p % (lens[i] < UX_HUGE_PAGE ? 4096 : UX_HUGE_PAGE), 0);
		ux_pages_make_huge(p, lens[i]);
		for (size_t at = 0; at < lens[i]; at += 4096)
			assert_int_equal(p[at], 0);
		memset(p, 0x5a, lens[i]);
		assert_int_equal(p[lens[i] - 1], 0x5a);
		ux_pages_unmap(p, lens[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_sizes),
	    cmocka_unit_test(test_many),
	    cmocka_unit_test(test_pages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
