/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "packet/drop.h"

static void test_every_reason_has_names(void **state)
{
	for (int d = 1; d < UXFRM_DROP_COUNT; d++) {
		const char *linux_name = uxfrm_drop_linux_name(d);

		assert_true(strlen(uxfrm_drop_name(d)) > 2);
		assert_true(strlen(uxfrm_drop_text(d)) > 5);
		assert_true(!*linux_name || strncmp(linux_name, "Xfrm", 4) == 0);
	}
}

static void test_names_differ(void **state)
{
	for (int a = 1; a < UXFRM_DROP_COUNT; a++)
		for (int b = 1; b < a; b++)
			assert_string_not_equal(uxfrm_drop_name(a), uxfrm_drop_name(b));
}

static void test_some_names(void **state)
{
	assert_string_equal(uxfrm_drop_name(UXFRM_DROP_IN_ICV), "in_icv");
	assert_string_equal(uxfrm_drop_linux_name(UXFRM_DROP_IN_TOO_OLD), "XfrmInStateSeqError");
	assert_string_equal(uxfrm_drop_linux_name(UXFRM_DROP_OUT_NO_SA), "XfrmOutNoStates");
	assert_string_equal(uxfrm_drop_linux_name(UXFRM_DROP_FRAGMENT), "");
}

static void test_outside_the_list(void **state)
{
	assert_string_equal(uxfrm_drop_name(UXFRM_DROP_NONE), "");
	assert_string_equal(uxfrm_drop_name(UXFRM_DROP_COUNT), "");
	assert_string_equal(uxfrm_drop_text((enum uxfrm_drop) - 1), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_every_reason_has_names),
	    cmocka_unit_test(test_names_differ),
	    cmocka_unit_test(test_some_names),
	    cmocka_unit_test(test_outside_the_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
