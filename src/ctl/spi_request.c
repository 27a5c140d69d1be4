/* SPDX-License-Identifier: BSD-2-Clause */
/* ALLOCSPI: reserve an SPI by a larval SA, which NEWSA or UPDSA fulfils or the time removes. */

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/sysinfo.h>

#include "ctl/sa_reply.h"
#include "ctl/spi_reserve.h"
#include "ctl/translate.h"

static void larval_params(const struct ux_request *req, struct ux_sa_params *ret_params)
{
	const struct xfrm_userspi_info *p = req->header;
	const struct nlattr *const *tb = req->attrs.tb;
	struct ux_sa_params *r = ret_params;

	memset(r, 0, sizeof(*r));
	r->id.daddr = ux_addr_from_wire(&p->info.id.daddr);
	r->id.family = p->info.family;
	r->id.proto = p->info.id.proto;
	r->saddr = ux_addr_from_wire(&p->info.saddr);
	if (p->info.family == AF_INET) {
		memset(&r->id.daddr.w[1], 0, 12);
		memset(&r->saddr.w[1], 0, 12);
	}
	r->mark = ux_mark_from_attr(tb[XFRMA_MARK]);
	r->mode = p->info.mode;
	r->reqid = p->info.reqid;
	r->if_id = tb[XFRMA_IF_ID] ? ux_attr_u32(tb[XFRMA_IF_ID]) : 0;
	r->pcpu = tb[UX_XFRMA_SA_PCPU] ? ux_attr_u32(tb[UX_XFRMA_SA_PCPU]) : UINT32_MAX;
}

int ux_handle_allocspi(struct ux_request *req)
{
	const struct xfrm_userspi_info *p = req->header;
	const struct nlattr *dir = req->attrs.tb[UX_XFRMA_SA_DIR];
	const struct ux_spi_wish wish = {.seq = p->info.seq,
					 .min = p->min,
					 .max = p->max,
					 .dir = dir ? ux_attr_u8(dir) : UX_SA_DIR_NONE};
	struct ux_sa_params params;
	struct ux_sa *sa;
	int r = ux_spi_check_range(p->info.id.proto, p->min, p->max, req->ext);

	if (r < 0)
		return r;
	if (p->info.family != AF_INET && p->info.family != AF_INET6)
		return ux_fail(req->ext, EINVAL, "Invalid address family");
	larval_params(req, &params);
	if (req->attrs.tb[UX_XFRMA_SA_PCPU] && params.pcpu >= (uint32_t)get_nprocs_conf())
		return ux_fail(req->ext, EINVAL, "pCPU number too big");
	r = ux_spi_reserve(req->u, &wish, &params, &sa, req->ext);
	return r < 0 ? r : ux_sa_reply(req, sa);
}
