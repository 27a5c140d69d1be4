/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "coalesce_property.h"
#include "packet/checksum.h"
#include "super_packets.h"

#define ALL 15u
#define ROOM 2048

static uint8_t bytes[UXFRM_BURST][ROOM];
static struct uxfrm_packet packet[UXFRM_BURST], *burst[UXFRM_BURST];
static size_t n_burst;
static struct ux_coalescer c;

static const struct super_params plain = {.sport = 1000,
					  .id = 100,
					  .seq = 5000,
					  .ack = 77,
					  .window = 500,
					  .flags = UX_TCP_ACK,
					  .ttl = 63,
					  .df = true,
					  .timestamps = true,
					  .payload_len = 1000};

static void add(const struct super_params *p)
{
	uint32_t len = make_super(bytes[n_burst], p, (uint32_t)n_burst * 99);

	packet[n_burst] = (struct uxfrm_packet){
	    .buf = bytes[n_burst], .size = ROOM, .data = bytes[n_burst], .len = len};
	burst[n_burst] = &packet[n_burst];
	n_burst++;
}

/* What the next packet of the flow would be. */
static void advance(struct super_params *p)
{
	p->seq += p->payload_len;
	p->id++;
}

/* Returns how many runs there are. */
static size_t runs(void)
{
	assert_true(coalesce_property_holds(burst, n_burst, ALL));
	ux_coalesce(&c, burst, n_burst, ALL);
	n_burst = 0;
	return c.n;
}

static void fix_checksum(struct uxfrm_packet *p)
{
	struct ux_ip_info info;

	assert_true(ux_ip_parse(p->data, p->len, &info));
	if (info.family == AF_INET)
		ux_ip4_set_length(p->data, info.total_len);
	ux_transport_checksum(p->data, &info);
}

static void test_flows_of_each_kind(void **state)
{
	for (int kind = 0; kind < 4; kind++) {
		struct super_params p = plain;

		p.v6 = kind & 1;
		p.udp = kind & 2;
		for (int i = 0; i < UXFRM_BURST; i++, advance(&p))
			add(&p);
		assert_int_equal(runs(), 1);
		assert_int_equal(c.runs[0].n, UXFRM_BURST);
		assert_int_equal(c.runs[0].size, 1000);
	}
}

/* One byte of the second packet's header is another one, and its checksums are right again. */
static void test_headers_that_differ(void **state)
{
	for (int kind = 0; kind < 4; kind++) {
		struct super_params p = plain;
		uint32_t header;

		p.v6 = kind & 1;
		p.udp = kind & 2;
		header = super_header_len(&p);
		for (uint32_t at = 0; at < header; at++) {
			struct super_params q = p;
			struct ux_ip_info info;

			add(&q);
			advance(&q);
			add(&q);
			packet[1].data[at] ^= 0x10;
			/* lengths and checksums are no field of their own */
			if (!ux_ip_parse(packet[1].data, packet[1].len, &info) ||
			    info.total_len != packet[1].len) {
				n_burst = 0;
				continue;
			}
			if (at != header - (p.udp ? 2u : p.timestamps ? 16u : 4u) && info.proto == packet[0].data[p.v6 ? 6 : 9])
				fix_checksum(&packet[1]);
			/* the IPv4 and TCP checksums were made right again */
			if ((!p.v6 && (at == 10 || at == 11)) ||
			    (!p.udp && at == (p.v6 ? 57u : 37u)) || (p.udp && at == header - 1)) {
				n_burst = 0;
				continue;
			}
			assert_int_equal(runs(), 2);
		}
	}
}

static void test_sizes(void **state)
{
	struct super_params p = plain;

	/* a shorter one is the last */
	add(&p), advance(&p);
	p.payload_len = 999;
	add(&p), advance(&p);
	add(&p), advance(&p);
	assert_int_equal(runs(), 2);
	assert_int_equal(c.runs[0].n, 2);
	/* a longer one is the first of another */
	p = plain;
	add(&p), advance(&p);
	p.payload_len = 1001;
	add(&p), advance(&p);
	add(&p);
	assert_int_equal(runs(), 2);
	assert_int_equal(c.runs[1].n, 2);
	/* no payload */
	p = plain;
	p.payload_len = 0;
	add(&p), add(&p), add(&p);
	assert_int_equal(runs(), 3);
}

static void test_no_longer_than_a_packet_can_be(void **state)
{
	struct super_params p = plain;

	p.payload_len = 1400;
	for (int i = 0; i < UXFRM_BURST; i++, advance(&p))
		add(&p);
	assert_int_equal(runs(), 2);
	assert_int_equal(c.runs[0].n, (65535 - 52) / 1400);
}

