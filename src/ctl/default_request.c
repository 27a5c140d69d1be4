/* SPDX-License-Identifier: BSD-2-Clause */

/* SETDEFAULT and GETDEFAULT: what becomes of packets that no policy matches. */

#include <errno.h>
#include <string.h>

#include "ctl/request.h"

static uint8_t to_wire(const struct uxfrm *u, enum ux_policy_dir dir)
{
	return ux_spd_default(&u->spd, dir) == UX_POLICY_BLOCK ? XFRM_USERPOLICY_BLOCK
							       : XFRM_USERPOLICY_ACCEPT;
}

/* Linux answers and announces with the same message; an event has port id and sequence number 0. */
static bool write_default(struct ux_writer *w, const struct uxfrm *u)
{
	struct xfrm_userpolicy_default p = {
	    .in = to_wire(u, UX_POLICY_IN),
	    .fwd = to_wire(u, UX_POLICY_FWD),
	    .out = to_wire(u, UX_POLICY_OUT),
	};

	ux_msg_begin(w, UX_XFRM_MSG_GETDEFAULT, 0, 0, 0, &p, sizeof(p));
	return ux_msg_end(w);
}

/* Values that are neither leave the direction as it is. */
static void set(struct uxfrm *u, enum ux_policy_dir dir, uint8_t value)
{
	if (value == XFRM_USERPOLICY_BLOCK)
		ux_spd_set_default(u, dir, UX_POLICY_BLOCK);
	else if (value == XFRM_USERPOLICY_ACCEPT)
		ux_spd_set_default(u, dir, UX_POLICY_ALLOW);
}

int ux_handle_setdefault(struct ux_request *req)
{
	struct xfrm_userpolicy_default p;
	uint8_t buf[64];
	struct ux_writer w;

	memcpy(&p, req->header, sizeof(p));
	set(req->u, UX_POLICY_IN, p.in);
	set(req->u, UX_POLICY_FWD, p.fwd);
	set(req->u, UX_POLICY_OUT, p.out);
	ux_writer_init(&w, buf, sizeof(buf));
	if (write_default(&w, req->u))
		(void)ux_notify(req->u, UX_XFRM_GROUP_POLICY, &w);
	return 0;
}

int ux_handle_getdefault(struct ux_request *req)
{
	uint8_t buf[64];
	struct ux_writer w;

	ux_writer_init(&w, buf, sizeof(buf));
	return write_default(&w, req->u) ? ux_reply(req, &w) : -EMSGSIZE;
}
