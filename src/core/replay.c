/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Numbers are compared modulo 2^64, blocks modulo 2^32: with ESN and a window that reaches below 0
 * (RFC 4303 appendix A2.1 case B with a high half of 0) the guess is a number "before" 0, which
 * falls into the window as in Linux and fails its ICV.
 */
#include "core/replay.h"

#include <stddef.h>
#include <string.h>

#define BLOCK_BITS 32
/* Ahead of the window, and far from where numbers count as behind it. */
#define NEAR_AHEAD (UINT64_C(1) << 30)

static uint32_t words_for(uint32_t window)
{
	/* the window touches at most (window + 62) / 32 blocks; one more so that a reused word is
	 * out of it */
	uint32_t need = (window + 62) / BLOCK_BITS + 1;
	uint32_t n = 1;

	if (!window)
		return 0;
	while (n < need)
		n *= 2;
	return n;
}

static uint64_t word_make(uint32_t block, uint32_t bits)
{
	return (uint64_t)block << 32 | bits;
}

uint32_t ux_replay_size(uint32_t window)
{
	return (uint32_t)(sizeof(struct ux_replay_window) + words_for(window) * sizeof(uint64_t));
}

/* Give every word the latest block not after the one of @top, without bits. */
static void words_reset(struct ux_replay_window *w, uint64_t top)
{
	uint32_t top_block = (uint32_t)(top / BLOCK_BITS);
	uint32_t mask = w->n_words - 1;

	for (uint32_t i = 0; i < w->n_words; i++)
		atomic_store_explicit(&w->words[i],
				      word_make(top_block - ((top_block - i) & mask), 0),
				      memory_order_relaxed);
}

void ux_replay_init(struct ux_replay_window *w, uint32_t window, bool esn)
{
	atomic_init(&w->top, 0);
	w->window = window;
	w->n_words = words_for(window);
	w->esn = esn;
	w->idle_bits = 0;
	words_reset(w, 0);
}

uint64_t ux_replay_guess(const struct ux_replay_window *w, uint32_t seq_lo)
{
	if (!w->esn)
		return seq_lo;

	uint64_t top = atomic_load_explicit(&w->top, memory_order_relaxed);
	uint32_t top_lo = (uint32_t)top;
	uint32_t top_hi = (uint32_t)(top >> 32);
	/* an SA without window (outbound) has no edge to go by: take half the space */
	uint32_t window = w->window ? w->window : UINT32_C(1) << 31;
	uint32_t bottom = top_lo - window + 1;

	if (top_lo >= window - 1) {
		if (seq_lo < bottom)
			top_hi++;
	} else if (seq_lo >= bottom) {
		top_hi--;
	}
	return (uint64_t)top_hi << 32 | seq_lo;
}

static bool too_old(const struct ux_replay_window *w, uint64_t seq)
{
	uint64_t top = atomic_load_explicit(&w->top, memory_order_relaxed);

	return (int64_t)(seq - top) <= 0 && top - seq >= w->window;
}

static bool is_zero(const struct ux_replay_window *w, uint64_t seq)
{
	/*
	 * Without ESN Linux refuses every 0 as well. With ESN it lets the very first 0 through to
	 * the ICV check when the window ends exactly there; no peer sends it (RFC 4303
	 * section 2.2).
	 */
	return seq == 0;
}

static enum ux_replay look(uint64_t word, uint64_t seq)
{
	int32_t ahead = (int32_t)((uint32_t)(seq / BLOCK_BITS) - (uint32_t)(word >> 32));

	if (ahead > 0)
		return UX_REPLAY_NEW;
	if (ahead < 0) /* another thread has gone a whole ring further and not yet raised top */
		return UX_REPLAY_TOO_OLD;
	return word >> (seq % BLOCK_BITS) & 1 ? UX_REPLAY_SEEN : UX_REPLAY_NEW;
}

enum ux_replay ux_replay_check(const struct ux_replay_window *w, uint64_t seq)
{
	if (!w->window)
		return UX_REPLAY_NEW;
	if (is_zero(w, seq))
		return UX_REPLAY_ZERO;
	if (too_old(w, seq))
		return UX_REPLAY_TOO_OLD;

