/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <arpa/inet.h>

#include "packet/flow_key.h"
#include "scapy_packets.h"

struct row {
	const char *name;
	const uint8_t *data;
	size_t len;
	uint16_t family;
	uint8_t proto;
	bool fragment;
	uint16_t sport, dport;
};
#define PACKET(name) #name, name, sizeof(name)

static const struct row rows[] = {
    {PACKET(v4_udp), AF_INET, 17, false, 4000, 53},
    {PACKET(v4_tcp_options), AF_INET, 6, false, 1025, 443},
    {PACKET(v4_icmp), AF_INET, 1, false, 3, 4},
    {PACKET(v4_gre_key), AF_INET, 47, false, 0x1122, 0x3344},
    {PACKET(v4_first_fragment), AF_INET, 17, true, 5, 6},
    {PACKET(v4_later_fragment), AF_INET, 17, true, 0, 0},
    {PACKET(v4_outer), AF_INET, 50, false, 0, 0},
    {PACKET(v6_udp), AF_INET6, 17, false, 4000, 53},
    {PACKET(v6_extensions), AF_INET6, 6, false, 80, 81},
    {PACKET(v6_icmp), AF_INET6, 58, false, 128, 0},
    {PACKET(v6_first_fragment), AF_INET6, 17, true, 5, 6},
    {PACKET(v6_later_fragment), AF_INET6, 17, true, 0, 0},
    {PACKET(v6_mobility), AF_INET6, 135, false, 5, 0},
    {PACKET(v6_outer), AF_INET6, 50, false, 0, 0},
};

/* The packet at the very end of an allocation, so that a sanitizer sees every byte too many. */
static bool parse(const uint8_t *data, size_t len, struct ux_flow_key *key)
{
	uint8_t *copy = malloc(len ? len : 1);
	bool ok;

	memcpy(copy, data, len);
	ok = ux_flow_key_parse(copy, (uint32_t)len, key);
	free(copy);
	return ok;
}

static void test_fields(void **state)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *r = &rows[i];
		struct ux_flow_key key;
		struct ux_addr addr;

		print_message("%s\n", r->name);
		assert_true(parse(r->data, r->len, &key));
		assert_int_equal(key.family, r->family);
		assert_int_equal(key.proto, r->proto);
		assert_int_equal(key.fragment, r->fragment);
		assert_int_equal(ntohs(key.sport), r->sport);
		assert_int_equal(ntohs(key.dport), r->dport);
		assert_int_equal(key.mark, 0);
		assert_int_equal(key.ifindex, 0);
		if (r->data == v4_udp) {
			inet_pton(AF_INET, "198.51.100.7", &addr);
			assert_true(ux_addr_equal(&key.daddr, &addr, AF_INET));
		}
		if (r->data == v6_udp) {
			inet_pton(AF_INET6, "2001:db8::1", &addr);
			assert_true(ux_addr_equal(&key.saddr, &addr, AF_INET6));
		}
	}
}

static void test_cut_short(void **state)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (size_t len = 0; len < rows[i].len; len++) {
			struct ux_flow_key key;

			assert_false(parse(rows[i].data, len, &key));
		}
}

/* A header that claims less than there is: the rest does not belong to the packet. */
static void test_bytes_behind_the_packet(void **state)
{
	uint8_t bytes[64] = {0};
	struct ux_flow_key key;

	memcpy(bytes, v4_udp, sizeof(v4_udp));
	assert_true(parse(bytes, sizeof(bytes), &key));
	bytes[3] = 22; /* two bytes of UDP: no ports */
	assert_true(parse(bytes, sizeof(bytes), &key));
	assert_int_equal(key.proto, 17);
	assert_int_equal(key.sport, 0);
}

static void test_malformed(void **state)
{
	struct ux_flow_key key;
	uint8_t v4[sizeof(v4_udp)], v6[sizeof(v6_extensions)];

	memcpy(v4, v4_udp, sizeof(v4));
	v4[0] = 0x44; /* header shorter than 20 */
	assert_false(parse(v4, sizeof(v4), &key));
	v4[0] = 0x55; /* no such version */
	assert_false(parse(v4, sizeof(v4), &key));
	v4[0] = 0x45;
	v4[2] = 0;
	v4[3] = 19; /* total length below the header's */
	assert_false(parse(v4, sizeof(v4), &key));
	memcpy(v6, v6_extensions, sizeof(v6));
	v6[41] = 200; /* hop-by-hop options beyond the end */
	assert_false(parse(v6, sizeof(v6), &key));
}

static void test_endless_extensions(void **state)
{
	uint8_t bytes[40 + 8 * 40] = {0x60};
	struct ux_flow_key key;

	bytes[4] = (8 * 40) >> 8;
	bytes[5] = (8 * 40) & 0xff;
	bytes[6] = 60;
	for (int i = 0; i < 40; i++)
		bytes[40 + 8 * i] = 60;
	assert_false(parse(bytes, sizeof(bytes), &key));
	bytes[40 + 8 * 15] = 59; /* 16 headers are fine */
	assert_true(parse(bytes, sizeof(bytes), &key));
	assert_int_equal(key.proto, 59);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_fields),
	    cmocka_unit_test(test_cut_short),
	    cmocka_unit_test(test_bytes_behind_the_packet),
	    cmocka_unit_test(test_malformed),
	    cmocka_unit_test(test_endless_extensions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
