/* SPDX-License-Identifier: BSD-2-Clause */
#include "ledger.h"

#include <stdio.h>
#include <stdlib.h>

static struct ledger_spi *find_or_add(struct ledger *l, uint32_t spi)
{
	struct ledger_spi *grown;

	for (size_t i = 0; i < l->n; i++)
		if (l->spis[i].spi == spi)
			return &l->spis[i];
	grown = realloc(l->spis, (l->n + 1) * sizeof(*grown));
	if (!grown) {
		fprintf(stderr, "out of memory\n");
		exit(2);
	}
	l->spis = grown;
	grown[l->n] = (struct ledger_spi){.spi = spi};
	return &grown[l->n++];
}

/* RFC 4303 appendix A: the upper half is not sent; packets arrive near the ones before them. */
static uint64_t infer(uint64_t highest, uint32_t low)
{
	uint64_t same = (highest & ~UINT64_C(0xffffffff)) | low;
	int64_t ahead = (int64_t)(same - highest);

	if (ahead > INT64_C(0x80000000) && same >> 32)
		return same - (UINT64_C(1) << 32);
	if (ahead < -INT64_C(0x80000000))
		return same + (UINT64_C(1) << 32);
	return same;
}

static void note_path(struct ledger_spi *s, uint64_t path)
{
	for (unsigned int i = 0; i < s->n_paths; i++)
		if (s->paths[i] == path)
			return;
	if (s->n_paths < LEDGER_PATHS_MAX)
		s->paths[s->n_paths++] = path;
}

bool ledger_record(struct ledger *l, uint32_t spi, uint32_t sequence, const uint64_t *iv,
		   uint64_t path)
{
	struct ledger_spi *s = find_or_add(l, spi);
	uint64_t n = s->packets ? infer(s->highest, sequence) : sequence;
	bool turned = !s->packets || s->last_path != path;

	if (!s->packets++)
		s->first = n;
	if (n > s->highest)
		s->highest = n;
	s->last_path = path;
	if (turned)
		note_path(s, path);
	if (!number_set_add(&s->sequence_numbers, n))
		s->repeated_sequence_numbers++;
	if (iv && !number_set_add(&s->ivs, *iv))
		s->repeated_ivs++;
	return turned;
}

void ledger_fini(struct ledger *l)
{
	for (size_t i = 0; i < l->n; i++) {
		number_set_fini(&l->spis[i].sequence_numbers);
		number_set_fini(&l->spis[i].ivs);
	}
	free(l->spis);
	*l = (struct ledger){0};
}
