/* SPDX-License-Identifier: BSD-2-Clause */
/* Framing, privilege, acknowledgements, dumps, and what is not there. Linux's own answers:
 * test_transcript. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "talk.h"

static struct talk t;
static _Alignas(16) uint8_t buf[65536];
static struct ux_writer w;

static int setup(void **state)
{
	talk_open(&t);
	ux_writer_init(&w, buf, sizeof(buf));
	return 0;
}

static int teardown(void **state)
{
	talk_close(&t);
	return 0;
}

static void put(uint16_t type, uint16_t flags, size_t header_len)
{
	ux_msg_begin(&w, type, flags, 0, type, NULL, header_len);
	assert_true(ux_msg_end(&w));
}

static void put_dump(uint32_t seq)
{
	ux_msg_begin(&w, XFRM_MSG_GETSA, NLM_F_REQUEST | NLM_F_DUMP, 0, seq, NULL, 0);
	assert_true(ux_msg_end(&w));
}

/* Number first, then privilege, then the rest of the message. */
static void test_privilege(void **state)
{
	struct uxfrm_client *plain;

	t.a.client = uxfrm_client_close(t.a.client);
	assert_int_equal(uxfrm_client_open(t.u, TALK_PORT_A, false, &talk_ops, &t.a, &plain), 0);
	t.a.client = plain;
	put(XFRM_MSG_GETSA, NLM_F_REQUEST, 3);
	put(UX_XFRM_MSG_MAX + 1, NLM_F_REQUEST, 0);
	put(XFRM_MSG_GETSA, NLM_F_REQUEST | NLM_F_DUMP, 0);
	put(UX_XFRM_MSG_MIGRATE_STATE, NLM_F_REQUEST, 0);
	put(NLMSG_NOOP, NLM_F_REQUEST | NLM_F_ACK, 0);
	talk_send(&t.a, &w);
	assert_int_equal(t.n_heard, 5);
	talk_error(&t, 0, -EPERM);
	talk_error(&t, 1, -EINVAL);
	talk_error(&t, 2, -EPERM);
	talk_error(&t, 3, -EPERM);
	talk_error(&t, 4, 0);
}

static void test_absent(void **state)
{
	static const struct {
		uint16_t type;
		int error;
	} rows[] = {
	    {XFRM_MSG_REPORT, -EINVAL},	    {XFRM_MSG_MIGRATE, -EINVAL},
	    {XFRM_MSG_NEWSADINFO, -EINVAL}, {XFRM_MSG_MAPPING, -EINVAL},
	    {UX_XFRM_MSG_MAX + 1, -EINVAL}, {UINT16_MAX, -EINVAL},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		put(rows[i].type, NLM_F_REQUEST, 300);
		talk_send(&t.a, &w);
		assert_int_equal(t.n_heard, 1);
		talk_error(&t, 0, rows[i].error);
		talk_forget(&t);
	}
}

/* Every length of one request, and every length field in it: nothing is read that is not there. */
static void test_all_lengths(void **state)
{
	talk_put_sa(&w, XFRM_MSG_NEWSA, NLM_F_ACK, 1);
	size_t full = w.len;

	for (size_t len = 0; len < full; len++) {
		uint8_t *copy = malloc(len + 1);
		uint32_t claimed = (uint32_t)len;

		assert_non_null(copy);
		memcpy(copy, buf, len);
		uxfrm_client_request(t.a.client, copy, len); /* claims more than there is */
		assert_int_equal(t.n_heard, 0);
		if (len >= 4)
			memcpy(copy, &claimed, 4);
		uxfrm_client_request(t.a.client, copy, len);
		assert_int_equal(t.n_heard, len >= NLMSG_HDRLEN);
		if (t.n_heard)
			talk_error(&t, 0, -EINVAL);
		talk_forget(&t);
		free(copy);
	}
}

static void test_large_request_is_echoed(void **state)
{
	struct xfrm_usersa_info p = talk_sa_info(1);

	uxfrm_client_set_option(t.a.client, NETLINK_CAP_ACK, 0);
	p.mode = 77;
	ux_msg_begin(&w, XFRM_MSG_NEWSA, NLM_F_REQUEST, 0, 5, &p, sizeof(p));
	talk_put_gcm(&w, 1);
	assert_non_null(ux_msg_attr_reserve(&w, 900, 50000));
	assert_true(ux_msg_end(&w));
	size_t len = w.len;
	talk_send(&t.a, &w);
	assert_string_equal(talk_error(&t, 0, -EINVAL), "Unsupported mode");
	assert_memory_equal(t.heard[0].bytes + NLMSG_HDRLEN + 4, buf, len);
}

