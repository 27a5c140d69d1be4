/* SPDX-License-Identifier: BSD-2-Clause */
/* The options of IP-TFS, which Linux has since 6.14: where each may stand. The mode itself is
 * refused last, as by a kernel that was built without it. */

#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "talk.h"
#include "wire/attrs.h"

#define NOT_BUILT "Requested mode not found"
#define WRONG_MODE "IP-TFS options can only be used in IP-TFS mode"

enum { NONE = 0, IN = UX_WIRE_DIR_IN, OUT = UX_WIRE_DIR_OUT };

static const struct row {
	uint16_t attr; /* 0: none */
	uint8_t len, mode, dir;
	int err;
	const char *text;
} rows[] = {
    {0, 0, 5, IN, -EPROTONOSUPPORT, NOT_BUILT},
    {0, 0, 5, OUT, -EPROTONOSUPPORT, NOT_BUILT},
    {0, 0, 5, NONE, -EINVAL, "IP-TFS mode requires in or out direction attribute"},
    {0, 0, 6, IN, -EINVAL, "Unsupported mode"},

    {UX_XFRMA_IPTFS_DROP_TIME, 4, 1, IN, -EINVAL, WRONG_MODE},
    {UX_XFRMA_IPTFS_REORDER_WINDOW, 2, 1, IN, -EINVAL, WRONG_MODE},
    {UX_XFRMA_IPTFS_DONT_FRAG, 0, 1, OUT, -EINVAL, WRONG_MODE},
    {UX_XFRMA_IPTFS_INIT_DELAY, 4, 1, OUT, -EINVAL, WRONG_MODE},
    {UX_XFRMA_IPTFS_MAX_QSIZE, 4, 4, OUT, -EINVAL, WRONG_MODE},
    {UX_XFRMA_IPTFS_PKT_SIZE, 4, 0, NONE, -EINVAL, WRONG_MODE},

    {UX_XFRMA_IPTFS_DROP_TIME, 4, 5, IN, -EPROTONOSUPPORT, NOT_BUILT},
    {UX_XFRMA_IPTFS_REORDER_WINDOW, 2, 5, IN, -EPROTONOSUPPORT, NOT_BUILT},
    {UX_XFRMA_IPTFS_DONT_FRAG, 0, 5, OUT, -EPROTONOSUPPORT, NOT_BUILT},
    {UX_XFRMA_IPTFS_INIT_DELAY, 4, 5, OUT, -EPROTONOSUPPORT, NOT_BUILT},
    {UX_XFRMA_IPTFS_MAX_QSIZE, 4, 5, OUT, -EPROTONOSUPPORT, NOT_BUILT},
    {UX_XFRMA_IPTFS_PKT_SIZE, 4, 5, OUT, -EPROTONOSUPPORT, NOT_BUILT},

    {UX_XFRMA_IPTFS_DROP_TIME, 4, 5, OUT, -EINVAL,
     "IP-TFS drop time should not be set for output SA"},
    {UX_XFRMA_IPTFS_REORDER_WINDOW, 2, 5, OUT, -EINVAL,
     "IP-TFS reorder window should not be set for output SA"},
    {UX_XFRMA_IPTFS_DONT_FRAG, 0, 5, IN, -EINVAL,
     "IP-TFS don't fragment should not be set for input SA"},
    {UX_XFRMA_IPTFS_INIT_DELAY, 4, 5, IN, -EINVAL,
     "IP-TFS initial delay should not be set for input SA"},
    {UX_XFRMA_IPTFS_MAX_QSIZE, 4, 5, IN, -EINVAL,
     "IP-TFS max queue size should not be set for input SA"},
    {UX_XFRMA_IPTFS_PKT_SIZE, 4, 5, IN, -EINVAL,
     "IP-TFS packet size should not be set for input SA"},

    {UX_XFRMA_IPTFS_DROP_TIME, 2, 5, IN, -EINVAL, "invalid attribute length"},
    {UX_XFRMA_IPTFS_REORDER_WINDOW, 4, 5, IN, -EINVAL, "invalid attribute length"},
    {UX_XFRMA_IPTFS_DONT_FRAG, 1, 5, OUT, -ERANGE, "Attribute failed policy validation"},
    {UX_XFRMA_IPTFS_PKT_SIZE, 8, 5, OUT, -EINVAL, "invalid attribute length"},
};

static void check(struct talk *t, uint16_t type, const struct row *r)
{
	static _Alignas(16) uint8_t buf[2048];
	static const uint8_t zeros[8];
	struct xfrm_usersa_info p = talk_sa_info(1);
	struct ux_writer w;

	p.mode = r->mode;
	ux_writer_init(&w, buf, sizeof(buf));
	ux_msg_begin(&w, type, NLM_F_REQUEST | NLM_F_ACK, 0, 1, &p, sizeof(p));
	talk_put_gcm(&w, 1);
	if (r->dir)
		ux_msg_attr(&w, UX_XFRMA_SA_DIR, &r->dir, 1);
	if (r->attr)
		ux_msg_attr(&w, r->attr, zeros, r->len);
	assert_true(ux_msg_end(&w));
	talk_forget(t);
	talk_send(&t->a, &w);
	assert_string_equal(talk_error(t, 0, r->err), r->text);
}

static void test_rows(void **state)
{
	struct talk t;

	talk_open(&t);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		check(&t, XFRM_MSG_NEWSA, &rows[i]);
		check(&t, XFRM_MSG_UPDSA, &rows[i]);
	}
	talk_close(&t);
}

static void test_other_protocol(void **state)
{
	static _Alignas(16) uint8_t buf[2048];
	const struct xfrm_algo_auth head = {
	    .alg_name = "hmac(sha256)", .alg_key_len = 256, .alg_trunc_len = 128};
	uint8_t auth[sizeof(head) + 32] = {0};
	struct xfrm_usersa_info p = talk_sa_info(1);
	struct ux_writer w;
	struct talk t;

	talk_open(&t);
	memcpy(auth, &head, sizeof(head));
	p.mode = 5;
	p.id.proto = IPPROTO_AH;
	ux_writer_init(&w, buf, sizeof(buf));
	ux_msg_begin(&w, XFRM_MSG_NEWSA, NLM_F_REQUEST | NLM_F_ACK, 0, 1, &p, sizeof(p));
	ux_msg_attr(&w, XFRMA_ALG_AUTH_TRUNC, auth, sizeof(auth));
	assert_true(ux_msg_end(&w));
	talk_send(&t.a, &w);
	assert_string_equal(talk_error(&t, 0, -EINVAL), "IP-TFS mode only supported with ESP");
	talk_close(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows),
					   cmocka_unit_test(test_other_protocol)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
