/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/bytes.h"
#include "packet/ip.h"
#include "packet/reassembly.h"
#include "scapy_packets.h"

static uint8_t *whole;
static uint32_t whole_len;

/* One fragment: @at and @len in bytes, bytes with the value @fill. */
static enum ux_reassembly_result add4(struct ux_reassembly *r, uint16_t id, uint32_t at,
				      uint32_t len, bool more, uint8_t fill, uint64_t now)
{
	uint8_t *f = malloc(20 + len);
	enum ux_reassembly_result result;

	memcpy(f, v4_first_fragment, 20);
	ux_put_be16(f + 4, id);
	ux_put_be16(f + 6, (uint16_t)(at / 8 | (more ? 0x2000 : 0)));
	ux_ip4_set_length(f, 20 + len);
	memset(f + 20, fill, len);
	result = ux_reassembly_add(r, f, 20 + len, now, &whole, &whole_len);
	free(f);
	return result;
}

static enum ux_reassembly_result add6(struct ux_reassembly *r, uint32_t id, uint32_t at,
				      uint32_t len, bool more)
{
	uint8_t *f = calloc(1, 48 + len);
	enum ux_reassembly_result result;

	memcpy(f, v6_first_fragment, 48);
	ux_put_be16(f + 42, (uint16_t)(at | more));
	ux_put_be32(f + 44, id);
	ux_ip6_set_length(f, 48 + len);
	result = ux_reassembly_add(r, f, 48 + len, 1, &whole, &whole_len);
	free(f);
	return result;
}

static void test_any_order(void **state)
{
	static const int orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
					 {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};

	for (int o = 0; o < 6; o++) {
		struct ux_reassembly *r = ux_reassembly_new(4, 100);
		enum ux_reassembly_result result = UX_REASSEMBLY_REFUSED;

		for (int i = 0; i < 3; i++) {
			int k = orders[o][i];

			result = add4(r, 1, (uint32_t)k * 16, k == 2 ? 5 : 16, k < 2,
				      (uint8_t)(k + 1), 1);
			assert_int_equal(result, i < 2 ? UX_REASSEMBLY_HELD : UX_REASSEMBLY_DONE);
		}
		assert_int_equal(whole_len, 20 + 37);
		assert_int_equal(ux_get_be16(whole + 2), 57);
		assert_int_equal(ux_get_be16(whole + 6), 0);
		assert_int_equal(whole[20 + 15], 1);
		assert_int_equal(whole[20 + 16], 2);
		assert_int_equal(whole[20 + 36], 3);
		assert_int_equal(ux_reassembly_pending(r), 0);
		assert_int_equal(ux_reassembly_lost(r), 0);
		ux_reassembly_free(r);
	}
}

static void test_v6(void **state)
{
	struct ux_reassembly *r = ux_reassembly_new(4, 100);

	assert_int_equal(add6(r, 5, 16, 9, false), UX_REASSEMBLY_HELD);
	assert_int_equal(add6(r, 5, 0, 16, true), UX_REASSEMBLY_DONE);
	assert_int_equal(whole_len, 40 + 25);
	assert_int_equal(whole[6], 17);
	assert_int_equal(ux_get_be16(whole + 4), 25);
	/* an atomic fragment (RFC 6946) is whole by itself */
	assert_int_equal(add6(r, 6, 0, 12, false), UX_REASSEMBLY_DONE);
	assert_int_equal(whole_len, 52);
	ux_reassembly_free(r);
}

static void test_overlap_throws_all_away(void **state)
{
	struct ux_reassembly *r = ux_reassembly_new(4, 100);

	assert_int_equal(add4(r, 1, 0, 24, true, 1, 1), UX_REASSEMBLY_HELD);
	assert_int_equal(add4(r, 1, 16, 16, true, 1, 1), UX_REASSEMBLY_REFUSED);
	assert_int_equal(ux_reassembly_pending(r), 0);
	assert_int_equal(ux_reassembly_lost(r), 1);
	/* what comes later does not complete it */
	assert_int_equal(add4(r, 1, 24, 8, false, 1, 1), UX_REASSEMBLY_HELD);
	ux_reassembly_free(r);
}

static void test_duplicates(void **state)
{
	struct ux_reassembly *r = ux_reassembly_new(4, 100);

	assert_int_equal(add4(r, 1, 0, 24, true, 1, 1), UX_REASSEMBLY_HELD);
	assert_int_equal(add4(r, 1, 0, 24, true, 1, 1), UX_REASSEMBLY_HELD);
	assert_int_equal(add4(r, 1, 24, 8, false, 1, 1), UX_REASSEMBLY_DONE);
	/* the same place with other bytes is an attack, not a duplicate */
	assert_int_equal(add4(r, 2, 0, 24, true, 1, 1), UX_REASSEMBLY_HELD);
	assert_int_equal(add4(r, 2, 0, 24, true, 2, 1), UX_REASSEMBLY_REFUSED);
	ux_reassembly_free(r);
}

