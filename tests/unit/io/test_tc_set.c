/* SPDX-License-Identifier: BSD-2-Clause */

/* What of the selectors of policies a program that captures packets is told, and in which order. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "io/tc_set.h"

#define ROOM 4096
#define MANY 64

/* The program's maps. */
static struct told {
	bool used;
	struct ux_tc_prefix prefix;
	uint32_t id, number;
	struct ux_tc_chunk chunk;
} told[ROOM];
static size_t changes, fail_after;

/* Selectors that must be there at every moment. */
static const struct ux_tc_selector *always[MANY];
static size_t n_always;

static struct told *find(const struct ux_tc_prefix *prefix, uint32_t id, uint32_t number)
{
	for (size_t i = 0; i < ROOM; i++) {
		struct told *t = &told[i];

		if (!t->used || t->number != number)
			continue;
		if (number ? t->id == id : memcmp(&t->prefix, prefix, sizeof(*prefix)) == 0)
			return t;
	}
	return NULL;
}

static struct ux_tc_prefix key_of(const struct ux_tc_selector *s)
{
	struct ux_tc_prefix key = {.bits = UX_TC_FAMILY_BITS + s->dst_bits,
				   .family = htonl(s->family == AF_INET ? 4 : 6)};

	memcpy(key.addr, &s->dst, sizeof(key.addr));
	return key;
}

static bool is_same(const struct ux_tc_entry *e, const struct ux_tc_selector *s)
{
	return e->flags & UX_TC_USED && e->proto == s->proto && e->dport == s->dport &&
	       e->sport == s->sport && e->ifindex == s->ifindex && e->mark == s->mark &&
	       memcmp(e->src, &s->src, sizeof(e->src)) == 0;
}

/* As the program looks: the first chunk says how many there are. */
static bool is_told(const struct ux_tc_selector *s)
{
	const struct ux_tc_prefix key = key_of(s);
	const struct told *first = find(&key, 0, 0), *t = first;

	for (uint32_t i = 0; first && i < first->chunk.n_chunks; i++) {
		t = i ? find(&key, first->chunk.id, i) : first;
		if (!i && first->chunk.flags & UX_TC_ALL)
			return true;
		for (size_t k = 0; t && k < UX_TC_ENTRIES; k++) {
			if (is_same(&t->chunk.entries[k], s))
				return true;
		}
	}
	return false;
}

static void check_always(void)
{
	for (size_t i = 0; i < n_always; i++)
		assert_true(is_told(always[i]));
}

static int put(void *opaque, const struct ux_tc_prefix *prefix, uint32_t number,
	       const struct ux_tc_chunk *chunk)
{
	struct told *t = find(prefix, chunk->id, number);

	if (fail_after && !--fail_after)
		return -ENOSPC;
	for (size_t i = 0; !t && i < ROOM; i++) {
		if (!told[i].used)
			t = &told[i];
	}
	assert_non_null(t);
	*t = (struct told){true, *prefix, chunk->id, number, *chunk};
	changes++;
	check_always();
	return 0;
}

static int drop(void *opaque, const struct ux_tc_prefix *prefix, uint32_t id, uint32_t number)
{
	struct told *t = find(prefix, id, number);

	assert_non_null(t);
	t->used = false;
	changes++;
	check_always();
	return 0;
}

static const struct ux_tc_set_ops ops = {put, drop};

static size_t n_told(void)
{
	size_t n = 0;

	for (size_t i = 0; i < ROOM; i++)
		n += told[i].used;
	return n;
}

static struct ux_tc_selector selector(const char *dst, uint8_t dst_bits, uint16_t dport)
{
	struct ux_tc_selector s = {.family = AF_INET, .dst_bits = dst_bits, .proto = 17};

	assert_int_equal(inet_pton(AF_INET, dst, &s.dst), 1);
	s.dport = htons(dport);
	s.dport_mask = 0xffff;
	return s;
}

static struct ux_tc_set *fresh(void)
{
	struct ux_tc_set *set = ux_tc_set_new(&ops, NULL);

	memset(told, 0, sizeof(told));
	changes = n_always = fail_after = 0;
	assert_non_null(set);
	return set;
}

static void add(struct ux_tc_set *set, const struct ux_tc_selector *s)
{
	assert_int_equal(ux_tc_set_add(set, s), 0);
}

