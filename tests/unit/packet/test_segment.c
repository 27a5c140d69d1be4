/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "packet/checksum.h"
#include "packet/segment.h"
#include "scapy_packets.h"
#include "super_packets.h"

static uint8_t super[70000], segment[70000], want[70000];

static const struct super_params tcp4 = {.sport = 1000,
					 .id = 0xfffe,
					 .seq = 0xfffffc00,
					 .ack = 77,
					 .window = 500,
					 .flags = 0x19 | UX_TCP_CWR,
					 .tos = 0xba,
					 .ttl = 63,
					 .df = true,
					 .timestamps = true};

/* Each segment is the packet that its sender would have made by itself. */
static void check_cut(struct super_params p, uint32_t payload, uint32_t size, uint32_t want_n)
{
	const uint8_t flags = p.flags;
	const uint32_t seq = p.seq;
	const uint16_t id = p.id;
	struct ux_segmenter s;
	uint32_t header = super_header_len(&p), len, n;

	p.payload_len = payload;
	len = make_super(super, &p, 7);
	assert_true(ux_segment_begin(&s, super, len, size));
	assert_int_equal(s.n, want_n);
	assert_int_equal(s.header_len, header);
	for (uint32_t i = 0; i < s.n; i++) {
		struct ux_ip_info info;

		p.payload_len = ux_segment_payload(&s, i);
		p.seq = seq + i * size;
		p.id = (uint16_t)(id + i);
		p.flags = flags;
		if (i + 1 < s.n)
			p.flags &= (uint8_t) ~(UX_TCP_FIN | UX_TCP_PSH);
		if (i)
			p.flags &= (uint8_t)~UX_TCP_CWR;
		n = make_super(want, &p, 0);
		memcpy(want + header, super + header + i * size, p.payload_len);
		assert_true(ux_ip_parse(want, n, &info));
		ux_transport_checksum(want, &info);

		memset(segment, 0xa5, sizeof(segment));
		memcpy(segment + header, super + header + i * size, p.payload_len);
		assert_int_equal(ux_segment_finish(&s, i, segment), n);
		assert_memory_equal(segment, want, n);
	}
}

static void check_sizes(struct super_params p)
{
	check_cut(p, 3000, 1400, 3);
	check_cut(p, 2800, 1400, 2);
	check_cut(p, 1400, 1400, 1);
	check_cut(p, 1, 1400, 1);
	check_cut(p, 1001, 333, 4); /* odd ones */
	check_cut(p, 65000, 1348, 49);
	check_cut(p, 60, 1, 60);
}

static void test_tcp4(void **state)
{
	check_sizes(tcp4);
	check_cut(tcp4, 0, 1400, 1);
}

static void test_tcp6(void **state)
{
	struct super_params p = tcp4;

	p.v6 = true;
	p.flow_label = 0xabcde;
	check_sizes(p);
}

static void test_udp(void **state)
{
	struct super_params p = tcp4;

	p.udp = true;
	check_sizes(p);
	p.df = false;
	check_sizes(p);
	p.v6 = true;
	check_sizes(p);
}

static void test_extension_headers_stay(void **state)
{
	/* scapy's chain of 96 bytes, and TCP behind it instead of what is there */
	struct ux_segmenter s;
	struct ux_ip_info info;
	uint8_t *tcp;

	memcpy(super, v6_extensions, sizeof(v6_extensions));
	assert_true(ux_ip_parse(super, sizeof(v6_extensions), &info));
	super[info.proto_offset] = IPPROTO_TCP;
	tcp = super + info.header_len;
	put_transport(tcp, &tcp4);
	ux_ip6_set_length(super, info.header_len + 32u + 1000);
	if (info.fragment) {
		assert_false(ux_segment_begin(&s, super, info.header_len + 1032u, 400));
		return;
	}
	assert_true(ux_segment_begin(&s, super, info.header_len + 1032u, 400));
	assert_int_equal(s.n, 3);
	memcpy(segment + s.header_len, super + s.header_len, 400);
	assert_int_equal(ux_segment_finish(&s, 0, segment), s.header_len + 400);
	assert_memory_equal(segment + 40, super + 40, info.header_len - 40u);
}

