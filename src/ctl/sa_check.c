/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * NEWSA and UPDSA: is the request sound in itself? One function for each group of checks, called in
 * the order of Linux, because a request with two faults must get the text of the first.
 */

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "ctl/translate.h"
#include "ctl/sa_parse.h"
#include "wire/algo_attr.h"

#define MAX_BMP_LEN (XFRMA_REPLAY_ESN_MAX / 32)

static bool has(const struct ux_request *req, uint16_t type)
{
	return req->attrs.tb[type] != NULL;
}

static uint8_t direction(const struct ux_request *req)
{
	const struct nlattr *a = req->attrs.tb[UX_XFRMA_SA_DIR];

	return a ? ux_attr_u8(a) : 0;
}

static int check_families(const struct ux_request *req, const struct xfrm_usersa_info *p)
{
	uint16_t family = p->sel.family;

	if (p->family != AF_INET && p->family != AF_INET6)
		return ux_fail(req->ext, EINVAL, "Invalid address family");
	if (family == AF_UNSPEC && !(p->flags & XFRM_STATE_AF_UNSPEC))
		family = p->family;
	if (family != AF_UNSPEC && family != AF_INET && family != AF_INET6)
		return ux_fail(req->ext, EINVAL, "Invalid address family in selector");
	return ux_check_prefixes(family, &p->sel, req->ext);
}

static int check_ah(const struct ux_request *req)
{
	if (!has(req, XFRMA_ALG_AUTH) && !has(req, XFRMA_ALG_AUTH_TRUNC))
		return ux_fail(req->ext, EINVAL,
			       "Missing required attribute for AH: AUTH_TRUNC or AUTH");
	if (has(req, XFRMA_ALG_AEAD) || has(req, XFRMA_ALG_CRYPT) || has(req, XFRMA_ALG_COMP) ||
	    has(req, XFRMA_TFCPAD))
		return ux_fail(req->ext, EINVAL,
			       "Invalid attributes for AH: AEAD, CRYPT, COMP, TFCPAD");
	return 0;
}

static bool has_iptfs_option(const struct ux_request *req)
{
	for (uint16_t i = UX_XFRMA_IPTFS_DROP_TIME; i <= UX_XFRMA_IPTFS_PKT_SIZE; i++)
		if (has(req, i))
			return true;
	return false;
}

static int check_esp(const struct ux_request *req, const struct xfrm_usersa_info *p)
{
	bool auth = has(req, XFRMA_ALG_AUTH) || has(req, XFRMA_ALG_AUTH_TRUNC);
	bool crypt = has(req, XFRMA_ALG_CRYPT), aead = has(req, XFRMA_ALG_AEAD);

	if (has(req, XFRMA_ALG_COMP))
		return ux_fail(req->ext, EINVAL, "Invalid attribute for ESP: COMP");
	if (!auth && !crypt && !aead)
		return ux_fail(req->ext, EINVAL,
			       "Missing required attribute for ESP: at least one of AUTH, "
			       "AUTH_TRUNC, CRYPT, AEAD");
	if ((auth || crypt) && aead)
		return ux_fail(req->ext, EINVAL,
			       "Invalid attribute combination for ESP: AEAD can't be used with "
			       "AUTH, AUTH_TRUNC, CRYPT");
	if (has(req, XFRMA_TFCPAD) && p->mode != XFRM_MODE_TUNNEL)
		return ux_fail(req->ext, EINVAL, "TFC padding can only be used in tunnel mode");
	if (has_iptfs_option(req) && p->mode != UX_MODE_IPTFS)
		return ux_fail(req->ext, EINVAL, "IP-TFS options can only be used in IP-TFS mode");
	return 0;
}

