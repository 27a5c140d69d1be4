/* SPDX-License-Identifier: BSD-2-Clause */

/* Gathering, sending, and whose answer a message is. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "fake_server.h"

static const struct uxfrm_sa_id id = {.family = AF_INET, .proto = 50, .spi = 0x1000};

/* What the message function saw. */
struct seen {
	unsigned int n, events;
	uint32_t last_request;
	uint16_t last_type;
	int answer; /* to be returned */
};

static int note(void *opaque, const struct uxfrm_message *m)
{
	struct seen *s = opaque;

	s->n++;
	s->events += m->request == UXFRM_NO_REQUEST;
	s->last_request = m->request;
	s->last_type = m->type;
	return s->answer;
}

static void send_sa(struct fake *f, uint16_t flags, uint32_t seq)
{
	const struct xfrm_usersa_info info = {.family = AF_INET};

	fake_send(f, XFRM_MSG_NEWSA, flags, seq, &info, sizeof(info));
}

static void test_one_datagram(void **state)
{
	struct fake f = fake_open();
	struct uxfrm_result r;
	uint8_t buf[4096];

	for (uint32_t i = 0; i < 3; i++)
		assert_int_equal(uxfrm_sa_delete(f.conn, &id, NULL), 0);
	assert_int_equal(uxfrm_conn_gathered(f.conn), 3);
	fake_answer(&f, 1, 0, NULL, 0);
	fake_answer(&f, 2, ESRCH, "Not there", 40);
	fake_answer(&f, 3, 0, "A warning", 0);
	assert_int_equal(uxfrm_conn_run(f.conn, NULL, NULL), 1);
	assert_int_equal(uxfrm_conn_gathered(f.conn), 0);
	assert_int_equal(fake_received(&f, buf, sizeof(buf)), 3 * (NLMSG_HDRLEN + 24));
	assert_int_equal(fake_received(&f, buf, sizeof(buf)), 0);
	assert_int_equal(uxfrm_conn_result(f.conn, 0, &r), 0);
	assert_int_equal(r.error, 0);
	assert_int_equal(uxfrm_conn_result(f.conn, 1, &r), 0);
	assert_int_equal(r.error, ESRCH);
	assert_string_equal(r.text, "Not there");
	assert_int_equal(r.offset, 40);
	assert_int_equal(uxfrm_conn_result(f.conn, 2, &r), 0);
	assert_int_equal(r.error, 0);
	assert_string_equal(r.text, "A warning");
	assert_int_equal(uxfrm_conn_result(f.conn, 3, &r), -ENOENT);
	fake_close(&f);
}

static void test_batch_size(void **state)
{
	struct fake f = fake_open();
	uint8_t buf[4096];

	uxfrm_conn_batch(f.conn, 2);
	for (uint32_t i = 1; i <= 5; i++) {
		assert_int_equal(uxfrm_sa_delete(f.conn, &id, NULL), 0);
		fake_answer(&f, i, 0, NULL, 0);
	}
	assert_int_equal(uxfrm_conn_run(f.conn, NULL, NULL), 0);
	assert_int_equal(fake_received(&f, buf, sizeof(buf)), 2 * (NLMSG_HDRLEN + 24));
	assert_int_equal(fake_received(&f, buf, sizeof(buf)), 2 * (NLMSG_HDRLEN + 24));
	assert_int_equal(fake_received(&f, buf, sizeof(buf)), NLMSG_HDRLEN + 24);
	fake_close(&f);
}

static void test_reply_ends_a_get(void **state)
{
	struct fake f = fake_open();
	struct seen seen = {0};

	assert_int_equal(uxfrm_sa_get(f.conn, &id, NULL), 0);
	assert_int_equal(uxfrm_sa_get(f.conn, &id, NULL), 0);
	send_sa(&f, 0, 1);
	fake_answer(&f, 2, ESRCH, NULL, 0);
	assert_int_equal(uxfrm_conn_run(f.conn, note, &seen), 1);
	assert_int_equal(seen.n, 1);
	assert_int_equal(seen.last_request, 0);
	assert_int_equal(seen.last_type, UXFRM_MSG_SA);
	fake_close(&f);
}

