/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* Between the values of <uxfrm/objects.h> and the layouts of the protocol, both ways. */

#include <uxfrm/objects.h>

#include "wire/abi.h"

void ux_selector_to_wire(const struct uxfrm_selector *sel, struct xfrm_selector *ret_wire);
void ux_selector_from_wire(const struct xfrm_selector *wire, struct uxfrm_selector *ret_sel);
void ux_limits_to_wire(const struct uxfrm_limits *limits, struct xfrm_lifetime_cfg *ret_wire);
void ux_usage_to_wire(const struct uxfrm_usage *usage, struct xfrm_lifetime_cur *ret_wire);
void ux_usage_from_wire(const struct xfrm_lifetime_cur *wire, struct uxfrm_usage *ret_usage);

void ux_sa_id_to_wire(const struct uxfrm_sa_id *id, struct xfrm_usersa_id *ret_wire);
/* ux_sa_id_from_wire - src is zero afterwards. */
void ux_sa_id_from_wire(const struct xfrm_usersa_id *wire, struct uxfrm_sa_id *ret_id);

/* Only the fixed parts; attributes are attributes.h's. */
void ux_sa_to_wire(const struct uxfrm_sa *sa, struct xfrm_usersa_info *ret_wire);
void ux_sa_from_wire(const struct xfrm_usersa_info *wire, struct uxfrm_sa *ret_sa);
void ux_policy_to_wire(const struct uxfrm_policy *policy, struct xfrm_userpolicy_info *ret_wire);
void ux_policy_from_wire(const struct xfrm_userpolicy_info *wire, struct uxfrm_policy *ret_policy);
void ux_policy_id_to_wire(const struct uxfrm_policy_id *id, struct xfrm_userpolicy_id *ret_wire);
void ux_sa_move_to_wire(const struct uxfrm_sa_move *move,
			struct ux_xfrm_user_migrate_state *ret_wire);
void ux_sa_move_from_wire(const struct ux_xfrm_user_migrate_state *wire,
			  struct uxfrm_sa_move *ret_move);
void ux_endpoint_to_wire(const struct uxfrm_endpoint_move *move,
			 struct xfrm_user_migrate *ret_wire);
void ux_endpoint_from_wire(const struct xfrm_user_migrate *wire,
			   struct uxfrm_endpoint_move *ret_move);
void ux_template_to_wire(const struct uxfrm_template *t, struct xfrm_user_tmpl *ret_wire);
void ux_template_from_wire(const struct xfrm_user_tmpl *wire, struct uxfrm_template *ret_t);
