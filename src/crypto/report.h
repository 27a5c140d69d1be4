/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* What is told of the libraries: which there are, how they did, which algorithm is whose. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UX_CRYPTO_LIBRARIES 2
#define UX_CPU_FEATURES_MAX 16

struct ux_crypto_library {
	const char *name,
	    *version;	    /* version NULL: not built in, or this CPU lacks what it needs */
	const char *failed; /* at this algorithm; NULL: it did not */
	bool used;
	/* expanded keys, of all workers; look-ups, one for each run of packets in a burst */
	uint32_t keys, places;
	uint64_t hits, misses;
};

/* ux_crypto_library_get - @i below UX_CRYPTO_LIBRARIES. Any thread. */
struct ux_crypto_library ux_crypto_library_get(unsigned int i);

/* ux_crypto_algorithm_name - "AES-128-GCM"; NULL behind the last. */
const char *ux_crypto_algorithm_name(size_t i);
/* ux_crypto_algorithm_library - whose it is for a new SA; NULL: nobody's. */
const char *ux_crypto_algorithm_library(size_t i);

/* ux_cpu_features - those that matter here, as the kernel names them. Returns how many. */
size_t ux_cpu_features(const char *ret[UX_CPU_FEATURES_MAX]);
