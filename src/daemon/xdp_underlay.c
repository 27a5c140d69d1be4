/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Devices are looked through whenever links or addresses have changed, and after a while those that
 * could not be had are tried again. The worker forgets ways at once when routes change, and soon
 * when neighbours do, of which there may be very many.
 */

#include "daemon/xdp_underlay.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/clock.h"
#include "daemon/log.h"
#include "io/xdp_device.h"
#include "io/xdp_send.h"
#include "io/xdp_steer.h"

#define GROUPS (RTMGRP_NEIGH | RTMGRP_IPV4_RULE | (1u << (RTNLGRP_IPV6_RULE - 1)))
#define FORGET_PAUSE_NS 5000000ull
#define RETRY_NS 30000000000ull
/* The kernel takes down a socket some time after it was closed. */
#define BUSY_NS 20000000ull
#define BUSY_RETRIES 100
/* A device that failed is remembered, so that it is said once. */
#define FAILED_MAX 64

struct ux_xdp_underlay {
	struct ux_xdp_underlay_params params;
	struct ux_workers *workers; /* NULL: not yet, or not any more */
	struct ux_xdp_steer steer;
	struct ux_xdp_sender *sender;
	struct ux_netlink events;
	struct ux_event event;
	struct ux_xdp_device *devices[UX_XDP_DEVICES];
	struct ux_net_device failed[FAILED_MAX];
	size_t n_failed;
	char problem[160];
	bool changed, retry, forget;
	bool busy; /* so soon after the socket before was closed */
	int busy_tries;
	uint64_t next_forget_ns, retry_ns;
};

static void neighbours_ready(struct ux_event *event, uint32_t events);

static int open_events(struct ux_xdp_underlay *u)
{
	int err = ux_netlink_open(&u->events, GROUPS);

	if (err)
		return err;
	u->event = (struct ux_event){.fd = u->events.fd, .ready = neighbours_ready};
	return ux_loop_add(u->params.loop, &u->event, EPOLLIN);
}

int ux_xdp_underlay_open(const struct ux_xdp_underlay_params *params,
			 struct ux_xdp_underlay **ret_underlay, struct ux_ext_ack *ext)
{
	struct ux_xdp_underlay *u = calloc(1, sizeof(*u));
	int err;

	if (!u)
		return -ENOMEM;
	u->params = *params;
	u->events.fd = -1;
	u->retry_ns = UINT64_MAX;
	err = ux_xdp_steer_open(&u->steer);
	if (err) {
		free(u);
		return ux_fail(ext, -err, "cannot load the XDP program");
	}
	err = ux_xdp_sender_open(params->raw, params->config->fwmark, &u->sender);
	err = err ? err : open_events(u);
	if (err) {
		ux_xdp_underlay_free(u);
		return ux_fail(ext, -err, "cannot open a NETLINK_ROUTE socket");
	}
	*ret_underlay = u;
	return 0;
}

struct ux_port *ux_xdp_underlay_sender(struct ux_xdp_underlay *u, struct ux_port *raw)
{
	return u ? ux_xdp_sender_port(u->sender) : raw;
}

/* ---- devices ---- */

/* Is it in the list of names the settings give? An empty list has all. */
static bool is_wanted(const struct ux_config *config, const char *name)
{
	const char *at = config->xdp_devices;
	const size_t len = strlen(name);

	if (!at[strspn(at, " ,")])
		return true;
	for (at += strspn(at, " ,"); *at; at += strspn(at, " ,")) {
		size_t n = strcspn(at, " ,");

		if (n == len && strncmp(at, name, n) == 0)
			return true;
		at += n;
	}
	return false;
}

static bool has_address(const struct ux_xdp_underlay *u, int ifindex)
{
	struct ux_list *pos;

	ux_list_for_each (pos, &u->params.addresses->addresses) {
		if (ux_container_of(pos, struct ux_local_address, link)->ifindex == ifindex)
			return true;
	}
	return false;
}

static bool same_device(const struct ux_net_device *a, const struct ux_net_device *b)
{
	return a->ifindex == b->ifindex && a->mtu == b->mtu &&
	       memcmp(a->mac, b->mac, sizeof(a->mac)) == 0 && strcmp(a->name, b->name) == 0;
}

/* Detached first, so that packets come by the kernel while it goes. */
static void close_device(struct ux_xdp_underlay *u, struct ux_xdp_device **place)
{
	struct ux_xdp_device *d = *place;

	*place = NULL;
	ux_xdp_device_detach(d);
	ux_xdp_sender_remove(u->sender, d);
	for (uint32_t i = 0; i < d->n_ports; i++)
		ux_workers_remove_port(u->workers, &d->ports[i].port);
	ux_log(LOG_INFO, "%s: no packets by AF_XDP any more", d->net.name);
	ux_xdp_device_free(d);
}

