/* SPDX-License-Identifier: BSD-2-Clause */

/* Which packets of those the XDP program lets through the kernel's IP and UDP would have taken. */

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "io/xdp_receive.h"
#include "packet/checksum.h"
#include "packet/ip.h"
#include "packet/udp.h"

#define PAYLOAD 33

static const struct ux_addr four[2] = {{.b = {192, 0, 2, 1}}, {.b = {192, 0, 2, 2}}};
static const struct ux_addr six[2] = {{.b = {0x20, 1, [15] = 1}}, {.b = {0x20, 1, [15] = 2}}};

/* ESP in UDP, checksum by @check. Returns its length. */
static uint32_t build(uint8_t *at, int family, bool checksum)
{
	const struct ux_addr *a = family == AF_INET ? four : six;
	uint32_t header = family == AF_INET ? UX_IP4_LEN : UX_IP6_LEN;
	struct ux_ip_build b = {.saddr = &a[0],
				.daddr = &a[1],
				.total_len = header + UX_UDP_LEN + PAYLOAD,
				.ttl = 64,
				.proto = IPPROTO_UDP};
	struct ux_ip_info info;

	if (family == AF_INET)
		ux_ip4_build(at, &b);
	else
		ux_ip6_build(at, &b);
	ux_udp_build(at + header, htons(4500), htons(4500), UX_UDP_LEN + PAYLOAD);
	for (uint32_t i = 0; i < PAYLOAD; i++)
		at[header + UX_UDP_LEN + i] = (uint8_t)(i * 7 + 1);
	assert_true(ux_ip_parse(at, b.total_len, &info));
	if (checksum) {
		ux_checksum_store(at + header + 6, 0xffff);
		ux_transport_checksum(at, &info);
	}
	return b.total_len;
}

static void good_ones(void **state)
{
	for (int family = AF_INET; family; family = family == AF_INET ? AF_INET6 : 0) {
		for (int checksum = 0; checksum < 2; checksum++) {
			uint8_t packet[128] = {0};
			uint32_t len = build(packet, family, checksum), seen;

			assert_true(ux_xdp_packet_good(packet, len, &seen));
			assert_int_equal(seen, len);
			/* what fills up a short frame is not the packet's */
			assert_true(ux_xdp_packet_good(packet, len + 5, &seen));
			assert_int_equal(seen, len);
			assert_false(ux_xdp_packet_good(packet, len - 1, &seen));
		}
	}
}

/* Every bit counts: of the IPv4 header, and where there is a checksum, of all of UDP. */
static void damaged_ones(void **state)
{
	for (int family = AF_INET; family; family = family == AF_INET ? AF_INET6 : 0) {
		uint8_t packet[128] = {0};
		uint32_t len = build(packet, family, true), seen;
		uint32_t udp = family == AF_INET ? UX_IP4_LEN : UX_IP6_LEN;

		for (uint32_t i = family == AF_INET ? 0 : 8; i < len; i++) {
			packet[i] ^= 0x10;
			/* no checksum at all is right, and not made by one bit */
			assert_false(ux_xdp_packet_good(packet, len, &seen));
			packet[i] ^= 0x10;
		}
		assert_true(ux_xdp_packet_good(packet, len, &seen));
		assert_true(udp < len);
	}
}

/* Left to a device that never was: the field has the pseudo header's sum. */
static void unfinished_checksum(void **state)
{
	for (int family = AF_INET; family; family = family == AF_INET ? AF_INET6 : 0) {
		const bool v4 = family == AF_INET;
		uint8_t packet[128] = {0};
		uint32_t len = build(packet, family, true), seen;
		uint32_t udp = v4 ? UX_IP4_LEN : UX_IP6_LEN;
		uint64_t sum = ux_checksum_pseudo(packet + (v4 ? 12 : 8), packet + (v4 ? 16 : 24),
						  v4 ? 4 : 16, IPPROTO_UDP, len - udp);

		ux_checksum_store(packet + udp + 6, (uint16_t)~ux_checksum_finish(sum));
		assert_true(ux_xdp_packet_good(packet, len, &seen));
		ux_checksum_store(packet + udp + 6, (uint16_t)(~ux_checksum_finish(sum) + 1));
		assert_false(ux_xdp_packet_good(packet, len, &seen));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(good_ones),
					   cmocka_unit_test(damaged_ones),
					   cmocka_unit_test(unfinished_checksum)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
