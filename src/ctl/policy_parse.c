/* SPDX-License-Identifier: BSD-2-Clause */

/* NEWPOLICY and UPDPOLICY: what may stand in a request, and the policy it asks for. */

#include "ctl/policy.h"

#include <errno.h>
#include <stddef.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/label.h"
#include "ctl/translate.h"

/* The index of a policy tells its direction in the lowest bits (Linux: xfrm_policy_id2dir). */
#define INDEX_DIR_MASK 7u

bool ux_policy_template_proto_valid(uint8_t proto)
{
	switch (proto) {
	case IPPROTO_AH:
	case IPPROTO_ESP:
	case IPPROTO_COMP:
	case IPPROTO_ROUTING:
	case IPPROTO_DSTOPTS:
		return true;
	default:
		return false;
	}
}

int ux_policy_check_dir(uint8_t dir, struct ux_ext_ack *ext)
{
	if (dir >= UX_POLICY_DIRS)
		return ux_fail(ext, EINVAL, "Invalid policy direction");
	return 0;
}

static int check_selector(const struct xfrm_selector *sel, struct ux_ext_ack *ext)
{
	if (sel->family != AF_INET && sel->family != AF_INET6)
		return ux_fail(ext, EINVAL, "Invalid selector family");
	return ux_check_prefixes(sel->family, sel, ext);
}

static int check_info(const struct xfrm_userpolicy_info *info, struct ux_ext_ack *ext)
{
	int err;

	if (info->share > XFRM_SHARE_UNIQUE)
		return ux_fail(ext, EINVAL, "Invalid policy share");
	if (info->action != UX_POLICY_ALLOW && info->action != UX_POLICY_BLOCK)
		return ux_fail(ext, EINVAL, "Invalid policy action");
	err = check_selector(&info->sel, ext);
	if (err)
		return err;
	err = ux_policy_check_dir(info->dir, ext);
	if (err)
		return err;
	if (info->index && (info->index & INDEX_DIR_MASK) != info->dir)
		return ux_fail(ext, EINVAL, "Policy index doesn't match direction");
	return 0;
}

int ux_policy_type_parse(const struct ux_request *req, uint8_t *ret_type)
{
	const struct nlattr *attr = req->attrs.tb[XFRMA_POLICY_TYPE];
	struct xfrm_userpolicy_type type = {.type = UX_POLICY_TYPE_MAIN};

	if (attr)
		memcpy(&type, ux_attr_data(attr), sizeof(type));
	if (type.type != UX_POLICY_TYPE_MAIN && type.type != UX_POLICY_TYPE_SUB)
		return ux_fail(req->ext, EINVAL, "Invalid policy type");
	*ret_type = type.type;
	return 0;
}

int ux_policy_check_sec_ctx(const struct ux_request *req)
{
	const struct nlattr *attr = req->attrs.tb[XFRMA_SEC_CTX];
	struct xfrm_user_sec_ctx ctx;

	if (!attr)
		return 0;
	memcpy(&ctx, ux_attr_data(attr), sizeof(ctx));
	if (ctx.len > ux_attr_len(attr) || ctx.len != sizeof(ctx) + ctx.ctx_len)
		return ux_fail(req->ext, EINVAL, "Invalid security context length");
	return 0;
}

/* Only a mode that puts an address of its own in front of the packet can change the family. */
static bool mode_changes_family(uint8_t mode)
{
	return mode == UX_MODE_TUNNEL || mode == UX_MODE_BEET;
}

/* @family: what the packet is when it reaches this template. */
static int check_template(const struct xfrm_user_tmpl *t, uint8_t dir, uint16_t family,
			  struct ux_ext_ack *ext)
{
	if (mode_changes_family(t->mode)) {
		if (t->optional && dir == UX_POLICY_OUT)
			return ux_fail(ext, EINVAL,
				       "Mode in optional template not allowed in outbound policy");
	} else if (t->family != family) {
		return ux_fail(ext, EINVAL, "Mode in template doesn't support a family change");
	}
	if (t->mode > UX_MODE_BEET)
		return ux_fail(ext, EINVAL, "Mode in template must be < XFRM_MODE_MAX (5)");
	if (t->family != AF_INET && t->family != AF_INET6)
		return ux_fail(ext, EINVAL, "Invalid family in template");
	if (!ux_policy_template_proto_valid(t->id.proto))
		return ux_fail(ext, EINVAL, "Invalid XFRM protocol in template");
	return 0;
}

