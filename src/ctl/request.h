/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * One request on its way through ctl/: dispatch checks what all messages share and calls the
 * handler of the type; the handler checks, changes core, replies and notifies. An event is
 * delivered before the acknowledgement of the request that caused it, as in Linux.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/ext_ack.h"
#include "core/instance.h"
#include "wire/abi.h"
#include "wire/attrs.h"
#include "wire/writer.h"

struct uxfrm_client;

/* What is known of a request before its turn: hashes, never pointers, so that nothing the requests
 * before it change can make it wrong. */
struct ux_ahead {
	unsigned int stage; /* the next one */
	uint32_t len;	    /* bytes at the fixed header and behind it */
	struct ux_sad_places places;
	uint64_t policy; /* its place (core/spd_ahead.h) */
};
#define UX_AHEAD_STAGES 4

struct ux_request {
	struct uxfrm *u;
	struct uxfrm_client *client;
	const struct nlmsghdr *msg; /* aligned copy; lives until the handler returns */
	const void *header;	    /* the fixed header of the type, length checked */
	struct ux_attrs attrs;	    /* those the type does not take are refused already */
	struct ux_ahead *ahead;	    /* what the type's prefetch has found out; never NULL */
	struct ux_ext_ack *ext;	    /* never NULL */
};

typedef int (*ux_request_handler)(struct ux_request *req);

/*
 * An open dump. @start reads the request (req->header and req->attrs are not set: the attributes of
 * a dump stand where the fixed header would) and allocates @state; when it fails the client gets
 * the error in NLMSG_DONE. @next writes as many messages as fit into @w (all with NLM_F_MULTI) and
 * returns 1 when there may be more, 0 at the end, -errno to fail; when not even one fits into an
 * empty @w it is called again with a larger one. @done frees @state, which is not NULL.
 */
struct ux_dump_ops {
	int (*start)(struct ux_request *req, void **ret_state);
	int (*next)(struct uxfrm *u, void *state, struct ux_writer *w, uint32_t pid, uint32_t seq);
	void (*done)(void *state);
};

struct ux_request_type {
	uint16_t header_len;		/* bytes of the fixed header; 0 = none */
	ux_request_handler handle;	/* NULL: no such request (EINVAL, as Linux) */
	const struct ux_dump_ops *dump; /* NULL: cannot be dumped */
	uint16_t attr_max;		/* not 0: attributes of its own, 1..attr_max, unchecked */
	/*
	 * Have near in memory what the request will touch, stage by stage (ahead->stage++; there
	 * are UX_AHEAD_STAGES calls, of which the last may do nothing): each needs what the one
	 * before has fetched. At @header are ahead->len bytes, at least header_len, unaligned, and
	 * nobody has looked at them. Changes and answers nothing. NULL: not worth it.
	 */
	void (*prefetch)(const struct uxfrm *u, const void *header, struct ux_ahead *ahead);
};

/* ux_reply - send one message to the requester; port id and sequence number are set here, as Linux
 * does. 0; -EAGAIN when the requester has no room (it is then told of an overrun). */
int ux_reply(struct ux_request *req, const struct ux_writer *w);

/* ux_reply_as - the same with a port id of the caller's choice in the header. */
int ux_reply_as(struct ux_request *req, const struct ux_writer *w, uint32_t port_id);

/*
 * ux_notify - one datagram to every subscriber of @group.
 * 0; -ESRCH when nobody listens; -ENOBUFS when a listener missed it.
 */
int ux_notify(struct uxfrm *u, uint32_t group, const struct ux_writer *w);
/* ux_has_listener - would anybody get an event of @group? */
bool ux_has_listener(const struct uxfrm *u, uint32_t group);

/* the handlers, one file each */
int ux_handle_newsa(struct ux_request *req); /* sa_request.c: NEWSA and UPDSA */
int ux_handle_delsa(struct ux_request *req);
int ux_handle_getsa(struct ux_request *req);
int ux_handle_flushsa(struct ux_request *req);
void ux_prefetch_newsa(const struct uxfrm *u, const void *header, struct ux_ahead *ahead);
void ux_prefetch_delsa(const struct uxfrm *u, const void *header, struct ux_ahead *ahead);
void ux_prefetch_getsa(const struct uxfrm *u, const void *header, struct ux_ahead *ahead);
void ux_prefetch_policy_id(const struct uxfrm *u, const void *header, struct ux_ahead *ahead);
void ux_prefetch_newpolicy(const struct uxfrm *u, const void *header, struct ux_ahead *ahead);
void ux_prefetch_migrate(const struct uxfrm *u, const void *header, struct ux_ahead *ahead);
int ux_handle_allocspi(struct ux_request *req);	 /* spi_request.c */
int ux_handle_newpolicy(struct ux_request *req); /* policy_request.c: NEWPOLICY and UPDPOLICY */
int ux_handle_getpolicy(struct ux_request *req); /* GETPOLICY and DELPOLICY */
int ux_handle_flushpolicy(struct ux_request *req);
int ux_handle_migrate(struct ux_request *req);	     /* legacy_migrate_request.c */
int ux_handle_migrate_state(struct ux_request *req); /* migrate_request.c */
void ux_prefetch_migrate_state(const struct uxfrm *u, const void *header, struct ux_ahead *ahead);
int ux_handle_getsadinfo(struct ux_request *req); /* info_request.c */
int ux_handle_getspdinfo(struct ux_request *req);
int ux_handle_newspdinfo(struct ux_request *req);
int ux_handle_newae(struct ux_request *req); /* aevent_request.c */
int ux_handle_getae(struct ux_request *req);
int ux_handle_setdefault(struct ux_request *req); /* default_request.c */
int ux_handle_getdefault(struct ux_request *req);
int ux_handle_acquire(struct ux_request *req); /* expire_request.c: ACQUIRE, EXPIRE, POLEXPIRE */
int ux_handle_expire(struct ux_request *req);
int ux_handle_polexpire(struct ux_request *req);
/* ux_expire_announce - from now on, what runs out of time is announced as Linux does. */
void ux_expire_announce(struct uxfrm *u);
extern const struct ux_dump_ops ux_dump_sa, ux_dump_policy; /* sa_dump.c, policy_dump.c */
