/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* ADD and UPDATE: the request as core wants it. */

#include "ctl/pfkey/request.h"

/* What params points into, so it must stay where it is. Keys point into the request. */
struct ux_pfkey_sa_request {
	struct ux_sa_params params;
	struct ux_algo_request auth, crypt, comp;
	const struct ux_label *label; /* held; NULL: none */
};

/* ux_pfkey_sa_parse - every check that needs no SA, in the order of Linux. -EINVAL; -ENOSYS: the
 * algorithm is not known, or not in this build; what ux_label_take refuses with. Without an error
 * the label is the caller's. */
int ux_pfkey_sa_parse(const struct ux_pfkey_request *req,
		      struct ux_pfkey_sa_request *ret_request) UX_MUST_CHECK;
/* ux_pfkey_limits_in - lifetime extensions as limits; what is absent (NULL) stays as it is. */
void ux_pfkey_limits_in(const struct sadb_lifetime *hard, const struct sadb_lifetime *soft,
			struct ux_limits *limits);
