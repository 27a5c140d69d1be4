/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* A message being made: fixed header and attributes apart, so that either can be spoilt. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "random.h"

#define DRAFT_HEADER_MAX 1024
#define DRAFT_ATTRS_MAX 64
#define DRAFT_BYTES_MAX 16384

struct draft_attr {
	uint16_t type, len; /* as they stand in the attribute; len may lie */
	uint32_t at, n;	    /* the payload in struct draft's bytes */
};

struct draft {
	uint16_t type, flags;
	uint32_t seq, pid;
	uint8_t header[DRAFT_HEADER_MAX];
	size_t header_len;
	struct draft_attr attr[DRAFT_ATTRS_MAX];
	size_t n_attrs;
	uint8_t bytes[DRAFT_BYTES_MAX];
	size_t n_bytes;
	uint8_t tail[8]; /* behind the last attribute */
	size_t n_tail;
	bool spoilt_len; /* nlmsg_len is spoilt_to instead */
	uint32_t spoilt_to;
};

void draft_begin(struct draft *d, uint16_t type, const void *header, size_t len);
void draft_attr(struct draft *d, uint16_t type, const void *data, size_t len);
void draft_u8(struct draft *d, uint16_t type, uint8_t value);
void draft_u32(struct draft *d, uint16_t type, uint32_t value);
void draft_u64(struct draft *d, uint16_t type, uint64_t value);
/* draft_algo - one of the five attributes of algorithms; @wide: with an ICV length. */
void draft_algo(struct draft *d, uint16_t type, const char *name, const uint8_t *key,
		uint32_t key_bits, bool wide, uint32_t icv_bits);
void draft_shuffle(struct draft *d, struct rng *r);
/* draft_find - the last attribute of this type; NULL: none. */
struct draft_attr *draft_find(struct draft *d, uint16_t type);
void draft_remove(struct draft *d, size_t i);
/* draft_write - the message with padding behind it; returns its length, 0 when there is no room. */
size_t draft_write(const struct draft *d, uint8_t *to, size_t room);
/* draft_spoil - change one thing. */
void draft_spoil(struct draft *d, struct rng *r);
