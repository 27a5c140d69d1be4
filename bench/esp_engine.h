/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* The databases of an end of ESP tunnels: AES-128-GCM, ESN, limits that none reaches. */

#include <stdint.h>

#include "core/policy.h"
#include "engine.h"

/* bench_esp_fill - @n_sa SAs, and a policy of @dir for each: SA number i is for 10.0.0.0 + i.
 * @window: sequence numbers, a multiple of 32. */
void bench_esp_fill(struct uxfrm *u, enum ux_policy_dir dir, uint32_t n_sa, uint32_t window);
/* bench_esp_fill_policies - policies of @dir for 10.0.0.0 + @first to 10.0.0.0 + @n - 1, by turns for @n_sa SAs. */
void bench_esp_fill_policies(struct uxfrm *u, enum ux_policy_dir dir, uint32_t first, uint32_t n,
			     uint32_t n_sa);
