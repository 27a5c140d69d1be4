/* SPDX-License-Identifier: BSD-2-Clause */

#include "daemon/workers_request.h"

#include <errno.h>
#include <string.h>

#include "daemon/workers.h"

static int change(struct ux_connection *c, uint32_t count, struct ux_ext_ack *ext)
{
	struct ux_workers *workers = c->control->workers;
	int err;

	if (!workers)
		return ux_fail(ext, EOPNOTSUPP, "this uxfrmd carries no packets");
	if (!count)
		return 0;
	if (!c->peer.privileged)
		return ux_fail(ext, EPERM, "CAP_NET_ADMIN is needed");
	if (count > UX_WORKERS_MAX)
		return ux_fail_fmt(ext, EINVAL, NULL, "not more than %u workers", UX_WORKERS_MAX);
	err = ux_workers_resize(workers, count);
	return err ? ux_fail(ext, -err, "a worker could not be started") : 0;
}

void ux_workers_request(struct ux_connection *c, const struct uxfrm_control_workers *wanted)
{
	struct ux_ext_ack ext = {0};
	struct uxfrm_control_workers now = {0};
	const struct uxfrm_control_msg msg = {
	    .magic = UXFRM_CONTROL_MAGIC,
	    .version = UXFRM_CONTROL_VERSION,
	    .op = UXFRM_CONTROL_WORKERS,
	    .result = change(c, wanted->count, &ext),
	};

	if (msg.result) {
		ux_connection_answer(c, &msg, ext.msg, strlen(ext.msg));
		return;
	}
	now.count = ux_workers_count(c->control->workers);
	ux_connection_answer(c, &msg, &now, sizeof(now));
}
