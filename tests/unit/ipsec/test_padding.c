/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "ipsec/padding.h"

/* RFC 4303 section 2.4: 1, 2, 3, ..., then the pad length and the next header. */
static void test_write(void **state)
{
	for (uint32_t pad = 0; pad < 20; pad++) {
		uint8_t b[64];

		memset(b, 0xee, sizeof(b));
		ux_padding_write(b, 10, 10 + pad + 2, 41);
		for (uint32_t i = 0; i < pad; i++)
			assert_int_equal(b[10 + i], i + 1);
		assert_int_equal(b[10 + pad], pad);
		assert_int_equal(b[11 + pad], 41);
		assert_int_equal(b[9], 0xee);
		assert_int_equal(b[12 + pad], 0xee);
	}
}

struct row {
	uint8_t pad, next;
	uint32_t padded_len;
	int want; /* payload length, or -1 */
};
static const struct row rows[] = {
    {0, 4, 3, 1},     {0, 4, 2, -1},	 {0, 59, 2, 0},	 {1, 59, 2, -1},    {5, 17, 8, 1},
    {6, 17, 8, -1},   {6, 59, 8, 0},	 {7, 59, 8, -1}, {255, 4, 300, 43}, {255, 4, 257, -1},
    {255, 4, 258, 1}, {255, 59, 257, 0}, {0, 0, 64, 62},
};

static void test_read(void **state)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *r = &rows[i];
		uint8_t b[300] = {0}, next = 0;
		uint32_t len = 0;
		bool ok;

		b[r->padded_len - 2] = r->pad;
		b[r->padded_len - 1] = r->next;
		ok = ux_padding_read(b, r->padded_len, &len, &next);
		assert_int_equal(ok, r->want >= 0);
		if (!ok)
			continue;
		assert_int_equal(len, r->want);
		assert_int_equal(next, r->next);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_write),
	    cmocka_unit_test(test_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