static int check_comp(const struct ux_request *req, const struct xfrm_usersa_info *p)
{
	if (!has(req, XFRMA_ALG_COMP))
		return ux_fail(req->ext, EINVAL, "Missing required attribute for COMP: COMP");
	if (has(req, XFRMA_ALG_AEAD) || has(req, XFRMA_ALG_AUTH) ||
	    has(req, XFRMA_ALG_AUTH_TRUNC) || has(req, XFRMA_ALG_CRYPT) || has(req, XFRMA_TFCPAD))
		return ux_fail(
		    req->ext, EINVAL,
		    "Invalid attributes for COMP: AEAD, AUTH, AUTH_TRUNC, CRYPT, TFCPAD");
	if (ntohl(p->id.spi) >= 0x10000)
		return ux_fail(req->ext, EINVAL, "SPI is too large for COMP (must be < 0x10000)");
	return 0;
}

/* The mobility protocols: no algorithm, but a care-of address. */
static int check_mobility(const struct ux_request *req)
{
	if (has(req, XFRMA_ALG_COMP) || has(req, XFRMA_ALG_AUTH) ||
	    has(req, XFRMA_ALG_AUTH_TRUNC) || has(req, XFRMA_ALG_AEAD) ||
	    has(req, XFRMA_ALG_CRYPT) || has(req, XFRMA_ENCAP) || has(req, XFRMA_SEC_CTX) ||
	    has(req, XFRMA_TFCPAD))
		return ux_fail(req->ext, EINVAL, "Invalid attributes for DSTOPTS/ROUTING");
	if (!has(req, XFRMA_COADDR))
		return ux_fail(req->ext, EINVAL,
			       "Missing required COADDR attribute for DSTOPTS/ROUTING");
	return 0;
}

static int check_protocol(const struct ux_request *req, const struct xfrm_usersa_info *p)
{
	switch (p->id.proto) {
	case IPPROTO_AH:
		return check_ah(req);
	case IPPROTO_ESP:
		return check_esp(req, p);
	case IPPROTO_COMP:
		return check_comp(req, p);
	case IPPROTO_DSTOPTS:
	case IPPROTO_ROUTING:
		return check_mobility(req);
	default:
		return ux_fail(req->ext, EINVAL, "Unsupported protocol");
	}
}

static bool algo_fits(const struct ux_request *req, uint16_t type)
{
	struct ux_wire_algo algo;

	return !has(req, type) || ux_algo_attr_read(req->attrs.tb[type], &algo);
}

static int check_lengths(const struct ux_request *req)
{
	const struct nlattr *sec = req->attrs.tb[XFRMA_SEC_CTX];

	if (!algo_fits(req, XFRMA_ALG_AEAD))
		return ux_fail(req->ext, EINVAL, "Invalid AEAD attribute length");
	if (!algo_fits(req, XFRMA_ALG_AUTH_TRUNC))
		return ux_fail(req->ext, EINVAL, "Invalid AUTH_TRUNC attribute length");
	if (!algo_fits(req, XFRMA_ALG_AUTH) || !algo_fits(req, XFRMA_ALG_CRYPT) ||
	    !algo_fits(req, XFRMA_ALG_COMP))
		return ux_fail(req->ext, EINVAL, "Invalid AUTH/CRYPT/COMP attribute length");
	if (sec) {
		struct xfrm_user_sec_ctx s;

		ux_attr_copy(sec, &s, sizeof(s));
		if (s.len > ux_attr_len(sec) || s.len != sizeof(s) + s.ctx_len)
			return ux_fail(req->ext, EINVAL, "Invalid security context length");
	}
	return 0;
}

static int check_replay_out(const struct ux_request *req, bool esn,
			    const struct xfrm_replay_state_esn *s)
{
	if (s->replay_window)
		return ux_fail(req->ext, EINVAL, "Replay window should be 0 for output SA");
	if (s->seq || s->seq_hi)
		return ux_fail(req->ext, EINVAL, "Replay seq and seq_hi should be 0 for output SA");
	if (!esn && s->oseq_hi)
		return ux_fail(req->ext, EINVAL,
			       "Replay oseq_hi should be 0 in non-ESN mode for output SA");
	if (!esn && s->oseq == UINT32_MAX)
		return ux_fail(req->ext, EINVAL,
			       "Replay oseq should be less than 0xFFFFFFFF in non-ESN mode for "
			       "output SA");
	if (esn && s->oseq == UINT32_MAX && s->oseq_hi == UINT32_MAX)
		return ux_fail(req->ext, EINVAL,
			       "Replay oseq and oseq_hi should be less than 0xFFFFFFFF for output "
			       "SA");
	if (s->bmp_len)
		return ux_fail(req->ext, EINVAL, "Replay bmp_len should 0 for output SA");
	return 0;
}

