/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* What requests of either protocol do to the SA database, with the events that follow. */

#include "core/sa.h"
#include "ctl/event.h"

/* The protocol number that stands for all IPsec protocols; 0 stands for everything. */
#define UX_SA_PROTO_IPSEC 255

/* ux_sa_proto_wanted - does @wanted (0: everything, 255: IPsec, else itself) mean @proto? */
bool ux_sa_proto_wanted(uint8_t proto, uint8_t wanted);

/*
 * ux_sa_add - @sa, made from @params, into the database at @places (ux_sad_ahead_of_new); the
 * larval SA it fulfils goes. Takes @sa in any case. -EEXIST, -ENOMEM.
 */
int ux_sa_add(struct uxfrm *u, struct ux_sa *sa, const struct ux_sa_params *params,
	      const struct ux_sad_places *places,
	      const struct ux_event_origin *origin) UX_MUST_CHECK;
/*
 * ux_sa_update - @sa in the place of the larval SA of its name; or, of an SA in use, its limits and
 * the little else that Linux lets change. @params: what @sa was made of. Takes @sa in any case.
 * -ESRCH, -EINVAL, -ENOMEM.
 */
int ux_sa_update(struct uxfrm *u, struct ux_sa *sa, const struct ux_sa_params *params,
		 const struct ux_event_origin *origin, struct ux_ext_ack *ext) UX_MUST_CHECK;
void ux_sa_delete(struct uxfrm *u, struct ux_sa *sa, const struct ux_event_origin *origin);
/* ux_sa_flush - delete all of @proto, without an event. False: there was none. */
bool ux_sa_flush(struct uxfrm *u, uint8_t proto);