static void test_dump(void **state)
{
	struct fake f = fake_open();
	struct seen seen = {0};
	struct uxfrm_result r;
	const int32_t done = 0;

	assert_int_equal(uxfrm_sa_delete(f.conn, &id, NULL), 0);
	assert_int_equal(uxfrm_sa_dump(f.conn, NULL), 0);
	fake_answer(&f, 1, 0, NULL, 0);
	send_sa(&f, NLM_F_MULTI, 2);
	send_sa(&f, NLM_F_MULTI | NLM_F_DUMP_INTR, 2);
	send_sa(&f, 0, 0); /* an event */
	fake_send(&f, NLMSG_DONE, NLM_F_MULTI, 2, &done, sizeof(done));
	assert_int_equal(uxfrm_conn_run(f.conn, note, &seen), 0);
	assert_int_equal(seen.n, 3);
	assert_int_equal(seen.events, 1);
	assert_int_equal(uxfrm_conn_result(f.conn, 1, &r), 0);
	assert_true(r.incomplete);
	fake_close(&f);
}

static void test_dump_that_fails(void **state)
{
	struct fake f = fake_open();
	struct uxfrm_result r;
	const int32_t done = -ENOMEM;

	assert_int_equal(uxfrm_policy_dump(f.conn), 0);
	fake_send(&f, NLMSG_DONE, NLM_F_MULTI, 1, &done, sizeof(done));
	assert_int_equal(uxfrm_conn_run(f.conn, NULL, NULL), 1);
	assert_int_equal(uxfrm_conn_result(f.conn, 0, &r), 0);
	assert_int_equal(r.error, ENOMEM);
	fake_close(&f);
}

/* An event of our own request has its number, and is not its answer. */
static void test_own_event(void **state)
{
	struct fake f = fake_open();
	struct seen seen = {0};
	struct uxfrm_sa sa;

	uxfrm_sa_init(&sa);
	assert_int_equal(uxfrm_sa_add(f.conn, &sa), 0);
	send_sa(&f, NLM_F_CREATE, 1);
	fake_answer(&f, 1, 0, NULL, 0);
	assert_int_equal(uxfrm_conn_run(f.conn, note, &seen), 0);
	assert_int_equal(seen.n, 1);
	assert_int_equal(seen.events, 1);
	fake_close(&f);
}

static void test_stop(void **state)
{
	struct fake f = fake_open();
	struct seen seen = {.answer = UXFRM_STOP};
	const int32_t done = 0;

	assert_int_equal(uxfrm_sa_dump(f.conn, NULL), 0);
	send_sa(&f, NLM_F_MULTI, 1);
	send_sa(&f, NLM_F_MULTI, 1);
	fake_send(&f, NLMSG_DONE, NLM_F_MULTI, 1, &done, sizeof(done));
	assert_int_equal(uxfrm_conn_run(f.conn, note, &seen), UXFRM_STOP);
	assert_int_equal(seen.n, 1);
	/* nothing is left of it */
	assert_int_equal(uxfrm_conn_receive(f.conn, 0, note, &seen), -ETIMEDOUT);
	fake_close(&f);
}

static void test_silence_and_end(void **state)
{
	struct fake f = fake_open();

	f.conn->timeout_ms = 1;
	assert_int_equal(uxfrm_sa_count(f.conn), 0);
	assert_int_equal(uxfrm_conn_run(f.conn, NULL, NULL), -ETIMEDOUT);
	/* the late answer to it is nobody's */
	f.conn->timeout_ms = 2000;
	fake_answer(&f, 1, ESRCH, NULL, 0);
	fake_answer(&f, 2, 0, NULL, 0);
	assert_int_equal(uxfrm_sa_flush(f.conn, 0), 0);
	assert_int_equal(uxfrm_conn_run(f.conn, NULL, NULL), 0);
	close(f.server);
	f.server = -1;
	assert_int_equal(uxfrm_sa_count(f.conn), 0);
	assert_int_equal(uxfrm_conn_run(f.conn, NULL, NULL), -EPIPE);
	assert_int_equal(uxfrm_conn_receive(f.conn, -1, note, NULL), -EPIPE);
	fake_close(&f);
}

static void test_events(void **state)
{
	struct fake f = fake_open();
	struct seen seen = {0};
	const struct nlmsghdr loss = {.nlmsg_len = sizeof(loss), .nlmsg_type = UX_NLMSG_OVERRUN};

	send_sa(&f, 0, 7);
	assert_int_equal(uxfrm_conn_receive(f.conn, -1, note, &seen), 0);
	assert_int_equal(seen.events, 1);
	assert_int_equal(send(f.server, &loss, sizeof(loss), 0), sizeof(loss));
	assert_int_equal(uxfrm_conn_receive(f.conn, -1, note, &seen), -ENOBUFS);
	fake_send(&f, XFRM_MSG_NEWSA, 0, 0, &loss, 8); /* too short for an SA */
	assert_int_equal(uxfrm_conn_receive(f.conn, -1, note, &seen), -EPROTO);
	fake_send(&f, 99, 0, 0, &loss, 8); /* not known, but well formed */
	assert_int_equal(uxfrm_conn_receive(f.conn, -1, note, &seen), 0);
	assert_int_equal(seen.last_type, 99);
	seen.answer = 3;
	send_sa(&f, 0, 7);
	assert_int_equal(uxfrm_conn_receive(f.conn, 1000, note, &seen), 3);
	assert_int_equal(uxfrm_conn_receive(f.conn, 0, note, &seen), -ETIMEDOUT);
	fake_close(&f);
}

