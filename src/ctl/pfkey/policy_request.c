/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDADD, SPDUPDATE, SPDSETIDX, SPDDELETE, SPDGET, SPDDELETE2, SPDFLUSH. */

#include <errno.h>
#include <string.h>

#include "ctl/label.h"
#include "ctl/pfkey/policy_message.h"
#include "ctl/pfkey/policy_parse.h"
#include "ctl/policy.h"

/* The index of a policy tells its direction in the lowest bits (Linux: xfrm_policy_id2dir). */
#define INDEX_DIR_MASK 7u

/* SPDSETIDX does what SPDADD does. */
int ux_pfkey_spdadd(struct ux_pfkey_request *req)
{
	bool update = req->msg->sadb_msg_type == SADB_X_SPDUPDATE;
	struct ux_policy *policy;
	int err = ux_pfkey_policy_parse(req, &policy);

	if (err < 0)
		return err;
	err = ux_spd_insert(req->u, policy, !update, NULL);
	if (err < 0) {
		ux_policy_free(policy);
		return err;
	}
	ux_event_policy(req->u, update ? XFRM_MSG_UPDPOLICY : XFRM_MSG_NEWPOLICY, policy, false,
			&req->origin);
	return 0;
}

static int delete_policy(struct ux_pfkey_request *req, struct ux_policy *policy, bool by_index)
{
	const struct ux_label_gate gate = ux_pfkey_label_gate(req);
	int err = ux_label_permit(&gate, policy->label);

	if (err < 0)
		return err;
	ux_event_policy(req->u, XFRM_MSG_DELPOLICY, policy, by_index, &req->origin);
	if (policy->dir != UX_POLICY_OUT)
		ux_interim_open(req->u, policy);
	ux_spd_remove(req->u, policy);
	return 0;
}

int ux_pfkey_spddelete(struct ux_pfkey_request *req)
{
	const struct sadb_x_policy *p = req->exts.at[SADB_X_EXT_POLICY];
	struct ux_policy_key key = {.type = UX_POLICY_TYPE_MAIN};
	struct ux_policy *policy;
	struct ux_selector sel;
	int err;

	if (!ux_pfkey_has_pair(&req->exts) || !p || !p->sadb_x_policy_dir ||
	    p->sadb_x_policy_dir >= IPSEC_DIR_MAX)
		return -EINVAL;
	sel = ux_pfkey_selector(&req->exts);
	key.dir = (uint8_t)(p->sadb_x_policy_dir - 1);
	key.sel = &sel;
	err = ux_pfkey_label_in(req, &key.label);
	if (err < 0)
		return err;
	policy = ux_spd_find(req->u, &key);
	ux_shared_release(key.label);
	return policy ? delete_policy(req, policy, false) : -ENOENT;
}

static int reply_policy(struct ux_pfkey_request *req, const struct ux_policy *policy)
{
	const struct sadb_msg head = {.sadb_msg_version = req->msg->sadb_msg_version,
				      .sadb_msg_type = req->msg->sadb_msg_type,
				      .sadb_msg_reserved = ux_pfkey_policy_references(policy, 1),
				      .sadb_msg_seq = req->msg->sadb_msg_seq,
				      .sadb_msg_pid = req->msg->sadb_msg_pid};
	uint8_t buf[UX_PFKEY_POLICY_MAX];
	size_t len;
	int err = ux_pfkey_policy_message(policy, &head, buf, &len);

	if (err == 0)
		(void)ux_pfkey_send(req->u, buf, len, UX_PFKEY_TO_ONE, req->client);
	return err;
}

/* By index, whatever else the request says. */
int ux_pfkey_spdget(struct ux_pfkey_request *req)
{
	const struct sadb_x_policy *p = req->exts.at[SADB_X_EXT_POLICY];
	struct ux_policy_key key = {.type = UX_POLICY_TYPE_MAIN};
	struct ux_policy *policy;

	if (!p || (p->sadb_x_policy_id & INDEX_DIR_MASK) >= UX_POLICY_DIRS)
		return -EINVAL;
	key.dir = p->sadb_x_policy_id & INDEX_DIR_MASK;
	policy = ux_spd_find_by_index(req->u, &key, p->sadb_x_policy_id);
	if (!policy)
		return -ENOENT;
	if (req->msg->sadb_msg_type == SADB_X_SPDGET)
		return reply_policy(req, policy);
	return delete_policy(req, policy, true);
}

int ux_pfkey_spdflush(struct ux_pfkey_request *req)
{
	const struct ux_label_gate gate = ux_pfkey_label_gate(req);
	int err = ux_label_permit_flush_policy(req->u, &gate, UX_POLICY_TYPE_MAIN);

	if (err < 0)
		return err;
	bool any = ux_policy_flush(req->u, UX_POLICY_TYPE_MAIN);

	if (ux_pfkey_answer(req, 0) == 0 && any)
		ux_event_policy_flushed(req->u, UX_POLICY_TYPE_MAIN, &req->origin);
	return 0;
}
