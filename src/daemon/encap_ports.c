/* SPDX-License-Identifier: BSD-2-Clause */

/* Counts of SAs per UDP port, and the sockets that go with them. */

#include "daemon/encap_ports.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/log.h"
#include "io/udp_bound.h"
#include "io/udp_encap_socket.h"

/* Between two looks at who has bound our ports: by themselves, and because an SA came. */
#define LOOK_PAUSE_NS 2000000000ull
#define LOOK_AT_ONCE_NS 50000000ull
#define NAT_TRAVERSAL_PORT 4500 /* RFC 3948 */

/* One address of a port that somebody has bound alone, and we with them; or that is expected to be. */
struct encap_address {
	struct ux_list link;
	struct ux_addr addr;
	bool others; /* somebody but us has it still */
	uint64_t expected_ns; /* they have until then */
	int ours;    /* of our own sockets, not met yet in this look */
	struct ux_encap_socket *socket;
};

struct encap_entry {
	struct ux_list link;
	int family;
	uint16_t port;
	uint32_t users;
	uint64_t close_ns;		/* when users is 0 */
	struct ux_encap_socket *socket; /* of all addresses. NULL: could not be opened */
	struct ux_list addresses;
};

void ux_encap_ports_init(struct ux_encap_ports *e, struct ux_workers *workers,
			 struct ux_udp_gso *gso, struct ux_xdp_underlay *xdp,
			 uint32_t own_mark, uint64_t linger_ns)
{
	ux_list_init(&e->ports);
	e->workers = workers;
	e->xdp = xdp;
	e->gso = gso;
	e->own_mark = own_mark;
	e->linger_ns = linger_ns;
	e->next_look_ns = 0;
	memset(&e->expected, 0, sizeof(e->expected));
}

static void close_socket(struct ux_encap_ports *e, struct encap_entry *entry,
			 struct ux_encap_socket **socket)
{
	/* Not used for sending any more when it is not used for receiving. */
	if (socket == &entry->socket)
		ux_udp_gso_remove(e->gso, entry->family, entry->port);
	for (unsigned int i = 0; i < UX_ENCAP_SOCKET_PORTS && *socket; i++) {
		struct ux_port *port = ux_encap_socket_port(*socket, i);

		if (port)
			ux_workers_remove_port(e->workers, port);
	}
	*socket = ux_encap_socket_free(*socket);
}

/* The sockets of all addresses send many packets together. Where that cannot be, all go one by one.
 */
static void send_by(struct ux_encap_ports *e, const struct encap_entry *entry)
{
	const struct ux_port *fixed = ux_encap_socket_port(entry->socket, 0);
	const struct ux_port *others = ux_encap_socket_port(entry->socket, 1);

	if (fixed && others)
		(void)ux_udp_gso_add(e->gso, entry->family, entry->port,
				     (const int[]){fixed->fd, others->fd});
}

static int open_socket(struct ux_encap_ports *e, struct encap_entry *entry,
		       const struct ux_addr *addr, struct ux_encap_socket **ret_socket)
{
	int err = ux_encap_socket_open(entry->family, addr, entry->port, e->own_mark, ret_socket);

	for (unsigned int i = 0; i < UX_ENCAP_SOCKET_PORTS && !err; i++) {
		struct ux_port *port = ux_encap_socket_port(*ret_socket, i);

		if (port)
			err = ux_workers_add_port(e->workers, port);
	}
	if (!err) {
		if (!addr)
			send_by(e, entry);
		return 0;
	}
	close_socket(e, entry, ret_socket);
	/* an address that comes and goes; who holds it still holds it when it is there again */
	if (addr && err == -EADDRNOTAVAIL)
		return err;
	ux_log(LOG_ERR, "cannot open UDP port %u for ESP%s: %s", entry->port,
	       addr ? " at an address that somebody holds alone" : "", strerror(-err));
	return err;
}

/* ---- addresses that others have bound ---- */

struct look {
	struct ux_encap_ports *ports;
	struct encap_entry *entry;
};

static void open_address(struct ux_encap_ports *e, struct encap_entry *entry,
			 const struct ux_addr *addr, uint64_t expected_ns)
{
	struct encap_address *a = calloc(1, sizeof(*a));
	int err;

	if (!a)
		return;
	a->addr = *addr;
	a->others = true;
	a->expected_ns = expected_ns;
	err = open_socket(e, entry, addr, &a->socket);
	if (err == -EADDRNOTAVAIL) { /* tried again at the next look */
		free(a);
		return;
	}
	/* Also when it fails it is kept, so as not to be tried and complained of at each look. */
	if (err < 0)
		ux_xdp_underlay_exception(e->xdp, true, entry->family, addr, entry->port);
	ux_list_push_back(&entry->addresses, &a->link);
}

static void close_address(struct ux_encap_ports *e, struct encap_entry *entry,
			  struct encap_address *a)
{
	if (!a->socket)
		ux_xdp_underlay_exception(e->xdp, false, entry->family, &a->addr, entry->port);
	close_socket(e, entry, &a->socket);
	ux_list_remove(&a->link);
	free(a);
}

static struct encap_address *find_address(struct encap_entry *entry, const struct ux_addr *addr)
{
	struct ux_list *pos;

	ux_list_for_each (pos, &entry->addresses) {
		struct encap_address *a = ux_container_of(pos, struct encap_address, link);

		if (ux_addr_equal(&a->addr, addr, (uint16_t)entry->family))
			return a;
	}
	return NULL;
}

