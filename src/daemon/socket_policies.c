/* SPDX-License-Identifier: BSD-2-Clause */

/* A socket's policies come and go by requests of a netlink client of their own. */

#include "daemon/socket_policies.h"

#include <assert.h>
#include <errno.h>
#include <linux/netlink.h>
#include <linux/xfrm.h>
#include <stdlib.h>
#include <string.h>

#include "wire/writer.h"

/* Where the marks are; elsewhere when our own bit is there. */
#define MARKS 0x0ff00000u
#define OTHER_MARKS 0x000ff000u

struct policy {
	struct xfrm_userpolicy_info info;
	struct xfrm_user_tmpl templates[UXFRM_CONTROL_TEMPLATES];
	uint32_t n_templates;
	bool there;
};

struct ux_socket_policy {
	struct ux_control *control;
	struct uxfrm_client *client;
	int result; /* of the last request */
	uint32_t number; /* of its mark */
	struct policy of[2]; /* by direction: XFRM_POLICY_IN, XFRM_POLICY_OUT */
};

static uint32_t mask_of(const struct ux_control *control)
{
	return control->config->fwmark & MARKS ? OTHER_MARKS : MARKS;
}

/* From 1 on: 0 is a socket without. */
static struct xfrm_mark mark_of(const struct ux_socket_policy *s)
{
	const uint32_t mask = mask_of(s->control);

	return (struct xfrm_mark){.v = (s->number + 1) * (mask & -mask), .m = mask};
}

static int take_answer(void *opaque, const void *datagram, size_t len, uint32_t group)
{
	struct ux_socket_policy *s = opaque;
	struct nlmsghdr h;
	struct nlmsgerr error;

	if (len < sizeof(h))
		return 0;
	memcpy(&h, datagram, sizeof(h));
	if (group || h.nlmsg_type != NLMSG_ERROR || len < NLMSG_LENGTH(sizeof(error)))
		return 0;
	memcpy(&error, (const uint8_t *)datagram + NLMSG_HDRLEN, sizeof(error));
	s->result = error.error;
	return 0;
}

static const struct uxfrm_client_ops client_ops = {.deliver = take_answer};

static int request(struct ux_socket_policy *s, const void *bytes, size_t len)
{
	s->result = -EINVAL;
	uxfrm_client_request(s->client, bytes, len);
	return s->result;
}

static void put_mark(struct ux_writer *w, const struct ux_socket_policy *s, uint8_t dir)
{
	const struct xfrm_mark mark = mark_of(s);

	if (dir == XFRM_POLICY_OUT)
		ux_msg_attr(w, XFRMA_MARK, &mark, sizeof(mark));
}

/* @type: XFRM_MSG_NEWPOLICY, or _UPDPOLICY in the place of one that is this socket's. */
static int install(struct ux_socket_policy *s, const struct policy *p, uint16_t type)
{
	uint8_t bytes[2048];
	struct ux_writer w;

	ux_writer_init(&w, bytes, sizeof(bytes));
	ux_msg_begin(&w, type, NLM_F_REQUEST | NLM_F_ACK, 0, 0, &p->info,
		     sizeof(p->info));
	if (p->n_templates)
		ux_msg_attr(&w, XFRMA_TMPL, p->templates,
			    p->n_templates * sizeof(p->templates[0]));
	put_mark(&w, s, p->info.dir);
	return ux_msg_end(&w) ? request(s, bytes, w.len) : -EMSGSIZE;
}

static void remove_policy(struct ux_socket_policy *s, struct policy *p)
{
	const struct xfrm_userpolicy_id id = {.sel = p->info.sel, .dir = p->info.dir};
	uint8_t bytes[256];
	struct ux_writer w;

	if (!p->there)
		return;
	ux_writer_init(&w, bytes, sizeof(bytes));
	ux_msg_begin(&w, XFRM_MSG_DELPOLICY, NLM_F_REQUEST | NLM_F_ACK, 0, 0, &id, sizeof(id));
	put_mark(&w, s, p->info.dir);
	if (ux_msg_end(&w))
		(void)request(s, bytes, w.len); /* a client may have removed it */
	p->there = false;
}

/* ---- one connection's ---- */

static struct ux_socket_policy *begin(struct ux_connection *c)
{
	struct ux_socket_policy *s = calloc(1, sizeof(*s));
	uint32_t port_id;
	int err;

