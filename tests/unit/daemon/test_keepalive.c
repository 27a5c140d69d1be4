/* SPDX-License-Identifier: BSD-2-Clause */

/* NAT keepalives as they leave: one byte 0xff in UDP, from and to where the SA sends. */

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/keepalive.h"
#include "io/memory_port.h"
#include "packet/ip.h"
#include "packet/udp.h"

static struct ux_port *port;
static uint8_t packet[128];
static uint32_t mark;

static int setup(void **state)
{
	assert_int_equal(ux_memory_port_open(UX_PORT_UNDERLAY, 4, &port), 0);
	return 0;
}

static int teardown(void **state)
{
	port = ux_port_free(port);
	return 0;
}

static size_t send_from(int family, const char *source, const char *destination)
{
	uint8_t from[16], to[16];
	const struct uxfrm_keepalive_event event = {
	    .family = family,
	    .source = from,
	    .destination = to,
	    .sport = htons(4500),
	    .dport = htons(62000),
	    .mark = 0x42,
	};

	assert_int_equal(inet_pton(family, source, from), 1);
	assert_int_equal(inet_pton(family, destination, to), 1);
	ux_keepalive_send(port, &event);
	return ux_memory_port_pop(port, packet, sizeof(packet), &mark);
}

static void check_udp(const uint8_t *udp)
{
	uint32_t len;

	assert_true(ux_udp_payload_len(udp, UX_UDP_LEN + 1, &len));
	assert_int_equal(len, 1);
	assert_int_equal(udp[0] << 8 | udp[1], 4500);
	assert_int_equal(udp[2] << 8 | udp[3], 62000);
	assert_int_equal(udp[UX_UDP_LEN], 0xff);
	assert_int_equal(mark, 0x42);
}

static void test_ipv4(void **state)
{
	size_t len = send_from(AF_INET, "192.0.2.1", "198.51.100.7");
	struct ux_ip_info info;

	assert_int_equal(len, 29);
	assert_true(ux_ip_parse(packet, (uint32_t)len, &info));
	assert_int_equal(info.proto, IPPROTO_UDP);
	assert_memory_equal(packet + 12, "\xc0\x00\x02\x01\xc6\x33\x64\x07", 8);
	check_udp(packet + UX_IP4_LEN);
	assert_memory_equal(packet + UX_IP4_LEN + 6, "\0\0", 2); /* RFC 3948 section 2.3 */
}

/* The sum over addresses, length, protocol and datagram comes out as ones (RFC 8200 section 8.1).
 */
static void test_ipv6(void **state)
{
	size_t len = send_from(AF_INET6, "2001:db8::1", "2001:db8::2");
	const uint8_t *udp = packet + UX_IP6_LEN;
	struct ux_ip_info info;
	uint32_t sum = UX_UDP_LEN + 1 + IPPROTO_UDP;

	assert_int_equal(len, 49);
	assert_true(ux_ip_parse(packet, (uint32_t)len, &info));
	assert_int_equal(info.proto, IPPROTO_UDP);
	check_udp(udp);
	for (size_t i = 8; i < UX_IP6_LEN; i += 2)
		sum += (uint32_t)(packet[i] << 8 | packet[i + 1]);
	for (size_t i = 0; i < UX_UDP_LEN; i += 2)
		sum += (uint32_t)(udp[i] << 8 | udp[i + 1]);
	sum += 0xff00;
	sum = (sum & 0xffff) + (sum >> 16);
	assert_int_equal((sum & 0xffff) + (sum >> 16), 0xffff);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_ipv4, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_ipv6, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
