/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Mutations that know how fuzz_pfkey's inputs are made: of a PF_KEY message an extension is
 * removed, doubled, changed inside, given another type, or taken from another message; of the
 * sequence a piece. What remains is well formed, so that the fuzzer spends its time behind the
 * checks. Every fourth time libFuzzer's own mutations are used.
 */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <linux/pfkeyv2.h>

#define PIECES_MAX 64
#define EXTS_MAX 32
#define HEAD 3 /* bytes in front of a piece */
#define BASE sizeof(struct sadb_msg)
#define SCRATCH 65536

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

struct span {
	size_t at, len;
};

static uint32_t draw(unsigned int *state, size_t n)
{
	*state = *state * 1664525u + 1013904223u;
	return n ? (*state >> 8) % (uint32_t)n : 0;
}

/* The pieces of an input, their heads included. */
static size_t find_pieces(const uint8_t *data, size_t size, struct span *pieces)
{
	size_t n = 0;

	for (size_t at = 0; size - at >= HEAD && n < PIECES_MAX;) {
		size_t len = HEAD + (data[at + 1] | (size_t)data[at + 2] << 8);

		if (len > size - at)
			len = size - at;
		pieces[n++] = (struct span){at, len};
		at += len;
	}
	return n;
}

/* The extensions of a message in a piece, as far as they are well formed. */
static size_t find_exts(const uint8_t *data, struct span piece, struct span *exts)
{
	size_t end = piece.at + piece.len, n = 0;

	if (piece.len < HEAD + BASE)
		return 0;
	for (size_t at = piece.at + HEAD + BASE; end - at >= 8 && n < EXTS_MAX;) {
		uint16_t words;

		memcpy(&words, data + at, sizeof(words));
		if (!words || words * 8u > end - at)
			break;
		exts[n++] = (struct span){at, words * 8u};
		at += words * 8u;
	}
	return n;
}

/* Puts @len bytes of @from in the place of @old; the new size, or 0: no room. */
static size_t splice(uint8_t *data, size_t size, size_t max_size, struct span old,
		     const uint8_t *from, size_t len)
{
	if (size - old.len + len > max_size)
		return 0;
	memmove(data + old.at + len, data + old.at + old.len, size - old.at - old.len);
	if (len)
		memcpy(data + old.at, from, len);
	return size - old.len + len;
}

/* A piece's length, after something of it has grown or shrunk. */
static void set_len(uint8_t *data, struct span piece, size_t len)
{
	len -= HEAD;
	data[piece.at + 1] = (uint8_t)len;
	data[piece.at + 2] = (uint8_t)(len >> 8);
}

static size_t change_ext(uint8_t *data, size_t size, size_t max_size, struct span piece,
			 unsigned int *state)
{
	static uint8_t scratch[SCRATCH];
	struct span exts[EXTS_MAX], others[EXTS_MAX], pieces[PIECES_MAX];
	size_t n = find_exts(data, piece, exts), result;

	if (!n)
		return 0;
	struct span e = exts[draw(state, n)], to = e;
	size_t len = e.len;

	memcpy(scratch, data + e.at, len);
	switch (draw(state, 5)) {
	case 0: /* remove */
		len = 0;
		break;
	case 1: /* double */
		to.len = 0;
		break;
	case 2: /* inside; its length stays */
		(void)LLVMFuzzerMutate(scratch + 4, len - 4, len - 4);
		break;
	case 3:
		scratch[2] = (uint8_t)(1 + draw(state, SADB_EXT_MAX));
		scratch[3] = 0;
		break;
	default: { /* one of another message beside it or in its place */
		size_t m = find_pieces(data, size, pieces);
		size_t k = find_exts(data, pieces[draw(state, m)], others);

		if (!k)
			return 0;
		struct span o = others[draw(state, k)];

		len = o.len;
		memcpy(scratch, data + o.at, len);
		if (draw(state, 2))
			to.len = 0;
		break;
	}
	}
	if (len > SCRATCH || piece.len - to.len + len - HEAD > UINT16_MAX)
		return 0;
	result = splice(data, size, max_size, to, scratch, len);
	if (result)
		set_len(data, piece, piece.len - to.len + len);
	return result;
}

static size_t change_piece(uint8_t *data, size_t size, size_t max_size, unsigned int *state)
{
	static uint8_t scratch[SCRATCH + HEAD];
	struct span pieces[PIECES_MAX];
	size_t n = find_pieces(data, size, pieces);

	if (!n)
		return 0;
	struct span p = pieces[draw(state, n)], q = pieces[draw(state, n)];

	switch (draw(state, 8)) {
	case 0: /* remove */
		return n > 1 ? splice(data, size, max_size, p, NULL, 0) : 0;
	case 1: /* a copy of another one before it */
		if (q.len > sizeof(scratch))
			return 0;
		memcpy(scratch, data + q.at, q.len);
		return splice(data, size, max_size, (struct span){p.at, 0}, scratch, q.len);
	case 2: /* the header */
		if (p.len < HEAD + BASE)
			return 0;
		data[p.at + HEAD + 1] = (uint8_t)(1 + draw(state, SADB_MAX));
		return size;
	case 3:
		if (p.len < HEAD + BASE)
			return 0;
		data[p.at + HEAD + 3] = (uint8_t)draw(state, SADB_SATYPE_MAX + 2);
		return size;
	case 4: /* what is done */
		data[p.at] = (uint8_t)(0x80 | draw(state, 8));
		return size;
	default:
		return change_ext(data, size, max_size, p, state);
	}
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
	unsigned int state = seed;

	if (draw(&state, 4)) {
		size_t result = change_piece(data, size, max_size, &state);

		if (result)
			return result;
	}
	return LLVMFuzzerMutate(data, size, max_size);
}
