/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/iv_ledger.h"

static struct ux_iv_source *hold(struct ux_iv_ledger *l, const void *key, size_t len)
{
	struct ux_iv_fingerprint f = ux_iv_fingerprint_of(l, key, len);

	return ux_iv_source_hold(l, &f);
}

static void same_key_same_source(void **state)
{
	struct ux_iv_ledger l;
	uint64_t a, b;

	assert_int_equal(ux_iv_ledger_init(&l, 100, 4), 0);

	struct ux_iv_source *one = hold(&l, "sixteen bytes!!!", 16);
	struct ux_iv_source *two = hold(&l, "sixteen bytes!!!", 16);
	struct ux_iv_source *other = hold(&l, "sixteen bytes!!?", 16);

	assert_ptr_equal(one, two);
	assert_ptr_not_equal(one, other);
	assert_true(ux_iv_take(one, 10, &a));
	assert_int_equal(a, UINT64_C(100) << 32);
	assert_true(ux_iv_take(two, 1, &b));
	assert_int_equal(b, a + 10);
	ux_iv_source_release(&l, one);
	ux_iv_source_release(&l, two);
	ux_iv_source_release(&l, other);
	assert_int_equal(l.n_idle, 2);
	assert_int_equal(l.n_held, 0);
	ux_iv_ledger_fini(&l);
}

/* Keys come and go at random, far more than the ledger remembers: no (key, IV) twice. */
static void guarantee_with_eviction(void **state)
{
	enum { KEYS = 64, STEPS = 20000 };
	static uint64_t next_allowed[KEYS];
	struct ux_iv_source *held[KEYS] = {NULL};
	struct ux_iv_ledger l;

	srandom(3);
	memset(next_allowed, 0, sizeof(next_allowed));
	assert_int_equal(ux_iv_ledger_init(&l, 1, 5), 0);
	for (int i = 0; i < STEPS; i++) {
		uint32_t k = (uint32_t)random() % KEYS;
		uint64_t first;

		if (!held[k]) {
			held[k] = hold(&l, &k, sizeof(k));
			assert_non_null(held[k]);
		}
		uint32_t n = 1 + (uint32_t)random() % 64;

		assert_true(ux_iv_take(held[k], n, &first));
		assert_true(first >= next_allowed[k]);
		next_allowed[k] = first + n;
		if (random() % 2) {
			ux_iv_source_release(&l, held[k]);
			held[k] = NULL;
		}
		assert_true(l.n_idle <= 5);
	}
	ux_iv_ledger_fini(&l);
}

/* A key that is held again is not idle any more: it makes no other key forgotten. */
static void held_again(void **state)
{
	struct ux_iv_ledger l;

	assert_int_equal(ux_iv_ledger_init(&l, 1, 2), 0);

	struct ux_iv_source *other = hold(&l, "o", 1);

	ux_iv_source_release(&l, other);
	for (int i = 0; i < 4; i++) {
		struct ux_iv_source *s = hold(&l, "k", 1);

		assert_int_equal(l.n_idle, 1);
		assert_int_equal(l.n_held, 1);
		ux_iv_source_release(&l, s);
		assert_int_equal(l.n_idle, 2);
	}
	assert_int_equal(l.floor, UINT64_C(1) << 32); /* nothing was forgotten */
	assert_ptr_equal(hold(&l, "o", 1), other);
	ux_iv_ledger_fini(&l);
}

static void used_up(void **state)
{
	struct ux_iv_ledger l;
	uint64_t first;

	assert_int_equal(ux_iv_ledger_init(&l, 0, 1), 0);

	struct ux_iv_source *s = hold(&l, "k", 1);

	atomic_store(&s->next, UINT64_MAX - (UINT64_C(1) << 48));
	assert_true(ux_iv_take(s, 64, &first));
	assert_false(ux_iv_take(s, 64, &first));
	assert_false(ux_iv_take(s, 1, &first));
	ux_iv_source_release(&l, s);

	/* forgotten: then no unknown key may start below it either */
	ux_iv_source_release(&l, hold(&l, "m", 1));
	assert_false(ux_iv_take(hold(&l, "n", 1), 1, &first));
	ux_iv_ledger_fini(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(same_key_same_source),
	    cmocka_unit_test(guarantee_with_eviction),
	    cmocka_unit_test(held_again),
	    cmocka_unit_test(used_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
