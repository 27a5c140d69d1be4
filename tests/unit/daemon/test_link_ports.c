/* SPDX-License-Identifier: BSD-2-Clause */

/* The worker's table of links: what is put in is found, and nothing else. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "daemon/link_ports.h"

enum { N = 50 };

static void comes_and_goes(void **state)
{
	struct ux_port ports[N];
	struct ux_link_ports *table = NULL, *fresh;

	assert_null(ux_link_ports_find(NULL, 1));
	for (uint32_t i = 0; i < N; i++) { /* 7 and N have no common factor: each if_id once */
		ports[i] = (struct ux_port){.if_id = i * 7 % N * 10 + 1};
		fresh = ux_link_ports_with(table, &ports[i]);
		assert_non_null(fresh);
		for (uint32_t j = 0; j <= i; j++)
			assert_ptr_equal(ux_link_ports_find(fresh, ports[j].if_id), &ports[j]);
		assert_null(ux_link_ports_find(fresh, 0));
		assert_null(ux_link_ports_find(fresh, 5));
		assert_null(ux_link_ports_find(fresh, UINT32_MAX));
		free(table);
		table = fresh;
	}
	for (uint32_t i = 0; i < N; i++) {
		fresh = ux_link_ports_without(table, &ports[i]);
		assert_non_null(fresh);
		for (uint32_t j = 0; j < N; j++)
			assert_ptr_equal(ux_link_ports_find(fresh, ports[j].if_id),
					 j <= i ? NULL : &ports[j]);
		free(table);
		table = fresh;
	}
	free(table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(comes_and_goes)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
