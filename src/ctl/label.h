/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * Security labels in requests of either protocol (Linux: the xfrm hooks of SELinux). An engine
 * without labels takes no notice of them. One with labels asks the client's owner
 * (uxfrm_client_ops.label) before a label is given to an SA or a policy, before what has one is
 * taken away, and before an SA with one moves.
 */

#include "core/policy.h"
#include "core/sa.h"
#include "ctl/request.h"

/* A label as it stands in a message. */
struct ux_label_wish {
	uint8_t doi, alg;
	const void *text;
	size_t len;
};
/*
 * ux_label_take - the label, if @gate lets it be used. *ret_label is NULL in an engine without
 * labels, else returned held. -EINVAL: not one of SELinux; -ENOMEM: too long; what the gate says.
 */
int ux_label_take(struct uxfrm *u, const struct ux_label_gate *gate,
		  const struct ux_label_wish *wish,
		  const struct ux_label **ret_label) UX_MUST_CHECK;

/* ---- NETLINK_XFRM ---- */

struct ux_label_gate ux_label_gate_of(const struct uxfrm_client *client);
/* ux_label_from_attr - that of SEC_CTX, whose lengths are checked; *ret_label NULL: none. */
int ux_label_from_attr(const struct ux_request *req,
		       const struct ux_label **ret_label) UX_MUST_CHECK;

/* ux_write_label - SEC_CTX; nothing for NULL. */
void ux_write_label(struct ux_writer *w, const struct ux_label *label);

/* ---- PF_KEY ---- */

struct ux_pfkey_request;
struct ux_pfkey_writer;
struct ux_label_gate ux_pfkey_label_gate(const struct ux_pfkey_request *req);
/* ux_pfkey_label_in - that of the extension SEC_CTX; *ret_label NULL: none. */
int ux_pfkey_label_in(const struct ux_pfkey_request *req,
		      const struct ux_label **ret_label) UX_MUST_CHECK;
/* ux_pfkey_label_out - the extension SEC_CTX; nothing for NULL. */
void ux_pfkey_label_out(struct ux_pfkey_writer *w, const struct ux_label *label);

/* ---- deletion ---- */

/* Is everything that a flush would take away without a label, or with one that @gate permits? */
int ux_label_permit_flush_sa(struct uxfrm *u, const struct ux_label_gate *gate,
			     uint8_t proto) UX_MUST_CHECK;
int ux_label_permit_flush_policy(struct uxfrm *u, const struct ux_label_gate *gate,
				 uint8_t type) UX_MUST_CHECK;
