/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* As much of nfnetlink as a filter of nftables and its queues take: messages built into one buffer,
 * sent together. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ext_ack.h"

#define UX_NFNL_BUFFER 65536

struct ux_nfnl {
	int fd;
	uint32_t seq;
	size_t len, message; /* bytes built; where the message begins that is being built */
	bool overflow;
	_Alignas(8) uint8_t bytes[UX_NFNL_BUFFER];
};

/* ux_nfnl_open - 0 or -errno. */
int ux_nfnl_open(struct ux_nfnl *nl) UX_MUST_CHECK;
void ux_nfnl_close(struct ux_nfnl *nl);

/* ux_nfnl_begin - a message; @type: subsystem << 8 | message. NLM_F_REQUEST is added. */
void ux_nfnl_begin(struct ux_nfnl *nl, uint16_t type, uint16_t flags, uint8_t family,
		   uint16_t resource);
/* ux_nfnl_end - the message is complete. */
void ux_nfnl_end(struct ux_nfnl *nl);
void ux_nfnl_put(struct ux_nfnl *nl, uint16_t type, const void *data, size_t len);
void ux_nfnl_put_be16(struct ux_nfnl *nl, uint16_t type, uint16_t value);
void ux_nfnl_put_be32(struct ux_nfnl *nl, uint16_t type, uint32_t value);
void ux_nfnl_put_text(struct ux_nfnl *nl, uint16_t type, const char *text);
/* ux_nfnl_nest - begin a nested attribute; returns what ux_nfnl_nest_end takes. */
size_t ux_nfnl_nest(struct ux_nfnl *nl, uint16_t type);
void ux_nfnl_nest_end(struct ux_nfnl *nl, size_t nest);

/* ux_nfnl_send - what was built, and forget it. 0, or the first error the kernel answers with.
 * -EMSGSIZE: it did not fit the buffer, nothing was sent. */
int ux_nfnl_send(struct ux_nfnl *nl) UX_MUST_CHECK;
