/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/ext_ack.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

static void test_null_is_fine(void **state)
{
	assert_int_equal(ux_fail(NULL, EINVAL, "text"), -EINVAL);
	assert_int_equal(ux_fail_attr(NULL, ENOSYS, "attr", "text"), -ENOSYS);
	assert_int_equal(ux_fail_fmt(NULL, EEXIST, NULL, "%d", 1), -EEXIST);
	assert_int_equal(ux_fail_miss(NULL, ESRCH, 7, "text"), -ESRCH);
	assert_int_equal(ux_fail_weak(NULL, EPERM, "text"), -EPERM);
}

static void test_what_stands(void **state)
{
	struct ux_ext_ack ext = {0};
	int attr;

	assert_int_equal(ux_fail_miss(&ext, EINVAL, 7, "missing"), -EINVAL);
	assert_string_equal(ext.msg, "missing");
	assert_int_equal(ext.miss_type, 7);
	assert_int_equal(ux_fail_attr(&ext, EINVAL, &attr, "bad"), -EINVAL);
	assert_string_equal(ext.msg, "bad");
	assert_ptr_equal(ext.bad_attr, &attr);
	assert_int_equal(ext.miss_type, 0);
	assert_int_equal(ux_fail_fmt(&ext, EINVAL, NULL, "%s %d", "n", 5), -EINVAL);
	assert_string_equal(ext.msg, "n 5");
	assert_null(ext.bad_attr);
}

static void test_weak_keeps_the_first(void **state)
{
	struct ux_ext_ack ext = {0};

	assert_int_equal(ux_fail_weak(&ext, EINVAL, "first"), -EINVAL);
	assert_int_equal(ux_fail_weak(&ext, ENOMEM, "second"), -ENOMEM);
	assert_string_equal(ext.msg, "first");
}

static void test_long_text_is_cut(void **state)
{
	struct ux_ext_ack ext;
	char text[200];

	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(ux_fail_at(&ext, EINVAL, NULL, text), -EINVAL);
	assert_int_equal(strlen(ext.msg), sizeof(ext.msg) - 1);
	assert_int_equal(ux_fail_fmt(&ext, EINVAL, NULL, "%s", text), -EINVAL);
	assert_int_equal(strlen(ext.msg), sizeof(ext.msg) - 1);
	/* A text is not a format. */
	assert_int_equal(ux_fail_at(&ext, EINVAL, NULL, "%s%n"), -EINVAL);
	assert_string_equal(ext.msg, "%s%n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_null_is_fine),
	    cmocka_unit_test(test_what_stands),
	    cmocka_unit_test(test_weak_keeps_the_first),
	    cmocka_unit_test(test_long_text_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
