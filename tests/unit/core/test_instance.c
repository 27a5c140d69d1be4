/* SPDX-License-Identifier: BSD-2-Clause */
#include "core_fixture.h"

#include <errno.h>

static bool local(struct uxfrm *u, uint16_t family, struct ux_addr a)
{
	return ux_local_contains(&u->local, family, &a);
}

static void local_addresses(void **state)
{
	struct uxfrm *u = engine_new(0);
	static const uint8_t v4[4] = {10, 0, 0, 1}, v6[16] = {0xfd, [15] = 1};

	assert_false(local(u, AF_INET, addr4(0x0a000001)));
	assert_int_equal(uxfrm_local_address_add(u, AF_INET, v4), 0);
	assert_int_equal(uxfrm_local_address_add(u, AF_INET, v4), 0);
	assert_int_equal(uxfrm_local_address_add(u, AF_INET6, v6), 0);
	assert_int_equal(uxfrm_local_address_add(u, AF_UNIX, v6), -EINVAL);
	assert_true(local(u, AF_INET, addr4(0x0a000001)));
	assert_false(local(u, AF_INET, addr4(0x0a000002)));
	assert_true(local(u, AF_INET6, addr6(1)));
	assert_false(local(u, AF_INET6, addr6(0x01000000)));
	assert_int_equal(uxfrm_local_address_remove(u, AF_INET, v4), 0);
	assert_int_equal(uxfrm_local_address_remove(u, AF_INET, v4), 0);
	assert_false(local(u, AF_INET, addr4(0x0a000001)));
	assert_true(local(u, AF_INET, addr4(0xe0000001)));
	assert_true(local(u, AF_INET, addr4(0xffffffff)));
	assert_true(local(u, AF_INET6, (struct ux_addr){.b = {0xff, 2}}));
	uxfrm_free(u);
}

static void many_local_addresses(void **state)
{
	struct uxfrm *u = engine_new(0);

	for (uint32_t i = 0; i < 200; i++) {
		uint32_t a = htobe32(0x0a000000 + (i * 77) % 200);

		assert_int_equal(uxfrm_local_address_add(u, AF_INET, &a), 0);
	}
	for (uint32_t i = 0; i < 200; i++)
		assert_true(local(u, AF_INET, addr4(0x0a000000 + i)));
	for (uint32_t i = 0; i < 200; i += 2) {
		uint32_t a = htobe32(0x0a000000 + i);

		assert_int_equal(uxfrm_local_address_remove(u, AF_INET, &a), 0);
	}
	for (uint32_t i = 0; i < 200; i++)
		assert_int_equal(local(u, AF_INET, addr4(0x0a000000 + i)), i % 2);
	uxfrm_free(u);
}

static void counters_survive_workers(void **state)
{
	struct uxfrm *u = engine_new(0);
	struct ux_worker_counters *a = ux_counters_attach(u), *b = ux_counters_attach(u);
	struct uxfrm_packet_stats stats;

	assert_ptr_not_equal(a, b);
	ux_count_add(&a->out_packets, 3);
	ux_count_add(&b->out_packets, 4);
	ux_count_drop(b, UXFRM_DROP_IN_REPLAY);
	ux_counters_detach(u, b);
	uxfrm_packet_stats_get(u, &stats);
	assert_int_equal(stats.out_packets, 7);
	assert_int_equal(stats.drops[UXFRM_DROP_IN_REPLAY], 1);
	b = ux_counters_attach(u);
	ux_count_add(&b->out_packets, 1);
	uxfrm_packet_stats_get(u, &stats);
	assert_int_equal(stats.out_packets, 8);
	uxfrm_free(u);
}

static void parameters_are_checked(void **state)
{
	struct uxfrm_params p;
	struct uxfrm *u = NULL;

	uxfrm_params_init(&p);
	assert_int_equal(p.grace_ms, 2000);
	assert_false(p.strict_templates);
	p.size--;
	assert_int_equal(uxfrm_new(&p, &u), -EINVAL);
	assert_null(u);
	assert_null(uxfrm_free(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(local_addresses),
	    cmocka_unit_test(many_local_addresses),
	    cmocka_unit_test(counters_survive_workers),
	    cmocka_unit_test(parameters_are_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
