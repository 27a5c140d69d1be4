/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * Policies of type sub come before those of type main; where one allows, the main policy for the
 * same flow counts as well, and the templates of both apply (Linux: CONFIG_XFRM_SUB_POLICY).
 */

#include "core/policy.h"
#include "core/sa.h"

/* ux_sub_policy_sort - the SAs of both for an IPv6 packet, innermost first: transport mode other
 * than AH, AH, tunnels. IPv4 keeps the order of the policies. */
void ux_sub_policy_sort(struct ux_sa **bundle, unsigned int n, uint16_t family);

/* The templates a packet has to fit, innermost first. */
struct ux_wanted_templates {
	unsigned int n;
	const struct ux_template *at[UX_TEMPLATES_MAX];
};
/* ux_sub_policy_templates - those of @policy and, unless NULL, @beside, for a packet of this
 * family. False: they are too many. */
bool ux_sub_policy_templates(const struct ux_policy *policy, const struct ux_policy *beside,
			     uint16_t family, struct ux_wanted_templates *ret);
