/* SPDX-License-Identifier: BSD-2-Clause */
#include "ctl/label.h"

#include <errno.h>
#include <string.h>

#include "ctl/client.h"
#include "ctl/pfkey/request.h"
#include "ctl/sa_change.h"

/* The only kind of label there is: XFRM_SC_DOI_LSM, XFRM_SC_ALG_SELINUX. */
#define DOI_SECURITY_MODULE 1
#define ALG_SELINUX 1

int ux_label_take(struct uxfrm *u, const struct ux_label_gate *gate,
		  const struct ux_label_wish *wish, const struct ux_label **ret_label)
{
	const struct ux_label *label;
	int err;

	*ret_label = NULL;
	if (!u->params.labels)
		return 0;
	if (wish->doi != DOI_SECURITY_MODULE || wish->alg != ALG_SELINUX)
		return -EINVAL;
	if (wish->len > UX_LABEL_MAX)
		return -ENOMEM;
	if (strnlen(wish->text, wish->len) == 0)
		return -EINVAL;
	label = ux_label_hold(u, wish->text, wish->len);
	if (!label)
		return -ENOMEM;
	err = ux_label_permit(gate, label);
	if (err < 0) {
		ux_shared_release(label);
		return err;
	}
	*ret_label = label;
	return 0;
}

struct ux_label_gate ux_label_gate_of(const struct uxfrm_client *client)
{
	return (struct ux_label_gate){client->ops->label, client->opaque};
}

int ux_label_from_attr(const struct ux_request *req, const struct ux_label **ret_label)
{
	const struct ux_label_gate gate = ux_label_gate_of(req->client);
	const struct nlattr *attr = req->attrs.tb[XFRMA_SEC_CTX];
	struct xfrm_user_sec_ctx ctx;

	*ret_label = NULL;
	if (!attr)
		return 0;
	ux_attr_copy(attr, &ctx, sizeof(ctx));
	const struct ux_label_wish wish = {
	    .doi = ctx.ctx_doi,
	    .alg = ctx.ctx_alg,
	    .text = (const uint8_t *)ux_attr_data(attr) + sizeof(ctx),
	    .len = ctx.ctx_len,
	};
	return ux_label_take(req->u, &gate, &wish, ret_label);
}

void ux_write_label(struct ux_writer *w, const struct ux_label *label)
{
	uint8_t buf[sizeof(struct xfrm_user_sec_ctx) + UX_LABEL_MAX + 1];

	if (!label)
		return;
	const struct xfrm_user_sec_ctx head = {
	    .len = (uint16_t)(sizeof(head) + label->len),
	    .exttype = XFRMA_SEC_CTX,
	    .ctx_alg = ALG_SELINUX,
	    .ctx_doi = DOI_SECURITY_MODULE,
	    .ctx_len = (uint16_t)label->len,
	};

	memcpy(buf, &head, sizeof(head));
	memcpy(buf + sizeof(head), label->text, label->len);
	ux_msg_attr(w, XFRMA_SEC_CTX, buf, sizeof(head) + label->len);
}

/* ---- PF_KEY ---- */

struct ux_label_gate ux_pfkey_label_gate(const struct ux_pfkey_request *req)
{
	return (struct ux_label_gate){req->client->ops->label, req->client->opaque};
}

int ux_pfkey_label_in(const struct ux_pfkey_request *req, const struct ux_label **ret_label)
{
	const struct sadb_x_sec_ctx *ctx = req->exts.at[SADB_X_EXT_SEC_CTX];
	const struct ux_label_gate gate = ux_pfkey_label_gate(req);

	*ret_label = NULL;
	if (!ctx)
		return 0;
	const struct ux_label_wish wish = {
	    .doi = ctx->sadb_x_ctx_doi,
	    .alg = ctx->sadb_x_ctx_alg,
	    .text = ctx + 1,
	    .len = ctx->sadb_x_ctx_len,
	};
	return ux_label_take(req->u, &gate, &wish, ret_label);
}

void ux_pfkey_label_out(struct ux_pfkey_writer *w, const struct ux_label *label)
{
	struct sadb_x_sec_ctx ctx = {.sadb_x_ctx_alg = ALG_SELINUX,
				     .sadb_x_ctx_doi = DOI_SECURITY_MODULE};

	if (!label)
		return;
	ctx.sadb_x_ctx_len = (uint16_t)label->len;
	ux_pfkey_ext(w, SADB_X_EXT_SEC_CTX, &ctx, sizeof(ctx));
	ux_pfkey_append(w, label->text, label->len);
}

/* ---- deletion ---- */

int ux_label_permit_flush_sa(struct uxfrm *u, const struct ux_label_gate *gate, uint8_t proto)
{
	const struct ux_list *pos;

	if (!u->labels.n)
		return 0;
	ux_list_for_each (pos, &u->sad.all) {
		const struct ux_sa *sa = ux_container_of(pos, const struct ux_sa, all);
		int err = 0;

		if (ux_sa_proto_wanted(sa->id.proto, proto))
			err = ux_label_permit(gate, ux_sa_label(sa));
		if (err < 0)
			return err;
	}
	return 0;
}

int ux_label_permit_flush_policy(struct uxfrm *u, const struct ux_label_gate *gate, uint8_t type)
{
	const struct ux_list *pos;

	if (!u->labels.n)
		return 0;
	ux_list_for_each (pos, &u->spd.all) {
		const struct ux_policy *p = ux_container_of(pos, const struct ux_policy, all);
		int err = p->type == type ? ux_label_permit(gate, p->label) : 0;

		if (err < 0)
			return err;
	}
	return 0;
}