static void template_from_wire(struct ux_template *to, const struct xfrm_user_tmpl *t)
{
	*to = (struct ux_template){
	    .daddr = ux_addr_from_wire(&t->id.daddr),
	    .saddr = ux_addr_from_wire(&t->saddr),
	    .spi = t->id.spi,
	    .reqid = t->reqid,
	    .aalgos = t->aalgos,
	    .ealgos = t->ealgos,
	    .calgos = t->calgos,
	    .family = t->family,
	    .id_family = t->family,
	    .proto = t->id.proto,
	    .mode = t->mode,
	    .share = t->share,
	    .optional = t->optional,
	};
	memcpy(to->unused, (const uint8_t *)&t->id + UX_ID_PAD, sizeof(to->unused));
}

static unsigned int count_templates(const struct ux_request *req)
{
	const struct nlattr *attr = req->attrs.tb[XFRMA_TMPL];

	return attr ? (unsigned int)(ux_attr_len(attr) / sizeof(struct xfrm_user_tmpl)) : 0;
}

/* Templates that leave the family 0, as many programs do, mean that of the selector. */
static int parse_templates(const struct ux_request *req, struct ux_policy *policy)
{
	const struct nlattr *attr = req->attrs.tb[XFRMA_TMPL];
	uint16_t family = policy->family;

	if (count_templates(req) > UX_TEMPLATES_MAX)
		return ux_fail(req->ext, EINVAL, "Template count must be <= XFRM_MAX_DEPTH (6)");
	for (size_t i = 0; i < policy->n_templates; i++) {
		struct xfrm_user_tmpl t;
		int err;

		uint8_t *at = (uint8_t *)(uintptr_t)ux_attr_data(attr) + i * sizeof(t);

		memcpy(&t, at, sizeof(t));
		if (t.family == AF_UNSPEC) {
			t.family = policy->family;
			/* Linux fills it in where it stands, so an error echoes it */
			memcpy(at + offsetof(struct xfrm_user_tmpl, family), &t.family,
			       sizeof(t.family));
		}
		err = check_template(&t, policy->dir, family, req->ext);
		if (err)
			return err;
		family = t.family;
		template_from_wire(&policy->templates[i], &t);
	}
	return 0;
}

/* A policy can only be offloaded as a whole (packet offload), and no port of ours does that. */
static int check_offload(const struct ux_request *req)
{
	const struct nlattr *attr = req->attrs.tb[XFRMA_OFFLOAD_DEV];
	struct xfrm_user_offload offload;

	if (!attr)
		return 0;
	memcpy(&offload, ux_attr_data(attr), sizeof(offload));
	if (offload.flags != UX_XFRM_OFFLOAD_PACKET)
		return ux_fail(req->ext, EINVAL, "Unrecognized flags in offload request");
	return ux_fail(req->ext, EINVAL, "Policy offload is not supported");
}

static void policy_from_info(struct ux_policy *policy, const struct xfrm_userpolicy_info *info)
{
	policy->sel = ux_selector_from_wire(&info->sel);
	policy->priority = info->priority;
	policy->index = info->index;
	policy->dir = info->dir;
	policy->action = info->action;
	policy->flags = info->flags;
	policy->family = info->sel.family;
}

static int set_label(const struct ux_request *req, struct ux_policy *policy)
{
	const struct ux_label *label;
	int err = ux_label_from_attr(req, &label);

	if (err == 0)
		ux_policy_set_label(policy, label);
	return err;
}

static int fill_policy(const struct ux_request *req, struct ux_policy *policy)
{
	const struct nlattr *if_id = req->attrs.tb[XFRMA_IF_ID];
	const struct xfrm_userpolicy_info *info = req->header;
	struct ux_limits limits = ux_limits_from_wire(&info->lft);
	int err;

	policy_from_info(policy, info);
	err = ux_policy_type_parse(req, &policy->type);
	if (err)
		return err;
	err = parse_templates(req, policy);
	if (err == 0)
		err = set_label(req, policy);
	if (err)
		return err;
	policy->mark = ux_mark_from_attr(req->attrs.tb[XFRMA_MARK]);
	policy->mark.v &= policy->mark.m;
	if (if_id)
		policy->if_id = ux_attr_u32(if_id);
	err = check_offload(req);
	if (err)
		return err;
	policy->add_time_s = atomic_load_explicit(&req->u->real_s, memory_order_relaxed);
	return ux_policy_set_limits(policy, &limits);
}

int ux_policy_parse(struct ux_request *req, struct ux_policy **ret_policy)
{
	unsigned int n_templates = count_templates(req);
	struct ux_policy *policy;
	int err;

	err = check_info(req->header, req->ext);
	if (err)
		return err;
	err = ux_policy_check_sec_ctx(req);
	if (err)
		return err;
	policy = ux_policy_new(req->u, n_templates <= UX_TEMPLATES_MAX ? n_templates : 0);
	if (!policy)
		return -ENOMEM;
	err = fill_policy(req, policy);
	if (err) {
		ux_policy_free(policy);
		return err;
	}
	*ret_policy = policy;
	return 0;
}
