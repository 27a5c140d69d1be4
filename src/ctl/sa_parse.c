/* SPDX-License-Identifier: BSD-2-Clause */
#include "ctl/sa_parse.h"

#include <errno.h>
#include <string.h>
#include <sys/sysinfo.h>

#include "core/sa_runtime.h"
#include "ctl/translate.h"
#include "wire/algo_attr.h"

/* How often a client that listens is told of the replay state, unless it says otherwise (sysctl
 * defaults). */
#define DEFAULT_MAXAGE 10 /* 100 ms */
#define DEFAULT_MAXDIFF 2
/* What 0 in the attribute is, which core would take for no encapsulation. */
#define UNKNOWN_ENCAP UINT16_MAX

static const struct ux_algo_request *read_algo(const struct nlattr *a, struct ux_algo_request *ret)
{
	struct ux_wire_algo algo;

	if (!a || !ux_algo_attr_read(a, &algo))
		return NULL;
	_Static_assert(UX_WIRE_ALGO_NAME == UX_ALGO_NAME_MAX, "names fit");
	memcpy(ret->name, algo.name, sizeof(ret->name));
	ret->key = algo.key;
	ret->key_bits = algo.key_bits;
	ret->icv_bits = algo.icv_bits;
	return ret;
}

static void read_algos(const struct ux_request *req, struct ux_sa_request *r)
{
	const struct nlattr *const *tb = req->attrs.tb;
	/* clients send back both forms as they got them; the one with the truncation wins */
	const struct nlattr *auth =
	    tb[XFRMA_ALG_AUTH_TRUNC] ? tb[XFRMA_ALG_AUTH_TRUNC] : tb[XFRMA_ALG_AUTH];

	r->params.auth = read_algo(auth, &r->auth);
	r->auth.trunc_form = tb[XFRMA_ALG_AUTH_TRUNC] != NULL;
	r->params.crypt = read_algo(tb[XFRMA_ALG_CRYPT], &r->crypt);
	r->params.aead = read_algo(tb[XFRMA_ALG_AEAD], &r->aead);
	r->params.comp = read_algo(tb[XFRMA_ALG_COMP], &r->comp);
}

static void read_replay(const struct ux_request *req, const struct xfrm_usersa_info *p,
			struct ux_sa_request *r)
{
	const struct nlattr *esn = req->attrs.tb[XFRMA_REPLAY_ESN_VAL];
	const struct nlattr *val = req->attrs.tb[XFRMA_REPLAY_VAL];

	if (esn) {
		ux_replay_esn_read(esn, &r->replay);
		r->params.esn_attr = true;
		r->params.replay_bmp_len = (uint8_t)r->replay.bmp_len;
		r->params.replay_window = ux_replay_esn_window(esn);
		r->params.n_replay_bits = r->replay.bmp_len * 32;
		if (!(p->flags & XFRM_STATE_ESN)) {
			r->replay.oseq = (uint32_t)r->replay.oseq;
			r->replay.seq = (uint32_t)r->replay.seq;
		}
	} else {
		/* the bitmap without ESN has 32 bits */
		r->params.replay_window = p->replay_window < 32 ? p->replay_window : 32;
		r->params.n_replay_bits = 32;
		if (val)
			ux_replay_val_read(val, &r->replay);
	}
	r->params.oseq = r->replay.oseq;
	r->params.iseq = r->replay.seq;
	r->params.replay_bits = r->replay.bits;
}

static void read_header(const struct xfrm_usersa_info *p, struct ux_sa_params *params)
{
	params->id = (struct ux_sa_id){.daddr = ux_addr_from_wire(&p->id.daddr),
				       .spi = p->id.spi,
				       .family = p->family,
				       .proto = p->id.proto};
	memcpy(params->id_unused, (const uint8_t *)&p->id + UX_ID_PAD, sizeof(params->id_unused));
	params->saddr = ux_addr_from_wire(&p->saddr);
	params->sel = ux_selector_from_wire(&p->sel);
	if (params->sel.family == AF_UNSPEC && !(p->flags & XFRM_STATE_AF_UNSPEC))
		params->sel.family = p->family;
	params->limits = ux_limits_from_wire(&p->lft);
	params->mode = p->mode;
	params->reqid = p->reqid;
	params->flags = p->flags;
	params->acquire_seq = p->seq;
}

