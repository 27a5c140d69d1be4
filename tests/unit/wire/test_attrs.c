/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "wire/attrs.h"
#include "wire/writer.h"

static _Alignas(16) uint8_t buf[1024];

static struct nlmsghdr *begin(struct ux_writer *w, size_t header_len)
{
	memset(buf, 0xee, sizeof(buf));
	ux_writer_init(w, buf, sizeof(buf));
	ux_msg_begin(w, XFRM_MSG_GETSA, NLM_F_REQUEST, 0, 1, NULL, header_len);
	return (struct nlmsghdr *)(void *)buf;
}

struct row {
	uint16_t type, len;
	uint8_t first; /* first byte of the payload */
	int result;
	const char *text;
};

#define SHORT "Attribute failed policy validation"
#define EXACT "invalid attribute length"
#define NESTED "NLA_F_NESTED not expected"

static const struct row rows[] = {
    {XFRMA_ALG_AUTH, 68, 0, 0, ""},
    {XFRMA_ALG_AUTH, 67, 0, -ERANGE, SHORT},
    {XFRMA_ALG_CRYPT, 67, 0, -ERANGE, SHORT},
    {XFRMA_ALG_COMP, 0, 0, -ERANGE, SHORT},
    {XFRMA_ALG_AEAD, 71, 0, -ERANGE, SHORT},
    {XFRMA_ALG_AEAD, 200, 0, 0, ""},
    {XFRMA_ALG_AUTH_TRUNC, 71, 0, -ERANGE, SHORT},
    {XFRMA_ENCAP, 24, 0, 0, ""},
    {XFRMA_ENCAP, 23, 0, -ERANGE, SHORT},
    {XFRMA_MARK, 7, 0, -ERANGE, SHORT},
    {XFRMA_MARK | NLA_F_NESTED, 8, 0, 0, ""},
    {XFRMA_IF_ID, 3, 0, -ERANGE, SHORT},
    {XFRMA_IF_ID, 5, 0, 0, ""},
    {XFRMA_LASTUSED, 7, 0, -ERANGE, SHORT},
    {XFRMA_PROTO, 0, 0, -ERANGE, SHORT},
    {XFRMA_PAD, 0, 0, 0, ""},
    {UX_XFRMA_MTIMER_THRESH, 3, 0, -ERANGE, SHORT},
    {UX_XFRMA_MTIMER_THRESH, 5, 0, 0, ""},
    {UX_XFRMA_SA_DIR, 1, 1, 0, ""},
    {UX_XFRMA_SA_DIR, 1, 2, 0, ""},
    {UX_XFRMA_SA_DIR, 1, 0, -ERANGE, "integer out of range"},
    {UX_XFRMA_SA_DIR, 1, 3, -ERANGE, "integer out of range"},
    {UX_XFRMA_SA_DIR, 2, 1, -EINVAL, EXACT},
    {UX_XFRMA_SA_DIR | NLA_F_NESTED, 1, 1, -EINVAL, NESTED},
    {UX_XFRMA_NAT_KEEPALIVE_INTERVAL, 4, 0, 0, ""},
    {UX_XFRMA_NAT_KEEPALIVE_INTERVAL, 3, 0, -EINVAL, EXACT},
    {UX_XFRMA_NAT_KEEPALIVE_INTERVAL, 5, 0, -EINVAL, EXACT},
    {UX_XFRMA_IPTFS_REORDER_WINDOW, 2, 0, 0, ""},
    {UX_XFRMA_IPTFS_REORDER_WINDOW, 4, 0, -EINVAL, EXACT},
    {UX_XFRMA_IPTFS_DONT_FRAG, 0, 0, 0, ""},
    {UX_XFRMA_IPTFS_DONT_FRAG, 1, 0, -ERANGE, SHORT},
    {UX_XFRMA_IPTFS_DONT_FRAG | NLA_F_NESTED, 0, 0, -EINVAL, NESTED},
    {UX_XFRMA_MAX + 1, 0, 0, 0, ""},
    {0x3fff, 3, 0, 0, ""},
    {0, 0, 0, 0, ""},
};

static void test_policy(void **state)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *r = &rows[i];
		struct ux_ext_ack ext = {{0}, NULL, 0};
		struct ux_attrs attrs;
		struct ux_writer w;
		struct nlmsghdr *msg = begin(&w, 24);
		uint8_t *p = ux_msg_attr_reserve(&w, r->type, r->len);

		if (r->len)
			p[0] = r->first;
		assert_true(ux_msg_end(&w));
		assert_int_equal(ux_attrs_parse(msg, 24, &attrs, &ext), r->result);
		assert_string_equal(ext.msg, r->text);
		assert_ptr_equal(ext.bad_attr, r->result ? p - NLA_HDRLEN : NULL);
		uint16_t type = r->type & NLA_TYPE_MASK;
		if (!r->result && type && type <= UX_XFRMA_MAX)
			assert_ptr_equal(attrs.tb[type], p - NLA_HDRLEN);
	}
}

