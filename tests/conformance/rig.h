/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* One engine with a client that asks and one that listens, driven through the public interface. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uxfrm/engine.h>

#include "words.h"

#define DATAGRAM_MAX 8192
#define INBOX_MAX 32

struct inbox {
	size_t n;
	struct {
		size_t len;
		uint32_t group;
		uint8_t bytes[DATAGRAM_MAX] __attribute__((aligned(8)));
	} mail[INBOX_MAX];
	bool full; /* refuses everything */
};

struct rig {
	struct uxfrm *u;
	struct uxfrm_client *asker, *nobody, *listener; /* nobody: asks without privilege */
	struct inbox answers, events;
	bool unprivileged; /* the request of the line comes from nobody */
};

struct answer {
	bool any; /* an NLMSG_ERROR came */
	int err;  /* 0 or -errno */
	bool has_offset;
	uint32_t offset;
	char text[128]; /* empty: none */
};

void rig_open(struct rig *rig);
void rig_close(struct rig *rig);
/* rig_send - one request; what came back is in @rig->answers and @rig->events. */
struct answer rig_send(struct rig *rig, const struct ux_writer *w);
struct answer rig_send_as(struct rig *rig, struct uxfrm_client *client, const struct ux_writer *w);
/* rig_get_sa - the message that shows the SA, in @rig->answers; NULL when there is none. */
const struct nlmsghdr *rig_get_sa(struct rig *rig, const struct xfrm_usersa_id *id,
				  struct xfrm_mark mark);
/* rig_dump_sa - all SAs as GETSA shows them, appended to @to; returns the bytes, *ret_n how many.
 */
size_t rig_dump_sa(struct rig *rig, uint8_t *to, size_t size, unsigned int *ret_n);

/* request_build - the message of a line of the table: a verb and its words. */
void request_build(struct ux_writer *w, const struct words *ws);
/* request_header - the 132 bytes that a "migrate" line sends. */
struct ux_xfrm_user_migrate_state request_migrate_header(const struct words *ws);

#define REQUEST_SEQ 7001 /* sequence number of every request of the table */
