/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * NEWAE and GETAE: the sequence state of an SA, for its owner to keep and to bring back. NEWAE is
 * the only request that sets what the packet path counts.
 */

#include <errno.h>
#include <string.h>

#include "ctl/event.h"
#include "ctl/sa_reply.h"
#include "ctl/translate.h"
#include "wire/replay_attr.h"

/* The headers, the largest bitmap and the small attributes. */
#define MESSAGE_MAX 1024

static struct ux_sa *find_sa(const struct ux_request *req)
{
	const struct xfrm_aevent_id *p = req->header;
	struct ux_sa_id id = ux_sa_id_from_wire(&p->sa_id);

	if (!id.spi) /* is in no table of SPIs */
		return NULL;
	return ux_sad_lookup_exact(req->u, &id, ux_mark_from_attr(req->attrs.tb[XFRMA_MARK]));
}

static void write_lifetime(struct ux_writer *w, const struct ux_sa *sa)
{
	struct xfrm_usersa_info info;

	ux_sa_info(sa, &info);
	ux_msg_attr(w, XFRMA_LTIME_VAL, &info.curlft, sizeof(info.curlft));
}

/* Reply and event alike. @flags: what is asked for, of which only the thresholds are optional. */
static bool write_aevent(struct ux_writer *w, const struct ux_event_origin *origin,
			 const struct ux_sa *sa, uint32_t flags)
{
	struct xfrm_aevent_id id;

	memset(&id, 0, sizeof(id));
	id.sa_id.daddr = ux_addr_to_wire(&sa->id.daddr);
	id.sa_id.spi = sa->id.spi;
	id.sa_id.family = sa->id.family;
	id.sa_id.proto = sa->id.proto;
	id.saddr = ux_addr_to_wire(&sa->saddr);
	id.reqid = sa->reqid;
	id.flags = flags;
	ux_msg_begin(w, XFRM_MSG_NEWAE, 0, origin->port_id, origin->seq, &id, sizeof(id));
	ux_sa_write_replay(w, sa);
	write_lifetime(w, sa);
	if (flags & XFRM_AE_RTHR)
		ux_msg_attr_u32(w, XFRMA_REPLAY_THRESH, sa->runtime->terms.replay_maxdiff);
	if (flags & XFRM_AE_ETHR)
		ux_msg_attr_u32(w, XFRMA_ETIMER_THRESH, sa->runtime->terms.replay_maxage);
	ux_sa_write_event_attrs(w, sa);
	return ux_msg_end(w);
}

int ux_handle_getae(struct ux_request *req)
{
	const struct xfrm_aevent_id *p = req->header;
	const struct ux_event_origin origin = ux_event_origin(req);
	const struct ux_sa *sa = find_sa(req);
	uint8_t buf[MESSAGE_MAX];
	struct ux_writer w;

	if (!sa)
		return -ESRCH;
	ux_writer_init(&w, buf, sizeof(buf));
	if (!write_aevent(&w, &origin, sa, p->flags))
		return -EMSGSIZE;
	/* Linux sends the reply with the port id that stands in the request, not the client's. */
	return ux_reply_as(req, &w, req->msg->nlmsg_pid);
}

static uint32_t esn_len(uint32_t bmp_len) /* in 32 bits, as Linux counts */
{
	return (uint32_t)sizeof(struct xfrm_replay_state_esn) +
	       bmp_len * (uint32_t)sizeof(uint32_t);
}

/* REPLAY_ESN_VAL must be of the size the SA has. */
static int check_esn(const struct ux_request *req, const struct ux_sa *sa)
{
	const struct nlattr *a = req->attrs.tb[XFRMA_REPLAY_ESN_VAL];
	struct xfrm_replay_state_esn s;

	if (!a || !sa->runtime->terms.esn_attr)
		return 0;
	ux_attr_copy(a, &s, sizeof(s));
	if ((int64_t)ux_attr_len(a) < (int32_t)esn_len(s.bmp_len))
		return ux_fail(req->ext, EINVAL, "ESN attribute is too short");
	if (esn_len(s.bmp_len) != esn_len(sa->runtime->terms.replay_bmp_len))
		return ux_fail(req->ext, EINVAL,
			       "New ESN size doesn't match the existing SA's ESN size");
	if (s.bmp_len != sa->runtime->terms.replay_bmp_len)
		return ux_fail(req->ext, EINVAL,
			       "New ESN bitmap size doesn't match the existing SA's ESN bitmap");
	if (s.replay_window > s.bmp_len * 32)
		return ux_fail(req->ext, EINVAL, "ESN replay window is longer than the bitmap");
	return 0;
}

