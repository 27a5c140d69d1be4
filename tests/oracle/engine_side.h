/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* The engine as one of the two sides: obeys the records of a request file, writes its answers. */

#include <stdbool.h>

#include <uxfrm/engine.h>

#include "script.h"

struct engine_side;

struct engine_client {
	struct engine_side *side;
	struct uxfrm_client *client;
	uint8_t number;
	uint8_t *heard; /* records ANSWER, not written yet */
	size_t n_heard, room;
	bool is_full; /* nothing can be told to it */
	unsigned long n_missed;
	size_t reply_at, reply_len; /* in heard: the first reply; its length, 0 = none yet */
};

struct engine_side {
	FILE *answers;
	struct uxfrm *engine;
	struct uxfrm_params params; /* of the next one; as Linux does, but for the time */
	struct engine_client client[CLIENTS_MAX];
	struct numbers numbers;
	uint64_t now_ns, real_ns;
	bool in_step; /* after MORE */
};

void engine_side_init(struct engine_side *s, FILE *answers);
void engine_side_fini(struct engine_side *s);
/* engine_side_obey - one record of a request file. What a client has heard of the last SEND or
 * SLEEP can be read with engine_side_reply until the next. */
void engine_side_obey(struct engine_side *s, const struct record *r, const uint8_t *data);
/* engine_side_request - a datagram of no file: nothing is patched, kept or written down. */
void engine_side_request(struct engine_side *s, uint8_t client, const uint8_t *data, size_t len);
/* engine_side_reply - the first reply to @client; NULL: none. Borrowed. */
const uint8_t *engine_side_reply(const struct engine_side *s, uint8_t client, size_t *ret_len);
