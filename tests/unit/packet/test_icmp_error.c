/* SPDX-License-Identifier: BSD-2-Clause */

/* Who is told what when a packet is too big. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <netinet/in.h>

#include "base/bytes.h"
#include "packet/checksum.h"
#include "packet/icmp_error.h"
#include "packet/ip.h"

#define PACKET_MAX 2000

static const struct ux_addr host4 = {.b = {10, 1, 0, 1}}, peer4 = {.b = {10, 2, 0, 1}};
static const struct ux_addr gate4 = {.b = {10, 1, 0, 254}};
static const struct ux_addr host6 = {.b = {0xfd, 1, [15] = 1}}, peer6 = {.b = {0xfd, 2, [15] = 1}};
static const struct ux_addr gate6 = {.b = {0xfd, 1, [15] = 254}};

static uint8_t packet[PACKET_MAX], error[UX_ICMP_ERROR_MAX];

static void make(uint16_t family, uint32_t len, uint8_t proto)
{
	struct ux_ip_build b = {.saddr = family == AF_INET ? &host4 : &host6,
				.daddr = family == AF_INET ? &peer4 : &peer6,
				.total_len = len,
				.tos = 0x1c,
				.ttl = 9,
				.proto = proto,
				.df = true};

	for (size_t i = 0; i < sizeof(packet); i++)
		packet[i] = (uint8_t)i;
	if (family == AF_INET)
		ux_ip4_build(packet, &b);
	else
		ux_ip6_build(packet, &b);
}

static uint32_t build(uint32_t len, uint32_t mtu)
{
	return ux_icmp_too_big_build(error, packet, len, mtu,
				     packet[0] >> 4 == 4 ? &gate4 : &gate6);
}

static void test_ip4(void **state)
{
	static const struct {
		uint32_t packet, error;
	} rows[] = {{1500, 576}, {548, 576}, {200, 228}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ux_ip_info info;

		make(AF_INET, rows[i].packet, IPPROTO_UDP);
		assert_int_equal(build(rows[i].packet, 1438), rows[i].error);
		assert_true(ux_ip_parse(error, rows[i].error, &info));
		assert_int_equal(info.total_len, rows[i].error);
		assert_int_equal(info.proto, IPPROTO_ICMP);
		assert_int_equal(info.tos, 0xdc);
		assert_false(info.df);
		assert_memory_equal(error + 12, &gate4, 4);
		assert_memory_equal(error + 16, &host4, 4);
		assert_int_equal(ux_get_be16(error + 20), 0x0304);
		assert_int_equal(ux_get_be32(error + 24), 1438);
		assert_memory_equal(error + 28, packet, rows[i].error - 28);
		assert_int_equal(
		    ux_checksum_finish(ux_checksum_add(0, error + 20, rows[i].error - 20)), 0);
		assert_int_equal(ux_checksum_finish(ux_checksum_add(0, error, 20)), 0);
	}
}

static void test_ip6(void **state)
{
	static const struct {
		uint32_t packet, error;
	} rows[] = {{1500, 1280}, {1232, 1280}, {300, 348}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint32_t icmp_len = rows[i].error - 40;
		struct ux_ip_info info;
		uint64_t sum;

		make(AF_INET6, rows[i].packet, IPPROTO_UDP);
		assert_int_equal(build(rows[i].packet, 1422), rows[i].error);
		assert_true(ux_ip_parse(error, rows[i].error, &info));
		assert_int_equal(info.proto, IPPROTO_ICMPV6);
		assert_memory_equal(error + 8, &gate6, 16);
		assert_memory_equal(error + 24, &host6, 16);
		assert_int_equal(ux_get_be16(error + 40), 0x0200);
		assert_int_equal(ux_get_be32(error + 44), 1422);
		assert_memory_equal(error + 48, packet, rows[i].error - 48);
		sum = ux_checksum_pseudo(error + 8, error + 24, 16, IPPROTO_ICMPV6, icmp_len);
		assert_int_equal(ux_checksum_finish(ux_checksum_add(sum, error + 40, icmp_len)), 0);
	}
}

/* Also what may be fragmented is told of, and nothing of a size. */
static void test_unreachable(void **state)
{
	struct ux_ip_info info;
	uint64_t sum;

	make(AF_INET, 200, IPPROTO_UDP);
	packet[6] = packet[7] = 0;
	assert_int_equal(build(200, 100), 0);
	assert_int_equal(ux_icmp_unreachable_build(error, packet, 200, &gate4), 228);
	assert_true(ux_ip_parse(error, 228, &info));
	assert_memory_equal(error + 12, &gate4, 4);
	assert_memory_equal(error + 16, &host4, 4);
	assert_int_equal(ux_get_be16(error + 20), 0x0301);
	assert_int_equal(ux_get_be32(error + 24), 0);
	assert_memory_equal(error + 28, packet, 200);
	assert_int_equal(ux_checksum_finish(ux_checksum_add(0, error + 20, 208)), 0);
	make(AF_INET6, 200, IPPROTO_UDP);
	assert_int_equal(ux_icmp_unreachable_build(error, packet, 200, &gate6), 248);
	assert_memory_equal(error + 8, &gate6, 16);
	assert_memory_equal(error + 24, &host6, 16);
	assert_int_equal(ux_get_be16(error + 40), 0x0103);
	assert_int_equal(ux_get_be32(error + 44), 0);
	assert_memory_equal(error + 48, packet, 200);
	sum = ux_checksum_pseudo(error + 8, error + 24, 16, IPPROTO_ICMPV6, 208);
	assert_int_equal(ux_checksum_finish(ux_checksum_add(sum, error + 40, 208)), 0);
	/* not of an error */
	make(AF_INET, 200, IPPROTO_ICMP);
	packet[20] = 3;
	assert_int_equal(ux_icmp_unreachable_build(error, packet, 200, &gate4), 0);
	make(AF_INET6, 200, IPPROTO_ICMPV6);
	packet[40] = 1;
	assert_int_equal(ux_icmp_unreachable_build(error, packet, 200, &gate6), 0);
	assert_int_equal(ux_icmp_unreachable_build(error, packet, 39, &gate6), 0);
}

