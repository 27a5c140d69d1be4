/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "packet/udp.h"
#include "scapy_packets.h"

static void test_build(void **state)
{
	uint8_t header[8];

	ux_udp_build(header, htobe16(4000), htobe16(53), 13);
	assert_memory_equal(header, v4_udp + 20, 6);
	assert_int_equal(header[6] | header[7], 0);
}

static void test_payload_len(void **state)
{
	uint8_t header[16] = {0, 1, 0, 2, 0, 12};
	uint32_t len;

	assert_true(ux_udp_payload_len(header, 16, &len));
	assert_int_equal(len, 4);
	assert_true(ux_udp_payload_len(header, 12, &len));
	assert_false(ux_udp_payload_len(header, 11, &len));
	assert_false(ux_udp_payload_len(header, 7, &len));
	header[5] = 7;
	assert_false(ux_udp_payload_len(header, 16, &len));
	header[5] = 8;
	assert_true(ux_udp_payload_len(header, 16, &len));
	assert_int_equal(len, 0);
}

/* What scapy put there must come out again after the field was spoilt. */
static void check_restored(const uint8_t *packet, size_t len, size_t place)
{
	uint8_t *copy = malloc(len);
	struct ux_ip_info info;

	memcpy(copy, packet, len);
	assert_true(ux_ip_parse(copy, (uint32_t)len, &info));
	copy[place] ^= 0x55;
	ux_transport_checksum(copy, &info);
	assert_memory_equal(copy, packet, len);
	free(copy);
}

static void test_checksums(void **state)
{
	check_restored(v4_udp, sizeof(v4_udp), 26);
	check_restored(v6_udp, sizeof(v6_udp), 46);
	check_restored(v4_tcp, sizeof(v4_tcp), 36);
	check_restored(v6_tcp, sizeof(v6_tcp), 56);
	check_restored(v4_tcp_options, sizeof(v4_tcp_options), 48);
}

static void test_left_alone(void **state)
{
	uint8_t none[sizeof(v4_udp)], fragment[sizeof(v4_first_fragment)];
	struct ux_ip_info info;

	memcpy(none, v4_udp, sizeof(none));
	none[26] = none[27] = 0; /* RFC 768: no checksum wanted */
	assert_true(ux_ip_parse(none, sizeof(none), &info));
	ux_transport_checksum(none, &info);
	assert_int_equal(none[26] | none[27], 0);
	memcpy(fragment, v4_first_fragment, sizeof(fragment));
	assert_true(ux_ip_parse(fragment, sizeof(fragment), &info));
	ux_transport_checksum(fragment, &info);
	assert_memory_equal(fragment, v4_first_fragment, sizeof(fragment));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_build),
	    cmocka_unit_test(test_payload_len),
	    cmocka_unit_test(test_checksums),
	    cmocka_unit_test(test_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
