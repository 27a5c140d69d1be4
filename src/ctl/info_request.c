/* SPDX-License-Identifier: BSD-2-Clause */
/* GETSADINFO, GETSPDINFO and NEWSPDINFO: sizes of the databases. */

#include <errno.h>
#include <string.h>

#include "ctl/request.h"

/* There is no limit to the size of the tables; clients are told the largest power of two that they
 * can print as a signed number, as ip does. */
#define TABLE_MAX 0x40000000u

int ux_handle_getsadinfo(struct ux_request *req)
{
	uint8_t buf[128];
	struct ux_writer w;
	const struct ux_sa_slots *slots = ux_rcu_own(&req->u->sad.by_tuple.slots);
	struct xfrmu_sadhinfo hash = {.sadhcnt = (uint32_t)(slots->mask + 1),
				      .sadhmcnt = TABLE_MAX};

	ux_writer_init(&w, buf, sizeof(buf));
	/* the request's flags come back as they were */
	ux_msg_begin(&w, XFRM_MSG_NEWSADINFO, 0, 0, 0, req->header, sizeof(uint32_t));
	ux_msg_attr_u32(&w, XFRMA_SAD_CNT, req->u->sad.n_sa);
	ux_msg_attr(&w, XFRMA_SAD_HINFO, &hash, sizeof(hash));
	return ux_msg_end(&w) ? ux_reply(req, &w) : -EMSGSIZE;
}

/* Policies are found without hashing prefixes, so the thresholds of Linux's hash never change. */
static const struct xfrmu_spdhthresh threshold4 = {32, 32}, threshold6 = {128, 128};

int ux_handle_getspdinfo(struct ux_request *req)
{
	uint8_t buf[128];
	struct ux_writer w;
	const uint32_t *n = req->u->spd.n;
	struct xfrmu_spdinfo count = {
	    .incnt = n[UX_POLICY_IN], .outcnt = n[UX_POLICY_OUT], .fwdcnt = n[UX_POLICY_FWD]};
	const struct ux_sa_slots *slots = ux_rcu_own(&req->u->spd.by_index.slots);
	/* Linux tells the mask of this table, and the size of the other's */
	struct xfrmu_spdhinfo hash = {.spdhcnt = (uint32_t)slots->mask, .spdhmcnt = TABLE_MAX};

	ux_writer_init(&w, buf, sizeof(buf));
	ux_msg_begin(&w, XFRM_MSG_NEWSPDINFO, 0, 0, 0, req->header, sizeof(uint32_t));
	ux_msg_attr(&w, XFRMA_SPD_INFO, &count, sizeof(count));
	ux_msg_attr(&w, XFRMA_SPD_HINFO, &hash, sizeof(hash));
	ux_msg_attr(&w, XFRMA_SPD_IPV4_HTHRESH, &threshold4, sizeof(threshold4));
	ux_msg_attr(&w, XFRMA_SPD_IPV6_HTHRESH, &threshold6, sizeof(threshold6));
	return ux_msg_end(&w) ? ux_reply(req, &w) : -EMSGSIZE;
}

static int check_threshold(struct ux_request *req, const struct nlattr *a, unsigned int max,
			   const struct xfrmu_spdhthresh *fixed)
{
	struct xfrmu_spdhthresh t;

	if (!a)
		return 0;
	ux_attr_copy(a, &t, sizeof(t));
	if (t.lbits > max || t.rbits > max)
		return ux_fail_fmt(req->ext, EINVAL, NULL,
				   "Invalid hash threshold (must be <= %u for IPv%u)", max,
				   max == 32 ? 4 : 6);
	if (t.lbits != fixed->lbits || t.rbits != fixed->rbits)
		return ux_fail(req->ext, EOPNOTSUPP, "Policies have no hash thresholds here");
	return 0;
}

int ux_handle_newspdinfo(struct ux_request *req)
{
	const struct nlattr *t4 = req->attrs.tb[XFRMA_SPD_IPV4_HTHRESH];
	const struct nlattr *t6 = req->attrs.tb[XFRMA_SPD_IPV6_HTHRESH];

	if (t4 && ux_attr_len(t4) < sizeof(struct xfrmu_spdhthresh))
		return ux_fail_attr(req->ext, ERANGE, t4, "Attribute failed policy validation");
	if (t6 && ux_attr_len(t6) < sizeof(struct xfrmu_spdhthresh))
		return ux_fail_attr(req->ext, ERANGE, t6, "Attribute failed policy validation");
	int r = check_threshold(req, t4, 32, &threshold4);
	return r < 0 ? r : check_threshold(req, t6, 128, &threshold6);
}
