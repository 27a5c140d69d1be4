/* SPDX-License-Identifier: BSD-2-Clause */
#include "ctl/pfkey/policy_parse.h"

#include <errno.h>

#include "ctl/label.h"
#include "ctl/pfkey/sa_parse.h"
#include "ctl/policy.h"

/* ---- reqids given to templates that want one of their own ---- */

static bool reqid_is_used(struct uxfrm *u, uint32_t reqid)
{
	struct ux_list *pos;

	if (reqid > u->spd.max_reqid) /* as long as they are given in sequence */
		return false;
	ux_list_for_each (pos, &u->spd.all) {
		const struct ux_policy *p = ux_container_of(pos, struct ux_policy, all);

		if (p->type != UX_POLICY_TYPE_MAIN)
			continue;
		for (unsigned int i = 0; i < p->n_templates; i++)
			if (p->templates[i].reqid == reqid)
				return true;
	}
	return false;
}

/* One beyond those that programs choose themselves; 0 when all are used. */
static uint32_t new_reqid(struct uxfrm *u)
{
	uint32_t n = UINT32_MAX - IPSEC_MANUAL_REQID_MAX;

	while (n--) {
		if (u->pfkey_reqid < IPSEC_MANUAL_REQID_MAX || u->pfkey_reqid == UINT32_MAX)
			u->pfkey_reqid = IPSEC_MANUAL_REQID_MAX;
		u->pfkey_reqid++;
		if (!reqid_is_used(u, u->pfkey_reqid))
			return u->pfkey_reqid;
	}
	return 0;
}

/* ---- templates ---- */

static int read_level(struct uxfrm *u, const struct sadb_x_ipsecrequest *rq, uint8_t policy_dir,
		      struct ux_template *t)
{
	if (rq->sadb_x_ipsecrequest_level == IPSEC_LEVEL_USE) {
		if (t->mode != UX_MODE_TRANSPORT && policy_dir == IPSEC_DIR_OUTBOUND)
			return -EINVAL;
		t->optional = 1;
	} else if (rq->sadb_x_ipsecrequest_level == IPSEC_LEVEL_UNIQUE) {
		t->reqid = rq->sadb_x_ipsecrequest_reqid;
		if (t->reqid == 0 || t->reqid > IPSEC_MANUAL_REQID_MAX)
			t->reqid = new_reqid(u);
		if (!t->reqid)
			return -ENOBUFS;
	}
	return 0;
}

/* PF_KEY cannot say which algorithms may be used, so the masks are empty, as Linux has them. */
static int read_template(struct uxfrm *u, const struct ux_pfkey_template *from, uint8_t policy_dir,
			 uint16_t family, struct ux_template *to)
{
	const struct sadb_x_ipsecrequest *rq = &from->head;
	struct ux_pfkey_pair pair;
	int err;

	*to = (struct ux_template){.family = family, .id_family = family};
	if (rq->sadb_x_ipsecrequest_mode == IPSEC_MODE_ANY)
		return -EINVAL;
	to->proto = (uint8_t)rq->sadb_x_ipsecrequest_proto;
	if (!ux_policy_template_proto_valid(to->proto) ||
	    !ux_pfkey_mode_in(rq->sadb_x_ipsecrequest_mode, &to->mode))
		return -EINVAL;
	err = read_level(u, rq, policy_dir, to);
	if (err < 0 || to->mode != UX_MODE_TUNNEL)
		return err;
	err = ux_pfkey_pair_read(from->addresses, from->addresses_len, &pair);
	if (err < 0)
		return err;
	to->saddr = pair.saddr;
	to->daddr = pair.daddr;
	to->family = to->id_family = pair.family;
	return 0;
}

/* What is too short to be a template is passed over. */
static int read_templates(struct uxfrm *u, const struct sadb_x_policy *policy, uint16_t family,
			  struct ux_template templates[UX_TEMPLATES_MAX], unsigned int *ret_n)
{
	struct ux_pfkey_templates left = ux_pfkey_templates(policy);
	unsigned int n = 0;

	while (left.left >= sizeof(struct sadb_x_ipsecrequest)) {
		struct ux_pfkey_template t;
		int err = ux_pfkey_template_next(&left, &t);

		if (err < 0)
			return err;
		if (n == UX_TEMPLATES_MAX)
			return -ELOOP;
		err = read_template(u, &t, policy->sadb_x_policy_dir, family, &templates[n++]);
		if (err < 0)
			return err;
	}
	*ret_n = n;
	return 0;
}

/* ---- the policy ---- */

static int fill(const struct ux_pfkey_request *req, struct ux_policy *p)
{
	const struct sadb_x_policy *policy = req->exts.at[SADB_X_EXT_POLICY];
	struct ux_limits limits = {.soft_bytes = UX_LIMIT_INFINITE,
				   .hard_bytes = UX_LIMIT_INFINITE,
				   .soft_packets = UX_LIMIT_INFINITE,
				   .hard_packets = UX_LIMIT_INFINITE};

	p->action =
	    policy->sadb_x_policy_type == IPSEC_POLICY_DISCARD ? UX_POLICY_BLOCK : UX_POLICY_ALLOW;
	p->priority = policy->sadb_x_policy_priority;
	p->dir = (uint8_t)(policy->sadb_x_policy_dir - 1);
	p->type = UX_POLICY_TYPE_MAIN;
	p->sel = ux_pfkey_selector(&req->exts);
	p->family = p->sel.family;
	ux_pfkey_limits_in(req->exts.at[SADB_EXT_LIFETIME_HARD],
			   req->exts.at[SADB_EXT_LIFETIME_SOFT], &limits);
	p->add_time_s = atomic_load_explicit(&req->u->real_s, memory_order_relaxed);
	return ux_policy_set_limits(p, &limits);
}

int ux_pfkey_policy_parse(const struct ux_pfkey_request *req, struct ux_policy **ret_policy)
{
	const struct sadb_x_policy *policy = req->exts.at[SADB_X_EXT_POLICY];
	struct ux_template templates[UX_TEMPLATES_MAX];
	const struct ux_label *label;
	unsigned int n = 0;
	int err;

	if (!ux_pfkey_has_pair(&req->exts) || !policy ||
	    policy->sadb_x_policy_type > IPSEC_POLICY_IPSEC || !policy->sadb_x_policy_dir ||
	    policy->sadb_x_policy_dir >= IPSEC_DIR_MAX)
		return -EINVAL;
	err = ux_pfkey_label_in(req, &label);
	if (err < 0)
		return err;
	if (policy->sadb_x_policy_type == IPSEC_POLICY_IPSEC)
		err = read_templates(req->u, policy,
				     ux_pfkey_address(req->exts.at[SADB_EXT_ADDRESS_SRC]).family,
				     templates, &n);
	struct ux_policy *p = err == 0 ? ux_policy_new(req->u, n) : NULL;

	if (!p) {
		ux_shared_release(label);
		return err < 0 ? err : -ENOBUFS;
	}
	ux_policy_set_label(p, label);
	if (fill(req, p) < 0) {
		ux_policy_free(p);
		return -ENOBUFS;
	}
	memcpy(p->templates, templates, n * sizeof(templates[0]));
	*ret_policy = p;
	return 0;
}
