/* SPDX-License-Identifier: BSD-2-Clause */

#include "daemon/link_ports.h"

#include <stdlib.h>

struct ux_link_ports {
	size_t n;
	struct ux_port *port[];
};

struct ux_port *ux_link_ports_find(const struct ux_link_ports *links, uint32_t if_id)
{
	size_t low = 0, high = links ? links->n : 0;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (links->port[middle]->if_id == if_id)
			return links->port[middle];
		if (links->port[middle]->if_id < if_id)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

static struct ux_link_ports *table_of(size_t most)
{
	struct ux_link_ports *table = malloc(sizeof(*table) + most * sizeof(table->port[0]));

	if (table)
		table->n = 0;
	return table;
}

struct ux_link_ports *ux_link_ports_with(const struct ux_link_ports *links, struct ux_port *port)
{
	size_t n = links ? links->n : 0, i = 0;
	struct ux_link_ports *fresh = table_of(n + 1);

	if (!fresh)
		return NULL;
	for (; i < n && links->port[i]->if_id < port->if_id; i++)
		fresh->port[fresh->n++] = links->port[i];
	fresh->port[fresh->n++] = port;
	for (; i < n; i++)
		fresh->port[fresh->n++] = links->port[i];
	return fresh;
}

struct ux_link_ports *ux_link_ports_without(const struct ux_link_ports *links,
					    const struct ux_port *port)
{
	size_t n = links ? links->n : 0;
	struct ux_link_ports *fresh = table_of(n);

	for (size_t i = 0; fresh && i < n; i++)
		if (links->port[i] != port)
			fresh->port[fresh->n++] = links->port[i];
	return fresh;
}