static void test_last_wins_and_others_stay(void **state)
{
	struct ux_attrs attrs;
	struct ux_writer w;
	struct nlmsghdr *msg = begin(&w, 1);

	ux_msg_attr_u32(&w, XFRMA_IF_ID, 1);
	ux_msg_attr_u8(&w, XFRMA_PROTO, 50);
	ux_msg_attr_u32(&w, XFRMA_IF_ID, 2);
	ux_msg_attr_u64(&w, XFRMA_LASTUSED, 0x0102030405060708);
	assert_true(ux_msg_end(&w));
	assert_int_equal(ux_attrs_parse(msg, 1, &attrs, NULL), 0);
	assert_int_equal(ux_attr_u32(attrs.tb[XFRMA_IF_ID]), 2);
	assert_int_equal(ux_attr_u8(attrs.tb[XFRMA_PROTO]), 50);
	assert_true(ux_attr_u64(attrs.tb[XFRMA_LASTUSED]) == 0x0102030405060708);
	assert_null(attrs.tb[XFRMA_MARK]);
}

static void test_header(void **state)
{
	struct ux_ext_ack ext = {{0}, NULL, 0};
	struct ux_attrs attrs;
	struct ux_writer w;
	struct nlmsghdr *msg = begin(&w, 24);

	assert_true(ux_msg_end(&w));
	assert_int_equal(ux_attrs_parse(msg, 24, &attrs, &ext), 0);
	msg->nlmsg_len--;
	assert_int_equal(ux_attrs_parse(msg, 24, &attrs, &ext), -EINVAL);
	assert_string_equal(ext.msg, "Invalid header length");
	/* a header that is no multiple of 4 and ends the message */
	msg->nlmsg_len = NLMSG_HDRLEN + 5;
	assert_int_equal(ux_attrs_parse(msg, 5, &attrs, NULL), 0);
}

/* What cannot be an attribute ends the parsing, with a remark and without an error. */
static void test_leftover(void **state)
{
	static const uint16_t lengths[] = {0, 3, 9, 0xffff};

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct ux_ext_ack ext = {{0}, NULL, 0};
		struct ux_attrs attrs;
		struct ux_writer w;
		struct nlmsghdr *msg = begin(&w, 4);

		ux_msg_attr_u32(&w, XFRMA_IF_ID, 7);
		uint8_t *p = ux_msg_attr_reserve(&w, XFRMA_MARK, 4);
		assert_true(ux_msg_end(&w));
		memcpy(p - NLA_HDRLEN, &lengths[i], sizeof(lengths[i]));
		assert_int_equal(ux_attrs_parse(msg, 4, &attrs, &ext), 0);
		assert_string_equal(ext.msg, "bytes leftover after parsing attributes");
		assert_int_equal(ux_attr_u32(attrs.tb[XFRMA_IF_ID]), 7);
		assert_null(attrs.tb[XFRMA_MARK]);
	}
}

static void test_own_attributes(void **state)
{
	struct ux_attrs attrs;
	struct ux_writer w;
	struct nlmsghdr *msg = begin(&w, 4);

	ux_msg_attr(&w, XFRMA_SPD_IPV4_HTHRESH, (uint8_t[]){32, 32}, 2);
	ux_msg_attr_u8(&w, XFRMA_SPD_MAX + 1, 32);
	assert_true(ux_msg_end(&w));
	assert_int_equal(ux_attrs_parse_max(msg, 4, XFRMA_SPD_MAX, &attrs, NULL), 0);
	assert_non_null(attrs.tb[XFRMA_SPD_IPV4_HTHRESH]);
	assert_null(attrs.tb[XFRMA_SPD_MAX + 1]);

	struct ux_ext_ack ext = {{0}, NULL, 0};

	msg = begin(&w, 4);
	ux_msg_attr_u8(&w, XFRMA_SPD_IPV6_HTHRESH, 32);
	assert_true(ux_msg_end(&w));
	assert_int_equal(ux_attrs_parse_max(msg, 4, XFRMA_SPD_MAX, &attrs, &ext), -ERANGE);
	assert_string_equal(ext.msg, SHORT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_policy),	   cmocka_unit_test(test_last_wins_and_others_stay),
	    cmocka_unit_test(test_header),	   cmocka_unit_test(test_leftover),
	    cmocka_unit_test(test_own_attributes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