static uint32_t u32_or(const struct nlattr *a, uint32_t otherwise)
{
	return a ? ux_attr_u32(a) : otherwise;
}

static void read_numbers(const struct nlattr *const *tb, struct ux_sa_params *params)
{
	params->mark = ux_mark_from_attr(tb[XFRMA_MARK]);
	/* a mask alone says nothing */
	if (tb[XFRMA_SET_MARK])
		params->output_mark =
		    (struct ux_mark){.v = ux_attr_u32(tb[XFRMA_SET_MARK]),
				     .m = u32_or(tb[XFRMA_SET_MARK_MASK], UINT32_MAX)};
	params->extra_flags = u32_or(tb[XFRMA_SA_EXTRA_FLAGS], 0);
	params->tfcpad = u32_or(tb[XFRMA_TFCPAD], 0);
	params->if_id = u32_or(tb[XFRMA_IF_ID], 0);
	params->dir = tb[UX_XFRMA_SA_DIR] ? ux_attr_u8(tb[UX_XFRMA_SA_DIR]) : 0;
	params->nat_keepalive_interval_s = u32_or(tb[UX_XFRMA_NAT_KEEPALIVE_INTERVAL], 0);
	params->mapping_maxage_s = u32_or(tb[UX_XFRMA_MTIMER_THRESH], 0);
	params->replay_maxage = u32_or(tb[XFRMA_ETIMER_THRESH], DEFAULT_MAXAGE);
	params->replay_maxdiff = u32_or(tb[XFRMA_REPLAY_THRESH], DEFAULT_MAXDIFF);
	params->pcpu = u32_or(tb[UX_XFRMA_SA_PCPU], UINT32_MAX);
}

static void read_structures(const struct nlattr *const *tb, struct ux_sa_params *params)
{
	if (tb[XFRMA_ENCAP]) {
		struct xfrm_encap_tmpl e;

		ux_attr_copy(tb[XFRMA_ENCAP], &e, sizeof(e));
		params->encap = ux_encap_from_wire(&e);
		if (params->encap.type == UX_ENCAP_NONE)
			params->encap.type = UNKNOWN_ENCAP;
	}
	if (tb[XFRMA_COADDR]) {
		params->has_coaddr = true;
		ux_attr_copy(tb[XFRMA_COADDR], &params->coaddr, sizeof(params->coaddr));
	}
	if (tb[XFRMA_OFFLOAD_DEV]) {
		struct xfrm_user_offload o;

		ux_attr_copy(tb[XFRMA_OFFLOAD_DEV], &o, sizeof(o));
		params->offload =
		    (struct ux_offload){.ifindex = o.ifindex, .flags = o.flags, .requested = true};
	}
	if (tb[XFRMA_LTIME_VAL]) {
		struct xfrm_lifetime_cur l;

		ux_attr_copy(tb[XFRMA_LTIME_VAL], &l, sizeof(l));
		params->has_curlft = true;
		params->cur_bytes = l.bytes;
		params->cur_packets = l.packets;
		params->cur_add_s = l.add_time;
		params->cur_use_s = l.use_time;
	}
}

int ux_sa_parse(const struct ux_request *req, struct ux_sa_request *ret_request)
{
	const struct xfrm_usersa_info *p = req->header;
	struct ux_sa_request *r = ret_request;

	memset(r, 0, sizeof(*r));
	read_header(p, &r->params);
	read_numbers(req->attrs.tb, &r->params);
	read_structures(req->attrs.tb, &r->params);
	read_algos(req, r);
	read_replay(req, p, r);
	if (!req->attrs.tb[UX_XFRMA_SA_PCPU] || r->params.pcpu < (uint32_t)get_nprocs_conf())
		return 0;
	int err = ux_sa_check_algorithms(&r->params, req->ext);
	return err < 0 ? err : ux_fail(req->ext, ERANGE, "pCPU number too big");
}
