/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/replay.h"

#define T32 (UINT64_C(1) << 32)

static struct ux_replay_window *window_new(uint32_t window, bool esn, uint64_t top)
{
	struct ux_replay_window *w = malloc(ux_replay_size(window));

	assert_non_null(w);
	ux_replay_init(w, window, esn);
	if (top)
		ux_replay_load(w, top, NULL, 0);
	return w;
}

struct row {
	uint64_t seq;
	enum ux_replay expected;
};

static void run_rows(struct ux_replay_window *w, const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(ux_replay_check(w, rows[i].seq), rows[i].expected);
		assert_int_equal(ux_replay_commit(w, rows[i].seq), rows[i].expected);
		if (w->window && rows[i].expected == UX_REPLAY_NEW)
			assert_int_equal(ux_replay_check(w, rows[i].seq), UX_REPLAY_SEEN);
	}
	free(w);
}
#define RUN(w, rows) run_rows((w), (rows), sizeof(rows) / sizeof((rows)[0]))

static void window_edges(void **state)
{
	const struct row rows[] = {
	    {0, UX_REPLAY_ZERO},
	    {1, UX_REPLAY_NEW},
	    {1, UX_REPLAY_SEEN},
	    {3, UX_REPLAY_NEW},
	    {2, UX_REPLAY_NEW},
	    {2, UX_REPLAY_SEEN},
	    {34, UX_REPLAY_NEW},
	    {3, UX_REPLAY_SEEN},
	    {2, UX_REPLAY_TOO_OLD},
	    {4, UX_REPLAY_NEW},
	    {35, UX_REPLAY_NEW},
	    {3, UX_REPLAY_TOO_OLD},
	    {4, UX_REPLAY_SEEN},
	    {1000, UX_REPLAY_NEW},
	    {968, UX_REPLAY_TOO_OLD},
	    {969, UX_REPLAY_NEW},
	    {999, UX_REPLAY_NEW},
	    {0, UX_REPLAY_ZERO},
	    {UINT32_MAX, UX_REPLAY_NEW},
	    {UINT32_MAX - 31, UX_REPLAY_NEW},
	    {UINT32_MAX - 32, UX_REPLAY_TOO_OLD},
	    {1, UX_REPLAY_TOO_OLD},
	};

	RUN(window_new(32, false, 0), rows);
}

static void window_of_one(void **state)
{
	const struct row rows[] = {
	    {1, UX_REPLAY_NEW},	 {3, UX_REPLAY_NEW}, {2, UX_REPLAY_TOO_OLD},
	    {3, UX_REPLAY_SEEN}, {4, UX_REPLAY_NEW},
	};

	RUN(window_new(1, false, 0), rows);
}

static void window_none(void **state)
{
	const struct row rows[] = {
	    {0, UX_REPLAY_NEW},
	    {5, UX_REPLAY_NEW},
	    {5, UX_REPLAY_NEW},
	    {1, UX_REPLAY_NEW},
	};

	RUN(window_new(0, false, 0), rows);
}

static void window_largest(void **state)
{
	const struct row rows[] = {
	    {4097, UX_REPLAY_NEW},     {1, UX_REPLAY_TOO_OLD}, {2, UX_REPLAY_NEW},
	    {2, UX_REPLAY_SEEN},       {2080, UX_REPLAY_NEW},  {9000, UX_REPLAY_NEW},
	    {4904, UX_REPLAY_TOO_OLD}, {4905, UX_REPLAY_NEW},  {8999, UX_REPLAY_NEW},
	};

	RUN(window_new(4096, false, 0), rows);
}

