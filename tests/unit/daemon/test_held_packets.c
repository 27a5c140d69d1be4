/* SPDX-License-Identifier: BSD-2-Clause */

/* The queue of packets that wait: order, room for each key and for all. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "daemon/held_packets.h"

#define EACH 65536

static uint8_t memory[UX_PORT_BUFFER];

static struct uxfrm_packet packet(uint32_t key, uint32_t len, uint8_t fill)
{
	struct uxfrm_packet p = {
	    .buf = memory, .size = sizeof(memory), .spi = key, .len = len, .hold_ms = 500};

	p.data = ux_port_start(&p);
	memset(p.data, fill, len);
	return p;
}

static bool add(struct ux_held *h, uint32_t key, uint32_t len, uint8_t fill)
{
	struct uxfrm_packet p = packet(key, len, fill);

	return ux_held_add(h, &p, UX_PORT_UNDERLAY, 1000, 0);
}

static void test_order_and_fields(void **state)
{
	struct uxfrm_packet p = packet(7, 100, 1), got = {.buf = memory, .size = sizeof(memory)};
	struct ux_held_packet *held;
	struct ux_held h;

	ux_held_init(&h, EACH);
	assert_int_equal(h.earliest_ns, UINT64_MAX);
	p.mark = 3;
	p.if_id = 4;
	p.ifindex = 5;
	assert_true(ux_held_add(&h, &p, UX_PORT_HOST, 1000, 0));
	assert_true(add(&h, 8, 50, 2));
	assert_int_equal(h.n, 2);
	assert_int_equal(h.earliest_ns, 1000 + 500 * UINT64_C(1000000));
	held = ux_held_take(&h);
	assert_int_equal(held->side, UX_PORT_HOST);
	ux_held_put(held, &got);
	assert_int_equal(got.len, 100);
	assert_int_equal(got.data[99], 1);
	assert_int_equal(got.mark, 3);
	assert_int_equal(got.if_id, 4);
	assert_int_equal(got.ifindex, 5);
	free(held);
	held = ux_held_take(&h);
	assert_int_equal(held->data[0], 2);
	free(held);
	assert_null(ux_held_take(&h));
	assert_int_equal(h.bytes, 0);
	ux_held_fini(&h);
}

/* A deadline given is kept: a packet does not wait longer for having been offered again. */
static void test_deadline_stays(void **state)
{
	struct uxfrm_packet p = packet(7, 100, 1);
	struct ux_held h;

	ux_held_init(&h, EACH);
	assert_true(ux_held_add(&h, &p, UX_PORT_HOST, 900000, 77));
	assert_int_equal(h.earliest_ns, 77);
	/* the earliest of those that are put back */
	ux_held_begin(&h);
	free(ux_held_take(&h));
	assert_true(ux_held_add(&h, &p, UX_PORT_HOST, 900000, 99));
	assert_true(ux_held_add(&h, &p, UX_PORT_HOST, 900000, 88));
	assert_int_equal(h.earliest_ns, 88);
	ux_held_fini(&h);
}

static void test_room(void **state)
{
	const uint32_t len = 1024 - sizeof(struct ux_held_packet); /* a KiB with what it costs */
	struct ux_held h;
	uint32_t n = 0;

	ux_held_init(&h, EACH);
	for (int i = 0; i < 64; i++)
		assert_true(add(&h, 1, len, 0));
	assert_false(add(&h, 1, 1, 0));
	assert_true(add(&h, 2, len, 0));
	/* 62 more of each key, until the room for all is used up */
	for (uint32_t key = 2; key < 32; key++)
		for (int i = 0; i < 62; i++)
			n += add(&h, key, len, 0);
	assert_int_equal(n, (h.bytes_max - 65 * 1024) / 1024);
	assert_int_equal(h.bytes, h.bytes_max);
	assert_false(add(&h, 40, 1, 0));
	free(ux_held_take(&h));
	assert_true(add(&h, 40, len, 0));
	ux_held_fini(&h);
	assert_int_equal(h.bytes, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_order_and_fields),
	    cmocka_unit_test(test_deadline_stays),
	    cmocka_unit_test(test_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
