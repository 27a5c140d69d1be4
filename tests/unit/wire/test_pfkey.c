/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>

#include "wire/pfkey_reader.h"
#include "wire/pfkey_writer.h"

/* A message under construction, aligned as a reader wants it. */
struct message {
	_Alignas(8) uint8_t bytes[512];
	struct ux_pfkey_writer w;
};

static void begin(struct message *m)
{
	const struct sadb_msg head = {.sadb_msg_version = PF_KEY_V2, .sadb_msg_type = SADB_GET};

	ux_pfkey_begin(&m->w, m->bytes, sizeof(m->bytes), &head);
}

static int read_it(struct message *m, struct ux_pfkey_exts *exts)
{
	assert_true(ux_pfkey_end(&m->w));
	assert_int_equal(ux_pfkey_check_base(m->bytes, m->w.len), 0);
	return ux_pfkey_read(m->bytes, m->w.len, exts);
}

static const struct ux_addr address4 = {.b = {10, 0, 0, 1}};
static const struct ux_addr address6 = {.b = {0x20, 0x01, 0x0d, 0xb8, [15] = 7}};

static void put_address(struct message *m, uint16_t type, uint16_t family, uint8_t bits)
{
	const struct sadb_address head = {.sadb_address_proto = 17, .sadb_address_prefixlen = bits};

	ux_pfkey_put_address(&m->w, type, family, family == AF_INET ? &address4 : &address6,
			     htons(500), head);
}

static void test_base(void **state)
{
	static const struct {
		struct sadb_msg head;
		size_t len;
		int result;
	} rows[] = {
	    {{2, SADB_GET, 0, 0, 2, 0, 0, 0}, 16, 0},
	    {{2, SADB_GET, 0, 0, 2, 0, 0, 0}, 15, -EMSGSIZE},
	    {{2, SADB_GET, 0, 0, 2, 0, 0, 0}, 0, -EMSGSIZE},
	    {{2, SADB_GET, 0, 0, 2, 0, 0, 0}, 23, 0}, /* not a whole word more */
	    {{2, SADB_GET, 0, 0, 2, 0, 0, 0}, 24, -EMSGSIZE},
	    {{2, SADB_GET, 0, 0, 3, 0, 0, 0}, 16, -EMSGSIZE},
	    {{2, SADB_GET, 0, 0, 0, 0, 0, 0}, 16, -EMSGSIZE},
	    {{1, SADB_GET, 0, 0, 2, 0, 0, 0}, 16, -EINVAL},
	    {{2, SADB_RESERVED, 0, 0, 2, 0, 0, 0}, 16, -EINVAL},
	    {{2, SADB_MAX, 0, 0, 2, 0, 0, 0}, 16, 0},
	    {{2, SADB_MAX + 1, 0, 0, 2, 0, 0, 0}, 16, -EINVAL},
	    {{2, SADB_GET, 0, 0, 2, 1, 0, 0}, 16, -EINVAL},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t bytes[24] = {0};

		memcpy(bytes, &rows[i].head, sizeof(rows[i].head));
		assert_int_equal(ux_pfkey_check_base(bytes, rows[i].len), rows[i].result);
	}
}

static void test_address_both_ways(void **state)
{
	static const uint16_t families[] = {AF_INET, AF_INET6};

	for (size_t i = 0; i < 2; i++) {
		struct ux_pfkey_exts exts;
		struct message m;

		begin(&m);
		put_address(&m, SADB_EXT_ADDRESS_SRC, families[i], 24);
		put_address(&m, SADB_EXT_ADDRESS_DST, families[i], 32);
		assert_int_equal(m.w.len, families[i] == AF_INET ? 16 + 2 * 24 : 16 + 2 * 40);
		assert_int_equal(read_it(&m, &exts), 0);
		assert_true(ux_pfkey_has_pair(&exts));
		struct ux_pfkey_address a = ux_pfkey_address(exts.at[SADB_EXT_ADDRESS_SRC]);

		assert_int_equal(a.family, families[i]);
		assert_int_equal(a.port, htons(500));
		assert_int_equal(a.proto, 17);
		assert_int_equal(a.prefix_bits, 24);
		assert_true(ux_addr_equal(&a.addr, i == 0 ? &address4 : &address6, families[i]));
	}
}

static void test_pair_of_two_families(void **state)
{
	struct ux_pfkey_exts exts;
	struct message m;

	begin(&m);
	put_address(&m, SADB_EXT_ADDRESS_SRC, AF_INET, 32);
	assert_int_equal(read_it(&m, &exts), 0);
	assert_false(ux_pfkey_has_pair(&exts));
	put_address(&m, SADB_EXT_ADDRESS_DST, AF_INET6, 32);
	assert_int_equal(read_it(&m, &exts), 0);
	assert_false(ux_pfkey_has_pair(&exts));
}