static void test_event_before_ack(void **state)
{
	uxfrm_client_set_groups(t.a.client, 1u << (UX_XFRM_GROUP_SA - 1));
	assert_int_equal(uxfrm_client_groups(t.a.client), 1u << (UX_XFRM_GROUP_SA - 1));
	talk_put_sa(&w, XFRM_MSG_NEWSA, NLM_F_ACK, 1);
	talk_send(&t.a, &w);
	assert_int_equal(t.n_heard, 3);
	talk_msg(&t, 0, 'A', XFRM_MSG_NEWSA);
	assert_int_equal(t.heard[0].group, UX_XFRM_GROUP_SA);
	talk_msg(&t, 1, 'B', XFRM_MSG_NEWSA);
	talk_error(&t, 2, 0);
	assert_int_equal(t.heard[2].group, 0);
}

static void test_options(void **state)
{
	assert_int_equal(uxfrm_client_set_option(t.a.client, NETLINK_GET_STRICT_CHK, 1), 0);
	assert_int_equal(uxfrm_client_set_option(t.a.client, NETLINK_PKTINFO, 1), -ENOPROTOOPT);
	assert_int_equal(uxfrm_client_set_option(t.a.client, NETLINK_LISTEN_ALL_NSID, 1), 0);
	uxfrm_client_set_port_id(t.a.client, 77);
	put(XFRM_MSG_GETSADINFO, NLM_F_REQUEST, 4);
	talk_send(&t.a, &w);
	assert_int_equal(talk_msg(&t, 0, 'A', XFRM_MSG_NEWSADINFO)->nlmsg_pid, 77);
}

/* A client without room misses events and is told; the request succeeds. */
static void test_overrun(void **state)
{
	t.b.room = 1;
	for (uint32_t spi = 1; spi <= 3; spi++)
		talk_put_sa(&w, XFRM_MSG_NEWSA, NLM_F_ACK, spi);
	talk_send(&t.a, &w);
	assert_int_equal(t.n_heard, 4);
	assert_int_equal(t.b.overruns, 2);
	talk_forget(&t);
	t.a.room = 0;
	put(XFRM_MSG_GETSADINFO, NLM_F_REQUEST, 4);
	talk_send(&t.a, &w);
	assert_int_equal(t.n_heard, 0);
	assert_int_equal(t.a.overruns, 2); /* the reply, and the error about it */
}

static void add_sas(uint32_t n)
{
	for (uint32_t spi = 1; spi <= n; spi++) {
		talk_put_sa(&w, XFRM_MSG_NEWSA, 0, spi);
		talk_send(&t.a, &w);
	}
	talk_forget(&t);
}

/* Checks the pieces heard: all of one dump, SPIs falling from @first to @last, then DONE if @done.
 */
static void check_dump(uint32_t first, uint32_t last, bool done)
{
	uint32_t spi = first;
	size_t i = 0;

	for (; i < t.n_heard - done; i++) {
		assert_true(t.heard[i].len <= 3776);
		for (size_t pos = 0; pos < t.heard[i].len;) {
			const struct nlmsghdr *h = (const void *)(t.heard[i].bytes + pos);
			const struct xfrm_usersa_info *p = (const void *)(h + 1);

			assert_int_equal(h->nlmsg_type, XFRM_MSG_NEWSA);
			assert_int_equal(h->nlmsg_flags, NLM_F_MULTI);
			assert_int_equal(h->nlmsg_pid, TALK_PORT_A);
			assert_int_equal(be32toh(p->id.spi), spi--);
			pos += h->nlmsg_len;
		}
	}
	assert_int_equal(spi, last - 1);
	if (done) {
		const struct nlmsghdr *h = talk_msg(&t, i, 'A', NLMSG_DONE);

		assert_int_equal(h->nlmsg_len, 20);
		assert_int_equal(*(const int32_t *)(const void *)(h + 1), 0);
	}
}

static void test_dump_at_once(void **state)
{
	add_sas(100);
	put_dump(9);
	talk_send(&t.a, &w);
	check_dump(100, 1, true);
	assert_false(uxfrm_client_resume(t.a.client));
}

/* The same pieces in the same order, however little room there is and how often. */
static void test_dump_paced(void **state)
{
	add_sas(50);
	t.a.room = 0;
	put_dump(9);
	talk_send(&t.a, &w);
	assert_int_equal(t.n_heard, 0);
	assert_true(uxfrm_client_resume(t.a.client));
	for (int i = 0; i < 100; i++) {
		t.a.room = 1;
		if (!uxfrm_client_resume(t.a.client))
			break;
		assert_int_equal(t.n_heard, (size_t)i + 1);
	}
	assert_int_equal(t.a.overruns, 0);
	check_dump(50, 1, true);
}

static void test_dump_busy(void **state)
{
	add_sas(20);
	t.a.room = 1;
	put_dump(9);
	talk_send(&t.a, &w);
	talk_forget(&t);
	t.a.room = 1;
	put_dump(10);
	talk_send(&t.a, &w);
	talk_error(&t, 0, -EBUSY);
	talk_forget(&t);
	t.a.room = -1;
	assert_false(uxfrm_client_resume(t.a.client));
	talk_forget(&t);
	put_dump(11);
	talk_send(&t.a, &w);
	check_dump(20, 1, true);
}