static int check_replay_in(const struct ux_request *req, bool esn,
			   const struct xfrm_replay_state_esn *s)
{
	if (s->oseq || s->oseq_hi)
		return ux_fail(req->ext, EINVAL,
			       "Replay oseq and oseq_hi should be 0 for input SA");
	if (!esn && s->seq_hi)
		return ux_fail(req->ext, EINVAL,
			       "Replay seq_hi should be 0 in non-ESN mode for input SA");
	if (!esn && s->seq == UINT32_MAX)
		return ux_fail(req->ext, EINVAL,
			       "Replay seq should be less than 0xFFFFFFFF in non-ESN mode for "
			       "input SA");
	if (esn && s->seq == UINT32_MAX && s->seq_hi == UINT32_MAX)
		return ux_fail(req->ext, EINVAL,
			       "Replay seq and seq_hi should be less than 0xFFFFFFFF for input SA");
	return 0;
}

static int check_replay(const struct ux_request *req, const struct xfrm_usersa_info *p)
{
	const struct nlattr *a = req->attrs.tb[XFRMA_REPLAY_ESN_VAL];
	bool esn = (p->flags & XFRM_STATE_ESN) != 0;
	struct xfrm_replay_state_esn s;

	if (!a)
		return esn ? ux_fail(req->ext, EINVAL, "Missing required attribute for ESN") : 0;
	ux_attr_copy(a, &s, sizeof(s));
	if (s.bmp_len > MAX_BMP_LEN)
		return ux_fail(req->ext, EINVAL, "ESN bitmap length must be <= 128");
	if (!ux_replay_esn_fits(a))
		return ux_fail(req->ext, EINVAL,
			       "ESN attribute is too short to fit the full bitmap length");
	if (p->id.proto != IPPROTO_ESP && p->id.proto != IPPROTO_AH)
		return ux_fail(req->ext, EINVAL, "ESN only supported for ESP and AH");
	if (p->replay_window != 0)
		return ux_fail(req->ext, EINVAL, "ESN not compatible with legacy replay_window");
	if (direction(req) == UX_WIRE_DIR_OUT)
		return check_replay_out(req, esn, &s);
	if (direction(req) == UX_WIRE_DIR_IN)
		return check_replay_in(req, esn, &s);
	return 0;
}

static int check_mode(const struct ux_request *req, const struct xfrm_usersa_info *p)
{
	switch (p->mode) {
	case XFRM_MODE_TRANSPORT:
	case XFRM_MODE_TUNNEL:
	case XFRM_MODE_ROUTEOPTIMIZATION:
	case XFRM_MODE_BEET:
		return 0;
	case UX_MODE_IPTFS:
		if (p->id.proto != IPPROTO_ESP)
			return ux_fail(req->ext, EINVAL, "IP-TFS mode only supported with ESP");
		if (!direction(req))
			return ux_fail(req->ext, EINVAL,
				       "IP-TFS mode requires in or out direction attribute");
		return 0;
	default:
		return ux_fail(req->ext, EINVAL, "Unsupported mode");
	}
}

/* The options of IP-TFS are each of one direction (Linux since 6.14). */
static int check_iptfs_out(const struct ux_request *req)
{
	if (has(req, UX_XFRMA_IPTFS_DROP_TIME))
		return ux_fail(req->ext, EINVAL,
			       "IP-TFS drop time should not be set for output SA");
	if (has(req, UX_XFRMA_IPTFS_REORDER_WINDOW))
		return ux_fail(req->ext, EINVAL,
			       "IP-TFS reorder window should not be set for output SA");
	return 0;
}

