/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * Moving one SA (XFRM_MSG_MIGRATE_STATE): a new struct ux_sa over the same runtime is published in
 * the place of the old one. A refusal changes nothing. Order of checks, errnos and texts: Linux 7.2
 * with the fixes of July 2026, docs/migration.md.
 */

#include <stdbool.h>
#include <stdint.h>

#include "core/sa.h"
#include "core/sad.h"

/* Steps 7 to 15 of the request's checks: those that need the SA. The steps before are ctl's. */
struct ux_migration {
	struct ux_addr daddr, saddr;
	uint16_t family;
	uint32_t reqid;
	bool update_h2h_selector;
	struct ux_selector sel; /* used when update_h2h_selector is false; copied as it is */
	bool has_mark, has_output_mark, has_encap, has_offload, clear_offload;
	bool has_mapping_maxage, has_nat_keepalive;
	struct ux_mark mark;	    /* as given, not masked */
	struct ux_mark output_mark; /* mask already defaulted */
	struct ux_encap encap;	    /* type UX_ENCAP_NONE removes */
	struct ux_offload offload;
	uint32_t mapping_maxage_s, nat_keepalive_interval_s;
	const struct ux_label_gate *gate; /* for an SA with a label; NULL: it may move */
	/* from the SA's tuple to the new one, when computed before; NULL otherwise */
	const struct ux_sad_places *places;
};

/*
 * ux_migrate - move @sa. On success *ret_sa is the new SA (borrowed, in the database) and @sa must
 * not be used any more. -EINVAL, -EEXIST, -ESRCH, -ENOMEM (as EINVAL with text, as Linux) with @ext
 * filled.
 */
int ux_migrate(struct uxfrm *u, struct ux_sa *sa, const struct ux_migration *migration,
	       struct ux_sa **ret_sa, struct ux_ext_ack *ext) UX_MUST_CHECK;

/* ---- the steps of it, for legacy_migrate.c ---- */

/*
 * ux_migrate_clone - what @sa becomes by @migration: a copy that shares the runtime, sound, in no
 * table. Returns owned; the errors are those of ux_sa_init, and -EINVAL without memory.
 */
int ux_migrate_clone(struct uxfrm *u, const struct ux_sa *sa, const struct ux_migration *migration,
		     struct ux_sa **ret_fresh, struct ux_ext_ack *ext) UX_MUST_CHECK;
/* ux_migrate_remove_larval - a larval SA that waited for just this one has served, as when NEWSA
 * adds one. */
void ux_migrate_remove_larval(struct uxfrm *u, const struct ux_sa *sa);
