/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <arpa/inet.h>

#include "packet/checksum.h"
#include "packet/ip.h"
#include "scapy_packets.h"

static void test_parse_fields(void **state)
{
	struct ux_ip_info info;

	assert_true(ux_ip_parse(v4_udp, sizeof(v4_udp), &info));
	assert_int_equal(info.tos, 0xb9);
	assert_true(info.df);
	assert_int_equal(info.header_len, 20);
	assert_int_equal(info.proto_offset, 9);
	assert_int_equal(info.total_len, sizeof(v4_udp));
	assert_true(ux_ip_parse(v4_tcp_options, sizeof(v4_tcp_options), &info));
	assert_false(info.df);
	assert_int_equal(info.header_len, 32);
	assert_true(ux_ip_parse(v6_udp, sizeof(v6_udp), &info));
	assert_int_equal(info.tos, 0x2e);
	assert_int_equal(info.flow_label, 0xabcde);
	assert_int_equal(info.header_len, 40);
	assert_int_equal(info.proto_offset, 6);
	assert_true(info.df);
}

static void test_parse_extensions(void **state)
{
	struct ux_ip_info info;

	/* hop-by-hop 8, options 16, routing 24, options 8 */
	assert_true(ux_ip_parse(v6_extensions, sizeof(v6_extensions), &info));
	assert_int_equal(info.header_len, 96);
	assert_int_equal(info.proto_offset, 88);
	assert_int_equal(info.fragment_offset, 0);
	assert_true(ux_ip_parse(v6_first_fragment, sizeof(v6_first_fragment), &info));
	assert_true(info.fragment);
	assert_false(info.later_fragment);
	assert_int_equal(info.fragment_offset, 40);
	assert_true(ux_ip_parse(v6_later_fragment, sizeof(v6_later_fragment), &info));
	assert_true(info.later_fragment);
}

static void test_build4(void **state)
{
	struct ux_addr saddr, daddr;
	uint8_t header[20];
	struct ux_ip_build b = {.saddr = &saddr,
				.daddr = &daddr,
				.total_len = 40,
				.id = 0xbeef,
				.tos = 0x2e,
				.ttl = 64,
				.proto = 50};

	inet_pton(AF_INET, "10.0.0.1", &saddr);
	inet_pton(AF_INET, "10.0.0.2", &daddr);
	ux_ip4_build(header, &b);
	assert_memory_equal(header, v4_outer, 20);
	b.df = true;
	ux_ip4_build(header, &b);
	assert_int_equal(header[6], 0x40);
	assert_int_equal(ux_checksum_finish(ux_checksum_add(0, header, 20)), 0);
}

static void test_build6(void **state)
{
	struct ux_addr saddr, daddr;
	uint8_t header[40];
	struct ux_ip_build b = {.saddr = &saddr,
				.daddr = &daddr,
				.total_len = 60,
				.flow_label = 0xfff12345, /* only 20 bits are the label's */
				.tos = 0x2e,
				.ttl = 64,
				.proto = 50};

	inet_pton(AF_INET6, "2001:db8::a", &saddr);
	inet_pton(AF_INET6, "2001:db8::b", &daddr);
	ux_ip6_build(header, &b);
	assert_memory_equal(header, v6_outer, 40);
}

static void test_set_length(void **state)
{
	uint8_t v4[sizeof(v4_tcp_options)], v6[sizeof(v6_udp)];
	struct ux_ip_info info;

	memcpy(v4, v4_tcp_options, sizeof(v4));
	ux_ip4_set_length(v4, 40);
	assert_int_equal(ux_checksum_finish(ux_checksum_add(0, v4, 32)), 0);
	assert_true(ux_ip_parse(v4, sizeof(v4), &info));
	assert_int_equal(info.total_len, 40);
	memcpy(v6, v6_udp, sizeof(v6));
	ux_ip6_set_length(v6, 48);
	assert_true(ux_ip_parse(v6, sizeof(v6), &info));
	assert_int_equal(info.total_len, 48);
}

static void test_change_tos(void **state)
{
	uint8_t v4[sizeof(v4_udp)], v6[sizeof(v6_udp)];
	struct ux_ip_info info;

	memcpy(v4, v4_udp, sizeof(v4));
	ux_ip_change_tos(v4, AF_INET, 0xfc, 3);
	assert_int_equal(v4[1], 0xbb);
	assert_int_equal(ux_checksum_finish(ux_checksum_add(0, v4, 20)), 0);
	memcpy(v6, v6_udp, sizeof(v6));
	ux_ip_change_tos(v6, AF_INET6, 3, 0xb8);
	assert_true(ux_ip_parse(v6, sizeof(v6), &info));
	assert_int_equal(info.tos, 0xba);
	assert_int_equal(info.flow_label, 0xabcde);
	assert_int_equal(v6[0] >> 4, 6);
}

/* RFC 4303 section 3.1.1 (where ESP goes) and RFC 8200 section 4.5 (what fragments repeat). */
static void test_places_in_the_chain(void **state)
{
	uint32_t proto_offset = 0;

	assert_int_equal(ux_ip6_esp_offset(v6_udp, sizeof(v6_udp), &proto_offset), 40);
	assert_int_equal(proto_offset, 6);
	/* the options behind the routing header are for the destination alone: inside ESP */
	assert_int_equal(ux_ip6_esp_offset(v6_extensions, sizeof(v6_extensions), &proto_offset),
			 88);
	assert_int_equal(proto_offset, 64);
	assert_int_equal(ux_ip6_esp_offset(v6_extensions, 60, &proto_offset), 0);
	assert_int_equal(ux_ip6_unfragmentable(v6_extensions, sizeof(v6_extensions), &proto_offset),
			 88);
	assert_int_equal(proto_offset, 64);
	assert_int_equal(ux_ip6_unfragmentable(v6_udp, sizeof(v6_udp), &proto_offset), 40);
	assert_int_equal(proto_offset, 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_parse_fields),
	    cmocka_unit_test(test_parse_extensions),
	    cmocka_unit_test(test_build4),
	    cmocka_unit_test(test_build6),
	    cmocka_unit_test(test_set_length),
	    cmocka_unit_test(test_change_tos),
	    cmocka_unit_test(test_places_in_the_chain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
