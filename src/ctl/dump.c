/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Dumps. The first piece goes out when the dump is asked for, the others behind the answers to the
 * rest of the datagram (so Linux, which sends them when the client reads), until the client has no
 * room; the refused piece waits for uxfrm_client_resume. NLMSG_DONE has a datagram of its own, as
 * from the kernel.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <uxfrm/api.h>

#include "ctl/client.h"

static void build_done(struct uxfrm_client *c, struct ux_writer *w)
{
	struct ux_dump *d = &c->dump;
	bool tlvs = c->ext_ack && (d->msg[0] || (d->result < 0 && d->bad_offset));
	uint16_t flags = (uint16_t)(NLM_F_MULTI | (tlvs ? NLM_F_ACK_TLVS : 0));

	ux_msg_begin(w, NLMSG_DONE, flags, c->port_id, d->seq, &d->result, sizeof(int32_t));
	if (tlvs && d->msg[0])
		ux_msg_attr(w, NLMSGERR_ATTR_MSG, d->msg, strlen(d->msg) + 1);
	if (tlvs && d->result < 0 && d->bad_offset) {
		ux_msg_attr_u32(w, NLMSGERR_ATTR_OFFS, d->bad_offset);
		ux_attr_policy_write(w, &d->bad_policy);
	}
	(void)ux_msg_end(w);
	d->finishing = true;
}

/* Room for @cap bytes; what the buffer held is not kept. */
static bool make_room(struct ux_dump *d, size_t cap)
{
	if (cap <= d->cap)
		return true;
	uint8_t *buf = malloc(cap);
	if (!buf)
		return false;
	explicit_bzero(d->buf, d->cap); /* it held keys */
	free(d->buf);
	d->buf = buf;
	d->cap = cap;
	return true;
}

static void build_piece(struct uxfrm_client *c)
{
	struct ux_dump *d = &c->dump;
	struct ux_writer w = {0};

	/* a larger piece only when not even one message fits, and only as large as it takes */
	for (size_t cap = UX_DUMP_PIECE; d->result > 0 && w.len == 0; cap *= 2) {
		if (cap > UX_DUMP_PIECE_MAX || !make_room(d, cap)) {
			d->result = -EMSGSIZE;
			break;
		}
		ux_writer_init(&w, d->buf, cap);
		d->result = d->ops->next(c->u, d->state, &w, c->port_id, d->seq);
	}
	if (w.len == 0) {
		ux_writer_init(&w, d->buf, UX_DUMP_PIECE);
		build_done(c, &w);
	} else {
		d->msg[0] = '\0'; /* Linux loses a mere remark when the first piece goes out */
	}
	d->pending = w.len;
}

/* False: the dump is over, or the client has no room. */
static bool send_piece(struct uxfrm_client *c)
{
	struct ux_dump *d = &c->dump;

	if (d->pending == 0)
		build_piece(c);
	if (c->ops->deliver(c->opaque, d->buf, d->pending, 0) != 0)
		return false;
	d->pending = 0;
	if (d->finishing)
		ux_dump_end(c);
	return d->ops != NULL;
}

int ux_dump_start(struct ux_request *req, const struct ux_dump_ops *ops)
{
	struct uxfrm_client *c = req->client;
	struct ux_dump *d = &c->dump;

	if (d->ops)
		return -EBUSY;
	uint8_t *buf = malloc(UX_DUMP_PIECE);
	if (!buf)
		return -ENOMEM;
	*d = (struct ux_dump){
	    .ops = ops, .seq = req->msg->nlmsg_seq, .buf = buf, .cap = UX_DUMP_PIECE, .result = 1};
	/* Linux looks at the attributes when it fills the first piece: what is wrong with them is
	 * the result of the dump and comes in NLMSG_DONE. */
	int r = ops->start(req, &d->state);
	if (r < 0) {
		d->result = r;
		d->state = NULL;
		if (req->ext->bad_attr) {
			d->bad_offset = (uint32_t)((const uint8_t *)req->ext->bad_attr -
						   (const uint8_t *)req->msg);
			ux_attr_policy(req->ext->bad_attr, &d->bad_policy);
		}
	}
	memcpy(d->msg, req->ext->msg, sizeof(d->msg));
	(void)send_piece(c);
	return 0;
}

void ux_dump_end(struct uxfrm_client *client)
{
	struct ux_dump *d = &client->dump;

	if (!d->ops)
		return;
	if (d->state)
		d->ops->done(d->state);
	explicit_bzero(d->buf, d->cap); /* it held keys */
	free(d->buf);
	*d = (struct ux_dump){0};
}

UXFRM_API bool uxfrm_client_resume(struct uxfrm_client *client)
{
	while (client->dump.ops && send_piece(client))
		;
	return client->dump.ops != NULL;
}
