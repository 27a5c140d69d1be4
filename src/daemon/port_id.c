/* SPDX-License-Identifier: BSD-2-Clause */

/* Netlink port ids: unique in the daemon, as they are unique in a network namespace. */

#include <errno.h>

#include "daemon/control_socket.h"

/* Netlink gives numbers from S32_MIN to -4096 when a process's own pid is taken. */
#define NEGATIVE_FIRST 0x80000000u
#define NEGATIVE_LAST 0xfffff000u

static bool taken(const struct ux_control *control, const struct ux_connection *self,
		  uint32_t port_id)
{
	struct ux_list *pos;

	ux_list_for_each (pos, &control->connections) {
		const struct ux_connection *c = ux_container_of(pos, struct ux_connection, link);

		if (c != self && c->client && c->port_id == port_id)
			return true;
	}
	return false;
}

int ux_control_pick_port_id(struct ux_control *control, const struct ux_connection *self,
			    uint32_t wanted, uint32_t *ret_port_id)
{
	uint32_t pid = (uint32_t)self->peer.pid;

	if (wanted) {
		if (taken(control, self, wanted))
			return -EADDRINUSE;
		*ret_port_id = wanted;
		return 0;
	}
	if (pid && !taken(control, self, pid)) {
		*ret_port_id = pid;
		return 0;
	}
	/* There are more numbers than connections, so this ends. */
	do {
		if (control->next_port_id < NEGATIVE_FIRST ||
		    control->next_port_id >= NEGATIVE_LAST)
			control->next_port_id = NEGATIVE_FIRST;
		control->next_port_id++;
	} while (taken(control, self, control->next_port_id));
	*ret_port_id = control->next_port_id;
	return 0;
}
