/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/siphash.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

struct sip_state {
	uint64_t v0, v1, v2, v3;
};

static inline uint64_t rotate_left(uint64_t x, unsigned int n)
{
	return x << n | x >> (64 - n);
}

static inline void sip_rounds(struct sip_state *s, unsigned int n)
{
	while (n-- > 0) {
		s->v0 += s->v1;
		s->v2 += s->v3;
		s->v1 = rotate_left(s->v1, 13) ^ s->v0;
		s->v3 = rotate_left(s->v3, 16) ^ s->v2;
		s->v0 = rotate_left(s->v0, 32);
		s->v2 += s->v1;
		s->v0 += s->v3;
		s->v1 = rotate_left(s->v1, 17) ^ s->v2;
		s->v3 = rotate_left(s->v3, 21) ^ s->v0;
		s->v2 = rotate_left(s->v2, 32);
	}
}

static inline void sip_word(struct sip_state *s, uint64_t m)
{
	s->v3 ^= m;
	sip_rounds(s, 2);
	s->v0 ^= m;
}

static inline uint64_t sip_sum(const struct sip_state *s)
{
	return s->v0 ^ s->v1 ^ s->v2 ^ s->v3;
}

static void sip_start(struct sip_state *s, const struct ux_siphash_key *key)
{
	/* The paper's constants: "somepseudorandomlygeneratedbytes". */
	s->v0 = key->k[0] ^ 0x736f6d6570736575u;
	s->v1 = key->k[1] ^ 0x646f72616e646f6du;
	s->v2 = key->k[0] ^ 0x6c7967656e657261u;
	s->v3 = key->k[1] ^ 0x7465646279746573u;
}

static void sip_absorb(struct sip_state *s, const void *data, size_t len)
{
	const uint8_t *p = data;
	uint64_t m;

	for (size_t left = len; left >= 8; left -= 8, p += 8) {
		memcpy(&m, p, 8);
		sip_word(s, le64toh(m));
	}
	m = 0;
	if (len % 8)
		memcpy(&m, p, len % 8);
	sip_word(s, le64toh(m) | (uint64_t)len << 56);
}

uint64_t ux_siphash(const struct ux_siphash_key *key, const void *data, size_t len)
{
	struct sip_state s;

	sip_start(&s, key);
	sip_absorb(&s, data, len);
	s.v2 ^= 0xff;
	sip_rounds(&s, 4);
	return sip_sum(&s);
}

void ux_siphash128(const struct ux_siphash_key *key, const void *data, size_t len, uint64_t ret[2])
{
	struct sip_state s;

	sip_start(&s, key);
	s.v1 ^= 0xee;
	sip_absorb(&s, data, len);
	s.v2 ^= 0xee;
	sip_rounds(&s, 4);
	ret[0] = sip_sum(&s);
	s.v1 ^= 0xdd;
	sip_rounds(&s, 4);
	ret[1] = sip_sum(&s);
}

void ux_siphash_random_key(struct ux_siphash_key *key)
{
	uint8_t *p = (uint8_t *)key;
	size_t done = 0;

	while (done < sizeof(*key)) {
		ssize_t n = getrandom(p + done, sizeof(*key) - done, 0);

		if (n < 0 && errno != EINTR)
			abort();
		if (n > 0)
			done += (size_t)n;
	}
}
