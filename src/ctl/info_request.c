/* SPDX-License-Identifier: BSD-2-Clause */
/* GETSADINFO, GETSPDINFO and NEWSPDINFO: sizes of the databases, thresholds. */

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

static void put_threshold(struct ux_writer *w, uint16_t attr, const struct ux_spd_threshold *t)
{
	struct xfrmu_spdhthresh wire = {.lbits = t->local_bits, .rbits = t->remote_bits};

	ux_msg_attr(w, attr, &wire, sizeof(wire));
}

int ux_handle_getspdinfo(struct ux_request *req)
{
	uint8_t buf[128];
	struct ux_writer w;
	const struct ux_spd *spd = &req->u->spd;
	struct xfrmu_spdinfo count = {.incnt = spd->n[UX_POLICY_IN],
				      .outcnt = spd->n[UX_POLICY_OUT],
				      .fwdcnt = spd->n[UX_POLICY_FWD]};
	const struct ux_sa_slots *slots = ux_rcu_own(&spd->by_index.slots);
	/* Linux tells the mask of this table, and the size of the other's */
	struct xfrmu_spdhinfo hash = {.spdhcnt = (uint32_t)slots->mask, .spdhmcnt = TABLE_MAX};

	ux_writer_init(&w, buf, sizeof(buf));
	ux_msg_begin(&w, XFRM_MSG_NEWSPDINFO, 0, 0, 0, req->header, sizeof(uint32_t));
	ux_msg_attr(&w, XFRMA_SPD_INFO, &count, sizeof(count));
	ux_msg_attr(&w, XFRMA_SPD_HINFO, &hash, sizeof(hash));
	put_threshold(&w, XFRMA_SPD_IPV4_HTHRESH, &spd->threshold4);
	put_threshold(&w, XFRMA_SPD_IPV6_HTHRESH, &spd->threshold6);
	return ux_msg_end(&w) ? ux_reply(req, &w) : -EMSGSIZE;
}

/* What is not given stays as it is in *threshold. */
static int parse_threshold(struct ux_request *req, const struct nlattr *a, unsigned int max,
			   struct ux_spd_threshold *threshold)
{
	struct xfrmu_spdhthresh t;

	if (!a)
		return 0;
	ux_attr_copy(a, &t, sizeof(t));
	if (t.lbits > max || t.rbits > max)
		return ux_fail_fmt(req->ext, EINVAL, NULL,
				   "Invalid hash threshold (must be <= %u for IPv%u)", max,
				   max == 32 ? 4 : 6);
	*threshold = (struct ux_spd_threshold){.local_bits = t.lbits, .remote_bits = t.rbits};
	return 0;
}

int ux_handle_newspdinfo(struct ux_request *req)
{
	struct ux_spd *spd = &req->u->spd;
	struct ux_spd_threshold t4 = spd->threshold4, t6 = spd->threshold6;
	int r = parse_threshold(req, req->attrs.tb[XFRMA_SPD_IPV4_HTHRESH], 32, &t4);

	if (r == 0)
		r = parse_threshold(req, req->attrs.tb[XFRMA_SPD_IPV6_HTHRESH], 128, &t6);
	if (r < 0)
		return r;
	spd->threshold4 = t4;
	spd->threshold6 = t6;
	return 0;
}
