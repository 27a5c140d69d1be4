/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * A port is where packets come from and go to. One thread at a time receives, one at a time sends;
 * opening and freeing is for whoever has made sure that no worker is in it.
 */

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uxfrm/packet.h>

#include "base/ext_ack.h"
#include "base/turn.h"

struct ux_port;

struct ux_port_ops {
	/*
	 * receive - fill up to @n packets without blocking; sets data, len, mark, ifindex and,
	 * on the host's side, if_id.
	 * Returns how many. Less than @n means that nothing more was there. NULL: the port only
	 * sends.
	 */
	size_t (*receive)(struct ux_port *port, struct uxfrm_packet *const *packets, size_t n);
	/*
	 * send - send all, order kept. A packet that could not be sent gets verdict UXFRM_DROP and
	 * a reason. NULL: the port only receives.
	 */
	void (*send)(struct ux_port *port, struct uxfrm_packet *const *packets, size_t n);
	void (*free)(struct ux_port *port);
	/* waiting - so many packets at most are there to be received now. NULL: not known. */
	size_t (*waiting)(struct ux_port *port);
};

/* Which side of the engine a port is on: inner packets of the host, or outer ones of the network;
 * or beside it: packets in clear that the network has sent to the host, or through it. */
enum ux_port_side { UX_PORT_HOST, UX_PORT_UNDERLAY, UX_PORT_CLEAR_IN, UX_PORT_CLEAR_FWD };

/* For a port that several workers use. */
struct ux_port_sharing {
	pthread_mutex_t receive, send;
	/* of the bursts received, in their order; both have the same numbers */
	struct ux_turn marked;	  /* as seen, in replay windows */
	struct ux_turn delivered; /* to where they go */
};

/* Embedded first in each kind of port. */
struct ux_port {
	const struct ux_port_ops *ops;
	int fd; /* readable when there is something to receive; -1: never */
	enum ux_port_side side;
	uint32_t if_id; /* of a link: packets received have it; 0 = none */
	uint32_t mark;	/* of a TUN device for one mark: packets received have it */
	/* What it has is older than what other ports of its side have at the same moment: a packet
	 * that goes a longer way inside the kernel must not be overtaken by others of its SA. */
	bool first;
	/* There are more to be received, though fd may not say so: the worker comes again at once. */
	bool pending;
	struct ux_port_sharing *sharing; /* NULL: one worker alone uses it */
};

/* ux_port_share - several workers may use it from now on, by the calls below. 0 or -ENOMEM. */
int ux_port_share(struct ux_port *port) UX_MUST_CHECK;

static inline size_t ux_port_receive(struct ux_port *port, struct uxfrm_packet *const *packets,
				     size_t n)
{
	return port->ops->receive ? port->ops->receive(port, packets, n) : 0;
}

static inline void ux_port_send(struct ux_port *port, struct uxfrm_packet *const *packets, size_t n)
{
	if (n)
		port->ops->send(port, packets, n);
}

/* ux_port_send_shared - as ux_port_send, when others may be sending too. */
static inline void ux_port_send_shared(struct ux_port *port, struct uxfrm_packet *const *packets,
				       size_t n)
{
	if (port->sharing)
		pthread_mutex_lock(&port->sharing->send);
	ux_port_send(port, packets, n);
	if (port->sharing)
		pthread_mutex_unlock(&port->sharing->send);
}

/* ux_port_unshare - when a port ends; ux_port_free does it. */
void ux_port_unshare(struct ux_port *port);

/* ux_port_free - accepts NULL; returns NULL. */
static inline struct ux_port *ux_port_free(struct ux_port *port)
{
	if (port) {
		ux_port_unshare(port);
		port->ops->free(port);
	}
	return NULL;
}

/* Bytes a packet's buffer needs for any packet a port receives: rooms, a rebuilt IPv6 header, 64
 * KiB. */
#define UX_PORT_BUFFER (UXFRM_HEADROOM + 40 + 65535 + UXFRM_TAILROOM + 1)

/* ux_port_start - where a received packet begins; the rooms of <uxfrm/packet.h> are kept. */
static inline uint8_t *ux_port_start(const struct uxfrm_packet *p)
{
	return p->buf + UXFRM_HEADROOM;
}

/* ux_port_room - bytes a received packet may have. */
static inline uint32_t ux_port_room(const struct uxfrm_packet *p)
{
	return p->size - UXFRM_HEADROOM - UXFRM_TAILROOM;
}

/* ux_port_refuse - the verdict for a packet that a port could not send. */
static inline void ux_port_refuse(struct uxfrm_packet *p, enum uxfrm_drop reason)
{
	p->verdict = UXFRM_DROP;
	p->drop = (uint8_t)reason;
}
