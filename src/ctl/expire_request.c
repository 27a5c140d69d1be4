/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * ACQUIRE, EXPIRE and POLEXPIRE as requests: a client makes the events that listeners know from
 * the kernel, and a hard expiry deletes. And the events of what runs out of time.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>

#include "ctl/event.h"
#include "ctl/label.h"
#include "ctl/policy.h"
#include "ctl/sa_reply.h"
#include "ctl/translate.h"

static void sa_expired(struct uxfrm *u, const struct ux_sa *sa, bool hard)
{
	ux_event_sa_expired(u, sa, hard, hard ? UX_SA_DEAD : UX_SA_VALID, 0);
}

static void policy_expired(struct uxfrm *u, const struct ux_policy *policy, bool hard)
{
	ux_event_policy_expired(u, policy, hard, 0);
}

void ux_expire_announce(struct uxfrm *u)
{
	u->sa_expired = sa_expired;
	u->policy_expired = policy_expired;
}

int ux_handle_expire(struct ux_request *req)
{
	const struct xfrm_user_expire *p = req->header;
	struct ux_sa_id id = {
	    .daddr = ux_addr_from_wire(&p->state.id.daddr),
	    .spi = p->state.id.spi,
	    .family = p->state.family,
	    .proto = p->state.id.proto,
	};
	struct ux_mark mark = ux_mark_from_attr(req->attrs.tb[XFRMA_MARK]);
	struct ux_sa *sa = id.spi ? ux_sad_lookup_exact(req->u, &id, mark) : NULL;

	if (!sa)
		return -ENOENT;
	if (ux_sa_state_of(sa) != UX_SA_VALID)
		return ux_fail(req->ext, EINVAL, "SA must be in VALID state");
	ux_event_sa_expired(req->u, sa, p->hard != 0, UX_SA_VALID, req->msg->nlmsg_pid);
	if (p->hard)
		ux_sad_remove(req->u, sa);
	return 0;
}

static int find_policy(const struct ux_request *req, const struct xfrm_userpolicy_info *p,
		       struct ux_policy **ret_policy)
{
	const struct nlattr *if_id = req->attrs.tb[XFRMA_IF_ID];
	struct ux_selector sel = ux_selector_from_wire(&p->sel);
	struct ux_policy_key key = {
	    .dir = p->dir,
	    .if_id = if_id ? ux_attr_u32(if_id) : 0,
	    .mark = ux_mark_from_attr(req->attrs.tb[XFRMA_MARK]),
	    .sel = &sel,
	};
	int err = ux_policy_type_parse(req, &key.type);

	if (!err)
		err = ux_policy_check_dir(p->dir, req->ext);
	if (!err && !p->index)
		err = ux_policy_check_sec_ctx(req);
	if (!err && !p->index)
		err = ux_label_from_attr(req, &key.label);
	if (err)
		return err;
	*ret_policy =
	    p->index ? ux_spd_find_by_index(req->u, &key, p->index) : ux_spd_find(req->u, &key);
	ux_shared_release(key.label);
	return *ret_policy ? 0 : -ENOENT;
}

int ux_handle_polexpire(struct ux_request *req)
{
	const struct xfrm_user_polexpire *p = req->header;
	struct ux_policy *policy;
	int err = find_policy(req, &p->pol, &policy);

	if (err)
		return err;
	ux_event_policy_expired(req->u, policy, p->hard != 0, req->msg->nlmsg_pid);
	if (p->hard)
		ux_spd_remove(req->u, policy);
	return 0;
}

/* The policy inside an ACQUIRE, checked as NEWPOLICY checks it. */
static int parse_policy(struct ux_request *req, const struct xfrm_userpolicy_info *info,
			struct ux_policy **ret_policy)
{
	const void *header = req->header;
	int err;

	req->header = info;
	err = ux_policy_parse(req, ret_policy);
	req->header = header;
	return err;
}

/* For each template an event, as if a packet had asked for its SA. */
int ux_handle_acquire(struct ux_request *req)
{
	const struct xfrm_user_acquire *p = req->header;
	const struct nlattr *attr = req->attrs.tb[UX_XFRMA_SA_PCPU];
	uint32_t pcpu = attr ? ux_attr_u32(attr) : UINT32_MAX;
	struct xfrm_user_acquire event;
	struct ux_policy *policy;
	int err;

	if (attr && pcpu >= (uint32_t)get_nprocs_conf())
		return ux_fail(req->ext, EINVAL, "pCPU number too big");
	err = parse_policy(req, &p->policy, &policy);
	if (err)
		return err;
	memcpy(&event, p, sizeof(event));
	policy->mark = ux_mark_from_attr(req->attrs.tb[XFRMA_MARK]); /* as given, not masked */
	policy->dir = UX_POLICY_OUT;
	policy->add_time_s = 0;		   /* it is in no database */
	ux_policy_set_label(policy, NULL); /* the event tells that of the SA, which is not there */
	for (unsigned int i = 0; i < policy->n_templates; i++) {
		struct ux_template *t = &policy->templates[i];

		t->aalgos = p->aalgos;
		t->ealgos = p->ealgos;
		t->calgos = p->calgos;
		ux_event_acquire(req->u, policy, t, pcpu, &event);
	}
	ux_policy_free(policy);
	return 0;
}
