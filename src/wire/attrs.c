/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/attrs.h"

#include <errno.h>
#include <string.h>

/*
 * How netlink checks a payload. RULE_MIN: at least len bytes, the liberal form of all attributes of
 * the first generation. The others are of attributes from SA_DIR on and want exactly len bytes;
 * below SA_DIR the integer rules are only minima too.
 */
enum rule { RULE_NONE, RULE_MIN, RULE_EXACT, RULE_FLAG, RULE_DIR };

struct attr_rule {
	uint8_t rule; /* enum rule */
	uint16_t len;
};

static const struct attr_rule rules[UX_XFRMA_MAX + 1] = {
    [XFRMA_ALG_AUTH] = {RULE_MIN, sizeof(struct xfrm_algo)},
    [XFRMA_ALG_CRYPT] = {RULE_MIN, sizeof(struct xfrm_algo)},
    [XFRMA_ALG_COMP] = {RULE_MIN, sizeof(struct xfrm_algo)},
    [XFRMA_ENCAP] = {RULE_MIN, sizeof(struct xfrm_encap_tmpl)},
    [XFRMA_TMPL] = {RULE_MIN, sizeof(struct xfrm_user_tmpl)},
    [XFRMA_SA] = {RULE_MIN, sizeof(struct xfrm_usersa_info)},
    [XFRMA_POLICY] = {RULE_MIN, sizeof(struct xfrm_userpolicy_info)},
    [XFRMA_SEC_CTX] = {RULE_MIN, sizeof(struct xfrm_user_sec_ctx)},
    [XFRMA_LTIME_VAL] = {RULE_MIN, sizeof(struct xfrm_lifetime_cur)},
    [XFRMA_REPLAY_VAL] = {RULE_MIN, sizeof(struct xfrm_replay_state)},
    [XFRMA_REPLAY_THRESH] = {RULE_MIN, 4},
    [XFRMA_ETIMER_THRESH] = {RULE_MIN, 4},
    [XFRMA_SRCADDR] = {RULE_MIN, sizeof(xfrm_address_t)},
    [XFRMA_COADDR] = {RULE_MIN, sizeof(xfrm_address_t)},
    [XFRMA_LASTUSED] = {RULE_MIN, 8},
    [XFRMA_POLICY_TYPE] = {RULE_MIN, sizeof(struct xfrm_userpolicy_type)},
    [XFRMA_MIGRATE] = {RULE_MIN, sizeof(struct xfrm_user_migrate)},
    [XFRMA_ALG_AEAD] = {RULE_MIN, sizeof(struct xfrm_algo_aead)},
    [XFRMA_KMADDRESS] = {RULE_MIN, sizeof(struct xfrm_user_kmaddress)},
    [XFRMA_ALG_AUTH_TRUNC] = {RULE_MIN, sizeof(struct xfrm_algo_auth)},
    [XFRMA_MARK] = {RULE_MIN, sizeof(struct xfrm_mark)},
    [XFRMA_TFCPAD] = {RULE_MIN, 4},
    [XFRMA_REPLAY_ESN_VAL] = {RULE_MIN, sizeof(struct xfrm_replay_state_esn)},
    [XFRMA_SA_EXTRA_FLAGS] = {RULE_MIN, 4},
    [XFRMA_PROTO] = {RULE_MIN, 1},
    [XFRMA_ADDRESS_FILTER] = {RULE_MIN, sizeof(struct xfrm_address_filter)},
    [XFRMA_OFFLOAD_DEV] = {RULE_MIN, sizeof(struct xfrm_user_offload)},
    [XFRMA_SET_MARK] = {RULE_MIN, 4},
    [XFRMA_SET_MARK_MASK] = {RULE_MIN, 4},
    [XFRMA_IF_ID] = {RULE_MIN, 4},
    [UX_XFRMA_MTIMER_THRESH] = {RULE_MIN, 4},
    [UX_XFRMA_SA_DIR] = {RULE_DIR, 1},
    [UX_XFRMA_NAT_KEEPALIVE_INTERVAL] = {RULE_EXACT, 4},
    [UX_XFRMA_SA_PCPU] = {RULE_EXACT, 4},
    [UX_XFRMA_IPTFS_DROP_TIME] = {RULE_EXACT, 4},
    [UX_XFRMA_IPTFS_REORDER_WINDOW] = {RULE_EXACT, 2},
    [UX_XFRMA_IPTFS_DONT_FRAG] = {RULE_FLAG, 0},
    [UX_XFRMA_IPTFS_INIT_DELAY] = {RULE_EXACT, 4},
    [UX_XFRMA_IPTFS_MAX_QSIZE] = {RULE_EXACT, 4},
    [UX_XFRMA_IPTFS_PKT_SIZE] = {RULE_EXACT, 4},
};

