/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "wire/replay_attr.h"

static _Alignas(16) uint8_t buf[1024];

static struct nlattr *written(const struct ux_wire_replay *r, bool esn)
{
	struct ux_writer w;

	ux_writer_init(&w, buf, sizeof(buf));
	ux_msg_begin(&w, XFRM_MSG_NEWSA, 0, 0, 0, NULL, 0);
	if (esn)
		ux_replay_esn_write(&w, r);
	else
		ux_replay_val_write(&w, r);
	assert_true(ux_msg_end(&w));
	return (struct nlattr *)(void *)(buf + NLMSG_HDRLEN);
}

static struct ux_wire_replay make(uint32_t window, uint64_t seq)
{
	struct ux_wire_replay r = {.oseq = 0x1122334455667788,
				   .seq = seq,
				   .window = window,
				   .bmp_len = (window + 31) / 32};

	for (uint32_t i = 0; i < window; i++)
		if ((i * 2654435761u + (uint32_t)seq) & 0x10000)
			r.bits[i / 32] |= 1u << (i % 32);
	return r;
}

static void test_val(void **state)
{
	struct ux_wire_replay in = {.oseq = 5, .seq = 0xfffffffe, .bits = {0x80000005}}, out;

	ux_replay_val_read(written(&in, false), &out);
	assert_memory_equal(&in, &out, sizeof(in));
}

static const uint32_t windows[] = {1, 2, 31, 32, 33, 63, 64, 65, 100, 128, 1000, 4096};

static void test_esn_round_trip(void **state)
{
	static const uint64_t seqs[] = {
	    0, 1, 31, 32, 33, 4096, 5000, 0xffffffff, 0x100000000, 0x100000001, 0xfffffffffffffffe};

	for (size_t i = 0; i < sizeof(windows) / sizeof(windows[0]); i++) {
		for (size_t j = 0; j < sizeof(seqs) / sizeof(seqs[0]); j++) {
			struct ux_wire_replay in = make(windows[i], seqs[j]), out;
			struct nlattr *a = written(&in, true);

			assert_true(ux_replay_esn_fits(a));
			ux_replay_esn_read(a, &out);
			assert_memory_equal(&in, &out, sizeof(in));
		}
	}
}

/* As long as nothing wraps, number s stands at bit (s - 1) mod window. */
static void test_esn_ring(void **state)
{
	for (size_t i = 0; i < sizeof(windows) / sizeof(windows[0]); i++) {
		uint32_t window = windows[i], seq = 7 * window + 3;
		struct ux_wire_replay r = make(window, seq);
		const uint8_t *ring = (const uint8_t *)(written(&r, true) + 1) + 24;

		for (uint32_t s = seq; s > seq - window; s--) {
			uint32_t back = seq - s, pos = (s - 1) % window, word;

			memcpy(&word, ring + pos / 32 * 4, 4);
			assert_int_equal(word >> (pos % 32) & 1,
					 r.bits[back / 32] >> (back % 32) & 1);
		}
	}
}

static void test_esn_without_bitmap(void **state)
{
	struct ux_wire_replay in = make(64, 70), out;
	struct nlattr *a = written(&in, true);

	a->nla_len = NLA_HDRLEN + 24;
	assert_true(ux_replay_esn_fits(a));
	ux_replay_esn_read(a, &out);
	assert_int_equal(out.seq, 70);
	assert_int_equal(out.window, 64);
	assert_int_equal(out.bits[0] | out.bits[1], 0);
	a->nla_len += 4; /* one word of two */
	assert_false(ux_replay_esn_fits(a));
}

static void test_esn_window_larger_than_bitmap(void **state)
{
	struct ux_wire_replay in = make(64, 70), out;
	struct nlattr *a = written(&in, true);
	uint32_t window = 65;

	memcpy((uint8_t *)(a + 1) + 20, &window, 4);
	ux_replay_esn_read(a, &out);
	assert_int_equal(out.window, 64);
}

static void test_esn_claims_huge_bitmap(void **state)
{
	struct ux_wire_replay in = make(64, 70);
	struct nlattr *a = written(&in, true);
	static const uint32_t claims[] = {3, 0x40000000, 0x40000002, UINT32_MAX};

	for (size_t i = 0; i < sizeof(claims) / sizeof(claims[0]); i++) {
		memcpy(a + 1, &claims[i], 4);
		assert_false(ux_replay_esn_fits(a));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_val),
	    cmocka_unit_test(test_esn_round_trip),
	    cmocka_unit_test(test_esn_ring),
	    cmocka_unit_test(test_esn_without_bitmap),
	    cmocka_unit_test(test_esn_window_larger_than_bitmap),
	    cmocka_unit_test(test_esn_claims_huge_bitmap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