static void drop_selector(struct ux_tc_set *set, const struct ux_tc_selector *s)
{
	assert_int_equal(ux_tc_set_remove(set, s), 0);
}

static void settle(struct ux_tc_set *set)
{
	assert_int_equal(ux_tc_set_settle(set), 0);
}

static void test_one(void **state)
{
	struct ux_tc_set *set = fresh();
	const struct ux_tc_selector s = selector("10.2.0.0", 16, 80);
	struct ux_tc_selector host = selector("10.2.3.4", 16, 80);
	const struct told *t;

	add(set, &s);
	assert_false(is_told(&s));
	settle(set);
	assert_true(is_told(&s));
	t = find(&(struct ux_tc_prefix){48, htonl(4), {htonl(0x0a020000)}}, 0, 0);
	assert_non_null(t);
	assert_int_equal(t->chunk.bits, 16);
	assert_int_equal(t->chunk.n_chunks, 1);
	assert_int_equal(t->chunk.entries[0].dport, htons(80));
	assert_int_equal(t->chunk.entries[0].src_mask[0], 0);
	/* its host bits mean nothing, so it is the same again */
	add(set, &host);
	settle(set);
	assert_int_equal(changes, 1);
	drop_selector(set, &s);
	settle(set);
	assert_true(is_told(&s));
	drop_selector(set, &s);
	settle(set);
	assert_int_equal(n_told(), 0);
	assert_int_equal(ux_tc_set_remove(set, &s), -ENOENT);
	ux_tc_set_free(set);
}

static void test_prefixes_of_both_families(void **state)
{
	struct ux_tc_set *set = fresh();
	struct ux_tc_selector s = selector("0.0.0.0", 0, 53), six = s;
	const struct told *t;

	six.family = AF_INET6;
	six.src_bits = 33;
	assert_int_equal(inet_pton(AF_INET6, "fd01:0:ffff::1", &six.src), 1);
	add(set, &s);
	add(set, &six);
	settle(set);
	assert_int_equal(n_told(), 2);
	t = find(&(struct ux_tc_prefix){32, htonl(6), {0}}, 0, 0);
	assert_non_null(t);
	assert_int_equal(t->chunk.entries[0].src[0], htonl(0xfd010000));
	assert_int_equal(t->chunk.entries[0].src[1], htonl(0x80000000));
	assert_int_equal(t->chunk.entries[0].src_mask[0], UINT32_MAX);
	assert_int_equal(t->chunk.entries[0].src_mask[1], htonl(0x80000000));
	assert_int_equal(t->chunk.entries[0].src_mask[2], 0);
	ux_tc_set_free(set);
}

static void test_replaced(void **state)
{
	struct ux_tc_set *set = fresh();
	const struct ux_tc_selector s = selector("10.2.0.0", 16, 80), wider = selector("10.0.0.0", 8, 80);

	add(set, &s);
	settle(set);
	changes = 0;
	drop_selector(set, &s);
	add(set, &s);
	settle(set);
	assert_int_equal(changes, 0);
	/* another comes in its place: before it goes */
	drop_selector(set, &s);
	add(set, &wider);
	fail_after = 1;
	assert_int_equal(ux_tc_set_settle(set), -ENOSPC);
	assert_true(is_told(&s));
	settle(set);
	assert_true(is_told(&wider));
	assert_false(is_told(&s));
	ux_tc_set_free(set);
}

static void test_chunks(void **state)
{
	struct ux_tc_set *set = fresh();
	struct ux_tc_selector s[10];

	for (uint16_t i = 0; i < 10; i++) {
		s[i] = selector("10.2.0.0", 16, i);
		add(set, &s[i]);
	}
	settle(set);
	assert_int_equal(n_told(), 4);
	n_always = 0;
	for (size_t i = 0; i < 9; i++) {
		if (i != 4)
			always[n_always++] = &s[i];
	}
	changes = 0;
	drop_selector(set, &s[4]);
	drop_selector(set, &s[9]);
	settle(set);
	assert_false(is_told(&s[4]));
	assert_false(is_told(&s[9]));
	assert_int_equal(n_told(), 3);
	assert_int_equal(changes, 3); /* its chunk; the first, which says three; the fourth goes */
	changes = 0;
	add(set, &s[9]); /* into the hole */
	settle(set);
	assert_int_equal(changes, 1);
	assert_true(is_told(&s[9]));
	ux_tc_set_free(set);
}

