/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* The messages of nftables behind clear_filter.h; private to the two files. */

#include "io/nfnetlink.h"

#define UX_CLEAR_TABLE "uxfrmd"
#define UX_CLEAR_PORTS "ports"

/* Which prefixes a set holds. */
struct ux_clear_set {
	int family;
	bool forwarded;
	bool destination; /* of destinations, else of sources */
	uint8_t bits;
};

/* How packets are given to us: by nftables itself, or by the target of iptables. */
enum ux_clear_way { UX_CLEAR_QUEUE, UX_CLEAR_TARGET };

struct ux_clear_table {
	int family;
	uint32_t own_group;
};

/* A batch is one transaction. */
void ux_clear_batch_begin(struct ux_nfnl *nl);
int ux_clear_batch_commit(struct ux_nfnl *nl) UX_MUST_CHECK;

/* ux_clear_put_table - the table anew, with chains, the set of ports and all that is not shown. */
void ux_clear_put_table(struct ux_nfnl *nl, const struct ux_clear_table *table);
void ux_clear_drop_table(struct ux_nfnl *nl, int family);
/* ux_clear_put_set - a set of prefixes and the rule that queues what matches one. */
void ux_clear_put_set(struct ux_nfnl *nl, const struct ux_clear_set *set, enum ux_clear_way way,
		      uint16_t queue);
/* ux_clear_put_element - into or out of a set. */
void ux_clear_put_prefix(struct ux_nfnl *nl, const struct ux_clear_set *set, const void *address,
			 bool add);
void ux_clear_put_port(struct ux_nfnl *nl, int family, uint16_t port, bool add);
