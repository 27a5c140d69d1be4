/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* The events of ctl/event.h in the words of PF_KEY; only that file calls these. */

#include "ctl/event.h"
#include "ctl/legacy_migration.h"

void ux_pfkey_notify_sa(struct uxfrm *u, uint16_t type, const struct ux_sa *sa,
			enum ux_sa_state state, const struct ux_event_origin *origin);
void ux_pfkey_notify_sa_flushed(struct uxfrm *u, uint8_t proto,
				const struct ux_event_origin *origin);
/* To those that registered. */
void ux_pfkey_notify_expired(struct uxfrm *u, const struct ux_sa *sa, bool hard,
			     enum ux_sa_state state);
/* Of policies of the type main; PF_KEY knows no other. */
void ux_pfkey_notify_policy(struct uxfrm *u, uint16_t type, const struct ux_policy *policy,
			    bool by_index, const struct ux_event_origin *origin);
void ux_pfkey_notify_policy_flushed(struct uxfrm *u, const struct ux_event_origin *origin);
/* To those that registered: the SA that the template @t of @policy needs. Its number; 0: there is
 * nobody. */
uint32_t ux_pfkey_notify_acquire(struct uxfrm *u, const struct ux_policy *policy,
				 const struct ux_template *t, const struct ux_addr *saddr);
/* To those that registered: packets of @sa come from another source. */
void ux_pfkey_notify_mapping(struct uxfrm *u, const struct ux_sa *sa, const struct ux_addr *saddr,
			     __be16 sport);
/* Would anybody get what is for those that registered? */
bool ux_pfkey_any_registered(const struct uxfrm *u);
void ux_pfkey_notify_migrated(struct uxfrm *u, const struct ux_legacy_migrate_wish *wish);
