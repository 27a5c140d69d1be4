/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "packet/ecn.h"

/* RFC 3168 section 9.1.1, full functionality. Index: Not-ECT, ECT(1), ECT(0), CE. */
static void test_encapsulate(void **state)
{
	static const uint8_t outer[4] = {UX_ECN_NOT_ECT, UX_ECN_ECT1, UX_ECN_ECT0, UX_ECN_ECT0};

	for (uint8_t i = 0; i < 4; i++)
		assert_int_equal(ux_ecn_encapsulate(0xb8 | i), outer[i]);
}

static void test_decapsulate(void **state)
{
	for (uint8_t outer = 0; outer < 4; outer++) {
		for (uint8_t inner = 0; inner < 4; inner++) {
			uint8_t want = inner;

			if (outer == UX_ECN_CE && inner != UX_ECN_NOT_ECT)
				want = UX_ECN_CE;
			assert_int_equal(ux_ecn_decapsulate(0x28 | outer, 0xb8 | inner), want);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_encapsulate),
	    cmocka_unit_test(test_decapsulate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
