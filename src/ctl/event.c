/* SPDX-License-Identifier: BSD-2-Clause */
#include "ctl/event.h"

#include <string.h>

#include "ctl/pfkey/notify.h"
#include "ctl/policy.h"
#include "ctl/sa_reply.h"
#include "ctl/translate.h"

struct ux_event_origin ux_event_origin(const struct ux_request *req)
{
	return (struct ux_event_origin){.seq = req->msg->nlmsg_seq, .port_id = req->msg->nlmsg_pid};
}

static struct nlmsghdr header(uint16_t type, const struct ux_event_origin *origin)
{
	return (struct nlmsghdr){
	    .nlmsg_type = type, .nlmsg_pid = origin->port_id, .nlmsg_seq = origin->seq};
}

/* ---- SAs ---- */

void ux_event_sa(struct uxfrm *u, uint16_t type, const struct ux_sa *sa, enum ux_sa_state state,
		 const struct ux_event_origin *origin)
{
	const struct nlmsghdr head = header(type, origin);
	struct ux_writer w;

	ux_pfkey_notify_sa(u, type, sa, state, origin);
	if (!ux_has_listener(u, UX_XFRM_GROUP_SA) || ux_sa_message(&head, sa, &w) < 0)
		return;
	(void)ux_notify(u, UX_XFRM_GROUP_SA, &w);
	ux_sa_message_free(&w);
}

void ux_event_sa_flushed(struct uxfrm *u, uint8_t proto, const struct ux_event_origin *origin)
{
	const struct xfrm_usersa_flush p = {.proto = proto};
	uint8_t buf[64];
	struct ux_writer w;

	ux_pfkey_notify_sa_flushed(u, proto, origin);
	ux_writer_init(&w, buf, sizeof(buf));
	ux_msg_begin(&w, XFRM_MSG_FLUSHSA, 0, origin->port_id, origin->seq, &p, sizeof(p));
	if (ux_msg_end(&w))
		(void)ux_notify(u, UX_XFRM_GROUP_SA, &w);
}

#define EXPIRE_MAX 512

static bool write_expire(struct ux_writer *w, const struct ux_sa *sa, bool hard, uint32_t port_id)
{
	struct xfrm_user_expire p;

	memset(&p, 0, sizeof(p));
	ux_sa_info(sa, &p.state);
	p.hard = hard;
	ux_msg_begin(w, XFRM_MSG_EXPIRE, 0, port_id, 0, &p, sizeof(p));
	ux_sa_write_event_attrs(w, sa);
	return ux_msg_end(w);
}

void ux_event_sa_expired(struct uxfrm *u, const struct ux_sa *sa, bool hard, enum ux_sa_state state,
			 uint32_t port_id)
{
	uint8_t buf[EXPIRE_MAX];
	struct ux_writer w;

	ux_pfkey_notify_expired(u, sa, hard, state);
	ux_writer_init(&w, buf, sizeof(buf));
	if (write_expire(&w, sa, hard, port_id))
		(void)ux_notify(u, UX_XFRM_GROUP_EXPIRE, &w);
}

/* ---- policies ---- */

void ux_event_policy(struct uxfrm *u, uint16_t type, const struct ux_policy *policy, bool by_index,
		     const struct ux_event_origin *origin)
{
	const struct nlmsghdr head = header(type, origin);
	uint8_t buf[UX_POLICY_MSG_MAX];
	struct ux_writer w;

	ux_pfkey_notify_policy(u, type, policy, by_index, origin);
	if (!ux_has_listener(u, UX_XFRM_GROUP_POLICY))
		return;
	ux_writer_init(&w, buf, sizeof(buf));
	if (type == XFRM_MSG_DELPOLICY ? ux_policy_put_deleted(&w, policy, by_index, &head)
				       : ux_policy_put(&w, policy, &head))
		(void)ux_notify(u, UX_XFRM_GROUP_POLICY, &w);
}

void ux_event_policy_flushed(struct uxfrm *u, uint8_t policy_type,
			     const struct ux_event_origin *origin)
{
	const struct nlmsghdr head = header(XFRM_MSG_FLUSHPOLICY, origin);
	uint8_t buf[64];
	struct ux_writer w;

	if (policy_type == UX_POLICY_TYPE_MAIN)
		ux_pfkey_notify_policy_flushed(u, origin);
	ux_writer_init(&w, buf, sizeof(buf));
	if (ux_policy_put_flushed(&w, policy_type, &head))
		(void)ux_notify(u, UX_XFRM_GROUP_POLICY, &w);
}

void ux_event_policy_expired(struct uxfrm *u, const struct ux_policy *policy, bool hard,
			     uint32_t port_id)
{
	uint8_t buf[UX_POLICY_MSG_MAX];
	struct ux_writer w;

	ux_writer_init(&w, buf, sizeof(buf));
	if (ux_policy_put_expired(&w, policy, hard, port_id))
		(void)ux_notify(u, UX_XFRM_GROUP_EXPIRE, &w);
}

/* Each protocol counts for itself, as in Linux. */
uint32_t ux_event_acquire(struct uxfrm *u, const struct ux_policy *policy,
			  const struct ux_template *t, uint32_t pcpu,
			  struct xfrm_user_acquire *acquire)
{
	struct ux_addr saddr = ux_addr_from_wire(&acquire->saddr);
	uint8_t buf[UX_POLICY_MSG_MAX];
	struct ux_writer w;

	uint32_t pfkey_seq = ux_pfkey_notify_acquire(u, policy, t, &saddr);

	if (++u->acquire_seq == 0)
		u->acquire_seq = 1;
	acquire->seq = u->acquire_seq;
	ux_writer_init(&w, buf, sizeof(buf));
	if (ux_policy_put_acquire(&w, policy, t, pcpu, acquire) &&
	    ux_notify(u, UX_XFRM_GROUP_ACQUIRE, &w) == 0)
		return u->acquire_seq;
	return pfkey_seq;
}
