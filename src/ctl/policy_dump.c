/* SPDX-License-Identifier: BSD-2-Clause */

/* GETPOLICY with NLM_F_DUMP: every policy of both types, the newest first. */

#include "ctl/policy.h"

#include <errno.h>
#include <stdlib.h>

#include "core/spd_ahead.h"

static int dump_start(struct ux_request *req, void **ret_state)
{
	struct ux_spd_cursor *cursor = calloc(1, sizeof(*cursor));

	(void)req;
	if (!cursor)
		return -ENOMEM;
	ux_spd_cursor_init(cursor);
	*ret_state = cursor;
	return 0;
}

static int dump_next(struct uxfrm *u, void *state, struct ux_writer *w, uint32_t pid, uint32_t seq)
{
	const struct nlmsghdr head = {
	    .nlmsg_type = XFRM_MSG_NEWPOLICY,
	    .nlmsg_flags = NLM_F_MULTI,
	    .nlmsg_pid = pid,
	    .nlmsg_seq = seq,
	};
	const struct ux_policy *policy;

	while ((policy = ux_spd_cursor_next(&u->spd, state))) {
		ux_spd_ahead_walk(&u->spd, policy);
		if (!ux_policy_put(w, policy, &head)) {
			ux_spd_cursor_back(&u->spd, state);
			return 1;
		}
	}
	return 0;
}

static void dump_done(void *state)
{
	if (!state)
		return;
	ux_spd_cursor_fini(state);
	free(state);
}

const struct ux_dump_ops ux_dump_policy = {
    .start = dump_start,
    .next = dump_next,
    .done = dump_done,
};