static void test_flags(void **state)
{
	static const struct {
		uint8_t first, second, third;
		size_t want;
	} rows[] = {
	    {0x10, 0x10, 0x10, 1}, {0x10, 0x18, 0x10, 2}, {0x18, 0x10, 0x10, 2},
	    {0x10, 0x10, 0x18, 1}, {0x10, 0x11, 0x10, 3}, {0x10, 0x14, 0x10, 3},
	    {0x12, 0x12, 0x12, 3}, {0x30, 0x30, 0x30, 3}, {0x50, 0x50, 0x50, 3},
	    {0x90, 0x10, 0x10, 2}, {0x00, 0x00, 0x00, 3}, {0x18, 0x18, 0x18, 3},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const uint8_t flags[] = {rows[i].first, rows[i].second, rows[i].third};
		struct super_params p = plain;

		for (int k = 0; k < 3; k++, advance(&p)) {
			p.flags = flags[k];
			add(&p);
		}
		assert_int_equal(runs(), rows[i].want);
	}
}

static void test_wrong_checksums_stay(void **state)
{
	for (int wrong = 0; wrong < 4; wrong++) {
		struct super_params p = plain;

		for (int i = 0; i < 4; i++, advance(&p))
			add(&p);
		packet[wrong].data[300] ^= 1;
		/* the wrong one alone, and the others as far as they are in a row */
		assert_int_equal(runs(), wrong == 0 || wrong == 3 ? 2 : 3);
	}
}

static void test_udp_without_checksum(void **state)
{
	struct super_params p = plain;

	p.udp = true;
	for (int i = 0; i < 3; i++, advance(&p)) {
		add(&p);
		memset(packet[i].data + 26, 0, 2);
	}
	assert_int_equal(runs(), 3);
}

static void test_order(void **state)
{
	struct super_params a = plain, b = plain, ack = plain;

	b.sport++;
	/* two flows mixed */
	add(&a), advance(&a), add(&b), advance(&b), add(&a), advance(&a), add(&b), advance(&b);
	assert_int_equal(runs(), 2);
	/* an ACK of the flow in between stays there */
	ack.payload_len = 0;
	add(&a), advance(&a), add(&ack), add(&a), advance(&a), add(&a), advance(&a);
	assert_int_equal(runs(), 3);
	assert_int_equal(c.runs[1].n, 1);
	assert_int_equal(c.runs[2].n, 2);
	/* nothing overtakes what is of no flow */
	add(&a), advance(&a), add(&b), packet[1].data[9] = 1, add(&a);
	assert_int_equal(runs(), 3);
	/* a gap */
	advance(&a), add(&a), advance(&a), advance(&a), add(&a);
	assert_int_equal(runs(), 2);
}

static void test_only_what_is_wanted(void **state)
{
	struct super_params p = plain;

	add(&p), advance(&p), add(&p);
	assert_true(coalesce_property_holds(burst, n_burst, 0));
	ux_coalesce(&c, burst, n_burst, ALL & ~UX_COALESCE_TCP4);
	assert_int_equal(c.n, 2);
	ux_coalesce(&c, burst, n_burst, UX_COALESCE_TCP4);
	assert_int_equal(c.n, 1);
	n_burst = 0;
}

static uint32_t random_state = 12345;

static uint32_t random_below(uint32_t n)
{
	random_state = random_state * 1664525 + 1013904223;
	return (uint32_t)((uint64_t)random_state * n >> 32);
}

/* Flows mixed, and now and then a byte somewhere that is another one. */
static void test_random_bursts(void **state)
{
	size_t together = 0;

	for (int round = 0; round < 3000; round++) {
		struct super_params flow[4];
		size_t n = 1 + random_below(UXFRM_BURST);

		for (uint32_t i = 0; i < 4; i++) {
			flow[i] = plain;
			flow[i].v6 = random_below(2);
			flow[i].udp = random_below(2);
			flow[i].df = random_below(2);
			flow[i].sport = (uint16_t)i;
			flow[i].seq = UINT32_MAX - random_below(5000);
			flow[i].id = (uint16_t)random_below(65536);
			flow[i].payload_len = 1 + random_below(1500);
		}
		while (n_burst < n) {
			struct super_params *p = &flow[random_below(1 + random_below(4))];

			p->flags = random_below(8) ? 0x10 : (uint8_t)(0x10 | random_below(256));
			add(p), advance(p);
			if (random_below(20) == 0) {
				uint32_t at = random_below(packet[n_burst - 1].len);

				packet[n_burst - 1].data[at] ^= (uint8_t)(1 << random_below(8));
			}
			if (random_below(10) == 0)
				p->payload_len = 1 + random_below(1500);
		}
		together += n - runs();
	}
	assert_true(together > 20000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_flows_of_each_kind),
	    cmocka_unit_test(test_headers_that_differ),
	    cmocka_unit_test(test_sizes),
	    cmocka_unit_test(test_no_longer_than_a_packet_can_be),
	    cmocka_unit_test(test_flags),
	    cmocka_unit_test(test_wrong_checksums_stay),
	    cmocka_unit_test(test_udp_without_checksum),
	    cmocka_unit_test(test_order),
	    cmocka_unit_test(test_only_what_is_wanted),
	    cmocka_unit_test(test_random_bursts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