	uint32_t index = (uint32_t)(seq / BLOCK_BITS) & (w->n_words - 1);

	return look(atomic_load_explicit(&w->words[index], memory_order_relaxed), seq);
}

static void raise_top(struct ux_replay_window *w, uint64_t seq)
{
	uint64_t top = atomic_load_explicit(&w->top, memory_order_relaxed);

	while ((int64_t)(seq - top) > 0 &&
	       !atomic_compare_exchange_weak_explicit(&w->top, &top, seq, memory_order_relaxed,
						      memory_order_relaxed))
		;
}

enum ux_replay ux_replay_commit(struct ux_replay_window *w, uint64_t seq)
{
	if (!w->window) { /* Linux does not follow the peer's numbers here; nor is there a use for
			     it */
		return UX_REPLAY_NEW;
	}
	if (is_zero(w, seq))
		return UX_REPLAY_ZERO;
	if (too_old(w, seq))
		return UX_REPLAY_TOO_OLD;

	uint32_t block = (uint32_t)(seq / BLOCK_BITS);
	uint32_t bit = UINT32_C(1) << (seq % BLOCK_BITS);
	_Atomic(uint64_t) *slot = &w->words[block & (w->n_words - 1)];
	uint64_t word = atomic_load_explicit(slot, memory_order_relaxed);
	uint64_t fresh;

	do {
		enum ux_replay found = look(word, seq);

		if (found != UX_REPLAY_NEW)
			return found;
		fresh = (uint32_t)(word >> 32) == block ? word | bit : word_make(block, bit);
	} while (!atomic_compare_exchange_weak_explicit(slot, &word, fresh, memory_order_relaxed,
							memory_order_relaxed));
	raise_top(w, seq);
	return UX_REPLAY_NEW;
}

void ux_replay_check_run(const struct ux_replay_window *w, uint64_t *seqs, size_t n,
			 uint8_t *answers)
{
	uint64_t top = atomic_load_explicit(&w->top, memory_order_relaxed), next = 0;

	for (size_t i = 0; i < n; i++) {
		/* The usual case: one behind the other, all of them ahead of the window. */
		if (next && seqs[i] == (uint32_t)next && next - top < NEAR_AHEAD) {
			seqs[i] = next;
			answers[i] = UX_REPLAY_NEW;
		} else {
			seqs[i] = ux_replay_guess(w, (uint32_t)seqs[i]);
			answers[i] = (uint8_t)ux_replay_check(w, seqs[i]);
		}
		next = seqs[i] - top < NEAR_AHEAD && answers[i] == UX_REPLAY_NEW ? seqs[i] + 1 : 0;
		if (!(uint32_t)next) /* the 32 bits begin anew: guess */
			next = 0;
	}
}

/* Numbers of one block from seqs[0] on that a window with this top takes in at once, if they are
 * new: none twice, none too old behind the others. Returns how many; *ret_bits are theirs. */
static size_t block_run(const struct ux_replay_window *w, const uint64_t *seqs, size_t n,
			uint64_t *top, uint32_t *ret_bits)
{
	uint64_t block = seqs[0] / BLOCK_BITS;
	uint32_t bits = 0, first = (uint32_t)(seqs[0] % BLOCK_BITS);
	size_t whole = BLOCK_BITS - first < n ? BLOCK_BITS - first : n, i;
	uint64_t differs = !seqs[0] || (int64_t)(seqs[0] - *top) <= 0;

	/* one behind the other, all of them ahead */
	for (i = 0; i < whole; i++)
		differs |= seqs[i] ^ (seqs[0] + i);
	if (!differs) {
		*ret_bits = (uint32_t)(((UINT64_C(1) << whole) - 1) << first);
		*top = seqs[whole - 1];
		return whole;
	}

	for (i = 0; i < n && seqs[i] / BLOCK_BITS == block; i++) {
		uint32_t bit = UINT32_C(1) << (seqs[i] % BLOCK_BITS);

		if (bits & bit || !seqs[i] ||
		    ((int64_t)(seqs[i] - *top) <= 0 && *top - seqs[i] >= w->window))
			break;
		bits |= bit;
		if ((int64_t)(seqs[i] - *top) > 0)
			*top = seqs[i];
	}
	*ret_bits = bits;
	return i;
}

