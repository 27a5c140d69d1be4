/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* How many workers, and on which CPUs: what the settings say, and what is sensible without them. */

#include <stdint.h>

#include "base/ext_ack.h"

/* ux_worker_cpus_parse - "0,2,4-7" to numbers of CPUs, at most @max. Empty: none. 0, or -EINVAL with the
 * reason in @ext. */
int ux_worker_cpus_parse(const char *text, int *cpus, uint32_t max, uint32_t *ret_n,
			 struct ux_ext_ack *ext) UX_MUST_CHECK;

/* ux_workers_default - what UXFRM_WORKERS in the environment says, else half of the CPUs that this process may use, at least 1, at most 8: the other half
 * is for who sends and receives the packets. */
uint32_t ux_workers_default(void);