static int add_device(struct ux_xdp_underlay *u, struct ux_xdp_device **place,
		      struct ux_xdp_device *d)
{
	int err = ux_xdp_sender_add(u->sender, d);

	*place = d;
	for (uint32_t i = 0; i < d->n_ports && !err; i++)
		err = ux_workers_add_port(u->workers, &d->ports[i].port);
	if (err) {
		close_device(u, place);
		return err;
	}
	ux_xdp_sender_forget(u->sender);
	ux_log(LOG_INFO, "%s: packets by AF_XDP, %s, %s, %u queue%s", d->net.name,
	       d->mode == UX_XDP_NATIVE ? "native" : "generic",
	       d->ports[0].socket.zero_copy ? "zero-copy" : "copied", d->n_ports,
	       d->n_ports == 1 ? "" : "s");
	return 0;
}

static void note_failure(struct ux_xdp_underlay *u, const struct ux_net_device *net,
			 const char *why, int err)
{
	const bool asked = u->params.config->underlay == UX_UNDERLAY_XDP;
	bool known = false;

	for (size_t i = 0; i < u->n_failed; i++)
		known |= same_device(&u->failed[i], net);
	u->retry = true;
	snprintf(u->problem, sizeof(u->problem), "%s: %s: %s", net->name, why, strerror(-err));
	if (known)
		return;
	if (u->n_failed < FAILED_MAX)
		u->failed[u->n_failed++] = *net;
	ux_log(asked ? LOG_WARNING : LOG_INFO, "packets by raw sockets, not AF_XDP: %s",
	       u->problem);
}

static void open_device(struct ux_xdp_underlay *u, const struct ux_net_device *net)
{
	const bool generic = u->params.config->underlay == UX_UNDERLAY_XDP;
	struct ux_xdp_device **place = NULL, *d;
	struct ux_ext_ack ext = {0};
	int err;

	for (size_t i = 0; i < UX_XDP_DEVICES && !place; i++) {
		if (!u->devices[i])
			place = &u->devices[i];
	}
	if (!place) {
		note_failure(u, net, "too many devices", -ENOSPC);
		return;
	}
	err = ux_xdp_device_open(net, generic, &u->steer, &d, &ext);
	err = err ? err : add_device(u, place, d);
	if (err == -EBUSY && u->busy_tries < BUSY_RETRIES)
		u->busy = true;
	else if (err)
		note_failure(u, net, ext.msg[0] ? ext.msg : "no port", err);
}

struct listing {
	struct ux_xdp_underlay *u;
	struct ux_net_device *devices;
	size_t n, room;
};

static void on_device(void *opaque, const struct ux_net_device *net)
{
	struct listing *l = opaque;

	if (!ux_xdp_device_usable(net) || !is_wanted(l->u->params.config, net->name) ||
	    !has_address(l->u, net->ifindex) || l->n == l->room)
		return;
	l->devices[l->n++] = *net;
}

static const struct ux_net_device *find(const struct listing *l, const struct ux_net_device *net)
{
	for (size_t i = 0; i < l->n; i++) {
		if (same_device(&l->devices[i], net))
			return &l->devices[i];
	}
	return NULL;
}

static bool is_open(const struct ux_xdp_underlay *u, const struct ux_net_device *net)
{
	for (size_t i = 0; i < UX_XDP_DEVICES; i++) {
		if (u->devices[i] && same_device(&u->devices[i]->net, net))
			return true;
	}
	return false;
}

static void follow(struct ux_xdp_underlay *u)
{
	struct ux_net_device wanted[UX_XDP_DEVICES];
	struct listing l = {.u = u, .devices = wanted, .room = UX_XDP_DEVICES};

	if (ux_net_device_each(u->params.netlink, on_device, &l) < 0)
		return;
	for (size_t i = 0; i < UX_XDP_DEVICES; i++) {
		if (u->devices[i] && !find(&l, &u->devices[i]->net))
			close_device(u, &u->devices[i]);
	}
	u->retry = u->busy = false;
	u->problem[0] = 0;
	for (size_t i = 0; i < l.n; i++) {
		if (!is_open(u, &l.devices[i]))
			open_device(u, &l.devices[i]);
	}
	u->busy_tries = u->busy ? u->busy_tries + 1 : 0;
	u->retry_ns = u->retry ? ux_now_ns() + RETRY_NS : UINT64_MAX;
	if (u->busy)
		u->retry_ns = ux_now_ns() + BUSY_NS;
}

