/* SPDX-License-Identifier: BSD-2-Clause */
/* Clients: who they are, what they listen to, and how datagrams get to them. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <uxfrm/api.h>

#include "ctl/client.h"
#include "ctl/event.h"

UXFRM_API int uxfrm_client_open(struct uxfrm *u, uint32_t port_id, bool privileged,
				const struct uxfrm_client_ops *ops, void *opaque,
				struct uxfrm_client **ret_client)
{
	if (port_id == 0 || !ops || !ops->deliver)
		return -EINVAL;
	struct uxfrm_client *c = calloc(1, sizeof(*c));
	if (!c)
		return -ENOMEM;
	c->u = u;
	c->ops = ops;
	c->opaque = opaque;
	c->port_id = port_id;
	c->privileged = privileged;
	ux_list_push_back(&u->clients, &c->all);
	ux_expire_announce(u); /* core knows nothing of clients */
	ux_event_from_packets(u);
	*ret_client = c;
	return 0;
}

UXFRM_API struct uxfrm_client *uxfrm_client_close(struct uxfrm_client *client)
{
	if (!client)
		return NULL;
	ux_dump_end(client);
	ux_list_remove(&client->all);
	ux_event_listeners_changed(client->u);
	free(client);
	return NULL;
}

UXFRM_API void uxfrm_client_set_port_id(struct uxfrm_client *client, uint32_t port_id)
{
	client->port_id = port_id;
}

UXFRM_API void uxfrm_client_set_of_sockets(struct uxfrm_client *client)
{
	client->of_sockets = true;
}

UXFRM_API void uxfrm_client_set_groups(struct uxfrm_client *client, uint32_t mask)
{
	client->groups = mask;
	ux_event_listeners_changed(client->u);
}

UXFRM_API uint32_t uxfrm_client_groups(const struct uxfrm_client *client)
{
	return client->groups;
}

UXFRM_API int uxfrm_client_set_option(struct uxfrm_client *client, int option, int value)
{
	switch (option) {
	case NETLINK_EXT_ACK:
		client->ext_ack = value != 0;
		return 0;
	case NETLINK_CAP_ACK:
		client->cap_ack = value != 0;
		return 0;
	case NETLINK_GET_STRICT_CHK:
		client->strict = value != 0;
		return 0;
	case NETLINK_LISTEN_ALL_NSID:
		/* there is one namespace, and its own events carry no number */
		return 0;
	default:
		return -ENOPROTOOPT;
	}
}

int ux_client_send(struct uxfrm_client *client, const void *datagram, size_t len)
{
	if (client->ops->deliver(client->opaque, datagram, len, 0) == 0)
		return 0;
	if (client->ops->overrun)
		client->ops->overrun(client->opaque);
	return -EAGAIN;
}

int ux_reply(struct ux_request *req, const struct ux_writer *w)
{
	return ux_reply_as(req, w, req->client->port_id);
}

int ux_reply_as(struct ux_request *req, const struct ux_writer *w, uint32_t port_id)
{
	struct nlmsghdr h;

	if (w->len < sizeof(h))
		return -EMSGSIZE;
	memcpy(&h, w->buf, sizeof(h));
	h.nlmsg_pid = port_id;
	h.nlmsg_seq = req->msg->nlmsg_seq;
	memcpy(w->buf, &h, sizeof(h));
	return ux_client_send(req->client, w->buf, w->len);
}

bool ux_has_listener(const struct uxfrm *u, uint32_t group)
{
	const struct ux_list *pos;

	ux_list_for_each (pos, &u->clients)
		if (ux_container_of(pos, struct uxfrm_client, all)->groups & (1u << (group - 1)))
			return true;
	return false;
}

int ux_notify(struct uxfrm *u, uint32_t group, const struct ux_writer *w)
{
	struct ux_list *pos, *tmp;
	int result = -ESRCH;

	if (w->len < NLMSG_HDRLEN || group == 0 || group > 32)
		return -EMSGSIZE;
	ux_list_for_each_safe (pos, tmp, &u->clients) {
		struct uxfrm_client *c = ux_container_of(pos, struct uxfrm_client, all);

		if (!(c->groups & (1u << (group - 1))))
			continue;
		if (c->ops->deliver(c->opaque, w->buf, w->len, group) == 0) {
			if (result == -ESRCH)
				result = 0;
			continue;
		}
		result = -ENOBUFS;
		if (c->ops->overrun)
			c->ops->overrun(c->opaque);
	}
	return result;
}
