/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* Making and freeing struct ux_sa_runtime; only core's own files need this. */

#include "core/sa.h"

/* A part of an SA that is no larger comes from uxfrm.part_slabs. */
#define UX_SA_PART_MAX 64

/* ux_sa_check_algorithms - are the names known (-ENOSYS), no truncation longer than its digest
 * (-EINVAL)? With Linux's text for the first that is not. */
int ux_sa_check_algorithms(const struct ux_sa_params *params, struct ux_ext_ack *ext) UX_MUST_CHECK;
/* ux_sa_fail_keyless - -EINVAL: an SA of @proto is to have what it lacks. */
int ux_sa_fail_keyless(uint8_t proto, struct ux_ext_ack *ext);
/* ux_sa_check_replay - do window, bit map and ESN fit together? */
int ux_sa_check_replay(const struct ux_sa_params *params, struct ux_ext_ack *ext) UX_MUST_CHECK;
/* ux_sa_runtime_new - keys, transform, replay state, IV source; one reference. Returns owned. */
int ux_sa_runtime_new(struct uxfrm *u, const struct ux_sa_params *params,
		      struct ux_sa_runtime **ret_runtime, struct ux_ext_ack *ext) UX_MUST_CHECK;
struct ux_sa_runtime *ux_sa_runtime_new_larval(struct uxfrm *u, const struct ux_sa_params *params);
/* ux_sa_runtime_free - when the last ux_sa is gone and no reader is left. */
void ux_sa_runtime_free(struct ux_sa_runtime *r);

/* ux_sa_runtime_rare - what few have; made if it has none of it. NULL: no memory. */
struct ux_sa_rare *ux_sa_runtime_rare(struct ux_sa_runtime *r);

/* ux_sa_free_in - as ux_sa_free, for an SA that may have no runtime yet. */
void ux_sa_free_in(struct uxfrm *u, struct ux_sa *sa);