static void test_too_many(void **state)
{
	enum { N = UX_TC_ENTRIES * UX_TC_CHUNKS + 5 };
	static struct ux_tc_selector s[N];
	struct ux_tc_set *set = fresh();
	const struct ux_tc_prefix key = {48, htonl(4), {htonl(0x0a020000)}};

	for (uint16_t i = 0; i < N; i++) {
		s[i] = selector("10.2.0.0", 16, i);
		if (i < MANY)
			add(set, &s[i]);
	}
	settle(set);
	for (size_t i = 0; i < MANY; i++)
		always[n_always++] = &s[i];
	for (size_t i = MANY; i < N; i++)
		add(set, &s[i]);
	settle(set);
	assert_true(find(&key, 0, 0)->chunk.flags & UX_TC_ALL);
	assert_int_equal(ux_tc_set_count(set), N);
	for (size_t i = N - 5; i < N; i++)
		drop_selector(set, &s[i]);
	settle(set);
	assert_false(find(&key, 0, 0)->chunk.flags & UX_TC_ALL);
	for (size_t i = 0; i < N; i++)
		assert_int_equal(is_told(&s[i]), i < N - 5);
	ux_tc_set_free(set);
}

static void test_failure_keeps_all(void **state)
{
	struct ux_tc_set *set = fresh();
	const struct ux_tc_selector s = selector("10.2.0.0", 16, 1), other = selector("10.3.0.0", 16, 1);

	add(set, &s);
	settle(set);
	drop_selector(set, &s);
	add(set, &other);
	fail_after = 1;
	assert_int_equal(ux_tc_set_settle(set), -ENOSPC);
	assert_true(is_told(&s)); /* nothing goes while something is missing */
	settle(set);
	assert_false(is_told(&s));
	assert_true(is_told(&other));
	ux_tc_set_free(set);
}

static void test_clear(void **state)
{
	struct ux_tc_set *set = fresh();
	const struct ux_tc_selector s = selector("10.2.0.0", 16, 1);
	const struct ux_tc_prefix key = {48, htonl(4), {htonl(0x0a020000)}};

	ux_tc_set_note_clear(set, true);
	add(set, &s);
	settle(set);
	assert_int_equal(find(&key, 0, 0)->chunk.flags, 0);
	drop_selector(set, &s);
	settle(set);
	assert_int_equal(find(&key, 0, 0)->chunk.flags, UX_TC_CLEAR);
	assert_false(is_told(&s));
	ux_tc_set_note_clear(set, false);
	settle(set);
	assert_int_equal(n_told(), 0);
	ux_tc_set_free(set);
}

/* A thousand rounds of what comes and goes; what stays is there at every moment. */
static void test_churn(void **state)
{
	static struct ux_tc_selector s[MANY];
	struct ux_tc_set *set = fresh();
	bool in[MANY] = {false};
	unsigned int seed = 1;

	for (uint16_t i = 0; i < MANY; i++)
		s[i] = selector(i % 4 ? "10.2.0.0" : "10.0.0.0", i % 4 ? 16 : 8, i);
	for (int round = 0; round < 1000; round++) {
		bool was[MANY];

		memcpy(was, in, sizeof(in));
		for (int k = 0; k < 10; k++) {
			size_t i = (size_t)rand_r(&seed) % MANY;

			if (in[i])
				drop_selector(set, &s[i]);
			else
				add(set, &s[i]);
			in[i] = !in[i];
		}
		n_always = 0;
		for (size_t i = 0; i < MANY; i++) {
			if (was[i] && in[i])
				always[n_always++] = &s[i];
		}
		settle(set);
		for (size_t i = 0; i < MANY; i++)
			assert_int_equal(is_told(&s[i]), in[i]);
	}
	ux_tc_set_free(set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_one),
	    cmocka_unit_test(test_prefixes_of_both_families),
	    cmocka_unit_test(test_replaced),
	    cmocka_unit_test(test_chunks),
	    cmocka_unit_test(test_too_many),
	    cmocka_unit_test(test_failure_keeps_all),
	    cmocka_unit_test(test_clear),
	    cmocka_unit_test(test_churn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
