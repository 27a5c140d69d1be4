/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "wire/writer.h"

static uint8_t buf[256];
static struct ux_writer w;

static int setup(void **state)
{
	memset(buf, 0xee, sizeof(buf));
	ux_writer_init(&w, buf, sizeof(buf));
	return 0;
}

static void test_bytes(void **state)
{
	static const uint8_t expected[] = {
	    44, 0, 0,  0, 18, 0, 5, 0, 9, 0, 0, 0, 7, 0, 0, 0, /* header */
	    1,	2, 3,  4, 5,  0, 0, 0,			       /* five bytes, padded */
	    5,	0, 25, 0, 50, 0, 0, 0,			       /* u8 */
	    12, 0, 15, 0, 8,  7, 6, 5, 4, 3, 2, 1,	       /* u64 */
	};

	ux_msg_begin(&w, 18, 5, 7, 9, "\1\2\3\4\5", 5);
	ux_msg_attr_u8(&w, 25, 50);
	ux_msg_attr_u64(&w, 15, 0x0102030405060708);
	assert_true(ux_msg_end(&w));
	assert_int_equal(w.len, sizeof(expected));
	assert_memory_equal(buf, expected, sizeof(expected));
	assert_int_equal(buf[sizeof(expected)], 0xee);
}

static void test_two_messages(void **state)
{
	uint32_t len;

	ux_msg_begin(&w, 1, 0, 0, 0, NULL, 4);
	assert_true(ux_msg_end(&w));
	ux_msg_begin(&w, 2, 0, 0, 0, NULL, 0);
	assert_true(ux_msg_end(&w));
	assert_int_equal(w.len, 36);
	memcpy(&len, buf + 20, 4);
	assert_int_equal(len, 16);
}

/* A message that does not fit leaves no trace, wherever the end of the buffer is. */
static void test_overflow(void **state)
{
	for (size_t cap = 0; cap < 60; cap++) {
		uint32_t full = 16 + 24 + 12 + 8;

		setup(NULL);
		ux_writer_init(&w, buf, cap);
		ux_msg_begin(&w, 1, 0, 0, 0, NULL, 24);
		ux_msg_attr_u64(&w, 1, 1);
		ux_msg_attr_u8(&w, 2, 1);
		assert_int_equal(ux_msg_end(&w), cap >= full);
		assert_int_equal(w.len, 0);
		assert_false(w.overflow);
		for (size_t i = cap; i < sizeof(buf); i++)
			assert_int_equal(buf[i], 0xee);
	}
}

static void test_overflow_keeps_earlier(void **state)
{
	ux_msg_begin(&w, 1, 0, 0, 0, NULL, 4);
	assert_true(ux_msg_end(&w));
	ux_msg_begin(&w, 2, 0, 0, 0, NULL, 4);
	assert_null(ux_msg_attr_reserve(&w, 3, 250));
	ux_msg_attr_u8(&w, 4, 1); /* fits, but the message is spoilt */
	assert_false(ux_msg_end(&w));
	assert_int_equal(w.len, 20);
	ux_msg_begin(&w, 5, 0, 0, 0, NULL, 4);
	assert_true(ux_msg_end(&w));
	assert_int_equal(w.len, 40);
}

static void test_too_long_for_an_attribute(void **state)
{
	static uint8_t large[70000];

	ux_writer_init(&w, large, sizeof(large));
	ux_msg_begin(&w, 1, 0, 0, 0, NULL, 0);
	assert_non_null(ux_msg_attr_reserve(&w, 1, 65531));
	ux_msg_cancel(&w);
	ux_msg_begin(&w, 1, 0, 0, 0, NULL, 0);
	assert_null(ux_msg_attr_reserve(&w, 1, 65532));
	assert_null(ux_msg_attr_reserve(&w, 1, SIZE_MAX));
	assert_false(ux_msg_end(&w));
	assert_int_equal(w.len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(test_bytes, setup),
	    cmocka_unit_test_setup(test_two_messages, setup),
	    cmocka_unit_test_setup(test_overflow, setup),
	    cmocka_unit_test_setup(test_overflow_keeps_earlier, setup),
	    cmocka_unit_test_setup(test_too_long_for_an_attribute, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
