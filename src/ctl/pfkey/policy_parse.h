/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* SPDADD, SPDUPDATE and SPDSETIDX: the policy a request asks for. */

#include "ctl/pfkey/request.h"

/*
 * ux_pfkey_policy_parse - every check of the request done; in no database yet. Returns owned,
 * ux_policy_free. -EINVAL; -ELOOP: too many templates; -ENOBUFS: no reqid is free, or no memory;
 * what ux_label_take refuses with.
 */
int ux_pfkey_policy_parse(const struct ux_pfkey_request *req,
			  struct ux_policy **ret_policy) UX_MUST_CHECK;
