/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* <uxfrm/control.h> as its client speaks it: finding the daemon, trusting it, opening a data
 * channel. */

#include <stdint.h>
#include <sys/types.h>

#include <uxfrm/client.h>

/* ux_link_connect - control channel to the daemon; a descriptor or -errno (-ECONNREFUSED: nobody
 * there, -EPROTONOSUPPORT: neither root nor this user runs it). */
int ux_link_connect(void);

/* ux_link_start - start @path on demand and connect. A descriptor or -errno. */
int ux_link_start(const char *path);

/* ux_link_open - hand the daemon its end of a data channel. 0 or -errno; *ret_data is ours. */
int ux_link_open(int control, uint32_t groups, int *ret_data);

#define UX_ANSWER_MAX 256 /* bytes behind an answer that is no list */

struct ux_link_question {
	uint16_t op;
	const void *more; /* behind the message, in the same datagram */
	size_t len;
};
/* ux_link_ask - one question. Bytes of what stands behind the answer, in @more; *ret_result is the
 * answer's 0 or -errno. Or -errno of the channel. */
ssize_t ux_link_ask(int control, const struct ux_link_question *question, void *more, size_t size,
		    int *ret_result);
/* ux_link_settle - what a function of the library returns for an answer of @n bytes at @text: 0, 1 with the
 * reason in *ret_result, or the negative errno of the connection. */
int ux_link_settle(ssize_t n, int refusal, const char *text, struct uxfrm_result *ret_result);
/* ux_link_status - ask for the JSON text. Bytes written, or -errno. */
ssize_t ux_link_status(int control, char *text, size_t size);