static int check_iptfs_in(const struct ux_request *req)
{
	if (has(req, UX_XFRMA_IPTFS_DONT_FRAG))
		return ux_fail(req->ext, EINVAL,
			       "IP-TFS don't fragment should not be set for input SA");
	if (has(req, UX_XFRMA_IPTFS_INIT_DELAY))
		return ux_fail(req->ext, EINVAL,
			       "IP-TFS initial delay should not be set for input SA");
	if (has(req, UX_XFRMA_IPTFS_MAX_QSIZE))
		return ux_fail(req->ext, EINVAL,
			       "IP-TFS max queue size should not be set for input SA");
	if (has(req, UX_XFRMA_IPTFS_PKT_SIZE))
		return ux_fail(req->ext, EINVAL,
			       "IP-TFS packet size should not be set for input SA");
	return 0;
}

static int check_out(const struct ux_request *req, const struct xfrm_usersa_info *p)
{
	const struct nlattr *replay = req->attrs.tb[XFRMA_REPLAY_VAL];
	int err;

	if (p->flags & XFRM_STATE_DECAP_DSCP)
		return ux_fail(req->ext, EINVAL, "Flag DECAP_DSCP should not be set for output SA");
	if (p->flags & XFRM_STATE_ICMP)
		return ux_fail(req->ext, EINVAL, "Flag ICMP should not be set for output SA");
	if (p->flags & XFRM_STATE_WILDRECV)
		return ux_fail(req->ext, EINVAL, "Flag WILDRECV should not be set for output SA");
	if (p->replay_window)
		return ux_fail(req->ext, EINVAL, "Replay window should be 0 for output SA");
	err = check_iptfs_out(req);
	if (err)
		return err;
	if (replay) {
		struct xfrm_replay_state s;

		ux_attr_copy(replay, &s, sizeof(s));
		if (s.seq || s.bitmap)
			return ux_fail(req->ext, EINVAL,
				       "Replay seq and bitmap should be 0 for output SA");
	}
	return 0;
}

static int check_in(const struct ux_request *req, const struct xfrm_usersa_info *p)
{
	const struct nlattr *a = req->attrs.tb[XFRMA_SA_EXTRA_FLAGS];
	uint32_t extra = a ? ux_attr_u32(a) : 0;

	if (p->flags & XFRM_STATE_NOPMTUDISC)
		return ux_fail(req->ext, EINVAL, "Flag NOPMTUDISC should not be set for input SA");
	if (extra & XFRM_SA_XFLAG_DONT_ENCAP_DSCP)
		return ux_fail(req->ext, EINVAL,
			       "Flag DONT_ENCAP_DSCP should not be set for input SA");
	if (extra & XFRM_SA_XFLAG_OSEQ_MAY_WRAP)
		return ux_fail(req->ext, EINVAL,
			       "Flag OSEQ_MAY_WRAP should not be set for input SA");
	return check_iptfs_in(req);
}

static int check_direction(const struct ux_request *req, const struct xfrm_usersa_info *p)
{
	uint8_t dir = direction(req);

	if (has(req, UX_XFRMA_MTIMER_THRESH)) {
		if (!has(req, XFRMA_ENCAP))
			return ux_fail(req->ext, EINVAL, "MTIMER_THRESH requires encapsulation");
		if (dir == UX_WIRE_DIR_OUT)
			return ux_fail(req->ext, EINVAL,
				       "MTIMER_THRESH should not be set on output SA");
	}
	if (dir == UX_WIRE_DIR_OUT)
		return check_out(req, p);
	if (dir == UX_WIRE_DIR_IN)
		return check_in(req, p);
	if (has(req, UX_XFRMA_SA_PCPU))
		return ux_fail(req->ext, EINVAL, "SA_PCPU only supported with SA_DIR");
	return 0;
}

int ux_sa_check(const struct ux_request *req)
{
	const struct xfrm_usersa_info *p = req->header;
	int r = check_families(req, p);

	if (r == 0)
		r = check_protocol(req, p);
	if (r == 0)
		r = check_lengths(req);
	if (r == 0)
		r = check_replay(req, p);
	if (r == 0)
		r = check_mode(req, p);
	if (r == 0)
		r = check_direction(req, p);
	return r;
}
