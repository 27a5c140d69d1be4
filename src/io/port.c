/* SPDX-License-Identifier: BSD-2-Clause */

#include "io/port.h"

#include <errno.h>
#include <stdlib.h>

int ux_port_share(struct ux_port *port)
{
	struct ux_port_sharing *s;

	if (port->sharing)
		return 0;
	s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	pthread_mutex_init(&s->receive, NULL);
	pthread_mutex_init(&s->send, NULL);
	port->sharing = s;
	return 0;
}

void ux_port_unshare(struct ux_port *port)
{
	if (!port->sharing)
		return;
	pthread_mutex_destroy(&port->sharing->receive);
	pthread_mutex_destroy(&port->sharing->send);
	free(port->sharing);
	port->sharing = NULL;
}