/* Of the two forms an SA has one; the other is not looked at. */
static int set_replay(const struct ux_request *req, struct ux_sa *sa)
{
	const struct nlattr *val = req->attrs.tb[XFRMA_REPLAY_VAL];
	const struct nlattr *esn = req->attrs.tb[XFRMA_REPLAY_ESN_VAL];
	struct ux_wire_replay r;
	struct ux_replay_state state = {.bits = r.bits};

	if (sa->runtime->terms.esn_attr ? !esn : !val)
		return 0;
	if (sa->runtime->terms.esn_attr) {
		ux_replay_esn_read(esn, &r);
		state.window = r.window;
		state.n_bits = r.bmp_len * 32;
	} else {
		ux_replay_val_read(val, &r);
		state.window = ux_rcu_own(&sa->runtime->replay)->window;
		state.n_bits = 32;
	}
	/* without ESN the upper halves mean nothing */
	state.oseq = sa->flags & UX_SA_ESN ? r.oseq : (uint32_t)r.oseq;
	state.seq = sa->flags & UX_SA_ESN ? r.seq : (uint32_t)r.seq;
	return ux_sa_set_replay(sa, &state);
}

static void set_lifetime(struct ux_sa_runtime *rt, const struct nlattr *a)
{
	struct xfrm_lifetime_cur l;

	ux_attr_copy(a, &l, sizeof(l));
	atomic_store_explicit(&rt->bytes, l.bytes, memory_order_relaxed);
	atomic_store_explicit(&rt->packets, l.packets, memory_order_relaxed);
	atomic_store_explicit(&rt->add_time_s, l.add_time, memory_order_relaxed);
	atomic_store_explicit(&rt->use_time_s, l.use_time, memory_order_relaxed);
}

void ux_event_sequence(struct uxfrm *u, const struct ux_sa *sa, uint32_t cause,
		       const struct ux_event_origin *origin)
{
	uint8_t buf[MESSAGE_MAX];
	struct ux_writer w;

	ux_writer_init(&w, buf, sizeof(buf));
	if (write_aevent(&w, origin, sa, cause))
		(void)ux_notify(u, UX_XFRM_GROUP_AEVENTS, &w);
}

static int check_newae(const struct ux_request *req)
{
	const struct nlattr *const *tb = req->attrs.tb;

	if (!tb[XFRMA_LTIME_VAL] && !tb[XFRMA_REPLAY_VAL] && !tb[XFRMA_REPLAY_ESN_VAL] &&
	    !tb[XFRMA_ETIMER_THRESH] && !tb[XFRMA_REPLAY_THRESH])
		return ux_fail(req->ext, EINVAL, "Missing required attribute for AE");
	if (!(req->msg->nlmsg_flags & NLM_F_REPLACE))
		return ux_fail(req->ext, EINVAL, "NLM_F_REPLACE flag is required");
	return 0;
}

int ux_handle_newae(struct ux_request *req)
{
	const struct ux_event_origin origin = ux_event_origin(req);
	const struct nlattr *const *tb = req->attrs.tb;
	struct ux_sa *sa;
	int r = check_newae(req);

	if (r < 0)
		return r;
	sa = find_sa(req);
	if (!sa)
		return -ESRCH;
	if (ux_sa_state_of(sa) != UX_SA_VALID)
		return ux_fail(req->ext, EINVAL, "SA must be in VALID state");
	r = check_esn(req, sa);
	if (r == 0)
		r = set_replay(req, sa);
	if (r < 0)
		return r;
	if (tb[XFRMA_LTIME_VAL])
		set_lifetime(sa->runtime, tb[XFRMA_LTIME_VAL]);
	if (tb[XFRMA_ETIMER_THRESH])
		sa->runtime->terms.replay_maxage = ux_attr_u32(tb[XFRMA_ETIMER_THRESH]);
	if (tb[XFRMA_REPLAY_THRESH])
		sa->runtime->terms.replay_maxdiff = ux_attr_u32(tb[XFRMA_REPLAY_THRESH]);
	if (tb[UX_XFRMA_MTIMER_THRESH])
		sa->mapping_maxage_s = ux_attr_u32(tb[UX_XFRMA_MTIMER_THRESH]);
	ux_event_sequence(req->u, sa, XFRM_AE_CU, &origin);
	return 0;
}
