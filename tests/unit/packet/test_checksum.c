/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/bytes.h"
#include "packet/checksum.h"
#include "packet/checksum_blocks.h"
#include "scapy_packets.h"

static uint16_t checksum(const void *data, size_t len)
{
	return ux_checksum_finish(ux_checksum_add(0, data, len));
}

/* RFC 1071 section 3, numerical examples: the sum is 0xddf2. */
static void test_rfc1071_example(void **state)
{
	static const uint8_t data[] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
	uint16_t sum = checksum(data, sizeof(data));

	assert_int_equal(ux_get_be16(&sum), (uint16_t)~0xddf2);
}

static void test_header_with_checksum_sums_to_zero(void **state)
{
	assert_int_equal(checksum(v4_udp, 20), 0);
	assert_int_equal(checksum(v4_icmp, 20), 0);
	/* ICMP covers itself only */
	assert_int_equal(checksum(v4_icmp + 20, sizeof(v4_icmp) - 20), 0);
}

static void test_every_length_and_alignment(void **state)
{
	uint8_t bytes[304];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 37 + 200);
	for (size_t at = 0; at < 4; at++) {
		for (size_t len = 0; len < 300; len++) {
			uint32_t sum = 0;
			uint16_t got = checksum(bytes + at, len);

			for (size_t i = 0; i < len; i++)
				sum += i % 2 ? bytes[at + i] : (uint32_t)bytes[at + i] << 8;
			while (sum >> 16)
				sum = (sum & 0xffff) + (sum >> 16);
			assert_int_equal(ux_get_be16(&got), (uint16_t)~sum);
		}
	}
}

/* What this processor does and what any does; no carry is lost in the longest packet. */
static void test_blocks(void **state)
{
	static uint8_t bytes[65536 + 1];
	uint64_t expected = 0;

	memset(bytes, 0xff, sizeof(bytes));
	for (size_t n = 0; n <= 65536 / UX_CHECKSUM_BLOCK; n++) {
		assert_true(ux_checksum_blocks(bytes, n) == expected);
		assert_true(ux_checksum_blocks_any(bytes + 1, n) == expected);
		expected += UX_CHECKSUM_BLOCK / 4 * (uint64_t)UINT32_MAX;
	}
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 37 + i / 251);
	for (size_t n = 0; n < 40; n++)
		assert_true(ux_checksum_blocks(bytes + n, n) == ux_checksum_blocks_any(bytes + n, n));
}

static void test_pieces_make_the_whole(void **state)
{
	uint64_t sum = ux_checksum_add(0, v4_tcp, 10);

	sum = ux_checksum_add(sum, v4_tcp + 10, sizeof(v4_tcp) - 10);
	assert_int_equal(ux_checksum_finish(sum), checksum(v4_tcp, sizeof(v4_tcp)));
}

static void test_pseudo_headers(void **state)
{
	uint64_t sum4 = ux_checksum_pseudo(v4_tcp + 12, v4_tcp + 16, 4, 6, sizeof(v4_tcp) - 20);
	uint64_t sum6 = ux_checksum_pseudo(v6_tcp + 8, v6_tcp + 24, 16, 6, sizeof(v6_tcp) - 40);

	assert_int_equal(
	    ux_checksum_finish(ux_checksum_add(sum4, v4_tcp + 20, sizeof(v4_tcp) - 20)), 0);
	assert_int_equal(
	    ux_checksum_finish(ux_checksum_add(sum6, v6_tcp + 40, sizeof(v6_tcp) - 40)), 0);
}

/* The incremental form must give what the whole does, for every value of the changed byte. */
static void test_replace(void **state)
{
	uint8_t header[20];

	for (int from = 0; from < 256; from++) {
		for (int to = 0; to < 256; to += 5) {
			uint16_t before, check;

			memcpy(header, v4_udp, sizeof(header));
			header[1] = (uint8_t)from;
			ux_checksum_store(header + 10, 0);
			ux_checksum_store(header + 10, checksum(header, 20));
			check = ux_checksum_load(header + 10);
			before = ux_checksum_load(header);
			header[1] = (uint8_t)to;
			ux_checksum_store(
			    header + 10,
			    ux_checksum_replace(check, before, ux_checksum_load(header)));
			assert_int_equal(checksum(header, 20), 0);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_rfc1071_example),
	    cmocka_unit_test(test_header_with_checksum_sums_to_zero),
	    cmocka_unit_test(test_every_length_and_alignment),
	    cmocka_unit_test(test_blocks),
	    cmocka_unit_test(test_pieces_make_the_whole),
	    cmocka_unit_test(test_pseudo_headers),
	    cmocka_unit_test(test_replace),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
