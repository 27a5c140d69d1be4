/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * Building netlink messages into a buffer the caller owns. Every write is bounded: what does not
 * fit sets overflow, and the message is then not to be sent. Padding is zeroed.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/abi.h"

struct ux_writer {
	uint8_t *buf;
	size_t cap, len; /* bytes */
	size_t msg;	 /* offset of the message being built */
	bool overflow;
};

void ux_writer_init(struct ux_writer *w, void *buf, size_t cap);
/* ux_msg_begin - start a message with a fixed header of @header_len bytes (@header may be NULL:
 * zeros). */
void ux_msg_begin(struct ux_writer *w, uint16_t type, uint16_t flags, uint32_t pid, uint32_t seq,
		  const void *header, size_t header_len);
void ux_msg_attr(struct ux_writer *w, uint16_t type, const void *data, size_t len);
void ux_msg_attr_u8(struct ux_writer *w, uint16_t type, uint8_t value);
void ux_msg_attr_u32(struct ux_writer *w, uint16_t type, uint32_t value);
void ux_msg_attr_u64(struct ux_writer *w, uint16_t type, uint64_t value);
/* ux_msg_attr_reserve - an attribute to be filled by the caller; NULL on overflow. */
void *ux_msg_attr_reserve(struct ux_writer *w, uint16_t type, size_t len);
/* ux_msg_end - set the length. False and the message undone when it did not fit. */
bool ux_msg_end(struct ux_writer *w);
/* ux_msg_cancel - undo the message being built. */
void ux_msg_cancel(struct ux_writer *w);
