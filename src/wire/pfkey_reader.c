/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/pfkey_reader.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#define WORD sizeof(uint64_t) /* lengths are told in these */
#define SEC_CTX_MAX 4096      /* bytes of a label; Linux: a page */

static size_t words(size_t bytes)
{
	return (bytes + WORD - 1) / WORD;
}

/* The bytes an extension has at least; 0 for the type that must not occur. */
static const uint8_t min_len[SADB_EXT_MAX + 1] = {
    [SADB_EXT_SA] = sizeof(struct sadb_sa),
    [SADB_EXT_LIFETIME_CURRENT] = sizeof(struct sadb_lifetime),
    [SADB_EXT_LIFETIME_HARD] = sizeof(struct sadb_lifetime),
    [SADB_EXT_LIFETIME_SOFT] = sizeof(struct sadb_lifetime),
    [SADB_EXT_ADDRESS_SRC] = sizeof(struct sadb_address),
    [SADB_EXT_ADDRESS_DST] = sizeof(struct sadb_address),
    [SADB_EXT_ADDRESS_PROXY] = sizeof(struct sadb_address),
    [SADB_EXT_KEY_AUTH] = sizeof(struct sadb_key),
    [SADB_EXT_KEY_ENCRYPT] = sizeof(struct sadb_key),
    [SADB_EXT_IDENTITY_SRC] = sizeof(struct sadb_ident),
    [SADB_EXT_IDENTITY_DST] = sizeof(struct sadb_ident),
    [SADB_EXT_SENSITIVITY] = sizeof(struct sadb_sens),
    [SADB_EXT_PROPOSAL] = sizeof(struct sadb_prop),
    [SADB_EXT_SUPPORTED_AUTH] = sizeof(struct sadb_supported),
    [SADB_EXT_SUPPORTED_ENCRYPT] = sizeof(struct sadb_supported),
    [SADB_EXT_SPIRANGE] = sizeof(struct sadb_spirange),
    [SADB_X_EXT_KMPRIVATE] = sizeof(struct sadb_x_kmprivate),
    [SADB_X_EXT_POLICY] = sizeof(struct sadb_x_policy),
    [SADB_X_EXT_SA2] = sizeof(struct sadb_x_sa2),
    [SADB_X_EXT_NAT_T_TYPE] = sizeof(struct sadb_x_nat_t_type),
    [SADB_X_EXT_NAT_T_SPORT] = sizeof(struct sadb_x_nat_t_port),
    [SADB_X_EXT_NAT_T_DPORT] = sizeof(struct sadb_x_nat_t_port),
    [SADB_X_EXT_NAT_T_OA] = sizeof(struct sadb_address),
    [SADB_X_EXT_SEC_CTX] = sizeof(struct sadb_x_sec_ctx),
    [SADB_X_EXT_KMADDRESS] = sizeof(struct sadb_x_kmaddress),
    [SADB_X_EXT_FILTER] = sizeof(struct sadb_x_filter),
};

int ux_pfkey_check_base(const void *datagram, size_t len)
{
	struct sadb_msg m;

	if (len < sizeof(m))
		return -EMSGSIZE;
	memcpy(&m, datagram, sizeof(m));
	if (m.sadb_msg_version != PF_KEY_V2 || m.sadb_msg_reserved ||
	    m.sadb_msg_type == SADB_RESERVED || m.sadb_msg_type > SADB_MAX)
		return -EINVAL;
	/* bytes beyond the last whole word are not counted; what they are shows later */
	return m.sadb_msg_len == len / WORD ? 0 : -EMSGSIZE;
}

static size_t sockaddr_len(uint16_t family)
{
	switch (family) {
	case AF_INET:
		return sizeof(struct sockaddr_in);
	case AF_INET6:
		return sizeof(struct sockaddr_in6);
	default:
		return 0;
	}
}

static bool is_address(const uint8_t *ext)
{
	struct sadb_address a;
	uint16_t family;

	memcpy(&a, ext, sizeof(a));
	if (a.sadb_address_len < words(sizeof(a) + sizeof(family)))
		return false;
	memcpy(&family, ext + sizeof(a), sizeof(family));
	return sockaddr_len(family) &&
	       a.sadb_address_len == words(sizeof(a) + sockaddr_len(family)) &&
	       a.sadb_address_prefixlen <= (family == AF_INET ? 32 : 128);
}

static bool is_key(const uint8_t *ext)
{
	struct sadb_key key;

	memcpy(&key, ext, sizeof(key));
	return words(sizeof(key) + (key.sadb_key_bits + 7u) / 8) <= key.sadb_key_len;
}

static bool is_label(const uint8_t *ext)
{
	struct sadb_x_sec_ctx ctx;

	memcpy(&ctx, ext, sizeof(ctx));
	return ctx.sadb_x_ctx_len <= SEC_CTX_MAX &&
	       ctx.sadb_x_sec_len == words(sizeof(ctx) + ctx.sadb_x_ctx_len);
}

