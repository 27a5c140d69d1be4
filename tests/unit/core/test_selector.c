/* SPDX-License-Identifier: BSD-2-Clause */
#include "core_fixture.h"

static struct ux_flow_key flow(void)
{
	struct ux_flow_key f = {.saddr = addr4(0x0a010203),
				.daddr = addr4(0x0a020304),
				.family = AF_INET,
				.proto = 17,
				.sport = htobe16(1000),
				.dport = htobe16(53),
				.ifindex = 3};

	return f;
}

static void empty_matches_all(void **state)
{
	struct ux_selector s = {.family = AF_INET6}; /* the family is the caller's business */
	struct ux_flow_key f = flow();

	assert_true(ux_selector_match(&s, &f));
}

static void each_field_counts(void **state)
{
	const struct ux_selector fits = {.daddr = addr4(0x0a020300),
					 .saddr = addr4(0x0a010200),
					 .prefixlen_d = 24,
					 .prefixlen_s = 31 - 8,
					 .dport = htobe16(53),
					 .dport_mask = 0xffff,
					 .sport = htobe16(0x3e0),
					 .sport_mask = htobe16(0xffe0),
					 .proto = 17,
					 .ifindex = 3};
	struct ux_flow_key f = flow();
	struct ux_selector s = fits;

	assert_true(ux_selector_match(&fits, &f));
	s.daddr = addr4(0x0a020400);
	assert_false(ux_selector_match(&s, &f));
	s = fits;
	s.saddr = addr4(0x0a010400);
	assert_false(ux_selector_match(&s, &f));
	s = fits;
	s.dport = htobe16(54);
	assert_false(ux_selector_match(&s, &f));
	s = fits;
	s.sport = htobe16(0x3c0);
	assert_false(ux_selector_match(&s, &f));
	s = fits;
	s.proto = 6;
	assert_false(ux_selector_match(&s, &f));
	s = fits;
	s.ifindex = 4;
	assert_false(ux_selector_match(&s, &f));
	s = fits;
	s.prefixlen_d = 200; /* nonsense is as the longest, not an overrun */
	assert_false(ux_selector_match(&s, &f));
	s.daddr = f.daddr;
	assert_true(ux_selector_match(&s, &f));
}

static void equal_in_every_field(void **state)
{
	struct ux_selector a, b;

	for (size_t i = 0; i < sizeof(a); i++) {
		/* bytes between the fields are not part of it */
		if (i >= offsetof(struct ux_selector, proto) + 1 &&
		    i < offsetof(struct ux_selector, ifindex))
			continue;
		memset(&a, 0, sizeof(a));
		memset(&b, 0, sizeof(b));
		assert_true(ux_selector_equal(&a, &b));
		((uint8_t *)&b)[i] = 1;
		assert_false(ux_selector_equal(&a, &b));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(empty_matches_all),
	    cmocka_unit_test(each_field_counts),
	    cmocka_unit_test(equal_in_every_field),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
