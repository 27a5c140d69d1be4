/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* Small pieces of kernel layouts to core's words and back. What both the SA and the policy files
 * need. */

#include <stddef.h>

#include "base/ext_ack.h"
#include "core/policy.h"
#include "wire/abi.h"

/* Where the padding of an xfrm_id begins; Linux keeps it with the rest. */
#define UX_ID_PAD (offsetof(struct xfrm_id, proto) + sizeof(__u8))

struct ux_addr ux_addr_from_wire(const xfrm_address_t *a);
xfrm_address_t ux_addr_to_wire(const struct ux_addr *a);
struct ux_selector ux_selector_from_wire(const struct xfrm_selector *s);
struct xfrm_selector ux_selector_to_wire(const struct ux_selector *s);
struct ux_limits ux_limits_from_wire(const struct xfrm_lifetime_cfg *l);
struct xfrm_lifetime_cfg ux_limits_to_wire(const struct ux_limits *l);
struct ux_sa_id ux_sa_id_from_wire(const struct xfrm_usersa_id *id);
struct ux_encap ux_encap_from_wire(const struct xfrm_encap_tmpl *e);
struct xfrm_encap_tmpl ux_encap_to_wire(const struct ux_encap *e);
/* ux_mark_from_attr - XFRMA_MARK or {0, 0} when absent; v and m as given. */
struct ux_mark ux_mark_from_attr(const struct nlattr *attr);
/* ux_check_prefixes - -EINVAL with Linux's text when a prefix of @sel is longer than @family
 * allows; families other than IPv4 and IPv6 are the caller's to judge. */
int ux_check_prefixes(uint16_t family, const struct xfrm_selector *sel,
		      struct ux_ext_ack *ext) UX_MUST_CHECK;
