/* SPDX-License-Identifier: BSD-2-Clause */
/* Values are made once, shared, and gone with their last holder. */
#include "core/shared.h"

#include "core_fixture.h"

static int set_up(void **state)
{
	struct ux_shared_pool *pool = calloc(1, sizeof(*pool));

	if (!pool || ux_shared_init(pool) < 0)
		return -1;
	*state = pool;
	return 0;
}

static int tear_down(void **state)
{
	ux_shared_fini(*state);
	free(*state);
	return 0;
}

static void equal_values_are_one_set(void **state)
{
	struct ux_limits values = {.soft_bytes = 1, .hard_use_s = 2}, other = values;
	const struct ux_limits *a = ux_limits_hold(*state, &values);
	const struct ux_limits *b, *c, *d;

	other.hard_add_s = 3;
	b = ux_limits_hold(*state, &other);
	c = ux_limits_hold(*state, &values); /* not the latest any more */
	d = ux_limits_hold(*state, &values);
	assert_non_null(a);
	assert_ptr_not_equal(a, b);
	assert_ptr_equal(a, c);
	assert_ptr_equal(a, d);
	assert_memory_equal(a, &values, sizeof(values));
	assert_memory_equal(b, &other, sizeof(other));
	ux_shared_release(a);
	ux_shared_release(b);
	ux_shared_release(c);
	assert_memory_equal(d, &values, sizeof(values));
	ux_shared_release(d);
}

static void a_released_set_is_forgotten(void **state)
{
	struct ux_shared_pool *pool = *state;
	struct ux_limits values = {.soft_packets = 1};

	for (int i = 0; i < 3; i++) {
		const struct ux_limits *a = ux_limits_hold(pool, &values);

		assert_ptr_equal(pool->latest, a);
		assert_int_equal(ux_rcu_own(&pool->values.slots)->n_used, 1);
		ux_shared_release(a);
		assert_null(pool->latest);
		assert_int_equal(ux_rcu_own(&pool->values.slots)->n_used, 0);
	}
	ux_shared_release(NULL);
}

/* Labels differ in length; what begins alike is not the same. */
static void of_any_length(void **state)
{
	const char *text = "system_u:object_r:ipsec_spd_t:s0";
	const char *a = ux_shared_hold(*state, text, 10), *b = ux_shared_hold(*state, text, 11);
	const char *c = ux_shared_hold(*state, text, 10), *again = ux_shared_hold_again(b);

	assert_ptr_not_equal(a, b);
	assert_ptr_equal(a, c);
	assert_ptr_equal(again, b);
	assert_memory_equal(b, text, 11);
	assert_null(ux_shared_hold_again(NULL));
	assert_int_equal(((struct ux_shared_pool *)*state)->n, 2);
	ux_shared_release(a);
	ux_shared_release(b);
	ux_shared_release(c);
	assert_memory_equal(again, text, 11);
	ux_shared_release(again);
	assert_int_equal(((struct ux_shared_pool *)*state)->n, 0);
}

static void many_sets(void **state)
{
	const struct ux_limits *held[3000];
	const int n = (int)(sizeof(held) / sizeof(held[0]));

	for (int i = 0; i < n; i++) {
		struct ux_limits values = {.soft_add_s = (uint64_t)i};

		held[i] = ux_limits_hold(*state, &values);
		assert_non_null(held[i]);
	}
	for (int i = 0; i < n; i++) {
		struct ux_limits values = {.soft_add_s = (uint64_t)i};

		assert_ptr_equal(ux_limits_hold(*state, &values), held[i]);
		ux_shared_release(held[i]);
		assert_int_equal(held[i]->soft_add_s, i);
	}
	for (int i = 0; i < n; i++)
		ux_shared_release(held[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(equal_values_are_one_set, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_released_set_is_forgotten, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(of_any_length, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(many_sets, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
