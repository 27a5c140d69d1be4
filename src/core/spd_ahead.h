/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * Having near in memory what a request about one policy will touch, as sad_ahead.h for SAs. The
 * place of a policy is the hash of its bucket on the first level: where policies crowd that is only
 * the beginning of the way.
 */

#include "core/spd.h"

/* ux_spd_ahead_of - step 1: where a policy with this key is, or is put. */
uint64_t ux_spd_ahead_of(const struct uxfrm *u, const struct ux_policy_key *key);
/* Steps 2 to 4: the bucket; its policies; what stands beside these in the database. */
void ux_spd_ahead_bucket(const struct uxfrm *u, uint64_t place);
void ux_spd_ahead_policy(const struct uxfrm *u, uint64_t place);
void ux_spd_ahead_around(const struct uxfrm *u, uint64_t place);

/* ux_spd_ahead_walk - @policy is shown; those behind it in the list of all are next. */
void ux_spd_ahead_walk(const struct ux_spd *spd, const struct ux_policy *policy);