static void test_nobody_is_told4(void **state)
{
	static const uint8_t types[] = {3, 4, 5, 11, 12, 19, 255}, asked[] = {0, 8, 13, 18};
	static const uint8_t sources[] = {0, 127, 224, 255}, groups[] = {224, 239, 255};

	for (size_t i = 0; i < sizeof(types); i++) {
		make(AF_INET, 1500, IPPROTO_ICMP);
		packet[20] = types[i];
		assert_int_equal(build(1500, 1400), 0);
	}
	for (size_t i = 0; i < sizeof(asked); i++) {
		make(AF_INET, 1500, IPPROTO_ICMP);
		packet[20] = asked[i];
		assert_int_not_equal(build(1500, 1400), 0);
	}
	for (size_t i = 0; i < sizeof(sources); i++) {
		make(AF_INET, 1500, IPPROTO_UDP);
		packet[12] = sources[i];
		assert_int_equal(build(1500, 1400), 0);
	}
	for (size_t i = 0; i < sizeof(groups); i++) {
		make(AF_INET, 1500, IPPROTO_UDP);
		packet[16] = groups[i];
		assert_int_equal(build(1500, 1400), 0);
	}
	make(AF_INET, 1500, IPPROTO_UDP);
	packet[6] = 0x60; /* DF, more fragments */
	assert_int_not_equal(build(1500, 1400), 0);
	packet[7] = 1;
	assert_int_equal(build(1500, 1400), 0);
	packet[6] = packet[7] = 0; /* may be fragmented */
	assert_int_equal(build(1500, 1400), 0);
	make(AF_INET, 20, IPPROTO_ICMP);
	assert_int_equal(build(20, 1400), 0);
	assert_int_equal(build(19, 1400), 0);
}

static void test_nobody_is_told6(void **state)
{
	static const uint8_t types[] = {1, 2, 3, 4, 127, 137};

	for (size_t i = 0; i < sizeof(types); i++) {
		make(AF_INET6, 1500, IPPROTO_ICMPV6);
		packet[40] = types[i];
		assert_int_equal(build(1500, 1400), 0);
	}
	make(AF_INET6, 1500, IPPROTO_ICMPV6);
	packet[40] = 128;
	assert_int_not_equal(build(1500, 1400), 0);
	packet[24] = 0xff; /* a group: the one error that is sent all the same */
	assert_int_not_equal(build(1500, 1400), 0);
	packet[8] = 0xff;
	assert_int_equal(build(1500, 1400), 0);
	make(AF_INET6, 1500, IPPROTO_UDP);
	memset(packet + 8, 0, 16);
	assert_int_equal(build(1500, 1400), 0);
	make(AF_INET6, 1500, IPPROTO_FRAGMENT);
	memset(packet + 40, 0, 8);
	packet[40] = IPPROTO_UDP;
	packet[43] = 1; /* the first of several */
	assert_int_not_equal(build(1500, 1400), 0);
	packet[42] = 1; /* a later one */
	assert_int_equal(build(1500, 1400), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_ip4),
	    cmocka_unit_test(test_ip6),
	    cmocka_unit_test(test_unreachable),
	    cmocka_unit_test(test_nobody_is_told4),
	    cmocka_unit_test(test_nobody_is_told6),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
