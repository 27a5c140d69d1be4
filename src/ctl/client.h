/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* A client as server.c, dispatch.c and dump.c share it. Handlers need only request.h. */

#include "ctl/request.h"

/*
 * An open dump. Pieces are built into @buf; one the client has no room for waits there until
 * uxfrm_client_resume.
 */
struct ux_dump {
	const struct ux_dump_ops *ops; /* NULL: none open */
	void *state;
	uint32_t seq;	/* of the request */
	int result;	/* 1: more to come; 0 or -errno: the end, goes into NLMSG_DONE */
	bool finishing; /* the piece in @buf is NLMSG_DONE */
	uint8_t *buf;	/* @cap bytes */
	size_t cap;
	size_t pending;	     /* bytes in @buf that were refused; 0 = none */
	uint32_t bad_offset; /* of the attribute to blame for a failed start; 0 = none */
	struct ux_attr_policy bad_policy;		 /* of that attribute */
	char msg[sizeof(((struct ux_ext_ack *)0)->msg)]; /* of start */
};

/*
 * Sizes of the pieces of a dump. The first is what Linux fills before it has seen how large the
 * client's buffer is, and what clients with a 4096-byte buffer count on. A message that is larger
 * alone gets a larger piece: an SA can have an HMAC key as long as an attribute, and it is told
 * twice.
 */
#define UX_DUMP_PIECE 3776
#define UX_DUMP_PIECE_MAX (64 * UX_DUMP_PIECE)

struct uxfrm_client {
	struct ux_list all; /* uxfrm.clients */
	struct uxfrm *u;
	const struct uxfrm_client_ops *ops;
	void *opaque;
	uint32_t port_id, groups;
	bool privileged, ext_ack, cap_ack, strict;
	bool of_sockets; /* the policies it makes */
	struct ux_dump dump;
};

/* ux_client_send - deliver a reply. -EAGAIN and an overrun when there is no room. */
int ux_client_send(struct uxfrm_client *client, const void *datagram, size_t len);

/* ux_dump_start - begin a dump and send its first piece; uxfrm_client_resume sends the others. 0;
 * -EBUSY, -ENOMEM. */
int ux_dump_start(struct ux_request *req, const struct ux_dump_ops *ops);
/* ux_dump_end - drop a dump that is open; none is fine. */
void ux_dump_end(struct uxfrm_client *client);
