/* SPDX-License-Identifier: BSD-2-Clause */

/* What the headers of the client library declare, its map exports and the shared library has, is
 * the same. Linked with the shared library alone. */

#include <dlfcn.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <uxfrm/client.h>

#define SYMBOL(name) {#name, (void (*)(void))name}
static const struct symbol {
	const char *name;
	void (*function)(void);
} symbols[] = {
    SYMBOL(uxfrm_aevent_get),	 SYMBOL(uxfrm_aevent_set),     SYMBOL(uxfrm_conn_batch),
    SYMBOL(uxfrm_conn_close),	 SYMBOL(uxfrm_conn_fd),	       SYMBOL(uxfrm_conn_forget),
    SYMBOL(uxfrm_conn_gathered), SYMBOL(uxfrm_conn_open),      SYMBOL(uxfrm_conn_params_init),
    SYMBOL(uxfrm_conn_receive),	 SYMBOL(uxfrm_conn_result),    SYMBOL(uxfrm_conn_run),
    SYMBOL(uxfrm_defaults_get),	 SYMBOL(uxfrm_defaults_set),   SYMBOL(uxfrm_ip_parse),
    SYMBOL(uxfrm_ip_text),	 SYMBOL(uxfrm_link_add),       SYMBOL(uxfrm_link_delete),
    SYMBOL(uxfrm_link_init),	 SYMBOL(uxfrm_link_list),      SYMBOL(uxfrm_policy_add),
    SYMBOL(uxfrm_policy_count),	 SYMBOL(uxfrm_policy_delete),  SYMBOL(uxfrm_policy_dump),
    SYMBOL(uxfrm_policy_expire), SYMBOL(uxfrm_policy_flush),   SYMBOL(uxfrm_policy_get),
    SYMBOL(uxfrm_policy_init),	 SYMBOL(uxfrm_policy_migrate), SYMBOL(uxfrm_policy_move_init),
    SYMBOL(uxfrm_policy_update), SYMBOL(uxfrm_sa_add),	       SYMBOL(uxfrm_sa_count),
    SYMBOL(uxfrm_sa_delete),	 SYMBOL(uxfrm_sa_dump),	       SYMBOL(uxfrm_sa_expire),
    SYMBOL(uxfrm_sa_flush),	 SYMBOL(uxfrm_sa_get),	       SYMBOL(uxfrm_sa_init),
    SYMBOL(uxfrm_sa_migrate),	 SYMBOL(uxfrm_sa_move_init),   SYMBOL(uxfrm_sa_update),
    SYMBOL(uxfrm_spi_alloc),	 SYMBOL(uxfrm_status),	       SYMBOL(uxfrm_thresholds_set), SYMBOL(uxfrm_workers_get), SYMBOL(uxfrm_workers_set),
};
#define COUNT (sizeof(symbols) / sizeof(symbols[0]))

static void test_every_symbol_is_there(void **state)
{
	void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);

	assert_non_null(library);
	for (size_t i = 0; i < COUNT; i++) {
		assert_non_null(symbols[i].function);
		if (!dlsym(library, symbols[i].name))
			fail_msg("%s is not exported", symbols[i].name);
	}
	assert_null(dlsym(library, "ux_decode"));
	dlclose(library);
}

static void test_the_map_says_the_same(void **state)
{
	FILE *map = fopen(MAP, "r");
	char line[128], name[128];
	size_t n = 0;

	assert_non_null(map);
	while (fgets(line, sizeof(line), map)) {
		if (sscanf(line, " uxfrm_%100[a-z0-9_];", name) != 1)
			continue;
		assert_true(n < COUNT);
		if (strcmp(symbols[n].name + strlen("uxfrm_"), name) != 0)
			fail_msg("%s in the map, %s here", name, symbols[n].name);
		n++;
	}
	fclose(map);
	assert_int_equal(n, COUNT);
}

/* Programs are compiled with these sizes: a larger struct is a new one. */
static void test_sizes(void **state)
{
	struct uxfrm_sa sa;
	struct uxfrm_policy policy;
	struct uxfrm_sa_move move;
	struct uxfrm_policy_move policy_move;
	struct uxfrm_conn_params params;
	struct uxfrm_link link;

	uxfrm_sa_init(&sa);
	uxfrm_policy_init(&policy);
	uxfrm_sa_move_init(&move);
	uxfrm_policy_move_init(&policy_move);
	uxfrm_conn_params_init(&params);
	uxfrm_link_init(&link);
	assert_int_equal(link.size, sizeof(link));
	assert_int_equal(sa.size, sizeof(sa));
	assert_int_equal(policy.size, sizeof(policy));
	assert_int_equal(move.size, sizeof(move));
	assert_int_equal(policy_move.size, sizeof(policy_move));
	assert_int_equal(params.size, sizeof(params));
	assert_true(sa.limits.byte_hard == UXFRM_NO_LIMIT &&
		    policy.limits.packet_soft == UXFRM_NO_LIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_every_symbol_is_there),
	    cmocka_unit_test(test_the_map_says_the_same),
	    cmocka_unit_test(test_sizes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