static void test_two_ends(void **state)
{
	struct ux_reassembly *r = ux_reassembly_new(4, 100);

	assert_int_equal(add4(r, 1, 32, 8, false, 1, 1), UX_REASSEMBLY_HELD);
	assert_int_equal(add4(r, 1, 40, 8, true, 1, 1), UX_REASSEMBLY_REFUSED); /* behind the end */
	assert_int_equal(add4(r, 2, 40, 8, true, 1, 1), UX_REASSEMBLY_HELD);
	assert_int_equal(add4(r, 2, 32, 8, false, 1, 1), UX_REASSEMBLY_REFUSED); /* end before it */
	assert_int_equal(add4(r, 3, 32, 8, false, 1, 1), UX_REASSEMBLY_HELD);
	assert_int_equal(add4(r, 3, 16, 8, false, 1, 1), UX_REASSEMBLY_REFUSED); /* another end */
	ux_reassembly_free(r);
}

static void test_malformed(void **state)
{
	struct ux_reassembly *r = ux_reassembly_new(4, 100);

	assert_int_equal(add4(r, 1, 0, 13, true, 1, 1),
			 UX_REASSEMBLY_REFUSED); /* not whole blocks */
	assert_int_equal(add4(r, 1, 8, 0, false, 1, 1), UX_REASSEMBLY_REFUSED); /* nothing in it */
	assert_int_equal(add4(r, 1, 65528, 16, false, 1, 1), UX_REASSEMBLY_REFUSED); /* too long */
	assert_int_equal(ux_reassembly_add(r, v4_udp, sizeof(v4_udp), 1, &whole, &whole_len),
			 UX_REASSEMBLY_REFUSED); /* no fragment */
	assert_int_equal(ux_reassembly_add(r, v6_later_fragment, 44, 1, &whole, &whole_len),
			 UX_REASSEMBLY_REFUSED); /* cut short */
	assert_int_equal(ux_reassembly_pending(r), 0);
	ux_reassembly_free(r);
}

static void test_keys_keep_apart(void **state)
{
	struct ux_reassembly *r = ux_reassembly_new(4, 100);

	assert_int_equal(add4(r, 1, 0, 8, true, 1, 1), UX_REASSEMBLY_HELD);
	assert_int_equal(add4(r, 2, 8, 8, false, 1, 1), UX_REASSEMBLY_HELD);
	assert_int_equal(add6(r, 1, 8, 8, false), UX_REASSEMBLY_HELD);
	assert_int_equal(ux_reassembly_pending(r), 3);
	assert_int_equal(add4(r, 1, 8, 8, false, 1, 1), UX_REASSEMBLY_DONE);
	ux_reassembly_free(r);
}

static void test_timeout(void **state)
{
	struct ux_reassembly *r = ux_reassembly_new(4, 100);

	assert_int_equal(add4(r, 1, 0, 8, true, 1, 1000), UX_REASSEMBLY_HELD);
	ux_reassembly_expire(r, 1099);
	assert_int_equal(ux_reassembly_pending(r), 1);
	ux_reassembly_expire(r, 1100);
	assert_int_equal(ux_reassembly_pending(r), 0);
	assert_int_equal(ux_reassembly_lost(r), 1);
	ux_reassembly_free(r);
}

static void test_oldest_gives_way(void **state)
{
	struct ux_reassembly *r = ux_reassembly_new(3, 100);

	for (uint16_t id = 1; id <= 4; id++)
		assert_int_equal(add4(r, id, 0, 8, true, 1, 1), UX_REASSEMBLY_HELD);
	assert_int_equal(ux_reassembly_pending(r), 3);
	assert_int_equal(ux_reassembly_lost(r), 1);
	assert_int_equal(add4(r, 2, 8, 8, false, 1, 1), UX_REASSEMBLY_DONE);
	assert_int_equal(add4(r, 1, 8, 8, false, 1, 1), UX_REASSEMBLY_HELD);
	ux_reassembly_free(r);
}

static void test_largest(void **state)
{
	struct ux_reassembly *r = ux_reassembly_new(1, 100);

	for (uint32_t at = 0; at < 65512; at += 8)
		assert_int_equal(add4(r, 1, at, 8, true, (uint8_t)(at / 8), 1), UX_REASSEMBLY_HELD);
	assert_int_equal(add4(r, 1, 65512, 3, false, 9, 1), UX_REASSEMBLY_DONE);
	assert_int_equal(whole_len, 65535);
	assert_int_equal(whole[20 + 65511], (uint8_t)(65504 / 8));
	ux_reassembly_free(r);
}

static void test_wanted(void **state)
{
	assert_true(ux_reassembly_wanted(v4_first_fragment, sizeof(v4_first_fragment)));
	assert_true(ux_reassembly_wanted(v6_later_fragment, sizeof(v6_later_fragment)));
	assert_false(ux_reassembly_wanted(v4_udp, sizeof(v4_udp)));
	assert_false(ux_reassembly_wanted(v4_later_fragment, 10));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_any_order),
	    cmocka_unit_test(test_v6),
	    cmocka_unit_test(test_overlap_throws_all_away),
	    cmocka_unit_test(test_duplicates),
	    cmocka_unit_test(test_two_ends),
	    cmocka_unit_test(test_malformed),
	    cmocka_unit_test(test_keys_keep_apart),
	    cmocka_unit_test(test_timeout),
	    cmocka_unit_test(test_oldest_gives_way),
	    cmocka_unit_test(test_largest),
	    cmocka_unit_test(test_wanted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
