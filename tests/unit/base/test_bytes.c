/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static void test_big_endian_unaligned(void **state)
{
	static const uint8_t want[] = {0, 0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc, 0xde, 0xf0};
	uint8_t buf[9] = {0};

	ux_put_be64(buf + 1, 0x123456789abcdef0u);
	assert_memory_equal(buf, want, 9);
	assert_int_equal(ux_get_be64(buf + 1), 0x123456789abcdef0u);
	assert_int_equal(ux_get_be32(buf + 3), 0x56789abcu);
	assert_int_equal(ux_get_be16(buf + 5), 0x9abc);
	ux_put_be32(buf + 3, 0x01020304);
	ux_put_be16(buf + 7, 0x0506);
	assert_int_equal(ux_get_be64(buf + 1), 0x1234010203040506u);
}

static void test_round_up(void **state)
{
	assert_int_equal(ux_round_up(0, 4), 0);
	assert_int_equal(ux_round_up(1, 4), 4);
	assert_int_equal(ux_round_up(4, 4), 4);
	assert_int_equal(ux_round_up(17, 16), 32);
	assert_int_equal(ux_round_up(17, 1), 17);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_big_endian_unaligned),
	    cmocka_unit_test(test_round_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
