/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/sa_table.h"

#define KEYS 6000

struct thing {
	uint32_t key;
};

static struct thing things[KEYS];

static bool has_key(const void *object, const void *key)
{
	return ((const struct thing *)object)->key == *(const uint32_t *)key;
}

/* Bad on purpose: long runs of neighbours, and equal hashes of different keys. */
static uint64_t poor_hash(uint32_t key)
{
	return key / 3;
}

static void check_all(const struct ux_sa_table *t, const bool *there)
{
	for (uint32_t k = 0; k < KEYS; k++) {
		void *found = ux_sa_table_find(t, poor_hash(k), has_key, &k);

		assert_ptr_equal(found, there[k] ? &things[k] : NULL);
	}
}

/* Random sets and clears while the table grows and shrinks, against a plain array. */
static void random_against_array(void **state)
{
	static bool there[KEYS];
	struct ux_sa_table t;

	srandom(11);
	memset(there, 0, sizeof(there));
	assert_int_equal(ux_sa_table_init(&t), 0);
	for (int step = 0; step < 60000; step++) {
		/* waves: mostly adding, then mostly taking out */
		bool add = random() % 100 < ((step / 12000) % 2 ? 20 : 80);
		uint32_t k = (uint32_t)random() % KEYS;

		things[k].key = k;
		assert_int_equal(ux_sa_table_reserve(&t, 1, NULL), 0);
		ux_sa_table_set(&t, poor_hash(k), has_key, &k, add ? &things[k] : NULL);
		there[k] = add;
		if (step % 3000 == 0)
			check_all(&t, there);
	}
	check_all(&t, there);
	ux_sa_table_fini(&t);
}

/* SAs that come and go for ever must not fill the table with tombstones. */
static void tombstones_stay_few(void **state)
{
	struct ux_sa_table t;

	assert_int_equal(ux_sa_table_init(&t), 0);
	for (uint32_t step = 0; step < 100000; step++) {
		uint32_t k = step % KEYS;
		uint64_t hash = k * UINT64_C(0x9e3779b97f4a7c15);

		things[k].key = k;
		assert_int_equal(ux_sa_table_reserve(&t, 1, NULL), 0);
		ux_sa_table_set(&t, hash, has_key, &k, &things[k]);
		ux_sa_table_set(&t, hash, has_key, &k, NULL);
	}
	assert_int_equal(t.slots->n_used, 0);
	assert_int_equal(t.slots->n_tombstones, 0);
	assert_int_equal(t.slots->mask + 1, t.min_slots);
	ux_sa_table_fini(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(random_against_array),
	    cmocka_unit_test(tombstones_stay_few),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
