/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/siphash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include "siphash_vectors.h"

static const struct ux_siphash_key key = {{0x0706050403020100u, 0x0f0e0d0c0b0a0908u}};

static void test_vectors(void **state)
{
	uint8_t data[64];

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)i;
	for (size_t n = 0; n < 64; n++) {
		uint64_t wide[2];

		assert_int_equal(ux_siphash(&key, data, n), siphash64_vectors[n]);
		ux_siphash128(&key, data, n, wide);
		assert_int_equal(wide[0], siphash128_vectors[n][0]);
		assert_int_equal(wide[1], siphash128_vectors[n][1]);
	}
}

static void test_unaligned(void **state)
{
	uint8_t buf[64 + 8];

	for (size_t shift = 0; shift < 8; shift++) {
		for (size_t i = 0; i < 63; i++)
			buf[shift + i] = (uint8_t)i;
		assert_int_equal(ux_siphash(&key, buf + shift, 63), siphash64_vectors[63]);
	}
}

static void test_key_matters(void **state)
{
	struct ux_siphash_key a, b;

	ux_siphash_random_key(&a);
	ux_siphash_random_key(&b);
	assert_true(a.k[0] != b.k[0] && a.k[1] != b.k[1]);
	assert_true(ux_siphash(&a, "x", 1) != ux_siphash(&b, "x", 1));
	b = a;
	assert_int_equal(ux_siphash(&a, "x", 1), ux_siphash(&b, "x", 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_vectors),
	    cmocka_unit_test(test_unaligned),
	    cmocka_unit_test(test_key_matters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
