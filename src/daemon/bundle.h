/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * What one datagram of a client causes for that client, gathered to be sent in one
 * (<uxfrm/control.h>). A system call for each of the answers would cost more than the requests.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ext_ack.h"

struct ux_connection;

struct ux_bundle {
	struct ux_connection *owner; /* borrowed; NULL: nothing is gathered now */
	uint8_t *bytes;		     /* UXFRM_BUNDLE_MAX */
	size_t len;
	uint16_t n_parts;
};

int ux_bundle_init(struct ux_bundle *b) UX_MUST_CHECK;
void ux_bundle_fini(struct ux_bundle *b);

/* ux_bundle_begin - from now on gather for @c, if it wants that and has read what it was sent. */
void ux_bundle_begin(struct ux_bundle *b, struct ux_connection *c);
/*
 * ux_bundle_add - false: @c is not gathered for, or @datagram is too long for any bundle; what was
 * gathered has been sent then.
 */
bool ux_bundle_add(struct ux_bundle *b, struct ux_connection *c, const void *datagram, size_t len);
/* ux_bundle_end - send what was gathered and gather no more. */
void ux_bundle_end(struct ux_bundle *b);
