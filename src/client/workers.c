/* SPDX-License-Identifier: BSD-2-Clause */

/* The number of uxfrmd's workers, by the control channel of a connection. */

#include <errno.h>
#include <string.h>
#include <sys/types.h>

#include <uxfrm/api.h>
#include <uxfrm/control.h>

#include "client/conn.h"
#include "client/daemon_link.h"

static int ask(struct uxfrm_conn *conn, uint32_t count, uint32_t *ret_count,
	       struct uxfrm_result *ret_result)
{
	const struct uxfrm_control_workers wanted = {.count = count};
	const struct ux_link_question question = {UXFRM_CONTROL_WORKERS, &wanted, sizeof(wanted)};
	struct uxfrm_control_workers now;
	char answer[UX_ANSWER_MAX];
	int refusal = 0, result;
	ssize_t n;

	if (conn->control < 0)
		return -EOPNOTSUPP;
	n = ux_link_ask(conn->control, &question, answer, sizeof(answer), &refusal);
	result = ux_link_settle(n, refusal, answer, ret_result);
	if (result)
		return result;
	if ((size_t)n < sizeof(now))
		return -EPROTO;
	memcpy(&now, answer, sizeof(now));
	*ret_count = now.count;
	return 0;
}

UXFRM_API int uxfrm_workers_get(struct uxfrm_conn *conn, uint32_t *ret_count,
				struct uxfrm_result *ret_result)
{
	return ask(conn, 0, ret_count, ret_result);
}

UXFRM_API int uxfrm_workers_set(struct uxfrm_conn *conn, uint32_t count,
				struct uxfrm_result *ret_result)
{
	uint32_t now;

	return count ? ask(conn, count, &now, ret_result) : -EINVAL;
}
