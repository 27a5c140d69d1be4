/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * The attributes of one XFRM request, checked as the kernel's netlink policy checks them: lengths,
 * ranges, strict from XFRMA_SA_DIR on; liberal below and for numbers above the highest known.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ext_ack.h"
#include "wire/abi.h"
#include "wire/writer.h"

struct ux_attrs {
	const struct nlattr
	    *tb[UX_XFRMA_MAX + 1]; /* borrowed from the message; the last of its kind */
};

/*
 * ux_attrs_parse - @msg is a whole netlink message, 4-byte aligned; its attributes start behind the
 * fixed header of @header_len bytes (aligned up). -EINVAL, -ERANGE with the kernel's texts.
 */
int ux_attrs_parse(const struct nlmsghdr *msg, size_t header_len, struct ux_attrs *ret_attrs,
		   struct ux_ext_ack *ext) UX_MUST_CHECK;
/* ux_attrs_parse_max - the same where @max is UX_XFRMA_MAX, or XFRMA_SPD_MAX for the attributes of
 * NEWSPDINFO, which have numbers and lengths of their own. */
int ux_attrs_parse_max(const struct nlmsghdr *msg, size_t header_len, uint16_t max,
		       struct ux_attrs *ret_attrs, struct ux_ext_ack *ext) UX_MUST_CHECK;

/* What netlink wants of an integer attribute, for NLMSGERR_ATTR_POLICY. */
struct ux_attr_policy {
	uint32_t type; /* NL_ATTR_TYPE_*; INVALID: nothing to tell */
	uint64_t min, max;
};
/* ux_attr_policy - what @a was refused for, if it was refused by the parse and is an integer or a
 * flag. */
void ux_attr_policy(const struct nlattr *a, struct ux_attr_policy *ret_policy);
/* ux_attr_policy_write - nothing for NL_ATTR_TYPE_INVALID. */
void ux_attr_policy_write(struct ux_writer *w, const struct ux_attr_policy *policy);

static inline const void *ux_attr_data(const struct nlattr *a)
{
	return (const uint8_t *)a + NLA_HDRLEN;
}
static inline size_t ux_attr_len(const struct nlattr *a)
{
	return (size_t)a->nla_len - NLA_HDRLEN;
}
/* The values below are only asked of attributes whose length the parse has checked. */
uint8_t ux_attr_u8(const struct nlattr *a);
uint32_t ux_attr_u32(const struct nlattr *a);
uint64_t ux_attr_u64(const struct nlattr *a);
/* ux_attr_copy - the first @len bytes: structures with 64-bit members, which lie unaligned. */
void ux_attr_copy(const struct nlattr *a, void *ret, size_t len);