/* SAs come and go between the pieces. */
static void test_dump_while_changing(void **state)
{
	add_sas(40);
	t.a.room = 1;
	put_dump(9);
	talk_send(&t.a, &w);
	assert_int_equal(t.n_heard, 1);
	uint32_t in_piece = 0;
	for (size_t pos = 0; pos < t.heard[0].len; in_piece++)
		pos += ((const struct nlmsghdr *)(const void *)(t.heard[0].bytes + pos))->nlmsg_len;
	t.a.room = -1;
	talk_forget(&t);
	/* the piece after the first was built already; remove what comes behind it, and add one in
	 * front */
	for (uint32_t spi = 40 - 2 * in_piece; spi > 5; spi--) {
		struct xfrm_usersa_id id = talk_sa_id(spi);

		ux_msg_begin(&w, XFRM_MSG_DELSA, NLM_F_REQUEST, 0, 1, &id, sizeof(id));
		assert_true(ux_msg_end(&w));
		talk_send(&t.b, &w);
	}
	talk_put_sa(&w, XFRM_MSG_NEWSA, 0, 1000);
	talk_send(&t.b, &w);
	talk_forget(&t);
	assert_false(uxfrm_client_resume(t.a.client));
	assert_int_equal(t.n_heard, 3);
	const struct xfrm_usersa_info *p = (const void *)(t.heard[1].bytes + NLMSG_HDRLEN);
	assert_int_equal(be32toh(p->id.spi), 5);
	talk_msg(&t, 2, 'A', NLMSG_DONE);
}

static void test_close_in_dump(void **state)
{
	add_sas(20);
	t.a.room = 0;
	put_dump(9);
	talk_send(&t.a, &w);
	t.a.client = uxfrm_client_close(t.a.client);
	talk_put_sa(&w, XFRM_MSG_NEWSA, 0, 1000);
	talk_send(&t.b, &w);
	assert_int_equal(t.n_heard, 1);
}

static void test_dump_error_text(void **state)
{
	ux_msg_begin(&w, XFRM_MSG_GETSA, NLM_F_REQUEST | NLM_F_DUMP, 0, 1, NULL, 0);
	ux_msg_attr_u8(&w, XFRMA_ADDRESS_FILTER, 1);
	assert_true(ux_msg_end(&w));
	talk_send(&t.a, &w);
	assert_int_equal(t.n_heard, 1);
	const struct nlmsghdr *h = talk_msg(&t, 0, 'A', NLMSG_DONE);
	const struct nlattr *text = talk_attr(h, 4, NLMSGERR_ATTR_MSG);

	assert_int_equal(*(const int32_t *)(const void *)(h + 1), -ERANGE);
	assert_non_null(text);
	assert_string_equal((const char *)(text + 1), "Attribute failed policy validation");
	assert_non_null(talk_attr(h, 4, NLMSGERR_ATTR_OFFS));
	assert_false(uxfrm_client_resume(t.a.client));
}

static void test_open_refuses(void **state)
{
	struct uxfrm_client_ops none = {0};
	struct uxfrm_client *c;

	assert_int_equal(uxfrm_client_open(t.u, 0, true, &talk_ops, &t.a, &c), -EINVAL);
	assert_int_equal(uxfrm_client_open(t.u, 5, true, &none, &t.a, &c), -EINVAL);
	assert_null(uxfrm_client_close(NULL));
}

static void test_migrate_state_attributes(void **state)
{
	for (uint16_t type = 1; type <= UX_XFRMA_MAX; type++) {
		bool allowed = type == XFRMA_MARK || type == XFRMA_ENCAP ||
			       type == XFRMA_OFFLOAD_DEV || type == XFRMA_SET_MARK ||
			       type == XFRMA_SET_MARK_MASK || type == UX_XFRMA_MTIMER_THRESH ||
			       type == UX_XFRMA_NAT_KEEPALIVE_INTERVAL;

		if (type >= UX_XFRMA_SA_DIR && !allowed)
			continue; /* exact lengths */
		ux_msg_begin(&w, UX_XFRM_MSG_MIGRATE_STATE, NLM_F_REQUEST, 0, 1, NULL,
			     sizeof(struct ux_xfrm_user_migrate_state));
		assert_non_null(ux_msg_attr_reserve(
		    &w, type, type == UX_XFRMA_NAT_KEEPALIVE_INTERVAL ? 4 : 300));
		assert_true(ux_msg_end(&w));
		talk_send(&t.a, &w);
		const char *text = talk_error(&t, 0, -EINVAL);
		assert_string_equal(text, allowed
					      ? "Invalid SPI 0x0"
					      : "Unsupported attribute in XFRM_MSG_MIGRATE_STATE");
		talk_forget(&t);
	}
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(test_privilege),
	    T(test_absent),
	    T(test_all_lengths),
	    T(test_large_request_is_echoed),
	    T(test_event_before_ack),
	    T(test_options),
	    T(test_overrun),
	    T(test_dump_at_once),
	    T(test_dump_paced),
	    T(test_dump_busy),
	    T(test_dump_while_changing),
	    T(test_close_in_dump),
	    T(test_dump_error_text),
	    T(test_open_refuses),
	    T(test_migrate_state_attributes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
