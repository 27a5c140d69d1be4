/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* A policy as a PF_KEY message. */

#include "core/policy.h"
#include "wire/pfkey_writer.h"

/* Bytes of the longest one: addresses, three lifetimes, six templates with IPv6 addresses, label.
 */
#define UX_PFKEY_POLICY_MAX (768 + UX_LABEL_MAX + 1)

/*
 * ux_pfkey_policy_references - what Linux tells in the reserved field: how many hold the policy.
 * The database does, its timer while that runs, and who looked it up or added it (@held).
 */
uint16_t ux_pfkey_policy_references(const struct ux_policy *policy, unsigned int held);
/*
 * ux_pfkey_policy_message - @head and the policy, into @buf of UX_PFKEY_POLICY_MAX bytes. *ret_len
 * is the message's length, which in one case is not what its header says (Linux's way to count).
 * -EINVAL: PF_KEY has no number for the mode of a template.
 */
int ux_pfkey_policy_message(const struct ux_policy *policy, const struct sadb_msg *head,
			    uint8_t *buf, size_t *ret_len) UX_MUST_CHECK;
