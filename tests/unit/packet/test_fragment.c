/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <arpa/inet.h>

#include "base/bytes.h"
#include "packet/checksum.h"
#include "packet/fragment.h"
#include "packet/ip.h"
#include "packet/reassembly.h"
#include "scapy_packets.h"

#define FRAGMENTS_MAX 64
struct pieces {
	uint32_t n;
	uint32_t len[FRAGMENTS_MAX];
	uint8_t *data[FRAGMENTS_MAX];
};

static uint8_t packet[70000];

static uint32_t make4(uint32_t payload, bool df)
{
	struct ux_addr saddr = {.w = {htonl(0x0a000001)}}, daddr = {.w = {htonl(0x0a000002)}};
	struct ux_ip_build b = {.saddr = &saddr,
				.daddr = &daddr,
				.total_len = 20 + payload,
				.id = 0x77aa,
				.ttl = 64,
				.proto = 50,
				.df = df};

	ux_ip4_build(packet, &b);
	for (uint32_t i = 0; i < payload; i++)
		packet[20 + i] = (uint8_t)(i * 31 + (i >> 8));
	return b.total_len;
}

/* The extension chain of scapy's packet in front of a longer payload. */
static uint32_t make6(uint32_t payload, bool extensions)
{
	const uint8_t *from = extensions ? v6_extensions : v6_outer;
	uint32_t header = extensions ? 96 : 40;

	memcpy(packet, from, header);
	for (uint32_t i = 0; i < payload; i++)
		packet[header + i] = (uint8_t)(i * 31 + (i >> 8));
	ux_ip6_set_length(packet, header + payload);
	return header + payload;
}

static void cut(struct pieces *out, uint32_t len, uint32_t mtu)
{
	struct ux_fragmenter f;

	out->n = 0;
	assert_true(ux_fragment_begin(&f, packet, len, mtu, 0xabcd1234));
	for (;;) {
		uint8_t *piece = malloc(mtu);
		uint32_t n = ux_fragment_next(&f, piece);

		if (n == 0) {
			free(piece);
			return;
		}
		assert_true(n <= mtu);
		assert_true(out->n < FRAGMENTS_MAX);
		out->data[out->n] = piece;
		out->len[out->n++] = n;
	}
}

static void release(struct pieces *p)
{
	for (uint32_t i = 0; i < p->n; i++)
		free(p->data[i]);
}

/* Fragment and put together again, last piece first: the packet as it was. */
static void check_whole(uint32_t len, uint32_t mtu, uint32_t want_n)
{
	struct ux_reassembly *r = ux_reassembly_new(2, 1000);
	struct pieces p;
	uint8_t *whole = NULL;
	uint32_t whole_len = 0;

	cut(&p, len, mtu);
	assert_int_equal(p.n, want_n);
	for (uint32_t i = p.n; i-- > 0;) {
		enum ux_reassembly_result result =
		    ux_reassembly_add(r, p.data[i], p.len[i], 1, &whole, &whole_len);

		assert_int_equal(result, i ? UX_REASSEMBLY_HELD : UX_REASSEMBLY_DONE);
	}
	assert_int_equal(whole_len, len);
	assert_memory_equal(whole, packet, len);
	release(&p);
	ux_reassembly_free(r);
}

static void test_v4_there_and_back(void **state)
{
	check_whole(make4(1481, false), 1500, 2);
	check_whole(make4(9000, false), 1500, 7);
	check_whole(make4(100, false), 68, 3);
	check_whole(make4(48 + 8, false), 68, 2);
}

static void test_v6_there_and_back(void **state)
{
	check_whole(make6(1461, false), 1500, 2);
	check_whole(make6(9000, false), 1280, 8);
	check_whole(make6(9000, true), 1280, 8);
}

