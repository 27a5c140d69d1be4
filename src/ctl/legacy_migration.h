/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* MIGRATE, by either protocol: a policy's templates and their SAs move together. */

#include "core/legacy_migrate.h"
#include "core/spd.h"
#include "ctl/request.h"

/* The addresses key managers are to use from now on; only passed on. */
struct ux_kmaddress {
	struct ux_addr local, remote;
	uint32_t reserved;
	uint16_t family;
};

/* The entries stand in the structure itself, so it must stay where it is. */
struct ux_legacy_migrate_wish {
	struct ux_policy_key key; /* sel points to @sel */
	struct ux_selector sel;
	struct ux_legacy_entry entry[UX_LEGACY_ENTRIES_MAX];
	struct ux_legacy_migration migration;
	const struct nlattr *encap_attr; /* goes out again with its padding; may be NULL */
	bool has_kmaddress;
	struct ux_kmaddress kmaddress;
};

/* ux_legacy_migrate_run - check, move, and tell all who listen. -EINVAL, -EAFNOSUPPORT, -ENOENT,
 * -ENODATA with Linux's texts; nothing has changed then. */
int ux_legacy_migrate_run(struct uxfrm *u, const struct ux_legacy_migrate_wish *wish,
			  struct ux_ext_ack *ext) UX_MUST_CHECK;