static void across_two_to_the_32(void **state)
{
	const struct row rows[] = {
	    {T32 - 1, UX_REPLAY_SEEN}, {T32, UX_REPLAY_NEW},	  {T32 + 1, UX_REPLAY_NEW},
	    {T32 - 5, UX_REPLAY_NEW},  {T32 - 5, UX_REPLAY_SEEN}, {T32 - 63, UX_REPLAY_TOO_OLD},
	    {T32 - 62, UX_REPLAY_NEW}, {T32 + 64, UX_REPLAY_NEW}, {T32, UX_REPLAY_TOO_OLD},
	    {T32 + 1, UX_REPLAY_SEEN},
	};
	struct ux_replay_window *w = window_new(64, true, T32 - 2);

	assert_int_equal(ux_replay_commit(w, T32 - 1), UX_REPLAY_NEW);
	RUN(w, rows);
}

struct guess {
	uint32_t window;
	uint64_t top;
	uint32_t seq_lo;
	uint64_t expected;
};

/* A run is told what its packets would be one by one, also where the 32 bits begin anew. */
static void run_across_two_to_the_32(void **state)
{
	for (int esn = 0; esn < 2; esn++) {
		_Alignas(64) uint8_t memory[1024];
		struct ux_replay_window *w = (void *)memory;
		const uint32_t low[] = {0xfffffffd, 0xfffffffe, 0xffffffff, 0, 1, 2, 2};
		enum { N = sizeof(low) / sizeof(low[0]) };
		uint64_t seqs[N];
		uint8_t answers[N];

		assert_true(ux_replay_size(64) <= sizeof(memory));
		ux_replay_init(w, 64, esn);
		assert_int_equal(ux_replay_commit(w, 0xfffffffc), UX_REPLAY_NEW);
		for (size_t i = 0; i < N; i++)
			seqs[i] = low[i];
		ux_replay_check_run(w, seqs, N, answers);
		for (size_t i = 0; i < N; i++) {
			const uint64_t seq = ux_replay_guess(w, low[i]);

			assert_int_equal(seqs[i], seq);
			assert_int_equal(answers[i], ux_replay_check(w, seq));
		}
		assert_int_equal(answers[3], esn ? UX_REPLAY_NEW : UX_REPLAY_ZERO);
	}
}

/* RFC 4303 appendix A2.1: case A, the window in one subspace; case B, in two. */
static void esn_guess(void **state)
{
	const struct guess rows[] = {
	    {32, 0, 1, 1},
	    {32, 0, UINT32_MAX - 31, UINT32_MAX - 31}, /* just left of the window at 0 */
	    {32, 0, UINT32_MAX, UINT64_MAX},	       /* before 0: high half -1 */
	    {32, 31, 0, 0},			       /* A: bottom is 0 */
	    {32, 32, 0, T32},			       /* A: 0 lies left of bottom: next subspace */
	    {32, 100, 69, 69},
	    {32, 100, 68, T32 + 68},
	    {32, 100, UINT32_MAX, UINT32_MAX},
	    {32, T32 - 1, 0, T32},
	    {32, T32 - 1, UINT32_MAX - 31, T32 - 32},
	    {32, T32 - 1, UINT32_MAX - 32, 2 * T32 - 33},
	    {32, T32, UINT32_MAX, T32 - 1}, /* B */
	    {32, T32, UINT32_MAX - 30, T32 - 31},
	    {32, T32, UINT32_MAX - 31, 2 * T32 - 32},
	    {32, T32, 1, T32 + 1},
	    {32, T32 + 30, UINT32_MAX, T32 - 1},
	    {32, T32 + 31, UINT32_MAX, 2 * T32 - 1}, /* A again */
	    {4096, 5 * T32 + 10, UINT32_MAX - 4084, 5 * T32 - 4085},
	    {4096, 5 * T32 + 10, UINT32_MAX - 4085, 6 * T32 - 4086},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ux_replay_window *w = window_new(rows[i].window, true, rows[i].top);

		assert_int_equal(ux_replay_guess(w, rows[i].seq_lo), rows[i].expected);
		free(w);
	}

	struct ux_replay_window *plain = window_new(32, false, 100);

	assert_int_equal(ux_replay_guess(plain, UINT32_MAX), UINT32_MAX);
	free(plain);
}