static bool begins(uint32_t len, uint32_t size)
{
	struct ux_segmenter s;

	return ux_segment_begin(&s, super, len, size);
}

static uint32_t make_plain(void)
{
	struct super_params p = tcp4;

	p.payload_len = 3000;
	return make_super(super, &p, 1);
}

static void test_what_is_no_super_packet(void **state)
{
	uint32_t len = make_plain();

	assert_true(begins(len, 1000));
	assert_false(begins(len, 0));
	assert_false(begins(0, 1000));
	assert_false(begins(len - 1, 1000));
	assert_false(begins(len + 1, 1000));
	super[9] = IPPROTO_ICMP;
	assert_false(begins(len, 1000));
	make_plain();
	super[6] |= 0x20; /* more fragments */
	assert_false(begins(len, 1000));
	make_plain();
	super[20 + 12] = 0x40; /* a TCP header of 16 bytes */
	assert_false(begins(len, 1000));
	make_plain();
	super[0] = 0x44;
	assert_false(begins(len, 1000));
	super[0] = 0x75;
	assert_false(begins(len, 1000));
	/* headers cut short */
	for (uint32_t cut = 1; cut < 52; cut++) {
		make_plain();
		ux_put_be16(super + 2, (uint16_t)cut);
		assert_false(begins(cut, 1000));
	}
}

static void test_headers_too_long(void **state)
{
	struct super_params p = tcp4;
	uint32_t len;

	p.v6 = true;
	p.payload_len = 3000;
	len = make_super(super, &p, 1);
	memmove(super + 40 + 160, super + 40, len - 40);
	memset(super + 40, 0, 160);
	super[6] = IPPROTO_DSTOPTS;
	super[40] = IPPROTO_TCP;
	super[41] = 160 / 8 - 1;
	ux_ip6_set_length(super, len + 160);
	assert_false(begins(len + 160, 1000));
}

static void test_checksum_is_completed(void **state)
{
	struct super_params p = tcp4;
	struct ux_ip_info info;
	uint32_t len;

	p.udp = true;
	p.payload_len = 333;
	len = make_super(want, &p, 3);
	memcpy(super, want, len);
	assert_true(ux_ip_parse(super, len, &info));
	ux_checksum_store(super + 26, (uint16_t)~ux_checksum_finish(ux_checksum_pseudo(
					  super + 12, super + 16, 4, IPPROTO_UDP, len - 20)));
	assert_true(ux_segment_checksum(super, len, 20, 6));
	assert_memory_equal(super, want, len);
	/* a sum of zero is sent as all ones */
	memset(super, 0, 40);
	memset(super + 20, 0xff, 2);
	assert_true(ux_segment_checksum(super, 40, 20, 6));
	assert_int_equal(ux_get_be16(super + 26), 0xffff);
}

static void test_checksum_outside(void **state)
{
	memset(super, 0x5a, 100);
	assert_false(ux_segment_checksum(super, 40, 41, 0));
	assert_false(ux_segment_checksum(super, 40, 39, 0));
	assert_false(ux_segment_checksum(super, 40, 20, 19));
	assert_false(ux_segment_checksum(super, 40, 20, UINT32_MAX));
	assert_false(ux_segment_checksum(super, 1, 0, 0));
	for (int i = 0; i < 100; i++)
		assert_int_equal(super[i], 0x5a);
	assert_true(ux_segment_checksum(super, 40, 20, 18));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_tcp4),
	    cmocka_unit_test(test_tcp6),
	    cmocka_unit_test(test_udp),
	    cmocka_unit_test(test_extension_headers_stay),
	    cmocka_unit_test(test_what_is_no_super_packet),
	    cmocka_unit_test(test_headers_too_long),
	    cmocka_unit_test(test_checksum_is_completed),
	    cmocka_unit_test(test_checksum_outside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
