/* SPDX-License-Identifier: BSD-2-Clause */

/* NEWPOLICY, UPDPOLICY, DELPOLICY, GETPOLICY (one), FLUSHPOLICY. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/event.h"
#include "ctl/client.h"
#include "ctl/label.h"
#include "core/spd_ahead.h"
#include "ctl/policy.h"
#include "ctl/translate.h"

/* Attributes are not looked at: this is of the type main and of no interface. */
static uint64_t place_of(const struct uxfrm *u, const struct xfrm_selector *wire, uint8_t dir)
{
	struct ux_selector sel = ux_selector_from_wire(wire);
	const struct ux_policy_key key = {.dir = dir, .sel = &sel};

	return ux_spd_ahead_of(u, &key);
}

/* Step 1 has been done by the caller. */
static void prefetch_policy(const struct uxfrm *u, struct ux_ahead *ahead)
{
	switch (ahead->stage++) {
	case 1:
		ux_spd_ahead_bucket(u, ahead->policy);
		break;
	case 2:
		ux_spd_ahead_policy(u, ahead->policy);
		break;
	default:
		ux_spd_ahead_around(u, ahead->policy);
		break;
	}
}

void ux_prefetch_policy_id(const struct uxfrm *u, const void *header, struct ux_ahead *ahead)
{
	struct xfrm_userpolicy_id id;

	if (ahead->stage) {
		prefetch_policy(u, ahead);
		return;
	}
	memcpy(&id, header, sizeof(id));
	ahead->policy = place_of(u, &id.sel, id.dir);
	ahead->stage++;
}

void ux_prefetch_newpolicy(const struct uxfrm *u, const void *header, struct ux_ahead *ahead)
{
	struct xfrm_userpolicy_info info;

	if (ahead->stage) {
		prefetch_policy(u, ahead);
		return;
	}
	memcpy(&info, header, sizeof(info));
	ahead->policy = place_of(u, &info.sel, info.dir);
	ahead->stage++;
}

int ux_handle_newpolicy(struct ux_request *req)
{
	const struct ux_event_origin origin = ux_event_origin(req);
	struct ux_policy *policy;
	int err;

	err = ux_policy_parse(req, &policy);
	if (err)
		return err;
	policy->of_socket = req->client->of_sockets;
	err = ux_spd_insert(req->u, policy, req->msg->nlmsg_type == XFRM_MSG_NEWPOLICY, NULL);
	if (err) {
		ux_policy_free(policy);
		return err;
	}
	ux_event_policy(req->u, req->msg->nlmsg_type, policy, false, &origin);
	return 0;
}

/* The policy a GETPOLICY or DELPOLICY names, by its index if there is one, else by its selector. */
static int find_policy(struct ux_request *req, struct ux_policy **ret_policy)
{
	const struct nlattr *if_id = req->attrs.tb[XFRMA_IF_ID];
	struct xfrm_userpolicy_id id;
	struct ux_policy_key key = {0};
	struct ux_policy *policy;
	struct ux_selector sel;
	int err;

	memcpy(&id, req->header, sizeof(id));
	err = ux_policy_type_parse(req, &key.type);
	if (err)
		return err;
	err = ux_policy_check_dir(id.dir, req->ext);
	if (err)
		return err;
	key.dir = id.dir;
	key.if_id = if_id ? ux_attr_u32(if_id) : 0;
	key.mark = ux_mark_from_attr(req->attrs.tb[XFRMA_MARK]);
	sel = ux_selector_from_wire(&id.sel);
	key.sel = &sel;
	if (id.index) {
		policy = ux_spd_find_by_index(req->u, &key, id.index);
	} else {
		err = ux_policy_check_sec_ctx(req);
		if (err == 0)
			err = ux_label_from_attr(req, &key.label);
		if (err)
			return err;
		policy = ux_spd_find(req->u, &key);
		ux_shared_release(key.label);
	}
	if (!policy)
		return -ENOENT;
	*ret_policy = policy;
	return 0;
}

static int reply_policy(struct ux_request *req, const struct ux_policy *policy)
{
	const struct nlmsghdr head = {.nlmsg_type = XFRM_MSG_NEWPOLICY,
				      .nlmsg_seq = req->msg->nlmsg_seq};
	uint8_t buf[UX_POLICY_MSG_MAX];
	struct ux_writer w;

	ux_writer_init(&w, buf, sizeof(buf));
	if (!ux_policy_put(&w, policy, &head))
		return -EMSGSIZE;
	return ux_reply(req, &w);
}

static void delete_policy(struct ux_request *req, struct ux_policy *policy)
{
	const struct ux_event_origin origin = ux_event_origin(req);
	struct xfrm_userpolicy_id id;

	memcpy(&id, req->header, sizeof(id));
	ux_event_policy(req->u, XFRM_MSG_DELPOLICY, policy, id.index != 0, &origin);
	if (policy->dir != UX_POLICY_OUT)
		ux_interim_open(req->u, policy);
	ux_spd_remove(req->u, policy);
}

int ux_handle_getpolicy(struct ux_request *req)
{
	const struct ux_label_gate gate = ux_label_gate_of(req->client);
	struct ux_policy *policy;
	int err;

	err = find_policy(req, &policy);
	if (err)
		return err;
	if (req->msg->nlmsg_type == XFRM_MSG_GETPOLICY)
		return reply_policy(req, policy);
	err = ux_label_permit(&gate, policy->label);
	if (err == 0)
		delete_policy(req, policy);
	return err;
}

bool ux_policy_flush(struct uxfrm *u, uint8_t type)
{
	struct ux_spd_cursor cursor;
	struct ux_policy *policy;
	bool any = false;

	ux_spd_cursor_init(&cursor);
	while ((policy = ux_spd_cursor_next(&u->spd, &cursor))) {
		if (policy->type != type || policy->of_socket)
			continue;
		ux_spd_remove(u, policy);
		any = true;
	}
	ux_spd_cursor_fini(&cursor);
	if (type == UX_POLICY_TYPE_MAIN)
		ux_watch_flushed(u);
	return any;
}

/* An empty database is no error, and no event either. */
int ux_handle_flushpolicy(struct ux_request *req)
{
	const struct ux_event_origin origin = ux_event_origin(req);
	const struct ux_label_gate gate = ux_label_gate_of(req->client);
	uint8_t type;
	int err;

	err = ux_policy_type_parse(req, &type);
	if (err == 0)
		err = ux_label_permit_flush_policy(req->u, &gate, type);
	if (err)
		return err;
	if (ux_policy_flush(req->u, type))
		ux_event_policy_flushed(req->u, type, &origin);
	return 0;
}