static void test_wrong_sizes_and_too_much(void **state)
{
	static struct uxfrm_template templates[200];
	struct fake f = fake_open();
	struct uxfrm_policy policy;
	struct uxfrm_sa sa;

	uxfrm_sa_init(&sa);
	sa.size--;
	assert_int_equal(uxfrm_sa_add(f.conn, &sa), -EINVAL);
	uxfrm_policy_init(&policy);
	policy.attrs.templates = templates;
	policy.attrs.template_count = 200;
	uxfrm_give(&policy.attrs, UXFRM_HAS_TEMPLATES);
	assert_int_equal(uxfrm_policy_add(f.conn, &policy), -EMSGSIZE);
	assert_int_equal(uxfrm_conn_gathered(f.conn), 0);
	assert_int_equal(uxfrm_sa_count(f.conn), 0);
	uxfrm_conn_forget(f.conn);
	assert_int_equal(uxfrm_conn_run(f.conn, NULL, NULL), 0);
	fake_close(&f);
}

/* Nothing of a key is left in the buffer after the run. */
static void test_keys_are_wiped(void **state)
{
	static const uint8_t key[20] = "a key that is secret";
	struct fake f = fake_open();
	struct uxfrm_sa sa;

	uxfrm_sa_init(&sa);
	sa.attrs.aead = (struct uxfrm_algo){"rfc4106(gcm(aes))", 160, 128, key};
	uxfrm_give(&sa.attrs, UXFRM_HAS_AEAD);
	for (uint32_t i = 1; i <= 40; i++) { /* the buffer grows meanwhile */
		assert_int_equal(uxfrm_sa_add(f.conn, &sa), 0);
		fake_answer(&f, i, 0, NULL, 0);
	}
	assert_non_null(memmem(f.conn->buf, f.conn->cap, key, sizeof(key)));
	assert_int_equal(uxfrm_conn_run(f.conn, NULL, NULL), 0);
	assert_null(memmem(f.conn->buf, f.conn->cap, key, sizeof(key)));
	fake_close(&f);
}

static int see_bytes(void *opaque, const struct uxfrm_message *m)
{
	bool *seen = opaque;

	*seen = m->type == UXFRM_MSG_SA;
	return 0;
}

/* Nor of what was received: GETSA is answered with keys, an event of NEWSA has them too. */
static void test_received_keys_are_wiped(void **state)
{
	static const uint8_t key[20] = "a key that is secret";
	struct {
		struct xfrm_usersa_info info;
		struct nlattr attr;
		uint8_t value[sizeof(key)];
	} body = {.info.family = AF_INET, .attr = {.nla_len = 24, .nla_type = 999}};
	struct fake f = fake_open();
	bool seen = false;

	memcpy(body.value, key, sizeof(key));
	assert_int_equal(uxfrm_sa_get(f.conn, &id, NULL), 0);
	fake_send(&f, XFRM_MSG_NEWSA, 0, 1, &body, sizeof(body));
	assert_int_equal(uxfrm_conn_run(f.conn, see_bytes, &seen), 0);
	assert_true(seen);
	assert_null(memmem(f.conn, sizeof(*f.conn), key, sizeof(key)));
	fake_send(&f, XFRM_MSG_NEWSA, 0, 0, &body, sizeof(body));
	assert_int_equal(uxfrm_conn_receive(f.conn, 1000, see_bytes, &seen), 0);
	assert_null(memmem(f.conn, sizeof(*f.conn), key, sizeof(key)));
	fake_close(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_one_datagram),
	    cmocka_unit_test(test_batch_size),
	    cmocka_unit_test(test_reply_ends_a_get),
	    cmocka_unit_test(test_dump),
	    cmocka_unit_test(test_dump_that_fails),
	    cmocka_unit_test(test_own_event),
	    cmocka_unit_test(test_stop),
	    cmocka_unit_test(test_silence_and_end),
	    cmocka_unit_test(test_events),
	    cmocka_unit_test(test_wrong_sizes_and_too_much),
	    cmocka_unit_test(test_keys_are_wiped),
	    cmocka_unit_test(test_received_keys_are_wiped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
