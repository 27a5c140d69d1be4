/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * The replay window (RFC 4303 section 3.4.3 and appendix A) in 64-bit sequence numbers. The 32-bit
 * forms of the protocol exist only in the packet (ux_replay_guess) and in wire/.
 *
 * Guarantee: for any set of threads, ux_replay_commit returns UX_REPLAY_NEW at most once for each
 * sequence number during the life of the window. It never waits and takes no lock.
 *
 * How: the window is a ring of 64-bit words, a power of two many. A word holds the number of the
 * block of 32 sequence numbers it stands for (upper 32 bits, modulo 2^32) and one bit for each
 * (lower 32). A word is changed only by compare-and-swap, and only to a later block or to more
 * bits. top only grows.
 */

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UX_REPLAY_WINDOW_MAX 4096 /* sequence numbers */

enum ux_replay {
	UX_REPLAY_NEW,
	UX_REPLAY_SEEN,
	UX_REPLAY_TOO_OLD,
	UX_REPLAY_ZERO /* sequence number 0 is never sent (RFC 4303 section 2.2) */
};

struct ux_slab;

struct ux_replay_window {
	_Atomic(uint64_t) top;	   /* workers: highest sequence number accepted */
	uint32_t window;	   /* const after publish; 0 = no replay protection */
	uint32_t n_words;	   /* const after publish; power of two, 0 when window is 0 */
	bool esn;		   /* const after publish */
	uint32_t idle_bits;	   /* const after publish; of a window of 0: what was loaded */
	struct ux_slab *slab;	   /* const after publish; where it goes; NULL: to the heap */
	_Atomic(uint64_t) words[]; /* workers */
};

/* ux_replay_size - bytes of a window of @window sequence numbers. */
uint32_t ux_replay_size(uint32_t window);
void ux_replay_init(struct ux_replay_window *w, uint32_t window, bool esn);

/*
 * ux_replay_guess - the 64-bit number meant by the 32 bits in a packet (RFC 4303 appendix A2.1; as
 * Linux's xfrm_replay_seqhi at the edges). Without ESN: the 32 bits themselves.
 */
uint64_t ux_replay_guess(const struct ux_replay_window *w, uint32_t seq_lo);
/* ux_replay_check - before decryption: would @seq be accepted now? Changes nothing. */
enum ux_replay ux_replay_check(const struct ux_replay_window *w, uint64_t seq);
/* ux_replay_commit - after the ICV was found right: accept @seq, or say why not. */
enum ux_replay ux_replay_commit(struct ux_replay_window *w, uint64_t seq);

/* ux_replay_prefetch - have near what a packet with these 32 bits will be checked against. */
static inline void ux_replay_prefetch(const struct ux_replay_window *w, uint32_t seq_lo)
{
	__builtin_prefetch(w, 1);
	__builtin_prefetch((const uint8_t *)(w + 1) + (seq_lo / 32 * 8 & 511), 1);
}

/*
 * ux_replay_check_run, ux_replay_commit_run - the same for @n packets in the order they came;
 * answers[i], an enum ux_replay, is what they would be told one after the other. The first takes
 * the numbers of the packets, 32 bits, and gives back those that are meant.
 */
void ux_replay_check_run(const struct ux_replay_window *w, uint64_t *seqs, size_t n,
			 uint8_t *answers);
void ux_replay_commit_run(struct ux_replay_window *w, const uint64_t *seqs, size_t n,
			  uint8_t *answers);

/*
 * ux_replay_load, ux_replay_store - the window as bits: bit i of bits[] (word i/32, least
 * significant first) is the number top - i, for i < window, or for i < 32 when the window is
 * smaller than that. Load before publication; store at any time.
 */
void ux_replay_load(struct ux_replay_window *w, uint64_t top, const uint32_t *bits,
		    uint32_t n_bits);
void ux_replay_store(const struct ux_replay_window *w, uint64_t *ret_top, uint32_t *bits,
		     uint32_t n_bits);
