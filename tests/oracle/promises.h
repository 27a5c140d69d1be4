/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* What holds after every request, whatever it was. Looks into the engine, as its packet path does.
 */

#include "world.h"

/* Each returns NULL, or what does not hold. */
const char *promise_tables(struct uxfrm *u);			/* each SA is found by what it is */
const char *promise_policies(struct world *w, struct uxfrm *u); /* the first that fits is found */
const char *promise_outbound(struct world *w, struct uxfrm *u); /* an SA is found, if one fits */
const char *promise_addresses(struct world *w, struct uxfrm *u); /* local ones are known */

/* Before a MIGRATE_STATE: what it is about. */
struct moving {
	struct ux_xfrm_user_migrate_state request;
	struct xfrm_mark new_mark;
	const void *runtime; /* of the SA, NULL: none is meant */
};
void moving_note(struct uxfrm *u, const uint8_t *m, size_t len, struct moving *ret_moving);
/* promise_move - of one that was accepted: the SA is where it should be, with all that is its own.
 */
const char *promise_move(struct uxfrm *u, const struct moving *moving);
