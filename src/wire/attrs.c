/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/attrs.h"

#include <errno.h>
#include <string.h>

/*
 * How netlink checks a payload. RULE_MIN and RULE_INT (an integer): at least len bytes, the liberal
 * form of all attributes of the first generation. The others are of attributes from SA_DIR on and
 * want exactly len bytes.
 */
enum rule { RULE_NONE, RULE_MIN, RULE_INT, RULE_EXACT, RULE_FLAG, RULE_DIR };

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
    [XFRMA_REPLAY_THRESH] = {RULE_INT, 4},
    [XFRMA_ETIMER_THRESH] = {RULE_INT, 4},
    [XFRMA_SRCADDR] = {RULE_MIN, sizeof(xfrm_address_t)},
    [XFRMA_COADDR] = {RULE_MIN, sizeof(xfrm_address_t)},
    [XFRMA_LASTUSED] = {RULE_INT, 8},
    [XFRMA_POLICY_TYPE] = {RULE_MIN, sizeof(struct xfrm_userpolicy_type)},
    [XFRMA_MIGRATE] = {RULE_MIN, sizeof(struct xfrm_user_migrate)},
    [XFRMA_ALG_AEAD] = {RULE_MIN, sizeof(struct xfrm_algo_aead)},
    [XFRMA_KMADDRESS] = {RULE_MIN, sizeof(struct xfrm_user_kmaddress)},
    [XFRMA_ALG_AUTH_TRUNC] = {RULE_MIN, sizeof(struct xfrm_algo_auth)},
    [XFRMA_MARK] = {RULE_MIN, sizeof(struct xfrm_mark)},
    [XFRMA_TFCPAD] = {RULE_INT, 4},
    [XFRMA_REPLAY_ESN_VAL] = {RULE_MIN, sizeof(struct xfrm_replay_state_esn)},
    [XFRMA_SA_EXTRA_FLAGS] = {RULE_INT, 4},
    [XFRMA_PROTO] = {RULE_INT, 1},
    [XFRMA_ADDRESS_FILTER] = {RULE_MIN, sizeof(struct xfrm_address_filter)},
    [XFRMA_OFFLOAD_DEV] = {RULE_MIN, sizeof(struct xfrm_user_offload)},
    [XFRMA_SET_MARK] = {RULE_INT, 4},
    [XFRMA_SET_MARK_MASK] = {RULE_INT, 4},
    [XFRMA_IF_ID] = {RULE_INT, 4},
    [UX_XFRMA_MTIMER_THRESH] = {RULE_INT, 4},
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

/* The attributes of NEWSPDINFO are numbered apart. */
static const struct attr_rule spd_rules[XFRMA_SPD_MAX + 1] = {
    [XFRMA_SPD_IPV4_HTHRESH] = {RULE_MIN, sizeof(struct xfrmu_spdhthresh)},
    [XFRMA_SPD_IPV6_HTHRESH] = {RULE_MIN, sizeof(struct xfrmu_spdhthresh)},
};

static int check_attr(const struct nlattr *a, const struct attr_rule *r, struct ux_ext_ack *ext)
{
	size_t len = ux_attr_len(a);

	switch ((enum rule)r->rule) {
	case RULE_NONE:
		return 0;
	case RULE_MIN:
	case RULE_INT:
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

/* The size of an integer as netlink numbers its types. */
static uint32_t int_type(uint16_t len)
{
	switch (len) {
	case 1:
		return NL_ATTR_TYPE_U8;
	case 2:
		return NL_ATTR_TYPE_U16;
	case 4:
		return NL_ATTR_TYPE_U32;
	default:
		return NL_ATTR_TYPE_U64;
	}
}

void ux_attr_policy(const struct nlattr *a, struct ux_attr_policy *ret_policy)
{
	uint16_t type = a->nla_type & NLA_TYPE_MASK;
	const struct attr_rule *r = &rules[type <= UX_XFRMA_MAX ? type : 0];

	*ret_policy = (struct ux_attr_policy){0};
	if (r->rule == RULE_NONE || r->rule == RULE_MIN || check_attr(a, r, NULL) == 0)
		return;
	if (r->rule == RULE_FLAG) {
		ret_policy->type = NL_ATTR_TYPE_FLAG;
		return;
	}
	ret_policy->type = int_type(r->len);
	ret_policy->max = UINT64_MAX >> (64 - 8 * r->len);
	if (r->rule == RULE_DIR) {
		ret_policy->min = UX_WIRE_DIR_IN;
		ret_policy->max = UX_WIRE_DIR_OUT;
	}
}

static void put_attr(uint8_t *at, uint16_t type, const void *data, size_t len)
{
	struct nlattr a = {.nla_len = (uint16_t)(NLA_HDRLEN + len), .nla_type = type};

	memcpy(at, &a, sizeof(a));
	memcpy(at + NLA_HDRLEN, data, len);
}

void ux_attr_policy_write(struct ux_writer *w, const struct ux_attr_policy *p)
{
	const size_t wide = NLA_HDRLEN + sizeof(uint64_t);
	uint8_t nest[2 * (NLA_HDRLEN + sizeof(uint64_t)) + NLA_HDRLEN + sizeof(uint32_t)];
	size_t n = 0;

	if (p->type == NL_ATTR_TYPE_INVALID)
		return;
	if (p->type != NL_ATTR_TYPE_FLAG) {
		put_attr(nest, NL_POLICY_TYPE_ATTR_MIN_VALUE_U, &p->min, sizeof(p->min));
		put_attr(nest + wide, NL_POLICY_TYPE_ATTR_MAX_VALUE_U, &p->max, sizeof(p->max));
		n = 2 * wide;
	}
	put_attr(nest + n, NL_POLICY_TYPE_ATTR_TYPE, &p->type, sizeof(p->type));
	n += NLA_HDRLEN + sizeof(p->type);
	ux_msg_attr(w, NLMSGERR_ATTR_POLICY | NLA_F_NESTED, nest, n);
}

int ux_attrs_parse(const struct nlmsghdr *msg, size_t header_len, struct ux_attrs *ret_attrs,
		   struct ux_ext_ack *ext)
{
	return ux_attrs_parse_max(msg, header_len, UX_XFRMA_MAX, ret_attrs, ext);
}

int ux_attrs_parse_max(const struct nlmsghdr *msg, size_t header_len, uint16_t max,
		       struct ux_attrs *ret_attrs, struct ux_ext_ack *ext)
{
	const struct attr_rule *table = max == XFRMA_SPD_MAX ? spd_rules : rules;
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

		int r = check_attr(a, &table[type], ext);

		if (r < 0)
			return r;
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
