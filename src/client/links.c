/* SPDX-License-Identifier: BSD-2-Clause */

/* Links of uxfrmd, asked for by the control channel of a connection. */

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/types.h>

#include <uxfrm/api.h>
#include <uxfrm/control.h>

#include "client/conn.h"
#include "client/daemon_link.h"

UXFRM_API void uxfrm_link_init(struct uxfrm_link *link)
{
	*link = (struct uxfrm_link){.size = sizeof(*link)};
}

static int change(struct uxfrm_conn *conn, uint16_t op, const struct uxfrm_link *link,
		  struct uxfrm_result *ret_result)
{
	struct uxfrm_control_link wire = {.if_id = link->if_id};
	char text[UX_ANSWER_MAX];
	int refusal = 0;

	static_assert(sizeof(wire.name) == sizeof(link->name), "names of interfaces");
	if (link->size != sizeof(*link))
		return -EINVAL;
	if (conn->control < 0)
		return -EOPNOTSUPP;
	memcpy(wire.name, link->name, sizeof(wire.name));
	memcpy(wire.underlay, link->underlay, sizeof(wire.underlay));
	const struct ux_link_question question = {op, &wire, sizeof(wire)};
	ssize_t n = ux_link_ask(conn->control, &question, text, sizeof(text), &refusal);

	return ux_link_settle(n, refusal, text, ret_result);
}

UXFRM_API int uxfrm_link_add(struct uxfrm_conn *conn, const struct uxfrm_link *link,
			     struct uxfrm_result *ret_result)
{
	return change(conn, UXFRM_CONTROL_LINK_ADD, link, ret_result);
}

UXFRM_API int uxfrm_link_delete(struct uxfrm_conn *conn, const struct uxfrm_link *link,
				struct uxfrm_result *ret_result)
{
	return change(conn, UXFRM_CONTROL_LINK_DELETE, link, ret_result);
}

UXFRM_API int uxfrm_link_list(struct uxfrm_conn *conn, uxfrm_link_fn fn, void *opaque,
			      struct uxfrm_result *ret_result)
{
	const struct ux_link_question question = {UXFRM_CONTROL_LINK_LIST, NULL, 0};
	struct uxfrm_control_link wire;
	int refusal = 0;

	if (conn->control < 0)
		return -EOPNOTSUPP;
	ssize_t n = ux_link_ask(conn->control, &question, conn->in, sizeof(conn->in), &refusal);
	int result = ux_link_settle(n, refusal, (const char *)conn->in, ret_result);

	for (size_t at = 0; !result && at + sizeof(wire) <= (size_t)n; at += sizeof(wire)) {
		struct uxfrm_link link;

		uxfrm_link_init(&link);
		memcpy(&wire, conn->in + at, sizeof(wire));
		memcpy(link.name, wire.name, sizeof(link.name) - 1);
		memcpy(link.underlay, wire.underlay, sizeof(link.underlay) - 1);
		link.if_id = wire.if_id;
		result = fn(opaque, &link);
	}
	return result;
}
