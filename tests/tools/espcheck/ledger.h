/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* What each SPI has shown on the wire: its sequence numbers and IVs. One SPI stands for one key. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "number_set.h"

#define LEDGER_PATHS_MAX 16

struct ledger_spi {
	uint32_t spi;
	uint64_t packets, first, highest; /* sequence numbers with the inferred upper half */
	uint64_t repeated_sequence_numbers, repeated_ivs;
	struct number_set sequence_numbers, ivs;
	uint64_t last_path; /* of the packet before */
	uint64_t paths[LEDGER_PATHS_MAX]; /* different outer addresses and forms, as hashes */
	unsigned int n_paths;		  /* at most LEDGER_PATHS_MAX, then it stands still */
};

struct ledger {
	struct ledger_spi *spis; /* in order of appearance */
	size_t n;
};

/*
 * ledger_record - one ESP packet. @sequence: the 32 bits on the wire; the upper half is the one
 * that brings it nearest to the highest seen. @iv: 8 or 16 bytes folded into 64 bits, NULL when the
 * algorithm has none. Returns whether the packet before took another path, or there was none.
 */
bool ledger_record(struct ledger *l, uint32_t spi, uint32_t sequence, const uint64_t *iv,
		   uint64_t path);
void ledger_fini(struct ledger *l);
