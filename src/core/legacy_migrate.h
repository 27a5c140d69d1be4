/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * XFRM_MSG_MIGRATE: one policy's templates and the SAs they name, moved together. The SAs move as
 * by core/migrate.h: same runtime, new tuple visible before the old one goes. All entries are
 * checked before the first is carried out, so a refusal changes nothing.
 */

#include "core/migrate.h"
#include "core/policy.h"

#define UX_LEGACY_ENTRIES_MAX 6

struct ux_legacy_entry {
	struct ux_addr old_daddr, old_saddr, new_daddr, new_saddr;
	uint32_t reqid; /* 0 = any */
	uint16_t old_family, new_family;
	uint8_t proto, mode;
};

struct ux_legacy_migration {
	const struct ux_legacy_entry *entry;
	size_t n_entries; /* 1..UX_LEGACY_ENTRIES_MAX */
	uint32_t if_id;	  /* SAs of this interface only; 0 = any */
	bool has_encap, has_offload;
	struct ux_encap encap; /* of all SAs afterwards; not given: none */
	struct ux_offload offload;
	const struct ux_label_gate *gate; /* for SAs with a label; NULL: they may move */
	/* ux_sad_ahead_of_endpoint of the first entry, whose reqid is not 0; NULL: not known */
	const struct ux_sad_places *places;
};

/*
 * ux_legacy_migrate - move what @migration's entries name. Each entry moves at most one SA, the
 * newest; none is no error. @policy (in the database) is replaced if an entry concerns one of its
 * templates. -ENODATA: an SA cannot be moved (@ext tells why), or no template is concerned.
 *
 * An entry with reqid 0 walks all SAs.
 */
int ux_legacy_migrate(struct uxfrm *u, struct ux_policy *policy,
		      const struct ux_legacy_migration *migration,
		      struct ux_ext_ack *ext) UX_MUST_CHECK;