static void test_unsound_extensions(void **state)
{
	static const struct {
		uint8_t ext[24];
		size_t len;
		int result;
	} rows[] = {
	    {{1, 0, SADB_X_EXT_KMPRIVATE}, 8, 0},
	    {{1, 0, SADB_EXT_MAX + 1}, 8, 0},		 /* not known: passed over */
	    {{1, 0, SADB_EXT_RESERVED}, 8, -EINVAL},	 /* must not occur */
	    {{0, 0, SADB_X_EXT_KMPRIVATE}, 8, -EINVAL},	 /* no length */
	    {{2, 0, SADB_X_EXT_KMPRIVATE}, 8, -EINVAL},	 /* beyond the end */
	    {{1, 0, SADB_EXT_SA}, 8, -EINVAL},		 /* shorter than its structure */
	    {{1, 0, SADB_EXT_ADDRESS_SRC}, 8, -EINVAL},	 /* without address */
	    {{3, 0, 5, 0, 0, 33, 0, 0, 2}, 24, -EINVAL}, /* 33 bits of IPv4 */
	    {{3, 0, 5, 0, 0, 32, 0, 0, 2}, 24, 0},
	    {{3, 0, 5, 0, 0, 32, 0, 0, 10}, 24, -EINVAL}, /* IPv6 is longer */
	    {{3, 0, 5, 0, 0, 32, 0, 0, 3}, 24, -EINVAL},  /* another family */
	    {{2, 0, SADB_EXT_KEY_AUTH, 0, 64}, 16, 0},
	    {{2, 0, SADB_EXT_KEY_AUTH, 0, 65}, 16, -EINVAL},
	    {{3, 0, SADB_EXT_KEY_AUTH, 0, 64}, 24, 0}, /* more room than key */
	    {{2, 0, SADB_X_EXT_SEC_CTX, 0, 0, 0, 8}, 16, 0},
	    {{2, 0, SADB_X_EXT_SEC_CTX, 0, 0, 0, 9}, 16, -EINVAL},
	    {{2, 0, SADB_X_EXT_SEC_CTX, 0, 0, 0, 0}, 16, -EINVAL}, /* more room than label */
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ux_pfkey_exts exts;
		struct message m;

		begin(&m);
		memcpy(m.bytes + m.w.len, rows[i].ext, rows[i].len);
		m.w.len += rows[i].len;
		assert_int_equal(read_it(&m, &exts), rows[i].result);
	}
}

static void test_extension_twice(void **state)
{
	struct ux_pfkey_exts exts;
	struct message m;

	begin(&m);
	put_address(&m, SADB_EXT_ADDRESS_SRC, AF_INET, 32);
	put_address(&m, SADB_EXT_ADDRESS_SRC, AF_INET, 32);
	assert_int_equal(read_it(&m, &exts), -EINVAL);
}

static void test_templates(void **state)
{
	const struct sadb_x_policy policy = {.sadb_x_policy_dir = IPSEC_DIR_OUTBOUND};
	struct sadb_x_ipsecrequest rq = {.sadb_x_ipsecrequest_len = 72};
	struct ux_pfkey_template t;
	struct ux_pfkey_pair pair;
	struct ux_pfkey_exts exts;
	struct message m;

	begin(&m);
	ux_pfkey_ext(&m.w, SADB_X_EXT_POLICY, &policy, sizeof(policy));
	ux_pfkey_append(&m.w, &rq, sizeof(rq));
	ux_pfkey_append_pair(&m.w, AF_INET6, &address6, &address6);
	rq.sadb_x_ipsecrequest_len = 17; /* one more than there is */
	ux_pfkey_append(&m.w, &rq, sizeof(rq));
	assert_int_equal(read_it(&m, &exts), 0);
	struct ux_pfkey_templates left = ux_pfkey_templates(exts.at[SADB_X_EXT_POLICY]);

	assert_int_equal(left.left, 72 + 16);
	assert_int_equal(ux_pfkey_template_next(&left, &t), 0);
	assert_int_equal(ux_pfkey_pair_read(t.addresses, t.addresses_len, &pair), 0);
	assert_int_equal(pair.family, AF_INET6);
	assert_true(ux_addr_equal(&pair.daddr, &address6, AF_INET6));
	assert_int_equal(ux_pfkey_pair_read(t.addresses, t.addresses_len - 1, &pair), -EINVAL);
	assert_int_equal(ux_pfkey_pair_read(t.addresses, 1, &pair), -EINVAL);
	assert_int_equal(left.left, 16);
	assert_int_equal(ux_pfkey_template_next(&left, &t), -EINVAL);
}

static void test_key_and_overflow(void **state)
{
	static const uint8_t key[] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
	struct ux_pfkey_exts exts;
	struct message m;

	begin(&m);
	ux_pfkey_put_key(&m.w, SADB_EXT_KEY_ENCRYPT, key, 72);
	assert_int_equal(read_it(&m, &exts), 0);
	assert_int_equal(ux_pfkey_ext_bytes(exts.at[SADB_EXT_KEY_ENCRYPT]), 24);
	assert_memory_equal((const uint8_t *)exts.at[SADB_EXT_KEY_ENCRYPT] + 8, key, sizeof(key));

	const struct sadb_msg head = {.sadb_msg_version = PF_KEY_V2};

	ux_pfkey_begin(&m.w, m.bytes, 32, &head);
	ux_pfkey_put_key(&m.w, SADB_EXT_KEY_ENCRYPT, key, 72);
	assert_false(ux_pfkey_end(&m.w));
	assert_true(m.w.len <= 32);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_base),
	    cmocka_unit_test(test_address_both_ways),
	    cmocka_unit_test(test_pair_of_two_families),
	    cmocka_unit_test(test_unsound_extensions),
	    cmocka_unit_test(test_extension_twice),
	    cmocka_unit_test(test_templates),
	    cmocka_unit_test(test_key_and_overflow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
