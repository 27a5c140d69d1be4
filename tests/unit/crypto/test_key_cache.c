/* SPDX-License-Identifier: BSD-2-Clause */
#include "crypto/key_cache.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define PLACES 64u

static void test_sizes(void **state)
{
	static const struct {
		uint32_t wanted, got;
	} rows[] = {{1, 16}, {16, 16}, {17, 32}, {1000, 1024}, {16384, 16384}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ux_key_cache c;

		assert_true(ux_key_cache_init(&c, rows[i].wanted, 0));
		assert_int_equal(ux_key_cache_places(&c), rows[i].got);
		ux_key_cache_fini(&c);
	}
}

/* Who has which place, beside the cache: what it finds must be what it gave. */
static void test_finds_what_it_gave(void **state)
{
	struct ux_key_cache c;
	uint64_t owner[PLACES] = {0};
	uint32_t used = 0;

	srandom(3);
	assert_true(ux_key_cache_init(&c, PLACES, 0));
	for (unsigned int step = 0; step < 20000; step++) {
		uint64_t tag = 1 + (uint64_t)(random() % 200);
		uint32_t place;
		bool former;

		ux_key_cache_begin(&c);
		place = ux_key_cache_find(&c, tag);
		for (uint32_t i = 0; i < PLACES; i++)
			assert_int_equal(owner[i] == tag, i == place);
		if (place != UX_KEY_NOWHERE && step % 3 == 0) {
			assert_int_equal(ux_key_cache_drop(&c, tag), place);
			owner[place] = 0;
			used--;
		} else if (place == UX_KEY_NOWHERE) {
			place = ux_key_cache_take(&c, tag, &former);
			assert_true(place < PLACES);
			assert_int_equal(former, owner[place] != 0);
			used += !former;
			owner[place] = tag;
		}
		assert_int_equal(c.n_used, used);
		for (uint32_t i = 0; i < PLACES; i++)
			assert_int_equal(ux_key_cache_is_used(&c, i), owner[i] != 0);
	}
	ux_key_cache_clear(&c);
	assert_int_equal(c.n_used, 0);
	for (uint64_t tag = 1; tag <= 200; tag++)
		assert_int_equal(ux_key_cache_find(&c, tag), UX_KEY_NOWHERE);
	ux_key_cache_fini(&c);
}

/* Nobody loses a place in the burst that uses it; after it the one not used for longest does. */
static void test_a_burst_keeps_its_places(void **state)
{
	struct ux_key_cache c;
	uint64_t kept[PLACES], tag = 0;
	uint32_t n = 0;
	bool former, full = false;

	assert_true(ux_key_cache_init(&c, 16, 0));
	ux_key_cache_begin(&c);
	while (!full) {
		full = ux_key_cache_take(&c, ++tag, &former) == UX_KEY_NOWHERE;
		if (!full) {
			assert_false(former);
			kept[n++] = tag;
		}
	}
	assert_in_range(n, 8, 16);
	assert_int_equal(ux_key_cache_offer(&c, tag), UX_KEY_NOWHERE);
	for (uint32_t i = 0; i < n; i++)
		assert_int_not_equal(ux_key_cache_find(&c, kept[i]), UX_KEY_NOWHERE);
	ux_key_cache_begin(&c);
	for (uint32_t i = 1; i < n; i++)
		(void)ux_key_cache_find(&c, kept[i]);
	/* its set is full, and at most one of it was not used now */
	if (ux_key_cache_take(&c, tag, &former) != UX_KEY_NOWHERE) {
		assert_true(former);
		assert_int_equal(ux_key_cache_find(&c, kept[0]), UX_KEY_NOWHERE);
	}
	ux_key_cache_fini(&c);
}

/* Strangers that come by one after the other take few places from those that have them. */
static void test_offers(void **state)
{
	struct ux_key_cache c;
	uint32_t lost = 0;

	assert_true(ux_key_cache_init(&c, 1024, 0));
	for (uint64_t tag = 1; tag <= 1024; tag++) {
		ux_key_cache_begin(&c);
		(void)ux_key_cache_offer(&c, tag);
	}
	for (uint64_t tag = 5000; tag < 6600; tag++) {
		ux_key_cache_begin(&c);
		(void)ux_key_cache_offer(&c, tag);
	}
	for (uint64_t tag = 1; tag <= 1024; tag++)
		lost += ux_key_cache_find(&c, tag) == UX_KEY_NOWHERE;
	/* Some found their set full; of 1,600 strangers every 16th took a place at most, or an
	 * empty one. */
	assert_in_range(lost, 1, 300);
	ux_key_cache_fini(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_sizes),
	    cmocka_unit_test(test_finds_what_it_gave),
	    cmocka_unit_test(test_a_burst_keeps_its_places),
	    cmocka_unit_test(test_offers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
