/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* The numbers PF_KEY has for algorithms, in the order of Linux's tables. */

#include <linux/pfkeyv2.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crypto/algo.h"

/* const */
struct ux_pfkey_algorithm {
	enum ux_algo_class class;
	const char *name; /* the kernel's */
	struct sadb_alg desc;
};

/* Most there are of one class. */
#define UX_PFKEY_ALGORITHMS_MAX 16

/* ux_pfkey_algorithm_next - the next one of @class this build can do, behind @from (NULL: the
 * first); NULL at the end. */
const struct ux_pfkey_algorithm *ux_pfkey_algorithm_next(enum ux_algo_class class,
							 const struct ux_pfkey_algorithm *from);
/* ux_pfkey_algorithm_by_number - NULL: not known, or not in this build. */
const struct ux_pfkey_algorithm *ux_pfkey_algorithm_by_number(enum ux_algo_class class,
							      uint8_t number);
/* ux_pfkey_algorithm_number - of an SA's algorithm; 0 when PF_KEY has none for it. */
uint8_t ux_pfkey_algorithm_number(enum ux_algo_class class, const char *name);
