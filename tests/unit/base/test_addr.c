/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/addr.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static struct ux_addr parse(uint16_t family, const char *text)
{
	struct ux_addr a;

	memset(&a, 0xee, sizeof(a)); /* what stands behind an IPv4 address must not matter */
	assert_int_equal(inet_pton(family, text, &a), 1);
	return a;
}

static void test_match_prefix(void **state)
{
	static const struct {
		uint16_t family;
		const char *a, *b;
		unsigned int bits;
		bool match;
	} rows[] = {
	    {AF_INET, "10.0.0.0", "192.168.0.1", 0, true},
	    {AF_INET, "10.0.0.0", "10.255.0.1", 8, true},
	    {AF_INET, "10.0.0.0", "11.0.0.0", 8, false},
	    {AF_INET, "10.0.0.0", "11.0.0.0", 7, true},
	    {AF_INET, "10.0.0.0", "9.0.0.0", 7, false},
	    {AF_INET, "128.0.0.0", "0.0.0.0", 1, false},
	    {AF_INET, "128.0.0.0", "255.0.0.0", 1, true},
	    {AF_INET, "10.1.2.3", "10.1.2.2", 31, true},
	    {AF_INET, "10.1.2.3", "10.1.2.2", 32, false},
	    {AF_INET, "10.1.2.3", "10.1.2.3", 32, true},
	    {AF_INET6, "::", "ffff::", 0, true},
	    {AF_INET6, "2001:db8::", "2001:db8:ffff::1", 32, true},
	    {AF_INET6, "2001:db8::", "2001:db9::", 32, false},
	    {AF_INET6, "2001:db8::", "2001:db9::", 31, true},
	    {AF_INET6, "2001:db8::8000:0:0:0", "2001:db8::", 64, true},
	    {AF_INET6, "2001:db8::8000:0:0:0", "2001:db8::", 65, false},
	    {AF_INET6, "fe80::1", "fe80::", 127, true},
	    {AF_INET6, "fe80::1", "fe80::", 128, false},
	    {AF_INET6, "fe80::1", "fe80::1", 128, true},
	    {AF_INET6, "fe80::1", "fe80::1", 255, true},
	    {AF_INET6, "fe80::1", "fe80::2", 255, false},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ux_addr a = parse(rows[i].family, rows[i].a);
		struct ux_addr b = parse(rows[i].family, rows[i].b);

		if (ux_addr_match_prefix(&a, &b, rows[i].bits) != rows[i].match)
			fail_msg("%s %s /%u", rows[i].a, rows[i].b, rows[i].bits);
	}
}

static void test_family_decides(void **state)
{
	struct ux_addr a = parse(AF_INET, "10.0.0.1"), b = parse(AF_INET, "10.0.0.1");

	b.b[15] ^= 1;
	assert_true(ux_addr_equal(&a, &b, AF_INET));
	assert_false(ux_addr_equal(&a, &b, AF_INET6));
	a = parse(AF_INET, "0.0.0.0");
	assert_true(ux_addr_is_any(&a, AF_INET));
	assert_false(ux_addr_is_any(&a, AF_INET6));
	a = parse(AF_INET6, "::");
	assert_true(ux_addr_is_any(&a, AF_INET6));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_match_prefix),
	    cmocka_unit_test(test_family_decides),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
