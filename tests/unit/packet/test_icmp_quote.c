/* SPDX-License-Identifier: BSD-2-Clause */

/* The flow an ICMP error belongs to. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <netinet/in.h>

#include "base/bytes.h"
#include "packet/icmp_quote.h"

static const struct ux_addr host4 = {.b = {10, 1, 0, 1}}, peer4 = {.b = {10, 2, 0, 1}};
static const struct ux_addr host6 = {.b = {0xfd, 1, [15] = 1}}, peer6 = {.b = {0xfd, 2, [15] = 1}};

static uint8_t packet[1500];

/* An error with @quoted bytes of a packet of 1000, from host to peer; returns its length. */
static uint32_t make(uint16_t family, uint8_t type, uint8_t proto, uint32_t quoted)
{
	bool four = family == AF_INET;
	uint32_t header = four ? UX_IP4_LEN : UX_IP6_LEN, at = header + 8;
	struct ux_ip_build b = {.saddr = four ? &peer4 : &peer6,
				.daddr = four ? &host4 : &host6,
				.total_len = at + quoted,
				.ttl = 64,
				.proto = four ? IPPROTO_ICMP : IPPROTO_ICMPV6};
	struct ux_ip_build inner = {
	    .saddr = b.daddr, .daddr = b.saddr, .total_len = 1000, .ttl = 9, .proto = proto};

	memset(packet, 0, sizeof(packet));
	if (four) {
		ux_ip4_build(packet, &b);
		ux_ip4_build(packet + at, &inner);
	} else {
		ux_ip6_build(packet, &b);
		ux_ip6_build(packet + at, &inner);
	}
	packet[header] = type;
	ux_put_be16(packet + at + header, 1111);
	ux_put_be16(packet + at + header + 2, 2222);
	return b.total_len;
}

static bool quote(uint32_t len, struct ux_flow_key *flow)
{
	struct ux_ip_info info;

	assert_true(ux_ip_parse(packet, len, &info));
	return ux_icmp_quote_reversed(packet, &info, flow);
}

static void test_reversed(void **state)
{
	struct ux_flow_key flow;

	assert_true(quote(make(AF_INET, 3, IPPROTO_UDP, 28), &flow));
	assert_true(ux_addr_equal(&flow.saddr, &peer4, AF_INET));
	assert_true(ux_addr_equal(&flow.daddr, &host4, AF_INET));
	assert_int_equal(flow.proto, IPPROTO_UDP);
	assert_int_equal(ntohs(flow.sport), 2222);
	assert_int_equal(ntohs(flow.dport), 1111);
	assert_true(quote(make(AF_INET6, 2, IPPROTO_TCP, 600), &flow));
	assert_true(ux_addr_equal(&flow.saddr, &peer6, AF_INET6));
	assert_true(ux_addr_equal(&flow.daddr, &host6, AF_INET6));
	assert_int_equal(flow.proto, IPPROTO_TCP);
	assert_int_equal(ntohs(flow.dport), 1111);
	/* Type and code of a quoted ICMP packet stay where they are: here 1111 = 4, 87. */
	assert_true(quote(make(AF_INET, 11, IPPROTO_ICMP, 28), &flow));
	assert_int_equal(ntohs(flow.sport), 4);
	assert_int_equal(ntohs(flow.dport), 87);
}

static void test_cut_short(void **state)
{
	struct ux_flow_key flow;

	assert_true(quote(make(AF_INET, 3, IPPROTO_UDP, 20), &flow)); /* no ports */
	assert_int_equal(flow.sport, 0);
	for (uint32_t n = 0; n < 20; n++)
		assert_false(quote(make(AF_INET, 3, IPPROTO_UDP, n), &flow));
	assert_true(quote(make(AF_INET6, 1, IPPROTO_UDP, 40), &flow));
	for (uint32_t n = 0; n < 40; n++)
		assert_false(quote(make(AF_INET6, 1, IPPROTO_UDP, n), &flow));
}

static void test_no_error(void **state)
{
	static const uint8_t others4[] = {0, 4, 5, 8, 13, 255}, others6[] = {0, 5, 128, 137, 255};
	struct ux_flow_key flow;
	uint32_t len;

	for (size_t i = 0; i < sizeof(others4); i++)
		assert_false(quote(make(AF_INET, others4[i], IPPROTO_UDP, 28), &flow));
	for (size_t i = 0; i < sizeof(others6); i++)
		assert_false(quote(make(AF_INET6, others6[i], IPPROTO_UDP, 48), &flow));
	len = make(AF_INET, 3, IPPROTO_UDP, 28);
	packet[9] = IPPROTO_TCP;
	assert_false(quote(len, &flow));
	len = make(AF_INET, 3, IPPROTO_UDP, 40);
	packet[28] = 0x60; /* an IPv6 packet in an IPv4 error */
	assert_false(quote(len, &flow));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_reversed),
	    cmocka_unit_test(test_cut_short),
	    cmocka_unit_test(test_no_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
