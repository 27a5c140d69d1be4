/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* A connection inside: what was gathered, how datagrams come and go. */

#include <sys/types.h>

#include <uxfrm/client.h>

#include "client/decode.h"
#include "wire/writer.h"

#define UX_REQUEST_MAX 8192 /* bytes of one request */

/* One request gathered, and after the run what became of it. */
struct ux_sent {
	size_t offset, len; /* in the buffer; len with padding */
	uint32_t seq;
	uint16_t flags;
	bool answered;
	struct uxfrm_result result;
};

struct uxfrm_conn {
	int data, control; /* control is -1 for a kernel */
	uint32_t seq;	   /* of the last request */
	unsigned int batch;
	bool ran; /* requests are those of the last run: the next one gathered forgets them */
	int timeout_ms;
	uint8_t *buf; /* requests gathered */
	size_t len, cap;
	struct ux_sent *sent;
	size_t sent_count, sent_cap;
	struct ux_decoder decoder;
	_Alignas(8) uint8_t in[65536]; /* the datagram being read */
	size_t in_used;		       /* bytes of it to be wiped: GETSA is answered with keys */
};

/*
 * ux_gather_begin - a writer for the attributes of one more request.
 * ux_gather_end - take it. Both 0 or -ENOMEM, -EMSGSIZE; the second belongs to a first that gave 0.
 */
struct ux_head {
	uint16_t type, flags; /* NLM_F_REQUEST is added */
	const void *bytes;    /* the fixed header */
	size_t len;
};
int ux_gather_begin(struct uxfrm_conn *c, const struct ux_head *head, struct ux_writer *ret_w);
int ux_gather_end(struct uxfrm_conn *c, struct ux_writer *w);
/* ux_gather - a request of a header and attributes, which may be NULL. */
int ux_gather(struct uxfrm_conn *c, const struct ux_head *head,
	      const struct uxfrm_attributes *attrs);

/* ux_transport_open - the descriptors. 0 or -errno. */
int ux_transport_open(struct uxfrm_conn *c, const struct uxfrm_conn_params *params);
/*
 * ux_transport_receive - one datagram into c->in, waiting at most @timeout_ms. Its length, or
 * -errno: -ETIMEDOUT, -ENOBUFS, -EPIPE, -EMSGSIZE.
 */
ssize_t ux_transport_receive(struct uxfrm_conn *c, int timeout_ms, int32_t *ret_nsid);
int ux_transport_send(struct uxfrm_conn *c, const void *bytes, size_t len);

/* ux_read_error - an NLMSG_ERROR or NLMSG_DONE into @ret. */
void ux_read_error(const struct nlmsghdr *msg, struct uxfrm_result *ret);
