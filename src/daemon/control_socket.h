/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * The server side of <uxfrm/control.h>: the listener and its connections. A connection is one
 * netlink socket of a client: a control channel and, once opened, a data channel.
 */

#include <stdbool.h>
#include <stdint.h>

#include <uxfrm/engine.h>

#include "base/ext_ack.h"
#include "base/list.h"
#include "daemon/bundle.h"
#include "daemon/config.h"
#include "daemon/loop.h"
#include "daemon/peer.h"
#include "daemon/tx_queue.h"

struct ux_links;
struct ux_socket_policy;
struct ux_workers;
struct uxfrm_control_msg;

struct ux_control {
	struct ux_loop *loop;		/* borrowed */
	struct uxfrm *engine;		/* borrowed */
	const struct ux_config *config; /* borrowed */
	bool asks_selinux;		/* before a label is used */
	/* borrowed; returns a JSON text, owned by the caller (free), or NULL */
	char *(*status)(void *opaque);
	void *status_opaque;
	/* called before answers leave: what they tell must hold then. May be NULL */
	void (*settle)(void *opaque);
	void *settle_opaque;
	/* do packets of the host with this mark come to the engine, as outbound policies want it? Of settle_opaque;
	 * called with ports only */
	bool (*covers)(void *opaque, uint32_t mark, uint32_t mask);
	struct ux_links *links; /* borrowed; NULL without ports */
	struct ux_workers *workers; /* likewise */

	struct ux_event listener;
	int spare_fd; /* given up for a moment when there are no more descriptors */
	struct ux_list connections, dead;
	uint32_t count;
	uint32_t next_port_id;	 /* where the search for a free negative one goes on */
	uint8_t *buffer;	 /* one datagram from a client */
	struct ux_bundle bundle; /* what it causes for that client */
	uint32_t socket_marks; /* bits: in use; daemon/socket_policies.h */
	bool listening;
};

static inline void ux_control_settle(const struct ux_control *control)
{
	if (control->settle)
		control->settle(control->settle_opaque);
}

struct ux_connection {
	struct ux_control *control;
	struct ux_list link;			   /* control->connections or ->dead */
	struct ux_event control_event, data_event; /* data_event.fd is -1 until OPEN */
	struct ux_peer peer;
	char *context;		     /* the peer's, of SELinux; NULL: not known, or nobody asks */
	struct uxfrm_client *client; /* NULL until OPEN, and for */
	struct uxfrm_pfkey *pfkey;   /* a PF_KEY socket */
	struct ux_socket_policy *socket_policy; /* NULL: none */
	uint32_t port_id;
	uint32_t processed; /* datagrams done that the client was not told of yet */
	uint32_t bundles;   /* bundles sent, likewise */
	int result;	    /* what the last of them fails with */
	uint32_t bundle_serial;
	struct ux_tx_queue queue;
	bool overrun;	 /* the marker is due or in the queue */
	bool no_enobufs; /* NETLINK_NO_ENOBUFS: wants no marker */
	bool refused;	 /* a reply found no room: a dump may have stopped */
	bool dumping;
	bool resuming; /* what is delivered now are pieces of a dump */
	bool wants_bundles;
	bool closed;
};

/*
 * ux_control_bind - take the abstract name, so that a second daemon fails here. 0, -EADDRINUSE or
 * -errno. The caller has filled the borrowed fields.
 */
int ux_control_bind(struct ux_control *control) UX_MUST_CHECK;
/* ux_control_listen - from now on clients come in. */
int ux_control_listen(struct ux_control *control) UX_MUST_CHECK;
/* ux_control_reap - free the connections that ended in this round of the loop. */
void ux_control_reap(struct ux_control *control);
/* ux_control_fini - close everything. */
void ux_control_fini(struct ux_control *control);

/* For control_socket.c, data_channel.c and link_requests.c between themselves: */

/* ux_connection_answer - @msg, with @len bytes at @more behind it. Closes a connection that does
 * not read. */
void ux_connection_answer(struct ux_connection *c, const struct uxfrm_control_msg *msg,
			  const void *more, size_t len);

/* ux_connection_close - end both channels; memory stays until ux_control_reap. Twice does no harm.
 */
void ux_connection_close(struct ux_connection *c);
/* ux_close_foreign - close a descriptor that came from a client; -1: none. */
void ux_close_foreign(int fd);
/* ux_connection_open_data - takes @fd in any case. 0 or -errno. */
int ux_connection_open_data(struct ux_connection *c, int fd, uint32_t port_id) UX_MUST_CHECK;
/* ux_connection_open_pfkey - the same for a PF_KEY socket. -EPERM without the privilege. */
int ux_connection_open_pfkey(struct ux_connection *c, int fd) UX_MUST_CHECK;
/* ux_connection_drain - process what the client has sent before it went, not what somebody else
 * with the same socket goes on sending. */
void ux_connection_drain(struct ux_connection *c);
/* ux_connection_tell_processed - report c->processed as far as the control channel has room. */
void ux_connection_tell_processed(struct ux_connection *c);
/* ux_control_pick_port_id - @wanted 0: any. 0, or -EADDRINUSE when an explicit one is taken. */
int ux_control_pick_port_id(struct ux_control *control, const struct ux_connection *self,
			    uint32_t wanted, uint32_t *ret_port_id) UX_MUST_CHECK;
