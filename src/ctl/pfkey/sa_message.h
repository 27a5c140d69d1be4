/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* An SA as a PF_KEY message. */

#include "core/sa.h"
#include "ctl/pfkey/client.h"

/* What of an SA a message shows. */
struct ux_pfkey_sa_view {
	enum ux_sa_state state;
	bool keys, soft, hard;
};

/*
 * ux_pfkey_sa_message - @head and the SA; length and SA type are set here. Given back by
 * ux_pfkey_bytes_free. -EINVAL: PF_KEY has no number for the SA's mode; -ENOBUFS without memory.
 */
int ux_pfkey_sa_message(const struct ux_sa *sa, const struct sadb_msg *head,
			const struct ux_pfkey_sa_view *view,
			struct ux_pfkey_bytes *ret_bytes) UX_MUST_CHECK;
/* ux_pfkey_sa_message_whole - the same as replies and dumps show it. */
int ux_pfkey_sa_message_whole(const struct ux_sa *sa, const struct sadb_msg *head,
			      struct ux_pfkey_bytes *ret_bytes) UX_MUST_CHECK;
/* ux_pfkey_put_hard_limits, ux_pfkey_put_soft_limits - limits as a lifetime extension. */
void ux_pfkey_put_hard_limits(struct ux_pfkey_writer *w, const struct ux_limits *limits);
void ux_pfkey_put_soft_limits(struct ux_pfkey_writer *w, const struct ux_limits *limits);
