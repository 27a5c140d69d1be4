/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* NEWSA and UPDSA: the request as core wants it. */

#include "core/sa.h"
#include "ctl/request.h"
#include "wire/replay_attr.h"

/* What params points into; so it must stay where it is. Keys point into the request. */
struct ux_sa_request {
	struct ux_sa_params params;
	struct ux_algo_request auth, crypt, aead, comp;
	struct ux_wire_replay replay;
};

/* ux_sa_check - the checks that need no SA, in the order and with the texts of Linux. -EINVAL. */
int ux_sa_check(const struct ux_request *req) UX_MUST_CHECK;
/* ux_sa_parse - the request, already checked, as parameters. -ERANGE (number of the CPU), and
 * before that -ENOSYS, -EINVAL (algorithms). */
int ux_sa_parse(const struct ux_request *req, struct ux_sa_request *ret_request) UX_MUST_CHECK;