/* A number before 0 is in the window, once, and does not move it. */
static void before_zero(void **state)
{
	struct ux_replay_window *w = window_new(32, true, 0);

	assert_int_equal(ux_replay_check(w, UINT64_MAX), UX_REPLAY_NEW);
	assert_int_equal(ux_replay_commit(w, UINT64_MAX), UX_REPLAY_NEW);
	assert_int_equal(ux_replay_commit(w, UINT64_MAX), UX_REPLAY_SEEN);
	assert_int_equal(w->top, 0);
	assert_int_equal(ux_replay_commit(w, 1), UX_REPLAY_NEW);
	assert_int_equal(w->top, 1);
	free(w);
}

/* Against a plain set of numbers seen. */
static void random_against_model(void **state)
{
	static const uint32_t windows[] = {1, 2, 31, 32, 33, 63, 64, 65, 128, 1000, 4096};
	enum { SPAN = 40000 };

	srandom(7);
	for (size_t k = 0; k < sizeof(windows) / sizeof(windows[0]); k++) {
		uint64_t base = k % 2 ? T32 - SPAN / 2 : 0;
		struct ux_replay_window *w = window_new(windows[k], true, base);
		uint8_t *seen = calloc(SPAN + 1, 1);
		uint64_t top = 0;

		assert_non_null(seen);
		for (int i = 0; i < 20000; i++) {
			int64_t at = (int64_t)top + random() % (windows[k] + 40) - windows[k] - 8;

			if (at < 1 || at > SPAN)
				continue;
			enum ux_replay expected = UX_REPLAY_NEW;

			if ((uint64_t)at <= top && top - (uint64_t)at >= windows[k])
				expected = UX_REPLAY_TOO_OLD;
			else if (seen[at])
				expected = UX_REPLAY_SEEN;
			assert_int_equal(ux_replay_commit(w, base + (uint64_t)at), expected);
			seen[at] = 1;
			top = (uint64_t)at > top ? (uint64_t)at : top;
			assert_int_equal(w->top, base + top);
		}
		free(seen);
		free(w);
	}
}

static void store_and_load(void **state)
{
	uint32_t bits[128], again[128];
	uint64_t top;
	struct ux_replay_window *w = window_new(70, true, 3 * T32 + 5);

	for (uint64_t s = 3 * T32 - 60; s < 3 * T32 + 20; s += 3)
		assert_int_equal(ux_replay_commit(w, s), UX_REPLAY_NEW);
	ux_replay_store(w, &top, bits, 70);
	assert_int_equal(top, 3 * T32 + 18);
	for (uint32_t i = 0; i < 70; i++)
		assert_int_equal(bits[i / 32] >> (i % 32) & 1, i % 3 == 0);

	struct ux_replay_window *copy = window_new(70, true, 0);

	ux_replay_load(copy, top, bits, 70);
	ux_replay_store(copy, &top, again, 70);
	assert_int_equal(top, 3 * T32 + 18);
	assert_memory_equal(bits, again, 3 * sizeof(bits[0]));
	assert_int_equal(ux_replay_commit(copy, 3 * T32 + 15), UX_REPLAY_SEEN);
	assert_int_equal(ux_replay_commit(copy, 3 * T32 + 16), UX_REPLAY_NEW);
	assert_int_equal(ux_replay_commit(copy, 3 * T32 + 18 - 70), UX_REPLAY_TOO_OLD);
	free(copy);
	free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(window_edges),
	    cmocka_unit_test(window_of_one),
	    cmocka_unit_test(window_none),
	    cmocka_unit_test(window_largest),
	    cmocka_unit_test(across_two_to_the_32),
	    cmocka_unit_test(run_across_two_to_the_32),
	    cmocka_unit_test(esn_guess),
	    cmocka_unit_test(before_zero),
	    cmocka_unit_test(random_against_model),
	    cmocka_unit_test(store_and_load),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
