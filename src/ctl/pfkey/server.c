/* SPDX-License-Identifier: BSD-2-Clause */
#include "ctl/pfkey/client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <uxfrm/api.h>

#include "ctl/pfkey/notify.h"
#include "ctl/request.h"

UXFRM_API int uxfrm_pfkey_open(struct uxfrm *u, const struct uxfrm_client_ops *ops, void *opaque,
			       struct uxfrm_pfkey **ret_client)
{
	if (!ops || !ops->deliver)
		return -EINVAL;
	struct uxfrm_pfkey *c = calloc(1, sizeof(*c));
	if (!c)
		return -ENOMEM;
	c->u = u;
	c->ops = ops;
	c->opaque = opaque;
	ux_list_push_front(&u->pfkey_clients, &c->all);
	ux_expire_announce(u); /* core knows nothing of clients */
	ux_event_from_packets(u);
	*ret_client = c;
	return 0;
}

UXFRM_API struct uxfrm_pfkey *uxfrm_pfkey_close(struct uxfrm_pfkey *client)
{
	if (!client)
		return NULL;
	ux_pfkey_dump_end(client);
	ux_list_remove(&client->all);
	ux_event_listeners_changed(client->u);
	free(client);
	return NULL;
}

UXFRM_API void uxfrm_pfkey_set_listening(struct uxfrm_pfkey *client, uint32_t mask)
{
	client->registered = mask & ~1u;
	client->promiscuous = mask & 1u;
	ux_event_listeners_changed(client->u);
}

bool ux_pfkey_any_registered(const struct uxfrm *u)
{
	const struct ux_list *pos;

	ux_list_for_each (pos, &u->pfkey_clients)
		if (ux_container_of(pos, struct uxfrm_pfkey, all)->registered)
			return true;
	return false;
}

void ux_pfkey_bytes_free(struct ux_pfkey_bytes *bytes)
{
	if (bytes->at)
		explicit_bzero(bytes->at, bytes->len);
	free(bytes->at);
	*bytes = (struct ux_pfkey_bytes){0};
}

static bool is_meant(const struct uxfrm_pfkey *c, enum ux_pfkey_to to)
{
	return to == UX_PFKEY_TO_ALL || (to == UX_PFKEY_TO_REGISTERED && c->registered);
}

int ux_pfkey_send(struct uxfrm *u, const void *msg, size_t len, enum ux_pfkey_to to,
		  struct uxfrm_pfkey *one)
{
	struct ux_list *pos, *tmp;

	ux_list_for_each_safe (pos, tmp, &u->pfkey_clients) {
		struct uxfrm_pfkey *c = ux_container_of(pos, struct uxfrm_pfkey, all);

		/* one that is promiscuous gets twice what is meant for it, as in Linux */
		if (c->promiscuous)
			(void)c->ops->deliver(c->opaque, msg, len, 1);
		if (c != one && is_meant(c, to))
			(void)c->ops->deliver(c->opaque, msg, len, 1);
	}
	return one ? one->ops->deliver(one->opaque, msg, len, 0) : 0;
}

int ux_pfkey_send_written(struct uxfrm *u, struct ux_pfkey_writer *w, enum ux_pfkey_to to,
			  struct uxfrm_pfkey *one)
{
	return ux_pfkey_end(w) ? ux_pfkey_send(u, w->buf, w->len, to, one) : -EMSGSIZE;
}