	if (!s)
		return NULL;
	s->control = c->control;
	s->number = (uint32_t)__builtin_ctzll(~(uint64_t)c->control->socket_marks);
	err = ux_control_pick_port_id(c->control, c, 0, &port_id);
	if (!err)
		err = uxfrm_client_open(c->control->engine, port_id, true, &client_ops, s,
					&s->client);
	if (err) {
		free(s);
		return NULL;
	}
	uxfrm_client_set_of_sockets(s->client);
	c->control->socket_marks |= 1u << s->number;
	return s;
}

void ux_socket_policy_end(struct ux_connection *c)
{
	struct ux_socket_policy *s = c->socket_policy;

	if (!s)
		return;
	for (size_t i = 0; i < 2; i++)
		remove_policy(s, &s->of[i]);
	uxfrm_client_close(s->client);
	c->control->socket_marks &= ~(1u << s->number);
	free(s);
	c->socket_policy = NULL;
}

static int read_wanted(const struct uxfrm_control_socket_policy *wanted, struct policy *ret)
{
	static_assert(sizeof(ret->info) == sizeof(wanted->info), "struct xfrm_userpolicy_info");
	static_assert(sizeof(ret->templates) == sizeof(wanted->templates), "struct xfrm_user_tmpl");
	*ret = (struct policy){.n_templates = wanted->n_templates};
	memcpy(&ret->info, wanted->info, sizeof(ret->info));
	memcpy(ret->templates, wanted->templates, sizeof(ret->templates));
	if (ret->n_templates > UXFRM_CONTROL_TEMPLATES || ret->info.dir > XFRM_POLICY_OUT)
		return -EINVAL;
	/* It comes before what any client has, in whatever order they were given. */
	ret->info.priority = 0;
	ret->info.index = 0;
	return 0;
}

/* Without a device for its mark the socket's packets would not come here. */
static bool is_covered(const struct ux_socket_policy *s, const struct policy *p)
{
	const struct xfrm_mark mark = mark_of(s);

	return p->info.dir == XFRM_POLICY_IN ||
	       s->control->covers(s->control->settle_opaque, mark.v, mark.m);
}

static int put(struct ux_socket_policy *s, const struct policy *fresh)
{
	struct policy *p = &s->of[fresh->info.dir];
	struct policy before = *p;
	const bool same = before.there && memcmp(&before.info.sel, &fresh->info.sel,
						 sizeof(before.info.sel)) == 0;
	int err = install(s, fresh, same ? XFRM_MSG_UPDPOLICY : XFRM_MSG_NEWPOLICY);

	if (err)
		return err;
	*p = *fresh;
	p->there = true;
	if (!same)
		remove_policy(s, &before);
	if (is_covered(s, p))
		return 0;
	remove_policy(s, p);
	return -ENOSPC;
}

static int change(struct ux_connection *c, const struct uxfrm_control_socket_policy *wanted)
{
	struct policy fresh;
	int err = read_wanted(wanted, &fresh);

	if (!c->peer.privileged)
		return -EPERM;
	if (err)
		return err;
	if (!c->control->workers)
		return -EOPNOTSUPP;
	if (wanted->remove) {
		if (c->socket_policy)
			remove_policy(c->socket_policy, &c->socket_policy->of[fresh.info.dir]);
		return 0;
	}
	if (!c->socket_policy && c->control->socket_marks == UINT32_MAX)
		return -ENOSPC;
	if (!c->socket_policy)
		c->socket_policy = begin(c);
	return c->socket_policy ? put(c->socket_policy, &fresh) : -ENOMEM;
}

void ux_socket_policy_request(struct ux_connection *c,
			      const struct uxfrm_control_socket_policy *wanted)
{
	struct uxfrm_control_msg msg = {
	    .magic = UXFRM_CONTROL_MAGIC,
	    .version = UXFRM_CONTROL_VERSION,
	    .op = UXFRM_CONTROL_SOCKET_POLICY,
	    .result = change(c, wanted),
	};

	if (!msg.result && c->socket_policy) {
		msg.value[0] = mark_of(c->socket_policy).v;
		msg.value[1] = mark_of(c->socket_policy).m;
	}
	ux_control_settle(c->control);
	ux_connection_answer(c, &msg, NULL, 0);
}
