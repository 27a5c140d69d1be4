/* SPDX-License-Identifier: BSD-2-Clause */

/* Ways are asked for once, again when they are too old or may have changed, and not too often. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "io/ways.h"

#define SECOND 1000000000ull

struct kernel {
	int asked;
	enum ux_hop_kind kind;
};

static enum ux_hop_kind answer(void *opaque, const struct ux_way *way, struct ux_next_hop *hop)
{
	struct kernel *k = opaque;

	k->asked++;
	*hop = (struct ux_next_hop){.ifindex = (int32_t)way->to.b[3] + 1, .mtu = way->mark};
	return k->kind;
}

static struct ux_way way_to(uint8_t last)
{
	struct ux_way way = {.family = AF_INET, .mark = 7};

	memcpy(&way.from, "\x0a\x00\x00\x01", 4);
	memcpy(&way.to, "\x0a\x00\x01\x00", 4);
	way.to.b[3] = last;
	return way;
}

static void asked_once(void **state)
{
	struct kernel k = {0, UX_HOP_KNOWN};
	struct ux_ways *w = ux_ways_new(answer, &k);
	const struct ux_way a = way_to(1), b = way_to(2);

	for (int i = 0; i < 3; i++) {
		ux_ways_begin(w, (uint64_t)i);
		assert_int_equal(ux_ways_find(w, &a)->hop.ifindex, 2);
		assert_int_equal(ux_ways_find(w, &b)->hop.ifindex, 3);
		assert_int_equal(ux_ways_find(w, &a)->hop.mtu, 7);
	}
	assert_int_equal(k.asked, 2);
	ux_ways_free(w);
}

static void every_field_counts(void **state)
{
	struct kernel k = {0, UX_HOP_KNOWN};
	struct ux_ways *w = ux_ways_new(answer, &k);
	struct ux_way ways[5];

	for (int i = 0; i < 5; i++)
		ways[i] = way_to(1);
	ways[1].mark = 8;
	ways[2].from.b[0] = 11;
	ways[3].ifindex = 4;
	ways[4].family = AF_INET6;
	ux_ways_begin(w, 0);
	for (int i = 0; i < 5; i++)
		assert_memory_equal(&ux_ways_find(w, &ways[i])->way, &ways[i], sizeof(ways[i]));
	assert_int_equal(k.asked, 5);
	ux_ways_free(w);
}

static void forgotten(void **state)
{
	struct kernel k = {0, UX_HOP_KNOWN};
	struct ux_ways *w = ux_ways_new(answer, &k);
	const struct ux_way a = way_to(1);

	ux_ways_begin(w, 5);
	(void)ux_ways_find(w, &a);
	ux_ways_forget(w);
	/* the burst that is under way goes on with what it has */
	(void)ux_ways_find(w, &a);
	assert_int_equal(k.asked, 1);
	k.kind = UX_HOP_OTHER;
	ux_ways_begin(w, 6);
	assert_int_equal(ux_ways_find(w, &a)->kind, UX_HOP_OTHER);
	assert_int_equal(k.asked, 2);
	ux_ways_free(w);
}

static void too_old(void **state)
{
	struct kernel k = {0, UX_HOP_KNOWN};
	struct ux_ways *w = ux_ways_new(answer, &k);
	const struct ux_way a = way_to(1), b = way_to(2);

	ux_ways_begin(w, SECOND);
	(void)ux_ways_find(w, &a);
	k.kind = UX_HOP_UNRESOLVED;
	(void)ux_ways_find(w, &b);
	/* who does not answer yet may do so very soon */
	ux_ways_begin(w, SECOND + SECOND / 10);
	(void)ux_ways_find(w, &a);
	assert_int_equal(k.asked, 2);
	k.kind = UX_HOP_KNOWN;
	assert_int_equal(ux_ways_find(w, &b)->kind, UX_HOP_KNOWN);
	assert_int_equal(k.asked, 3);
	ux_ways_begin(w, 2 * SECOND);
	(void)ux_ways_find(w, &a);
	assert_int_equal(k.asked, 4);
	ux_ways_free(w);
}

static void not_too_many_questions(void **state)
{
	struct kernel k = {0, UX_HOP_KNOWN};
	struct ux_ways *w = ux_ways_new(answer, &k);

	ux_ways_begin(w, 0);
	for (int i = 0; i < 2 * UX_WAYS_ASK_MAX; i++) {
		const struct ux_way way = way_to((uint8_t)i);

		assert_int_equal(ux_ways_find(w, &way) != NULL, i < UX_WAYS_ASK_MAX);
	}
	assert_int_equal(k.asked, UX_WAYS_ASK_MAX);
	ux_ways_begin(w, 1);
	const struct ux_way way = way_to(UX_WAYS_ASK_MAX);

	assert_non_null(ux_ways_find(w, &way));
	ux_ways_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(asked_once), cmocka_unit_test(every_field_counts),
	    cmocka_unit_test(forgotten), cmocka_unit_test(too_old),
	    cmocka_unit_test(not_too_many_questions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
