/* SPDX-License-Identifier: BSD-2-Clause */

/* Counts of SAs per UDP port, and the sockets that go with them. */

#include "daemon/encap_ports.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/log.h"
#include "io/udp_encap_socket.h"

struct encap_entry {
	struct ux_list link;
	int family;
	uint16_t port;
	uint32_t users;
	uint64_t close_ns;		/* when users is 0 */
	struct ux_encap_socket *socket; /* NULL: could not be opened */
};

void ux_encap_ports_init(struct ux_encap_ports *e, struct ux_packet_worker *worker,
			 uint32_t own_mark, uint64_t linger_ns)
{
	ux_list_init(&e->ports);
	e->worker = worker;
	e->own_mark = own_mark;
	e->linger_ns = linger_ns;
}

static void close_socket(struct ux_encap_ports *e, struct encap_entry *entry)
{
	for (unsigned int i = 0; i < UX_ENCAP_SOCKET_PORTS && entry->socket; i++) {
		struct ux_port *port = ux_encap_socket_port(entry->socket, i);

		if (port)
			ux_packet_worker_remove_port(e->worker, port);
	}
	entry->socket = ux_encap_socket_free(entry->socket);
}

static void open_socket(struct ux_encap_ports *e, struct encap_entry *entry)
{
	int err = ux_encap_socket_open(entry->family, entry->port, e->own_mark, &entry->socket);

	for (unsigned int i = 0; i < UX_ENCAP_SOCKET_PORTS && !err; i++) {
		struct ux_port *port = ux_encap_socket_port(entry->socket, i);

		if (port)
			err = ux_packet_worker_add_port(e->worker, port);
	}
	if (!err)
		return;
	close_socket(e, entry);
	ux_log(LOG_ERR, "cannot open UDP port %u for ESP: %s", entry->port, strerror(-err));
}

static void discard(struct ux_encap_ports *e, struct encap_entry *entry)
{
	close_socket(e, entry);
	ux_list_remove(&entry->link);
	free(entry);
}

void ux_encap_ports_fini(struct ux_encap_ports *e)
{
	struct ux_list *pos, *next;

	ux_list_for_each_safe (pos, next, &e->ports)
		discard(e, ux_container_of(pos, struct encap_entry, link));
}

static struct encap_entry *find(struct ux_encap_ports *e, int family, uint16_t port)
{
	struct ux_list *pos;

	ux_list_for_each (pos, &e->ports) {
		struct encap_entry *entry = ux_container_of(pos, struct encap_entry, link);

		if (entry->family == family && entry->port == port)
			return entry;
	}
	return NULL;
}

void ux_encap_ports_add(struct ux_encap_ports *e, int family, uint16_t port)
{
	struct encap_entry *entry = find(e, family, port);

	if (!entry) {
		entry = calloc(1, sizeof(*entry));
		if (!entry)
			return;
		entry->family = family;
		entry->port = port;
		ux_list_push_back(&e->ports, &entry->link);
	}
	entry->users++;
	if (!entry->socket)
		open_socket(e, entry);
}

void ux_encap_ports_remove(struct ux_encap_ports *e, int family, uint16_t port, uint64_t now_ns)
{
	struct encap_entry *entry = find(e, family, port);

	if (!entry || !entry->users || --entry->users)
		return;
	entry->close_ns = now_ns + e->linger_ns;
}

uint64_t ux_encap_ports_tick(struct ux_encap_ports *e, uint64_t now_ns)
{
	uint64_t next_ns = UINT64_MAX;
	struct ux_list *pos, *next;

	ux_list_for_each_safe (pos, next, &e->ports) {
		struct encap_entry *entry = ux_container_of(pos, struct encap_entry, link);

		if (entry->users)
			continue;
		if (entry->close_ns <= now_ns)
			discard(e, entry);
		else if (entry->close_ns < next_ns)
			next_ns = entry->close_ns;
	}
	return next_ns;
}
