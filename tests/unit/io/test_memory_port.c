/* SPDX-License-Identifier: BSD-2-Clause */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <poll.h>
#include <string.h>

#include "io/memory_port.h"

static uint8_t memory[4][UX_PORT_BUFFER];

static bool readable(const struct ux_port *port)
{
	struct pollfd p = {.fd = port->fd, .events = POLLIN};

	return poll(&p, 1, 0) == 1;
}

static void received_in_order(void **state)
{
	struct uxfrm_packet packets[4], *burst[4];
	struct ux_port *port;

	assert_int_equal(ux_memory_port_open(UX_PORT_UNDERLAY, 3, &port), 0);
	assert_int_equal(port->side, UX_PORT_UNDERLAY);
	assert_false(readable(port));
	assert_true(ux_memory_port_push(port, "one", 3, 7));
	assert_true(ux_memory_port_push(port, "second", 6, 8));
	assert_true(ux_memory_port_push(port, "3", 1, 0));
	assert_false(ux_memory_port_push(port, "full", 4, 0));
	assert_true(readable(port));
	for (int i = 0; i < 4; i++) {
		packets[i] = (struct uxfrm_packet){.buf = memory[i], .size = UX_PORT_BUFFER};
		burst[i] = &packets[i];
	}
	assert_int_equal(ux_port_receive(port, burst, 2), 2);
	assert_true(readable(port));
	assert_int_equal(packets[0].len, 3);
	assert_int_equal(packets[0].mark, 7);
	assert_memory_equal(packets[1].data, "second", 6);
	assert_ptr_equal(packets[1].data, memory[1] + UXFRM_HEADROOM);
	assert_int_equal(ux_port_receive(port, burst, 4), 1);
	assert_false(readable(port));
	assert_int_equal(ux_port_receive(port, burst, 4), 0);
	ux_port_free(port);
}

static void sent_until_full(void **state)
{
	struct uxfrm_packet packets[3] = {{0}}, *burst[3];
	struct ux_port *port;
	uint32_t mark = 0;
	char text[8];

	assert_int_equal(ux_memory_port_open(UX_PORT_HOST, 2, &port), 0);
	for (int i = 0; i < 3; i++) {
		packets[i] = (struct uxfrm_packet){.buf = memory[i],
						   .size = UX_PORT_BUFFER,
						   .data = memory[i],
						   .len = 4,
						   .mark = (uint32_t)i,
						   .verdict = UXFRM_DELIVER};
		memory[i][0] = (uint8_t)('a' + i);
		burst[i] = &packets[i];
	}
	ux_port_send(port, burst, 3);
	assert_int_equal(packets[1].verdict, UXFRM_DELIVER);
	assert_int_equal(packets[2].verdict, UXFRM_DROP);
	assert_int_equal(packets[2].drop, UXFRM_DROP_PORT_SEND);
	assert_int_equal(ux_memory_port_pop(port, text, sizeof(text), &mark), 4);
	assert_int_equal(text[0], 'a');
	assert_int_equal(ux_memory_port_pop(port, text, 2, &mark), 2);
	assert_int_equal(text[0], 'b');
	assert_int_equal(mark, 1);
	assert_int_equal(ux_memory_port_pop(port, text, sizeof(text), &mark), 0);
	ux_port_free(port);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(received_in_order),
	    cmocka_unit_test(sent_until_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
