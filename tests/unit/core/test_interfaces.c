/* SPDX-License-Identifier: BSD-2-Clause */

/* The set of interfaces. */

#include "core_fixture.h"

#include <errno.h>

static bool have(struct uxfrm *u, uint32_t if_id)
{
	ux_rcu_read_lock();
	bool there = ux_interfaces_have(&u->interfaces, if_id);

	ux_rcu_read_unlock();
	return there;
}

static void comes_and_goes(void **state)
{
	struct uxfrm *u = engine_new(0);

	assert_false(have(u, 5));
	assert_false(have(u, 0));
	assert_int_equal(uxfrm_interface_add(u, 0), -EINVAL);
	assert_int_equal(uxfrm_interface_remove(u, 5), -ENOENT);
	assert_int_equal(uxfrm_interface_add(u, 5), 0);
	assert_int_equal(uxfrm_interface_add(u, 5), -EEXIST);
	assert_true(have(u, 5));
	assert_false(have(u, 4));
	assert_false(have(u, 6));
	assert_int_equal(uxfrm_interface_remove(u, 5), 0);
	assert_false(have(u, 5));
	uxfrm_free(u);
}

/* In any order: each is there from its coming to its going, whatever else does. */
static void many(void **state)
{
	enum { N = 100 };
	struct uxfrm *u = engine_new(0);
	bool there[N] = {false};
	uint32_t seed = 1;

	for (int step = 0; step < 3000; step++) {
		seed = seed * 1103515245 + 12345;
		uint32_t i = seed >> 16 & 0x7fff;

		i %= N;
		if (there[i])
			assert_int_equal(uxfrm_interface_remove(u, UINT32_MAX - i), 0);
		else
			assert_int_equal(uxfrm_interface_add(u, UINT32_MAX - i), 0);
		there[i] = !there[i];
		for (uint32_t j = 0; j < N; j++)
			assert_int_equal(have(u, UINT32_MAX - j), there[j]);
	}
	uxfrm_free(u);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(comes_and_goes),
	    cmocka_unit_test(many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
