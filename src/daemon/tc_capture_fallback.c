/* SPDX-License-Identifier: BSD-2-Clause */

/* A build without libbpf: there is no capture by a program, so nobody has one to hand in here. */

#include "daemon/tc_capture.h"

#include <errno.h>

int ux_tc_capture_open(const struct ux_tc_capture_params *params,
		       struct ux_tc_capture **ret_capture, struct ux_ext_ack *ext)
{
	return ux_fail(ext, EOPNOTSUPP, "capture = tc: this build has no libbpf");
}

struct ux_tc_capture *ux_tc_capture_close(struct ux_tc_capture *c, bool keep)
{
	return NULL;
}

void ux_tc_capture_policy(struct ux_tc_capture *c, const struct uxfrm_policy_event *event)
{
}

void ux_tc_capture_settle(struct ux_tc_capture *c)
{
}

int ux_tc_capture_mark(struct ux_tc_capture *c, bool added, uint32_t v, uint32_t m, int ifindex)
{
	return 0;
}

void ux_tc_capture_set_device(struct ux_tc_capture *c, int tun_ifindex)
{
}

void ux_tc_capture_reopen(struct ux_tc_capture *c)
{
}

void ux_tc_capture_status_get(const struct ux_tc_capture *c, struct ux_tc_capture_status *ret_status)
{
	*ret_status = (struct ux_tc_capture_status){0};
}
