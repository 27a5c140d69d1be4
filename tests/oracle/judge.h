/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* What judge.c, volatile.c and differences.c share: answers, message by message. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/netlink.h>
#include <linux/xfrm.h>

#include "script.h"

/* Bytes of the fixed headers inside messages. */
#define SA_INFO_LEN 224
#define SA_ID_LEN 24
#define POLICY_INFO_LEN 168
#define POLICY_ID_LEN 64

struct message {
	uint8_t *bytes; /* a copy, in struct side's arena */
	size_t len;
	uint16_t group;
	uint8_t client;
};

/* What of one side's answers depends on that side and not on the requests. */
struct side {
	uint64_t begin_s;	      /* when the sequence began */
	uint32_t number[NUMBERS_MAX]; /* KEPT */
	uint32_t acquire_base;	      /* of the machine's counter of acquires; 0 = none seen */
	struct message *message;      /* answers of the step */
	size_t n_messages, room_messages;
	uint8_t *arena;
	size_t n_arena, room_arena;
};

/* An answer that differs, and what it answers. */
struct dispute {
	const uint8_t *datagram; /* the request; NULL: time has passed */
	size_t datagram_len;
	const uint8_t *request; /* the message of it that is answered; NULL: not known */
	size_t request_len;
	uint8_t client;			       /* who hears it */
	const struct message *kernel, *engine; /* NULL: this side says nothing more */
	/* how the request ended, whoever hears the answer that differs; NULL: not said */
	const struct message *kernel_ack, *engine_ack;
};

static inline uint16_t message_type(const uint8_t *bytes)
{
	return u16_at(bytes + 4);
}

static inline uint32_t message_seq(const uint8_t *bytes)
{
	return u32_at(bytes + 8);
}

/* attr_find - the @skip-th attribute @type from @start on; NULL: none. @ret_len: of the payload. */
uint8_t *attr_find(uint8_t *bytes, size_t len, size_t start, uint16_t type, size_t skip,
		   size_t *ret_len);
/* fixed_len - of the header that a message of @type has behind the netlink header, aligned. */
size_t fixed_len(uint16_t type);
/* error_attrs - where the attributes of an acknowledgement start; 0: it has none. */
size_t error_attrs(const struct message *m);
/* error_text - of the extended acknowledgement, "" if none. */
const char *error_text(const struct message *m);
/* error_of - the errno of an acknowledgement (0 or negative), 1 if it is none. */
int error_of(const struct message *m);

/* volatile_mask - put something equal on both sides in place of what only this side decides. */
void volatile_mask(struct side *s, struct message *m);

/*
 * difference_explain - the rule that explains the dispute; NULL: none does. @ret_over: the two
 * sides may no longer be in the same state, so the rest of the sequence says nothing.
 */
struct difference;
struct difference *difference_explain(const struct dispute *d, bool *ret_over);
/* difference_count - the judge has applied the rule @name itself. */
void difference_count(const char *name);
/* differences_report - how often each rule was needed, a line each. */
void differences_report(FILE *f);
