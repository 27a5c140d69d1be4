/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "wire/algo_attr.h"

static const uint16_t types[] = {XFRMA_ALG_AUTH, XFRMA_ALG_CRYPT, XFRMA_ALG_COMP, XFRMA_ALG_AEAD,
				 XFRMA_ALG_AUTH_TRUNC};
#define N_TYPES (sizeof(types) / sizeof(types[0]))

static _Alignas(16) uint8_t buf[512];

/* The attribute as written, behind a bare header. */
static struct nlattr *write_algo(uint16_t type, const struct ux_wire_algo *algo)
{
	struct ux_writer w;

	memset(buf, 0xee, sizeof(buf));
	ux_writer_init(&w, buf, sizeof(buf));
	ux_msg_begin(&w, XFRM_MSG_NEWSA, 0, 0, 0, NULL, 0);
	ux_algo_attr_write(&w, type, algo);
	assert_true(ux_msg_end(&w));
	return (struct nlattr *)(void *)(buf + NLMSG_HDRLEN);
}

static bool has_icv(uint16_t type)
{
	return type == XFRMA_ALG_AEAD || type == XFRMA_ALG_AUTH_TRUNC;
}

static void test_round_trip(void **state)
{
	const uint8_t key[] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
	struct ux_wire_algo in = {.name = "cbc(aes)", .key = key, .key_bits = 68, .icv_bits = 96};

	for (size_t i = 0; i < N_TYPES; i++) {
		struct nlattr *a = write_algo(types[i], &in);
		struct ux_wire_algo out;

		assert_int_equal(a->nla_len, 4 + (has_icv(types[i]) ? 72 : 68) + 9);
		assert_true(ux_algo_attr_read(a, &out));
		assert_string_equal(out.name, "cbc(aes)");
		assert_int_equal(out.key_bits, 68);
		assert_int_equal(out.icv_bits, has_icv(types[i]) ? 96 : 0);
		assert_memory_equal(out.key, key, sizeof(key));
	}
}

static void test_claims_more_key_than_there_is(void **state)
{
	static const uint32_t claims[] = {73, 1000, 0x80000000, 0xfffffff8, 0xfffffff9, UINT32_MAX};
	const uint8_t key[9] = {0};
	struct ux_wire_algo in = {.name = "x", .key = key, .key_bits = 72};

	for (size_t i = 0; i < N_TYPES; i++) {
		for (size_t j = 0; j < sizeof(claims) / sizeof(claims[0]); j++) {
			struct nlattr *a = write_algo(types[i], &in);
			struct ux_wire_algo out;

			memcpy((uint8_t *)(a + 1) + 64, &claims[j], 4);
			assert_false(ux_algo_attr_read(a, &out));
		}
	}
}

static void test_less_key_than_there_is(void **state)
{
	const uint8_t key[9] = {0};
	struct ux_wire_algo in = {.name = "x", .key = key, .key_bits = 72}, out;
	struct nlattr *a = write_algo(XFRMA_ALG_CRYPT, &in);
	uint32_t none = 0;

	memcpy((uint8_t *)(a + 1) + 64, &none, 4);
	assert_true(ux_algo_attr_read(a, &out));
	assert_int_equal(out.key_bits, 0);
}

static void test_name_without_end(void **state)
{
	struct ux_wire_algo in = {.name = "x"}, out;
	struct nlattr *a = write_algo(XFRMA_ALG_AUTH, &in);

	memset(a + 1, 'y', 64);
	assert_true(ux_algo_attr_read(a, &out));
	assert_int_equal(strlen(out.name), 63);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_round_trip),
	    cmocka_unit_test(test_claims_more_key_than_there_is),
	    cmocka_unit_test(test_less_key_than_there_is),
	    cmocka_unit_test(test_name_without_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
