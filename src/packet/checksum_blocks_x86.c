/* SPDX-License-Identifier: BSD-2-Clause */

/* x86-64, with AVX2 where the processor has it. */

#include <immintrin.h>

#include "packet/checksum_blocks.h"

/* Four sums, so that no addition waits for the one before. */
__attribute__((target("avx2"))) static uint64_t blocks_avx2(const uint8_t *p, size_t n)
{
	const __m256i mask = _mm256_set1_epi64x(UINT32_MAX);
	__m256i low[2], high[2];
	uint64_t parts[4];

	low[0] = low[1] = high[0] = high[1] = _mm256_setzero_si256();
	for (; n; n--, p += UX_CHECKSUM_BLOCK) {
		__m256i a = _mm256_loadu_si256((const void *)p);
		__m256i b = _mm256_loadu_si256((const void *)(p + 32));

		low[0] = _mm256_add_epi64(low[0], _mm256_and_si256(a, mask));
		high[0] = _mm256_add_epi64(high[0], _mm256_srli_epi64(a, 32));
		low[1] = _mm256_add_epi64(low[1], _mm256_and_si256(b, mask));
		high[1] = _mm256_add_epi64(high[1], _mm256_srli_epi64(b, 32));
	}
	low[0] = _mm256_add_epi64(_mm256_add_epi64(low[0], low[1]),
				  _mm256_add_epi64(high[0], high[1]));
	_mm256_storeu_si256((void *)parts, low[0]);
	return parts[0] + parts[1] + parts[2] + parts[3];
}

uint64_t ux_checksum_blocks(const uint8_t *p, size_t n)
{
	return __builtin_cpu_supports("avx2") ? blocks_avx2(p, n) : ux_checksum_blocks_any(p, n);
}