static bool is_sound(uint16_t type, const uint8_t *ext)
{
	switch (type) {
	case SADB_EXT_ADDRESS_SRC:
	case SADB_EXT_ADDRESS_DST:
	case SADB_EXT_ADDRESS_PROXY:
	case SADB_X_EXT_NAT_T_OA:
		return is_address(ext);
	case SADB_EXT_KEY_AUTH:
	case SADB_EXT_KEY_ENCRYPT:
		return is_key(ext);
	case SADB_X_EXT_SEC_CTX:
		return is_label(ext);
	default:
		return true;
	}
}

int ux_pfkey_read(const void *msg, size_t len, struct ux_pfkey_exts *ret_exts)
{
	const uint8_t *at = (const uint8_t *)msg + sizeof(struct sadb_msg);
	size_t left = len - sizeof(struct sadb_msg);

	memset(ret_exts, 0, sizeof(*ret_exts));
	while (left > 0) {
		struct sadb_ext e;

		if (left < sizeof(e))
			return -EINVAL;
		memcpy(&e, at, sizeof(e));
		size_t bytes = e.sadb_ext_len * WORD;

		if (bytes == 0 || bytes > left || e.sadb_ext_type == SADB_EXT_RESERVED)
			return -EINVAL;
		if (e.sadb_ext_type <= SADB_EXT_MAX) {
			if (bytes < min_len[e.sadb_ext_type] || ret_exts->at[e.sadb_ext_type] ||
			    !is_sound(e.sadb_ext_type, at))
				return -EINVAL;
			ret_exts->at[e.sadb_ext_type] = at;
		}
		at += bytes;
		left -= bytes;
	}
	return 0;
}

/* The address of a socket address of @family that is whole; returns its port. */
static __be16 read_sockaddr(const uint8_t *at, uint16_t family, struct ux_addr *ret_addr)
{
	memset(ret_addr, 0, sizeof(*ret_addr));
	if (family == AF_INET) {
		struct sockaddr_in in;

		memcpy(&in, at, sizeof(in));
		memcpy(ret_addr, &in.sin_addr, sizeof(in.sin_addr));
		return in.sin_port;
	}
	struct sockaddr_in6 in6;

	memcpy(&in6, at, sizeof(in6));
	memcpy(ret_addr, &in6.sin6_addr, sizeof(in6.sin6_addr));
	return in6.sin6_port;
}

struct ux_pfkey_address ux_pfkey_address(const void *ext)
{
	const uint8_t *sockaddr = (const uint8_t *)ext + sizeof(struct sadb_address);
	struct ux_pfkey_address r = {0};
	struct sadb_address a;

	memcpy(&a, ext, sizeof(a));
	memcpy(&r.family, sockaddr, sizeof(r.family));
	r.port = read_sockaddr(sockaddr, r.family, &r.addr);
	r.prefix_bits = a.sadb_address_prefixlen;
	r.proto = a.sadb_address_proto;
	return r;
}

bool ux_pfkey_has_pair(const struct ux_pfkey_exts *exts)
{
	const void *s = exts->at[SADB_EXT_ADDRESS_SRC], *d = exts->at[SADB_EXT_ADDRESS_DST];

	return s && d && ux_pfkey_address(s).family == ux_pfkey_address(d).family;
}

int ux_pfkey_pair_read(const uint8_t *at, size_t len, struct ux_pfkey_pair *ret_pair)
{
	uint16_t family, second;

	if (len < sizeof(family))
		return -EINVAL;
	memcpy(&family, at, sizeof(family));
	size_t one = sockaddr_len(family);

	if (!one || len < words(2 * one) * WORD)
		return -EINVAL;
	memcpy(&second, at + one, sizeof(second));
	if (second != family)
		return -EINVAL;
	(void)read_sockaddr(at, family, &ret_pair->saddr);
	(void)read_sockaddr(at + one, family, &ret_pair->daddr);
	ret_pair->family = family;
	return 0;
}

struct ux_pfkey_templates ux_pfkey_templates(const struct sadb_x_policy *policy)
{
	return (struct ux_pfkey_templates){
	    .at = (const uint8_t *)policy + sizeof(*policy),
	    .left = ux_pfkey_ext_bytes(policy) - sizeof(*policy),
	};
}

int ux_pfkey_template_next(struct ux_pfkey_templates *t, struct ux_pfkey_template *ret_template)
{
	struct ux_pfkey_template *r = ret_template;

	if (t->left < sizeof(r->head))
		return -EINVAL;
	memcpy(&r->head, t->at, sizeof(r->head));
	if (r->head.sadb_x_ipsecrequest_len < sizeof(r->head) ||
	    r->head.sadb_x_ipsecrequest_len > t->left)
		return -EINVAL;
	r->addresses = t->at + sizeof(r->head);
	r->addresses_len = r->head.sadb_x_ipsecrequest_len - sizeof(r->head);
	t->at += r->head.sadb_x_ipsecrequest_len;
	t->left -= r->head.sadb_x_ipsecrequest_len;
	return 0;
}
