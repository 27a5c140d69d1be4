/* SPDX-License-Identifier: BSD-2-Clause */

/* A bundle is sent whole or, where the client's socket has no room for it or its buffer is too
 * small for one so large, part by part. A single part needs no bundle. */

#include "daemon/bundle.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <uxfrm/control.h>

#include "daemon/control_socket.h"
#include "daemon/data_channel.h"

#define PART_ALIGN(n) (((n) + 3) & ~(size_t)3)
#define PART_HEADER sizeof(uint32_t)

int ux_bundle_init(struct ux_bundle *b)
{
	b->owner = NULL;
	b->bytes = malloc(UXFRM_BUNDLE_MAX);
	return b->bytes ? 0 : -ENOMEM;
}

void ux_bundle_fini(struct ux_bundle *b)
{
	free(b->bytes);
	b->bytes = NULL;
}

static void clear(struct ux_bundle *b)
{
	b->len = sizeof(struct uxfrm_bundle);
	b->n_parts = 0;
}

void ux_bundle_begin(struct ux_bundle *b, struct ux_connection *c)
{
	b->owner = c->wants_bundles && ux_tx_queue_empty(&c->queue) ? c : NULL;
	clear(b);
}

static bool send_whole(struct ux_bundle *b)
{
	struct ux_connection *c = b->owner;
	const struct uxfrm_bundle header = {
	    .length = (uint32_t)b->len,
	    .type = UXFRM_BUNDLE_TYPE,
	    .n_parts = b->n_parts,
	    .serial = ++c->bundle_serial,
	};

	memcpy(b->bytes, &header, sizeof(header));
	if (send(c->data_event.fd, b->bytes, b->len, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		return false;
	c->bundles++;
	return true;
}

static void send_parts(const struct ux_bundle *b)
{
	const uint8_t *at = b->bytes + sizeof(struct uxfrm_bundle);

	for (uint16_t i = 0; i < b->n_parts; i++) {
		uint32_t len;

		memcpy(&len, at, sizeof(len));
		ux_connection_send_gathered(b->owner, at + PART_HEADER, len);
		at += PART_HEADER + PART_ALIGN(len);
	}
}

static void flush(struct ux_bundle *b)
{
	ux_control_settle(b->owner->control);
	if (b->n_parts && (b->n_parts == 1 || !send_whole(b)))
		send_parts(b);
	explicit_bzero(b->bytes, b->len); /* answers may hold keys */
	clear(b);
	if (!ux_tx_queue_empty(&b->owner->queue))
		b->owner = NULL;
}

bool ux_bundle_add(struct ux_bundle *b, struct ux_connection *c, const void *datagram, size_t len)
{
	size_t room = PART_HEADER + PART_ALIGN(len);
	uint32_t len32 = (uint32_t)len;

	if (b->owner != c)
		return false;
	if (b->len + room > UXFRM_BUNDLE_MAX)
		flush(b);
	if (b->owner != c || b->len + room > UXFRM_BUNDLE_MAX)
		return false;
	memcpy(b->bytes + b->len, &len32, sizeof(len32));
	memcpy(b->bytes + b->len + PART_HEADER, datagram, len);
	memset(b->bytes + b->len + PART_HEADER + len, 0, PART_ALIGN(len) - len);
	b->len += room;
	b->n_parts++;
	return true;
}

void ux_bundle_end(struct ux_bundle *b)
{
	if (b->owner)
		flush(b);
	b->owner = NULL;
}
