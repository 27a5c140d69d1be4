/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/spread.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include "base/bytes.h"
#include "packet/ip.h"

#define N_FLOWS 64

static uint8_t bytes[2][128];
static struct uxfrm_packet packets[2];
static struct uxfrm_packet *const both[2] = {&packets[0], &packets[1]};

/* packets[0] from host @a to @b, packets[1] back. */
static void make(bool six, uint8_t proto, uint32_t a, uint32_t b, uint16_t port)
{
	const uint32_t header = six ? UX_IP6_LEN : UX_IP4_LEN;

	memset(bytes, 0, sizeof(bytes));
	for (int i = 0; i < 2; i++) {
		uint8_t *d = bytes[i];

		d[0] = six ? 0x60 : 0x45;
		d[six ? 6 : 9] = proto;
		ux_put_be32(d + (six ? 20 : 12), i ? b : a);
		ux_put_be32(d + (six ? 36 : 16), i ? a : b);
		ux_put_be16(d + header, i ? 443 : port);
		ux_put_be16(d + header + 2, i ? port : 443);
		packets[i] = (struct uxfrm_packet){.data = d, .len = header + 20};
	}
}

static uint8_t queue_of(uint32_t n)
{
	uint8_t queue[2];

	ux_spread(both, 2, n, queue);
	assert_int_equal(queue[0], queue[1]);
	assert_true(queue[0] < n);
	return queue[0];
}

/* Both ways of a flow have one queue; flows have several. */
static void both_ways(void **state)
{
	for (int six = 0; six < 2; six++) {
		uint32_t used = 0;

		for (uint16_t port = 1000; port < 1000 + N_FLOWS; port++) {
			make(six, 6, 0x0a000001, 0x0a000002, port);
			used |= 1u << queue_of(4);
		}
		assert_int_equal(used, 0xf);
	}
}

static void fragments_together(void **state)
{
	uint8_t first;

	make(false, 17, 0x0a000001, 0x0a000002, 1000);
	ux_put_be16(bytes[0] + 6, 0x2000);
	ux_put_be16(bytes[1] + 6, 0x2000);
	first = queue_of(16);
	for (uint16_t port = 1; port < N_FLOWS; port++) {
		make(false, 17, 0x0a000001, 0x0a000002, port);
		ux_put_be16(bytes[0] + 6, port);
		ux_put_be16(bytes[1] + 6, 0x2000 | port);
		assert_int_equal(queue_of(16), first);
	}
}

/* What is cut off has no ports, or no addresses. */
static void short_ones(void **state)
{
	for (int six = 0; six < 2; six++) {
		for (uint32_t len = 1; len < UX_IP6_LEN + 4; len++) {
			make(six, 17, 1, 2, 3);
			packets[0].len = packets[1].len = len;
			(void)queue_of(16);
		}
	}
}

static void one_queue(void **state)
{
	make(true, 6, 7, 8, 9);
	assert_int_equal(queue_of(1), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(both_ways),
	    cmocka_unit_test(fragments_together),
	    cmocka_unit_test(short_ones),
	    cmocka_unit_test(one_queue),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