/* All of these bits, or none. */
static bool take_bits(struct ux_replay_window *w, uint32_t block, uint32_t bits)
{
	_Atomic(uint64_t) *slot = &w->words[block & (w->n_words - 1)];
	uint64_t word = atomic_load_explicit(slot, memory_order_relaxed);
	uint64_t fresh;

	do {
		int32_t ahead = (int32_t)(block - (uint32_t)(word >> 32));

		if (ahead < 0 || (ahead == 0 && ((uint32_t)word & bits)))
			return false;
		fresh = ahead == 0 ? word | bits : word_make(block, bits);
	} while (!atomic_compare_exchange_weak_explicit(slot, &word, fresh, memory_order_relaxed,
							memory_order_relaxed));
	return true;
}

void ux_replay_commit_run(struct ux_replay_window *w, const uint64_t *seqs, size_t n,
			  uint8_t *answers)
{
	size_t run;

	for (size_t i = 0; i < n; i += run) {
		uint64_t top = atomic_load_explicit(&w->top, memory_order_relaxed);
		uint32_t bits = 0;

		run = w->window ? block_run(w, seqs + i, n - i, &top, &bits) : 0;
		if (run > 1 && take_bits(w, (uint32_t)(seqs[i] / BLOCK_BITS), bits)) {
			memset(answers + i, UX_REPLAY_NEW, run);
			raise_top(w, top);
			continue;
		}
		/* one by one: they are told apart */
		run = run ? run : 1;
		for (size_t k = i; k < i + run; k++)
			answers[k] = (uint8_t)ux_replay_commit(w, seqs[k]);
	}
}

/* The numbers of which bits are kept: without ESN_VAL Linux keeps 32, also for a smaller window. */
static uint32_t kept(const struct ux_replay_window *w)
{
	return w->window == 0 || w->window > BLOCK_BITS ? w->window : BLOCK_BITS;
}

void ux_replay_load(struct ux_replay_window *w, uint64_t top, const uint32_t *bits, uint32_t n_bits)
{
	words_reset(w, top);
	atomic_store_explicit(&w->top, top, memory_order_relaxed);
	w->idle_bits = !w->window && n_bits ? bits[0] : 0;
	for (uint32_t i = 0; i < n_bits && i < kept(w); i++) {
		uint64_t seq = top - i;
		uint32_t block = (uint32_t)(seq / BLOCK_BITS);
		_Atomic(uint64_t) *slot = &w->words[block & (w->n_words - 1)];

		if (!(bits[i / 32] >> (i % 32) & 1))
			continue;
		uint64_t word = atomic_load_explicit(slot, memory_order_relaxed);

		atomic_store_explicit(slot, word | UINT64_C(1) << (seq % BLOCK_BITS),
				      memory_order_relaxed);
	}
}

void ux_replay_store(const struct ux_replay_window *w, uint64_t *ret_top, uint32_t *bits,
		     uint32_t n_bits)
{
	uint64_t top = atomic_load_explicit(&w->top, memory_order_relaxed);

	*ret_top = top;
	for (uint32_t i = 0; i < (n_bits + 31) / 32; i++)
		bits[i] = 0;
	if (!w->window && n_bits)
		bits[0] = w->idle_bits;
	for (uint32_t i = 0; i < n_bits && i < kept(w); i++) {
		uint64_t seq = top - i;
		uint32_t index = (uint32_t)(seq / BLOCK_BITS) & (w->n_words - 1);
		uint64_t word = atomic_load_explicit(&w->words[index], memory_order_relaxed);

		if (look(word, seq) != UX_REPLAY_NEW)
			bits[i / 32] |= UINT32_C(1) << (i % 32);
	}
}
