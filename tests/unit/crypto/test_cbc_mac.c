/* SPDX-License-Identifier: BSD-2-Clause */
/* AES-XCBC-MAC and AES-CMAC: the vectors of their RFCs, and every split of a message. */
#include "crypto/cbc_mac.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static const uint8_t xcbc_key[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
static const uint8_t cmac_key[16] = {0x2b, 0x7e, 0x15, 0x16, 0x28, 0xae, 0xd2, 0xa6,
				     0xab, 0xf7, 0x15, 0x88, 0x09, 0xcf, 0x4f, 0x3c};

/* RFC 4493 section 4 */
static const uint8_t cmac_message[64] = {
    0x6b, 0xc1, 0xbe, 0xe2, 0x2e, 0x40, 0x9f, 0x96, 0xe9, 0x3d, 0x7e, 0x11, 0x73, 0x93, 0x17, 0x2a,
    0xae, 0x2d, 0x8a, 0x57, 0x1e, 0x03, 0xac, 0x9c, 0x9e, 0xb7, 0x6f, 0xac, 0x45, 0xaf, 0x8e, 0x51,
    0x30, 0xc8, 0x1c, 0x46, 0xa3, 0x5c, 0xe4, 0x11, 0xe5, 0xfb, 0xc1, 0x19, 0x1a, 0x0a, 0x52, 0xef,
    0xf6, 0x9f, 0x24, 0x45, 0xdf, 0x4f, 0x9b, 0x17, 0xad, 0x2b, 0x41, 0x7b, 0xe6, 0x6c, 0x37, 0x10};

static void assert_sum(struct ux_cbc_mac *m, const uint8_t *data, size_t len, const char *hex)
{
	uint8_t sum[UX_CBC_MAC_LEN];
	char text[2 * UX_CBC_MAC_LEN + 1];

	assert_true(ux_cbc_mac_sum(m, data, len, NULL, 0, sum));
	for (size_t i = 0; i < sizeof(sum); i++)
		snprintf(text + 2 * i, 3, "%02x", sum[i]);
	assert_string_equal(text, hex);
}

static void test_xcbc_rfc3566(void **state)
{
	struct ux_cbc_mac m = {0};
	uint8_t message[1000] = {0};

	assert_true(ux_cbc_mac_init(&m, UX_CBC_MAC_XCBC, xcbc_key, sizeof(xcbc_key)));
	assert_sum(&m, message, 1000, "f0dafee895db30253761103b5d84528f");
	for (uint8_t i = 0; i < 34; i++)
		message[i] = i;
	assert_sum(&m, message, 0, "75f0251d528ac01c4573dfd584d79f29");
	assert_sum(&m, message, 3, "5b376580ae2f19afe7219ceef172756f");
	assert_sum(&m, message, 16, "d2a246fa349b68a79998a4394ff7a263");
	assert_sum(&m, message, 20, "47f51b4564966215b8985c63055ed308");
	assert_sum(&m, message, 32, "f54f0ec8d2b9f3d36807734bd5283fd4");
	assert_sum(&m, message, 34, "becbb3bccdb518a30677d5481fb6b4d8");
	ux_cbc_mac_fini(&m);
}

static void test_cmac_rfc4493(void **state)
{
	struct ux_cbc_mac m = {0};

	assert_true(ux_cbc_mac_init(&m, UX_CBC_MAC_CMAC, cmac_key, sizeof(cmac_key)));
	assert_sum(&m, cmac_message, 0, "bb1d6929e95937287fa37d129b756746");
	assert_sum(&m, cmac_message, 16, "070a16b46b4d4144f79bdd9dd04a287c");
	assert_sum(&m, cmac_message, 40, "dfa66747de9ae63030ca32611497c827");
	assert_sum(&m, cmac_message, 64, "51f0bebf7e3b9d92fc49741779363cfe");
	ux_cbc_mac_fini(&m);
}

/* What comes as data and what comes as extra makes no difference. */
static void test_splits(void **state)
{
	struct ux_cbc_mac m = {0};
	uint8_t message[700], whole[UX_CBC_MAC_LEN], parts[UX_CBC_MAC_LEN];

	for (size_t i = 0; i < sizeof(message); i++)
		message[i] = (uint8_t)(i * 7);
	for (int kind = UX_CBC_MAC_XCBC; kind <= UX_CBC_MAC_CMAC; kind++) {
		assert_true(ux_cbc_mac_init(&m, kind, xcbc_key, sizeof(xcbc_key)));
		for (size_t len = 0; len <= sizeof(message); len += len < 64 ? 1 : 53) {
			assert_true(ux_cbc_mac_sum(&m, message, len, NULL, 0, whole));
			for (size_t extra = 1; extra <= 16 && extra <= len; extra++) {
				assert_true(ux_cbc_mac_sum(&m, message, len - extra,
							   message + len - extra, extra, parts));
				assert_memory_equal(whole, parts, sizeof(whole));
			}
		}
	}
	ux_cbc_mac_fini(&m);
}

static void test_other_keys(void **state)
{
	struct ux_cbc_mac m = {0};
	uint8_t key[33] = {1, 2, 3}, a[UX_CBC_MAC_LEN], b[UX_CBC_MAC_LEN];

	assert_false(ux_cbc_mac_init(&m, UX_CBC_MAC_CMAC, key, 15));
	assert_false(ux_cbc_mac_init(&m, UX_CBC_MAC_XCBC, key, 33));
	assert_true(ux_cbc_mac_init(&m, UX_CBC_MAC_CMAC, key, 24));
	assert_true(ux_cbc_mac_sum(&m, key, 10, NULL, 0, a));
	ux_cbc_mac_forget(&m);
	assert_true(ux_cbc_mac_init(&m, UX_CBC_MAC_CMAC, key, 32));
	assert_true(ux_cbc_mac_sum(&m, key, 10, NULL, 0, b));
	assert_memory_not_equal(a, b, sizeof(a));
	ux_cbc_mac_fini(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_xcbc_rfc3566),
	    cmocka_unit_test(test_cmac_rfc4493),
	    cmocka_unit_test(test_splits),
	    cmocka_unit_test(test_other_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
