/* SPDX-License-Identifier: BSD-2-Clause */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/status.h"

static json_t *status_of(const struct ux_status_input *in)
{
	char *text = ux_status_json(in);
	json_t *root;

	assert_non_null(text);
	assert_null(strchr(text, '\n'));
	root = json_loads(text, 0, NULL);
	assert_non_null(root);
	free(text);
	return root;
}

static long long drop_count(json_t *root, const char *name)
{
	json_t *item;
	size_t i;

	json_array_foreach(json_object_get(root, "drops"), i, item)
	{
		if (strcmp(json_string_value(json_object_get(item, "name")), name) == 0)
			return json_integer_value(json_object_get(item, "count"));
	}
	fail_msg("no drop named %s", name);
	return -1;
}

static void numbers_arrive(void **state)
{
	struct ux_status_input in = {.pid = 42, .clients = 3, .uptime_s = 99, .tun_name = "uxfrm0"};
	json_t *root, *policy;

	in.counts.sa = 7;
	in.counts.policy[0] = 1;
	in.counts.policy[1] = 2;
	in.counts.policy[2] = 3;
	in.packets.in_bytes = 1ull << 40;
	in.packets.drops[UXFRM_DROP_IN_REPLAY] = 5;
	in.worker.drops[UXFRM_DROP_PORT_SEND] = 6;
	root = status_of(&in);
	policy = json_object_get(json_object_get(root, "counts"), "policy");
	assert_int_equal(json_integer_value(json_object_get(root, "pid")), 42);
	assert_string_equal(json_string_value(json_object_get(root, "tun")), "uxfrm0");
	assert_true(json_is_true(json_object_get(root, "ports")));
	assert_int_equal(json_integer_value(json_object_get(json_object_get(root, "counts"), "sa")),
			 7);
	assert_int_equal(json_integer_value(json_object_get(policy, "fwd")), 3);
	assert_true(json_integer_value(json_object_get(json_object_get(root, "packets"),
						       "in_bytes")) == 1ll << 40);
	assert_int_equal(drop_count(root, "in_replay"), 5);
	assert_int_equal(drop_count(root, "port_send"), 6);
	assert_int_equal(json_array_size(json_object_get(root, "drops")), UXFRM_DROP_COUNT - 1);
	json_decref(root);
}

static void whole_fragments_are_no_drops(void **state)
{
	struct ux_status_input in = {0};
	json_t *root;

	in.packets.drops[UXFRM_DROP_FRAGMENT] = 10;
	in.worker.fragments_taken = 10;
	in.worker.drops[UXFRM_DROP_FRAGMENT] = 1;
	root = status_of(&in);
	assert_int_equal(drop_count(root, "fragment"), 1);
	assert_null(json_object_get(root, "tun"));
	json_decref(root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(numbers_arrive),
	    cmocka_unit_test(whole_fragments_are_no_drops),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
