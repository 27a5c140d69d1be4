/* SPDX-License-Identifier: BSD-2-Clause */
/* GETSA with NLM_F_DUMP. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/sad_ahead.h"
#include "ctl/sa_filter.h"
#include "ctl/sa_reply.h"
#include "ctl/translate.h"

struct sa_dump {
	struct ux_sad_cursor cursor;
	struct ux_sa_filter filter;
};

static int dump_start(struct ux_request *req, void **ret_state)
{
	struct ux_sa_filter filter = {0};
	int r = ux_attrs_parse(req->msg, 0, &req->attrs, req->ext);

	if (r < 0)
		return r;
	const struct nlattr *f = req->attrs.tb[XFRMA_ADDRESS_FILTER];
	const struct nlattr *proto = req->attrs.tb[XFRMA_PROTO];
	if (f) {
		struct xfrm_address_filter given;

		ux_attr_copy(f, &given, sizeof(given));
		filter.saddr = ux_addr_from_wire(&given.saddr);
		filter.daddr = ux_addr_from_wire(&given.daddr);
		filter.family = given.family;
		filter.prefixlen_s = given.splen;
		filter.prefixlen_d = given.dplen;
	}
	filter.proto = proto ? ux_attr_u8(proto) : 0;
	if (!ux_sa_filter_is_sound(&filter))
		return -EINVAL;
	struct sa_dump *d = calloc(1, sizeof(*d));
	if (!d)
		return -ENOMEM;
	ux_sad_cursor_init(&d->cursor);
	d->filter = filter;
	*ret_state = d;
	return 0;
}

static int dump_next(struct uxfrm *u, void *state, struct ux_writer *w, uint32_t pid, uint32_t seq)
{
	struct sa_dump *d = state;
	struct nlmsghdr header = {.nlmsg_type = XFRM_MSG_NEWSA,
				  .nlmsg_flags = NLM_F_MULTI,
				  .nlmsg_pid = pid,
				  .nlmsg_seq = seq};
	struct ux_sa *sa;

	while ((sa = ux_sad_cursor_next(&u->sad, &d->cursor))) {
		ux_sad_ahead_walk(&u->sad, sa);
		if (!ux_sa_filter_wants(&d->filter, sa) || ux_sa_write(w, &header, sa))
			continue;
		ux_sad_cursor_back(&u->sad, &d->cursor);
		return 1;
	}
	return 0;
}

static void dump_done(void *state)
{
	struct sa_dump *d = state;

	ux_sad_cursor_fini(&d->cursor);
	free(d);
}

const struct ux_dump_ops ux_dump_sa = {dump_start, dump_next, dump_done};