static int check_attr(const struct nlattr *a, const struct attr_rule *r, struct ux_ext_ack *ext)
{
	size_t len = ux_attr_len(a);

	switch ((enum rule)r->rule) {
	case RULE_NONE:
		return 0;
	case RULE_MIN:
		if (len < r->len)
			break;
		return 0;
	case RULE_FLAG:
		if (a->nla_type & NLA_F_NESTED)
			return ux_fail_attr(ext, EINVAL, a, "NLA_F_NESTED not expected");
		if (len > 0)
			break;
		return 0;
	case RULE_EXACT:
	case RULE_DIR:
		if (len != r->len)
			return ux_fail_attr(ext, EINVAL, a, "invalid attribute length");
		if (a->nla_type & NLA_F_NESTED)
			return ux_fail_attr(ext, EINVAL, a, "NLA_F_NESTED not expected");
		if (r->rule == RULE_DIR &&
		    (ux_attr_u8(a) < UX_WIRE_DIR_IN || ux_attr_u8(a) > UX_WIRE_DIR_OUT))
			return ux_fail_attr(ext, ERANGE, a, "integer out of range");
		return 0;
	}
	return ux_fail_attr(ext, ERANGE, a, "Attribute failed policy validation");
}

int ux_attrs_parse(const struct nlmsghdr *msg, size_t header_len, struct ux_attrs *ret_attrs,
		   struct ux_ext_ack *ext)
{
	return ux_attrs_parse_max(msg, header_len, UX_XFRMA_MAX, ret_attrs, ext);
}

int ux_attrs_parse_max(const struct nlmsghdr *msg, size_t header_len, uint16_t max,
		       struct ux_attrs *ret_attrs, struct ux_ext_ack *ext)
{
	const uint8_t *bytes = (const uint8_t *)msg;
	size_t pos = NLMSG_HDRLEN + NLMSG_ALIGN(header_len);

	memset(ret_attrs, 0, sizeof(*ret_attrs));
	if (msg->nlmsg_len < NLMSG_HDRLEN + header_len)
		return ux_fail(ext, EINVAL, "Invalid header length");
	while (pos + NLA_HDRLEN <= msg->nlmsg_len) {
		const struct nlattr *a = (const void *)(bytes + pos);
		uint16_t type = a->nla_type & NLA_TYPE_MASK;

		if (a->nla_len < NLA_HDRLEN || a->nla_len > msg->nlmsg_len - pos)
			break;
		pos += NLA_ALIGN(a->nla_len);
		if (type == 0 || type > max)
			continue;
		if (max == UX_XFRMA_MAX) {
			int r = check_attr(a, &rules[type], ext);

			if (r < 0)
				return r;
		}
		ret_attrs->tb[type] = a;
	}
	/* Linux parses on with what it has and only remarks on the rest. */
	if (pos < msg->nlmsg_len)
		(void)ux_fail_weak(ext, EINVAL, "bytes leftover after parsing attributes");
	return 0;
}

uint8_t ux_attr_u8(const struct nlattr *a)
{
	return *(const uint8_t *)ux_attr_data(a);
}

uint16_t ux_attr_u16(const struct nlattr *a)
{
	uint16_t v;

	memcpy(&v, ux_attr_data(a), sizeof(v));
	return v;
}

uint32_t ux_attr_u32(const struct nlattr *a)
{
	uint32_t v;

	memcpy(&v, ux_attr_data(a), sizeof(v));
	return v;
}

uint64_t ux_attr_u64(const struct nlattr *a)
{
	uint64_t v;

	memcpy(&v, ux_attr_data(a), sizeof(v));
	return v;
}

void ux_attr_copy(const struct nlattr *a, void *ret, size_t len)
{
	memcpy(ret, ux_attr_data(a), len);
}
