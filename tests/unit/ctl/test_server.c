/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "ctl/request.h"
#include "talk.h"

static struct talk t;
static _Alignas(16) uint8_t buf[256];
static struct ux_writer w;

static int setup(void **state)
{
	talk_open(&t);
	ux_writer_init(&w, buf, sizeof(buf));
	ux_msg_begin(&w, XFRM_MSG_FLUSHSA, 0, 5, 6, "\x32", 1);
	assert_true(ux_msg_end(&w));
	return 0;
}

static int teardown(void **state)
{
	talk_close(&t);
	return 0;
}

static void test_notify_results(void **state)
{
	uxfrm_client_set_groups(t.b.client, 0);
	assert_int_equal(ux_notify(t.u, 7, &w), -ESRCH);
	assert_false(ux_has_listener(t.u, 7));
	uxfrm_client_set_groups(t.b.client, 1u << 6);
	assert_true(ux_has_listener(t.u, 7));
	assert_int_equal(ux_notify(t.u, 7, &w), 0);
	t.b.room = 0;
	assert_int_equal(ux_notify(t.u, 7, &w), -ENOBUFS);
	assert_int_equal(t.b.overruns, 1);
	assert_int_equal(ux_notify(t.u, 8, &w), -ESRCH);
}

/* One who misses it is enough, but the others get it. */
static void test_notify_one_misses(void **state)
{
	uxfrm_client_set_groups(t.a.client, 1u << 6);
	t.a.room = 0;
	assert_int_equal(ux_notify(t.u, 7, &w), -ENOBUFS);
	assert_int_equal(t.n_heard, 1);
	talk_msg(&t, 0, 'B', XFRM_MSG_FLUSHSA);
	assert_int_equal(t.heard[0].group, 7);
}

static void test_notify_groups(void **state)
{
	for (uint32_t group = 1; group <= 32; group++) {
		uxfrm_client_set_groups(t.b.client, ~(1u << (group - 1)));
		assert_int_equal(ux_notify(t.u, group, &w), -ESRCH);
		uxfrm_client_set_groups(t.b.client, 1u << (group - 1));
		assert_int_equal(ux_notify(t.u, group, &w), 0);
	}
	assert_int_equal(ux_notify(t.u, 0, &w), -EMSGSIZE);
	assert_int_equal(ux_notify(t.u, 33, &w), -EMSGSIZE);
	w.len = 0; /* a message that did not fit */
	assert_int_equal(ux_notify(t.u, 1, &w), -EMSGSIZE);
}

/* A reply carries the client's port id and the request's sequence number, whatever was written. */
static void test_reply_header(void **state)
{
	struct nlmsghdr asked = {.nlmsg_seq = 4711, .nlmsg_pid = 99};
	struct ux_ext_ack ext = {{0}, NULL, 0};
	struct ux_request req = {.u = t.u, .client = t.a.client, .msg = &asked, .ext = &ext};

	assert_int_equal(ux_reply(&req, &w), 0);
	const struct nlmsghdr *h = talk_msg(&t, 0, 'A', XFRM_MSG_FLUSHSA);
	assert_int_equal(h->nlmsg_pid, TALK_PORT_A);
	assert_int_equal(h->nlmsg_seq, 4711);
	assert_int_equal(t.heard[0].group, 0);
	t.a.room = 0;
	assert_int_equal(ux_reply(&req, &w), -EAGAIN);
	assert_int_equal(t.a.overruns, 1);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(test_notify_results),
	    T(test_notify_one_misses),
	    T(test_notify_groups),
	    T(test_reply_header),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
