/* SPDX-License-Identifier: BSD-2-Clause */
/* ALLOCSPI: reserve an SPI by a larval SA, which NEWSA or UPDSA fulfils or the time removes. */

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/sysinfo.h>

#include "ctl/sa_reply.h"
#include "ctl/translate.h"

/* Random tries; a range denser than that is searched in order. */
#define RANDOM_TRIES 32

static int check_range(const struct ux_request *req, const struct xfrm_userspi_info *p)
{
	switch (p->info.id.proto) {
	case IPPROTO_AH:
	case IPPROTO_ESP:
		break;
	case IPPROTO_COMP:
		if (p->max >= 0x10000)
			return ux_fail(req->ext, EINVAL, "IPCOMP SPI must be <= 65535");
		break;
	default:
		return ux_fail(req->ext, EINVAL,
			       "Invalid protocol, must be one of AH, ESP, IPCOMP");
	}
	if (p->min > p->max)
		return ux_fail(req->ext, EINVAL, "Invalid SPI range: min > max");
	if (p->info.family != AF_INET && p->info.family != AF_INET6)
		return ux_fail(req->ext, EINVAL, "Invalid address family");
	return 0;
}

static bool is_free(struct uxfrm *u, uint32_t spi, uint8_t proto)
{
	return spi != 0 && !ux_sad_spi_in_use(u, htonl(spi), proto);
}

/* Not to be foretold, and without a system call each. */
static uint32_t draw(struct uxfrm *u)
{
	uint64_t n = u->n_spi_drawn++;

	return (uint32_t)ux_siphash(&u->spi_key, &n, sizeof(n));
}

/* An SPI that is free for @proto, whatever the destination; 0 when the range has none. */
static uint32_t choose_spi(struct uxfrm *u, uint32_t min, uint32_t max, uint8_t proto)
{
	/* Linux counts the range in 32 bits, so that all of them are none. */
	uint32_t range = max - min + 1;
	uint32_t spi = min;

	if (range == 0)
		return 0;
	for (unsigned int i = 0; range > 1 && i < RANDOM_TRIES; i++) {
		spi = min + (uint32_t)((uint64_t)draw(u) * range >> 32);
		if (is_free(u, spi, proto))
			return spi;
	}
	/* One number more than there are SAs is free for certain, or the range is full. 0 is never
	 * free. */
	for (uint64_t i = 0; i < range && i < (uint64_t)u->sad.n_sa + 2; i++) {
		if (is_free(u, spi, proto))
			return spi;
		spi = spi == max ? min : spi + 1;
	}
	return 0;
}

static void larval_params(const struct ux_request *req, struct ux_sa_params *ret_params)
{
	const struct xfrm_userspi_info *p = req->header;
	const struct nlattr *const *tb = req->attrs.tb;
	struct ux_sa_params *r = ret_params;
	uint8_t host_bits = p->info.family == AF_INET6 ? 128 : 32;

	memset(r, 0, sizeof(*r));
	r->id.daddr = ux_addr_from_wire(&p->info.id.daddr);
	r->id.family = p->info.family;
	r->id.proto = p->info.id.proto;
	r->saddr = ux_addr_from_wire(&p->info.saddr);
	if (p->info.family == AF_INET) {
		memset(&r->id.daddr.w[1], 0, 12);
		memset(&r->saddr.w[1], 0, 12);
	}
	r->sel = (struct ux_selector){.daddr = r->id.daddr,
				      .saddr = r->saddr,
				      .prefixlen_d = host_bits,
				      .prefixlen_s = host_bits};
	r->mark = ux_mark_from_attr(tb[XFRMA_MARK]);
	r->limits = (struct ux_limits){.soft_bytes = UX_LIMIT_INFINITE,
				       .hard_bytes = UX_LIMIT_INFINITE,
				       .soft_packets = UX_LIMIT_INFINITE,
				       .hard_packets = UX_LIMIT_INFINITE,
				       .hard_add_s = UX_SAD_LARVAL_S};
	r->mode = p->info.mode;
	r->reqid = p->info.reqid;
	r->if_id = tb[XFRMA_IF_ID] ? ux_attr_u32(tb[XFRMA_IF_ID]) : 0;
	r->pcpu = tb[UX_XFRMA_SA_PCPU] ? ux_attr_u32(tb[UX_XFRMA_SA_PCPU]) : UINT32_MAX;
}

/* A larval SA that is there already: of the same acquire, else of the same endpoints. */
static struct ux_sa *find_larval(const struct ux_request *req, const struct ux_sa_params *params)
{
	const struct xfrm_userspi_info *p = req->header;
	struct ux_sa *sa = NULL;

	if (p->info.seq)
		sa = ux_sad_lookup_larval_by_seq(req->u, params->mark, p->info.seq, params->pcpu);
	if (sa && !ux_addr_equal(&sa->id.daddr, &params->id.daddr, params->id.family))
		sa = NULL;
	return sa ? sa : ux_sad_lookup_larval(req->u, params);
}

/* A larval SA in the place of @old, or new. The SPI is 0 when none was free. */
static int publish(struct ux_request *req, struct ux_sa *old, const struct ux_sa_params *params,
		   struct ux_sa **ret_sa)
{
	struct ux_sa *sa;
	int r = ux_sa_new_larval(req->u, params, &sa);

	if (r < 0)
		return r;
	r = old ? ux_sad_replace(req->u, old, sa, false) : ux_sad_insert(req->u, sa);
	if (r < 0) {
		ux_sa_free(sa);
		return r;
	}
	*ret_sa = sa;
	return 0;
}

/* What a larval SA that is there already has decided. */
static void keep_identity(struct ux_sa_params *params, const struct ux_sa *sa)
{
	params->id = sa->id;
	params->saddr = sa->saddr;
	params->sel = sa->sel;
	params->mark = sa->mark;
	params->mode = sa->mode;
	params->dir = sa->dir;
	params->reqid = sa->reqid;
	params->if_id = sa->if_id;
	params->pcpu = sa->runtime->terms.pcpu;
	params->acquire_seq = sa->runtime->terms.acquire_seq;
}

int ux_handle_allocspi(struct ux_request *req)
{
	const struct xfrm_userspi_info *p = req->header;
	const struct nlattr *dir = req->attrs.tb[UX_XFRMA_SA_DIR];
	struct ux_sa_params params;
	int r = check_range(req, p);

	if (r < 0)
		return r;
	larval_params(req, &params);
	if (req->attrs.tb[UX_XFRMA_SA_PCPU] && params.pcpu >= (uint32_t)get_nprocs_conf())
		return ux_fail(req->ext, EINVAL, "pCPU number too big");
	struct ux_sa *sa = find_larval(req, &params);
	if (sa)
		keep_identity(&params, sa);
	if (!params.id.spi)
		params.id.spi = htonl(choose_spi(req->u, p->min, p->max, params.id.proto));
	if (params.id.spi && dir)
		params.dir = ux_attr_u8(dir);
	if (!sa || sa->id.spi != params.id.spi || sa->dir != params.dir) {
		r = publish(req, sa, &params, &sa);
		if (r < 0)
			return r;
	}
	/* As in Linux the larval SA stays, without an SPI. */
	if (!params.id.spi)
		return ux_fail(req->ext, ENOENT, "No SPI available in the requested range");
	return ux_sa_reply(req, sa);
}