static void test_v4_fields(void **state)
{
	struct pieces p;

	cut(&p, make4(3000, false), 1500);
	assert_int_equal(p.n, 3);
	for (uint32_t i = 0; i < p.n; i++) {
		struct ux_ip_info info;

		assert_true(ux_ip_parse(p.data[i], p.len[i], &info));
		assert_int_equal(info.total_len, p.len[i]);
		assert_int_equal(ux_get_be16(p.data[i] + 4), 0x77aa);
		assert_int_equal(ux_get_be16(p.data[i] + 6), i * 185 | (i < 2 ? 0x2000 : 0));
		assert_int_equal(ux_checksum_finish(ux_checksum_add(0, p.data[i], 20)), 0);
	}
	release(&p);
}

static void test_v6_fields(void **state)
{
	struct pieces p;

	cut(&p, make6(2000, true), 1280);
	assert_int_equal(p.n, 2);
	/* the unfragmentable part ends with the routing header: the last options are payload */
	assert_int_equal(p.data[0][64], 44);
	assert_int_equal(p.data[0][88], 60);
	assert_int_equal(ux_get_be32(p.data[0] + 92), 0xabcd1234);
	assert_int_equal(ux_get_be16(p.data[0] + 90), 1);
	assert_int_equal(p.len[0], 96 + 1184);
	assert_int_equal(ux_get_be16(p.data[1] + 90), 1184);
	release(&p);
}

static void test_fits(void **state)
{
	struct pieces p;
	uint32_t len = make4(100, true);

	cut(&p, len, 120);
	assert_int_equal(p.n, 1);
	assert_int_equal(p.len[0], len);
	assert_memory_equal(p.data[0], packet, len);
	release(&p);
}

static void test_refused(void **state)
{
	struct ux_fragmenter f;

	assert_false(ux_fragment_begin(&f, packet, make4(2000, true), 1500, 1)); /* DF */
	assert_false(ux_fragment_begin(&f, packet, make4(2000, false), 67, 1));	 /* MTU */
	assert_false(ux_fragment_begin(&f, packet, make6(2000, true), 100, 1));	 /* headers only */
	assert_false(ux_fragment_begin(&f, packet, 30, 1500, 1));		 /* cut short */
	assert_false(ux_fragment_begin(&f, v6_first_fragment, sizeof(v6_first_fragment), 60, 1));
}

/* A fragment of a fragment keeps its place in the original packet. */
static void test_v4_fragment_of_fragment(void **state)
{
	struct pieces p;
	uint32_t len = make4(800, false);

	ux_put_be16(packet + 6, 0x2000 | 100);
	cut(&p, len, 420);
	assert_int_equal(p.n, 2);
	assert_int_equal(ux_get_be16(p.data[0] + 6), 0x2000 | 100);
	assert_int_equal(ux_get_be16(p.data[1] + 6), 0x2000 | 150);
	release(&p);
}

/* RFC 791: only options with the copied flag go into every fragment. */
static void test_v4_options(void **state)
{
	static const uint8_t options[12] = {7, 7, 4, 0, 0, 0, 0, 148, 4, 0, 0, 0};
	struct pieces p;
	uint32_t len = make4(300, false);

	memmove(packet + 32, packet + 20, 288);
	memcpy(packet + 20, options, sizeof(options));
	packet[0] = 0x48;
	cut(&p, len, 200);
	assert_int_equal(p.n, 2);
	assert_memory_equal(p.data[0] + 20, options, 12);
	assert_int_equal(p.data[1][20], 1);
	assert_int_equal(p.data[1][26], 1);
	assert_memory_equal(p.data[1] + 27, options + 7, 5);
	release(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_v4_there_and_back),
	    cmocka_unit_test(test_v6_there_and_back),
	    cmocka_unit_test(test_v4_fields),
	    cmocka_unit_test(test_v6_fields),
	    cmocka_unit_test(test_fits),
	    cmocka_unit_test(test_refused),
	    cmocka_unit_test(test_v4_fragment_of_fragment),
	    cmocka_unit_test(test_v4_options),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
