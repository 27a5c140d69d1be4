/* SPDX-License-Identifier: BSD-2-Clause */

/* What AH authenticates of headers: what routers change is zero, what they change in a known way is
 * as it will be. */

#include "packet/mutable.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include <sys/socket.h>

/* behind the first byte */
#define IP4 "ff0054abcd60004001beef0a0000010a000002"
#define IP4_CLEARED "000054abcd0000000100000a0000010a000002"

struct row {
	const char *name, *header, *want; /* want NULL: refused */
	bool outbound;
};

static const struct row rows4[] = {
    {"no options", "45" IP4, "45" IP4_CLEARED, true},
    {"padding", "47" IP4 "0101010100000000", "47" IP4_CLEARED "0101010100000000", true},
    {"router alert stays", "46" IP4 "94040000", "46" IP4_CLEARED "94040000", true},
    {"security stays", "46" IP4 "82040102", "46" IP4_CLEARED "82040102", true},
    {"record route", "47" IP4 "0707040a09090900", "47" IP4_CLEARED "0000000000000000", true},
    {"a new option", "46" IP4 "5e040102", "46" IP4_CLEARED "00000000", false},
    {"behind the end", "46" IP4 "00070909", "46" IP4_CLEARED "00070909", true},
    {"loose route", "47" IP4 "8307040a09090901",
     "47000054abcd0000000100000a0000010a0909090000000000000001", true},
    {"loose route inbound", "47" IP4 "8307040a09090901", "47" IP4_CLEARED "0000000000000001",
     false},
    {"route without address", "46" IP4 "83040401", NULL, true},
    {"option of one byte", "46" IP4 "07010000", NULL, false},
    {"option too long", "46" IP4 "07050400", NULL, false},
    {"no room for a length", "46" IP4 "01010107", NULL, false},
};

#define A "20010db8000000000000000000000001"
#define B "20010db8000000000000000000000002"
#define C "20010db8000000000000000000000003"
#define D "20010db8000000000000000000000004"

static const struct row rows6[] = {
    {"no extensions", "6ff1234500103b40" A B, "6000000000103b00" A B, true},
    {"hop by hop", "6ff1234500100040" A B "3b013e021234050200000104aabbccdd",
     "6000000000100000" A B "3b013e020000050200000104aabbccdd", true},
    {"hop by hop cut", "6ff1234500100040" A B "3b003e0512340000", NULL, true},
    {"header too long", "6ff1234500100040" A B "3b01010400000000", NULL, true},
    {"route from A by B and C to D", "6ff1234500102b40" A B "3b04000200000000" C D,
     "6000000000102b00" A D "3b04000000000000" B C, true},
    {"route at its end", "6ff1234500102b40" A D "3b04000000000000" B C,
     "6000000000102b00" A D "3b04000000000000" B C, false},
    {"route with too many left", "6ff1234500102b40" A B "3b04000300000000" C D, NULL, true},
    {"home address", "6ff1234500103c40" A B "3b0201020000c910" C,
     "6000000000103c00" C B "3b0201020000c910" A, true},
    {"home address inbound", "6ff1234500103c40" A B "3b0201020000c910" C,
     "6000000000103c00" A B "3b0201020000c910" C, false},
};

static uint32_t parse(const char *text, uint8_t *ret)
{
	uint32_t n = 0;

	for (; text[0] && text[1]; text += 2) {
		unsigned int v;

		assert_int_equal(sscanf(text, "%2x", &v), 1);
		ret[n++] = (uint8_t)v;
	}
	return n;
}

static void check(const struct row *r, uint16_t family)
{
	uint8_t header[128], want[128];
	uint32_t len = parse(r->header, header);

	print_message("%s\n", r->name);
	if (!r->want) {
		assert_false(ux_ip_clear_mutable(header, len, family, r->outbound));
		return;
	}
	assert_true(ux_ip_clear_mutable(header, len, family, r->outbound));
	assert_int_equal(parse(r->want, want), len);
	assert_memory_equal(header, want, len);
}

static void test_ip4(void **state)
{
	for (size_t i = 0; i < sizeof(rows4) / sizeof(rows4[0]); i++)
		check(&rows4[i], AF_INET);
}

static void test_ip6(void **state)
{
	for (size_t i = 0; i < sizeof(rows6) / sizeof(rows6[0]); i++)
		check(&rows6[i], AF_INET6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_ip4), cmocka_unit_test(test_ip6)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