void ux_xdp_underlay_start(struct ux_xdp_underlay *u, struct ux_workers *workers)
{
	if (!u)
		return;
	u->workers = workers;
	follow(u);
	if (u->params.config->xdp_devices[0] && !u->devices[0] && !u->problem[0])
		ux_log(LOG_WARNING, "no device of %s can have AF_XDP", u->params.config->xdp_devices);
}

void ux_xdp_underlay_stop(struct ux_xdp_underlay *u)
{
	if (!u || !u->workers)
		return;
	for (size_t i = 0; i < UX_XDP_DEVICES; i++) {
		if (u->devices[i])
			close_device(u, &u->devices[i]);
	}
	u->workers = NULL;
}

struct ux_xdp_underlay *ux_xdp_underlay_free(struct ux_xdp_underlay *u)
{
	if (!u)
		return NULL;
	if (u->event.fd > 0)
		ux_loop_remove(u->params.loop, &u->event);
	ux_netlink_close(&u->events);
	ux_xdp_sender_free(u->sender);
	ux_xdp_steer_close(&u->steer);
	free(u);
	return NULL;
}

/* ---- what happens at the host ---- */

void ux_xdp_underlay_address(struct ux_xdp_underlay *u, bool added, int family,
			     const struct ux_addr *addr)
{
	if (u)
		ux_xdp_steer_address(&u->steer, added, family, addr);
}

void ux_xdp_underlay_port(struct ux_xdp_underlay *u, bool added, int family, uint16_t port)
{
	if (u)
		ux_xdp_steer_port(&u->steer, added, family, port);
}

void ux_xdp_underlay_exception(struct ux_xdp_underlay *u, bool added, int family,
			       const struct ux_addr *addr, uint16_t port)
{
	if (u)
		ux_xdp_steer_exception(&u->steer, added, family, addr, port);
}

void ux_xdp_underlay_marked_sa(struct ux_xdp_underlay *u, bool added, uint32_t spi)
{
	if (u)
		ux_xdp_steer_marked(&u->steer, added, spi);
}

void ux_xdp_underlay_marked_policy(struct ux_xdp_underlay *u, bool added)
{
	if (u)
		ux_xdp_steer_closed(&u->steer, added);
}

void ux_xdp_underlay_changed(struct ux_xdp_underlay *u)
{
	if (!u)
		return;
	u->changed = true;
	ux_xdp_sender_forget(u->sender);
}

static void on_neighbour(void *opaque, const struct nlmsghdr *msg)
{
	struct ux_xdp_underlay *u = opaque;

	u->forget = true;
}

static void neighbours_ready(struct ux_event *event, uint32_t events)
{
	struct ux_xdp_underlay *u = ux_container_of(event, struct ux_xdp_underlay, event);

	if (ux_netlink_events(&u->events, on_neighbour, u) < 0)
		u->forget = true;
}

uint64_t ux_xdp_underlay_tick(struct ux_xdp_underlay *u, uint64_t now_ns)
{
	if (!u || !u->workers)
		return UINT64_MAX;
	if (u->changed || now_ns >= u->retry_ns)
		follow(u);
	u->changed = false;
	if (u->forget && now_ns >= u->next_forget_ns) {
		ux_xdp_sender_forget(u->sender);
		u->forget = false;
		u->next_forget_ns = now_ns + FORGET_PAUSE_NS;
	}
	return u->forget && u->next_forget_ns < u->retry_ns ? u->next_forget_ns : u->retry_ns;
}

void ux_xdp_underlay_status_get(const struct ux_xdp_underlay *u, struct ux_xdp_status *st)
{
	*st = (struct ux_xdp_status){0};
	if (!u)
		return;
	st->sent_raw = ux_xdp_sender_other(u->sender);
	memcpy(st->problem, u->problem, sizeof(st->problem));
	for (size_t i = 0; i < UX_XDP_DEVICES; i++) {
		const struct ux_xdp_device *d = u->devices[i];
		struct ux_xdp_device_status *s = &st->devices[st->n_devices];

		if (!d)
			continue;
		st->n_devices++;
		memcpy(s->name, d->net.name, sizeof(s->name));
		s->mode = d->mode == UX_XDP_NATIVE ? "native" : "generic";
		s->zero_copy = d->ports[0].socket.zero_copy;
		s->queues = d->n_ports;
		s->sent = atomic_load_explicit(&d->sent, memory_order_relaxed);
		for (uint32_t q = 0; q < d->n_ports; q++) {
			const struct ux_xdp_port *p = &d->ports[q];

			s->received += atomic_load_explicit(&p->received, memory_order_relaxed);
			s->malformed += atomic_load_explicit(&p->malformed, memory_order_relaxed);
			s->lost += ux_xdp_socket_lost(&p->socket);
		}
	}
}
