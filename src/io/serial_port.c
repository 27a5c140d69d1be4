/* SPDX-License-Identifier: BSD-2-Clause */

#include "io/serial_port.h"

#include <stdlib.h>

struct serial_port {
	struct ux_port port;
	struct ux_port *to;
};

static void serial_send(struct ux_port *port, struct uxfrm_packet *const *packets, size_t n)
{
	ux_port_send_shared(((struct serial_port *)port)->to, packets, n);
}

static void serial_free(struct ux_port *port)
{
	free(port);
}

static const struct ux_port_ops serial_ops = {.send = serial_send, .free = serial_free};

struct ux_port *ux_serial_port_new(struct ux_port *to)
{
	struct serial_port *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->port = (struct ux_port){.ops = &serial_ops, .fd = -1, .side = to->side};
	s->to = to;
	return &s->port;
}
