/* SPDX-License-Identifier: BSD-2-Clause */

#include "daemon/link_requests.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/links.h"

/* The texts of a client need not end. */
static bool read_facts(const struct uxfrm_control_link *link, struct ux_link_facts *ret)
{
	static_assert(sizeof(ret->name) == sizeof(link->name), "names of interfaces");
	if (!memchr(link->name, '\0', sizeof(link->name)) ||
	    !memchr(link->underlay, '\0', sizeof(link->underlay)))
		return false;
	memcpy(ret->name, link->name, sizeof(ret->name));
	memcpy(ret->underlay, link->underlay, sizeof(ret->underlay));
	ret->if_id = link->if_id;
	return true;
}

static int change(struct ux_connection *c, uint16_t op, const struct uxfrm_control_link *link,
		  struct ux_ext_ack *ext)
{
	struct ux_links *links = c->control->links;
	struct ux_link_facts facts;

	if (!c->peer.privileged)
		return ux_fail(ext, EPERM, "CAP_NET_ADMIN is needed");
	if (!links)
		return ux_fail(ext, EOPNOTSUPP, "this uxfrmd carries no packets");
	ux_links_follow(links); /* the kernel's event may still be on its way */
	if (op == UXFRM_CONTROL_LINK_LIST)
		return 0;
	if (!read_facts(link, &facts))
		return ux_fail(ext, EINVAL, "not a name for an interface");
	if (op == UXFRM_CONTROL_LINK_ADD)
		return ux_links_add(links, &facts, ext);
	return ux_links_delete(links, facts.name, ext);
}

static void answer_list(struct ux_connection *c, const struct uxfrm_control_msg *msg)
{
	static struct ux_link_facts facts[UX_LINKS_MAX]; /* the control thread's */
	static struct uxfrm_control_link list[UX_LINKS_MAX];
	size_t n = ux_links_get(c->control->links, facts, UX_LINKS_MAX);

	for (size_t i = 0; i < n; i++) {
		list[i].if_id = facts[i].if_id;
		memcpy(list[i].name, facts[i].name, sizeof(list[i].name));
		memcpy(list[i].underlay, facts[i].underlay, sizeof(list[i].underlay));
	}
	ux_connection_answer(c, msg, list, n * sizeof(list[0]));
}

void ux_link_request(struct ux_connection *c, uint16_t op, const struct uxfrm_control_link *link)
{
	struct ux_ext_ack ext = {0};
	const struct uxfrm_control_msg msg = {
	    .magic = UXFRM_CONTROL_MAGIC,
	    .version = UXFRM_CONTROL_VERSION,
	    .op = op,
	    .result = change(c, op, link, &ext),
	};

	if (!msg.result && op == UXFRM_CONTROL_LINK_LIST)
		answer_list(c, &msg);
	else
		ux_connection_answer(c, &msg, ext.msg, msg.result ? strlen(ext.msg) : 0);
}
