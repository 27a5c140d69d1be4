/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* A message of the protocol to struct uxfrm_message. */

#include <uxfrm/message.h>

#include "client/attributes.h"

#define UX_MOVES_MAX 64 /* of a received event; the protocol allows 6 */

/* Where the arrays of a decoded message stand. */
struct ux_decoder {
	struct uxfrm_message message;
	struct uxfrm_template templates[UX_TEMPLATES_MAX];
	struct uxfrm_endpoint_move moves[UX_MOVES_MAX];
};

/*
 * ux_decode - @msg, whose length was checked against the datagram's, into d->message; request and
 * nsid are the caller's. Valid as long as @msg. 0, or -EPROTO: too short for what it is.
 */
int ux_decode(struct ux_decoder *d, const struct nlmsghdr *msg);