static void on_bound(void *opaque, const struct ux_addr *addr)
{
	struct look *look = opaque;
	struct encap_address *a;

	if (ux_addr_is_any(addr, (uint16_t)look->entry->family))
		return;
	a = find_address(look->entry, addr);
	if (!a)
		open_address(look->ports, look->entry, addr, 0);
	else if (a->ours-- <= 0)
		a->others = true;
}

static void look_at(struct ux_encap_ports *e, struct encap_entry *entry, uint64_t now_ns)
{
	struct look look = {e, entry};
	struct ux_list *pos, *next;

	ux_list_for_each (pos, &entry->addresses) {
		struct encap_address *a = ux_container_of(pos, struct encap_address, link);

		a->ours = a->socket ? UX_ENCAP_SOCKET_PORTS : 0;
		a->others = false;
	}
	if (ux_udp_bound(entry->family, entry->port, on_bound, &look) < 0)
		return;
	/* Left alone there we would take what is for a socket bound to all addresses. */
	ux_list_for_each_safe (pos, next, &entry->addresses) {
		struct encap_address *a = ux_container_of(pos, struct encap_address, link);

		if (!a->others && a->expected_ns <= now_ns)
			close_address(e, entry, a);
	}
}

static void look_at_all(struct ux_encap_ports *e, uint64_t now_ns)
{
	struct ux_list *pos;

	ux_list_for_each (pos, &e->ports)
		look_at(e, ux_container_of(pos, struct encap_entry, link), now_ns);
	e->next_look_ns = now_ns + LOOK_PAUSE_NS;
}

void ux_encap_ports_address(struct ux_encap_ports *e, int family, const struct ux_addr *addr,
			    uint64_t now_ns)
{
	struct ux_list *pos;

	ux_list_for_each (pos, &e->ports) {
		struct encap_entry *entry = ux_container_of(pos, struct encap_entry, link);

		/* who has bound others by themselves will bind this one */
		if (entry->family == family && !ux_list_empty(&entry->addresses) &&
		    !find_address(entry, addr))
			open_address(e, entry, addr, now_ns + LOOK_PAUSE_NS);
	}
}

/* ---- ports ---- */

static void discard(struct ux_encap_ports *e, struct encap_entry *entry)
{
	struct ux_list *pos, *next;

	ux_list_for_each_safe (pos, next, &entry->addresses)
		close_address(e, entry, ux_container_of(pos, struct encap_address, link));
	if (entry->socket)
		ux_xdp_underlay_port(e->xdp, false, entry->family, entry->port);
	close_socket(e, entry, &entry->socket);
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

void ux_encap_ports_add(struct ux_encap_ports *e, int family, uint16_t port, uint64_t now_ns)
{
	struct encap_entry *entry = find(e, family, port);

	if (!entry) {
		entry = calloc(1, sizeof(*entry));
		if (!entry)
			return;
		entry->family = family;
		entry->port = port;
		ux_list_init(&entry->addresses);
		ux_list_push_back(&e->ports, &entry->link);
	}
	entry->users++;
	bool fresh = !entry->socket && open_socket(e, entry, NULL, &entry->socket) == 0;

	/* Who asks for an SA has bound its sockets before. */
	if (entry->users == 1)
		look_at(e, entry, now_ns);
	else if (now_ns + LOOK_PAUSE_NS > e->next_look_ns + LOOK_AT_ONCE_NS)
		look_at_all(e, now_ns);
	/* Exceptions of it are known by now. */
	if (fresh)
		ux_xdp_underlay_port(e->xdp, true, family, port);
}

void ux_encap_ports_remove(struct ux_encap_ports *e, int family, uint16_t port, uint64_t now_ns)
{
	struct encap_entry *entry = find(e, family, port);

	if (!entry || !entry->users || --entry->users)
		return;
	entry->close_ns = now_ns + e->linger_ns;
}

static void on_holder(void *opaque, const struct ux_addr *addr)
{
	bool *held = opaque;

	(void)addr;
	*held = true;
}

static void expect_family(struct ux_encap_ports *e, bool v6, uint64_t now_ns)
{
	int family = v6 ? AF_INET6 : AF_INET;
	bool held = false;

	/* that it may be our own socket, opened for an SA, does no harm */
	if (e->expected.open[v6] || ux_udp_bound(family, NAT_TRAVERSAL_PORT, on_holder, &held) < 0)
		return;
	if (held)
		ux_encap_ports_add(e, family, NAT_TRAVERSAL_PORT, now_ns);
	e->expected.open[v6] = held;
}

static void expect_no_more(struct ux_encap_ports *e, uint64_t now_ns)
{
	for (int v6 = 0; v6 < 2; v6++) {
		if (e->expected.open[v6])
			ux_encap_ports_remove(e, v6 ? AF_INET6 : AF_INET, NAT_TRAVERSAL_PORT,
					      now_ns);
		e->expected.open[v6] = false;
	}
}

uint64_t ux_encap_ports_expect(struct ux_encap_ports *e, uint32_t n_sa, uint64_t now_ns)
{
	if (n_sa == e->expected.n_sa)
		return UINT64_MAX;
	if (n_sa && now_ns < e->expected.next_look_ns)
		return e->expected.next_look_ns;
	e->expected.n_sa = n_sa;
	if (!n_sa) {
		expect_no_more(e, now_ns);
		return UINT64_MAX;
	}
	e->expected.next_look_ns = now_ns + LOOK_PAUSE_NS;
	expect_family(e, false, now_ns);
	expect_family(e, true, now_ns);
	return UINT64_MAX;
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
	if (ux_list_empty(&e->ports))
		return next_ns;
	if (e->next_look_ns <= now_ns)
		look_at_all(e, now_ns);
	return next_ns < e->next_look_ns ? next_ns : e->next_look_ns;
}
