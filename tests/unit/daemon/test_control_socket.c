/* SPDX-License-Identifier: BSD-2-Clause */

/* The daemon from its clients' side, without ports. Skips where no network namespace can be made.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <jansson.h>
#include <linux/pfkeyv2.h>
#include <linux/sockios.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "control_client.h"
#include "io/netlink.h"
#include "netlink_bytes.h"

static pid_t daemon_pid;
static uint64_t buf[65536];

static int start(void **state)
{
	daemon_pid = test_daemon_start();
	return 0;
}

static int stop(void **state)
{
	return daemon_pid > 0 ? test_daemon_stop(daemon_pid) : 0;
}

static void connect_open(struct control_client *c, uint32_t port)
{
	if (daemon_pid < 0)
		skip();
	control_connect(c);
	assert_int_equal(control_open(c, port), 0);
}

static const struct nlmsghdr *receive(struct control_client *c)
{
	ssize_t n = control_receive(c, buf, sizeof(buf));
	const struct nlmsghdr *msg = (const struct nlmsghdr *)buf;

	assert_true(n >= NLMSG_HDRLEN);
	assert_int_equal(msg->nlmsg_len, n);
	return msg;
}

static int receive_error(struct control_client *c)
{
	const struct nlmsghdr *msg = receive(c);

	assert_int_equal(msg->nlmsg_type, NLMSG_ERROR);
	assert_int_equal(msg->nlmsg_pid, c->port_id);
	return ((const struct nlmsgerr *)NLMSG_DATA(msg))->error;
}

static void flush_sa(struct control_client *c)
{
	struct {
		struct nlmsghdr h;
		struct xfrm_usersa_flush flush;
	} req = {.h = {.nlmsg_len = NLMSG_LENGTH(sizeof(struct xfrm_usersa_flush)),
		       .nlmsg_type = XFRM_MSG_FLUSHSA,
		       .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK}};

	req.flush.proto = IPPROTO_ESP;
	control_request(c, &req, req.h.nlmsg_len);
}

static void request_is_answered(void **state)
{
	struct control_client c;
	uint64_t bytes[128];

	connect_open(&c, 0);
	assert_int_equal(c.port_id, getpid());
	control_request(&c, bytes, new_sa(bytes));
	assert_int_equal(receive_error(&c), 0);
	control_request(&c, bytes, new_sa(bytes));
	assert_int_equal(receive_error(&c), -EEXIST);
	flush_sa(&c);
	assert_int_equal(receive_error(&c), 0);
	control_close(&c);
}

static void processed_comes_after_the_reply(void **state)
{
	struct control_client c;
	uint64_t bytes[128];

	connect_open(&c, 0);
	for (int i = 0; i < 50; i++) {
		control_request(&c, bytes, new_sa(bytes));
		/* No waiting: it is there. */
		assert_true(recv(c.data, buf, sizeof(buf), MSG_DONTWAIT) > 0);
		flush_sa(&c);
		assert_true(recv(c.data, buf, sizeof(buf), MSG_DONTWAIT) > 0);
	}
	control_close(&c);
}

static void port_ids_are_unique(void **state)
{
	struct control_client a, b, c;

	connect_open(&a, 0);
	connect_open(&b, 0);
	assert_int_equal(a.port_id, getpid());
	assert_true((int32_t)b.port_id <= -4096);
	control_connect(&c);
	assert_int_equal(control_open(&c, b.port_id), -EADDRINUSE);
	control_close(&c);
	connect_open(&c, 77);
	assert_int_equal(c.port_id, 77);
	assert_int_equal(control_ask(&c, UXFRM_CONTROL_BIND, a.port_id, 0).result, -EADDRINUSE);
	assert_int_equal(control_ask(&c, UXFRM_CONTROL_BIND, 78, 0).value[0], 78);
	control_close(&a);
	/* The daemon sees the end of a before it sees this request. */
	connect_open(&a, 0);
	assert_int_equal(a.port_id, getpid());
	control_close(&a);
	control_close(&b);
	control_close(&c);
}

static void options_and_wrong_requests(void **state)
{
	struct control_client c;

	connect_open(&c, 0);
	assert_int_equal(control_ask(&c, UXFRM_CONTROL_OPTION, NETLINK_EXT_ACK, 1).result, 0);
	assert_int_equal(control_ask(&c, UXFRM_CONTROL_OPTION, NETLINK_NO_ENOBUFS, 0).result, 0);
	assert_int_equal(control_ask(&c, UXFRM_CONTROL_OPTION, 999, 1).result, -ENOPROTOOPT);
	assert_int_equal(control_ask(&c, 99, 0, 0).result, -EOPNOTSUPP);
	assert_int_equal(control_ask(&c, UXFRM_CONTROL_OPEN, 0, 0).result, -EBADF);
	control_close(&c);
	control_connect(&c);
	assert_int_equal(control_ask(&c, UXFRM_CONTROL_BIND, 1, 0).result, -ENOTCONN);
	control_close(&c);
}

static void rubbish_ends_the_connection(void **state)
{
	struct uxfrm_control_msg msg;
	struct control_client c;

	if (daemon_pid < 0)
		skip();
	control_connect(&c);
	assert_int_equal(send(c.control, "hello", 5, 0), 5);
	assert_int_equal(recv(c.control, &msg, sizeof(msg), 0), sizeof(msg));
	assert_int_equal(msg.result, -EPROTO);
	assert_int_equal(recv(c.control, &msg, sizeof(msg), 0), 0);
	control_close(&c);
}

static void status_is_json(void **state)
{
	struct uxfrm_control_msg msg = {.magic = UXFRM_CONTROL_MAGIC,
					.version = UXFRM_CONTROL_VERSION,
					.op = UXFRM_CONTROL_STATUS};
	struct control_client c;
	json_t *root;
	ssize_t n;

	if (daemon_pid < 0)
		skip();
	control_connect(&c);
	assert_int_equal(send(c.control, &msg, sizeof(msg), 0), sizeof(msg));
	n = recv(c.control, buf, sizeof(buf), 0);
	assert_true(n > (ssize_t)sizeof(msg));
	root = json_loadb((const char *)buf + sizeof(msg), (size_t)n - sizeof(msg), 0, NULL);
	assert_non_null(root);
	assert_int_equal(json_integer_value(json_object_get(root, "pid")), daemon_pid);
	assert_true(json_is_false(json_object_get(root, "ports")));
	assert_int_equal(json_integer_value(json_object_get(root, "clients")), 1);
	json_decref(root);
	control_close(&c);
}

/* A daemon without ports says so in words; a message of the wrong length ends the connection. */
static void links_need_ports(void **state)
{
	struct {
		struct uxfrm_control_msg msg;
		struct uxfrm_control_link link;
		char more;
	} request = {.msg = {.magic = UXFRM_CONTROL_MAGIC,
			     .version = UXFRM_CONTROL_VERSION,
			     .op = UXFRM_CONTROL_LINK_ADD},
		     .link = {.name = "ipsec5", .if_id = 5}};
	static const size_t wrong[] = {sizeof(request.msg), sizeof(request.msg) + 1,
				       sizeof(request.msg) + sizeof(request.link) - 1,
				       sizeof(request.msg) + sizeof(request.link) + 1};
	struct uxfrm_control_msg answer;
	struct control_client c;

	if (daemon_pid < 0)
		skip();
	control_connect(&c);
	for (int op = UXFRM_CONTROL_LINK_ADD; op <= UXFRM_CONTROL_LINK_LIST; op++) {
		size_t len = op == UXFRM_CONTROL_LINK_LIST
				 ? sizeof(request.msg)
				 : sizeof(request.msg) + sizeof(request.link);

		request.msg.op = (uint16_t)op;
		assert_int_equal(send(c.control, &request, len, 0), len);
		ssize_t n = recv(c.control, buf, sizeof(buf), 0);

		memcpy(&answer, buf, sizeof(answer));
		assert_int_equal(answer.op, op);
		assert_int_equal(answer.result, -EOPNOTSUPP);
		assert_int_equal(n, sizeof(answer) + strlen("this uxfrmd carries no packets"));
	}
	control_close(&c);
	request.msg.op = UXFRM_CONTROL_LINK_ADD;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		control_connect(&c);
		assert_int_equal(send(c.control, &request, wrong[i], 0), wrong[i]);
		assert_int_equal(recv(c.control, &answer, sizeof(answer), 0), sizeof(answer));
		assert_int_equal(answer.result, -EPROTO);
		assert_int_equal(recv(c.control, &answer, sizeof(answer), 0), 0);
		control_close(&c);
	}
}

/*
 * A listener that does not read holds up nobody, loses events, is told so once it reads, and hears
 * the events after that again.
 */
static void slow_listener(void **state)
{
	struct control_client slow, busy;
	uint64_t bytes[128];
	int events = 0, overruns = 0;
	const int rounds = 6000;

	connect_open(&slow, 0);
	connect_open(&busy, 0);
	assert_int_equal(control_ask(&slow, UXFRM_CONTROL_BIND, 0, 1u << (XFRMNLGRP_SA - 1)).result,
			 0);
	for (int i = 0; i < rounds; i++) {
		control_request(&busy, bytes, new_sa(bytes));
		assert_int_equal(receive_error(&busy), 0);
		flush_sa(&busy);
		assert_int_equal(receive_error(&busy), 0);
	}
	while (recv(slow.data, buf, sizeof(buf), overruns ? MSG_DONTWAIT : 0) > 0) {
		const struct nlmsghdr *msg = (const struct nlmsghdr *)buf;

		overruns += msg->nlmsg_type == NLMSG_OVERRUN;
		events += msg->nlmsg_type == XFRM_MSG_NEWSA || msg->nlmsg_type == XFRM_MSG_FLUSHSA;
	}
	assert_int_equal(overruns, 1);
	assert_true(events > 100 && events < 2 * rounds);
	control_request(&busy, bytes, new_sa(bytes));
	assert_int_equal(receive(&slow)->nlmsg_type, XFRM_MSG_NEWSA);
	flush_sa(&busy);
	control_close(&slow);
	control_close(&busy);
}

/* A dump larger than all buffers stops while nobody reads, and goes on to its end. */
static void large_dump(void **state)
{
	const struct nlmsghdr dump = {.nlmsg_len = NLMSG_HDRLEN,
				      .nlmsg_type = XFRM_MSG_GETSA,
				      .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP};
	struct control_client c, other;
	const uint32_t total = 8000;
	uint64_t bytes[128];
	uint32_t seen = 0;
	bool done = false;

	connect_open(&c, 0);
	connect_open(&other, 0);
	for (uint32_t i = 0; i < total; i++) {
		size_t len = new_sa(bytes);
		const __be32 spi = htonl(0x10000 + i);

		memcpy((uint8_t *)bytes + NLMSG_HDRLEN + offsetof(struct xfrm_usersa_info, id.spi),
		       &spi, 4);
		control_request(&c, bytes, len);
		assert_int_equal(receive_error(&c), 0);
	}
	control_request(&c, &dump, sizeof(dump));
	/* Meanwhile others are served. */
	control_request(&other, bytes, new_sa(bytes));
	assert_int_equal(receive_error(&other), 0);
	while (!done) {
		ssize_t n = control_receive(&c, buf, sizeof(buf));
		const struct nlmsghdr *msg;
		size_t at = 0;

		assert_true(n > 0);
		while ((msg = ux_netlink_next(buf, (size_t)n, &at))) {
			seen += msg->nlmsg_type == XFRM_MSG_NEWSA;
			done |= msg->nlmsg_type == NLMSG_DONE;
		}
	}
	assert_in_range(seen, total, total + 1);
	flush_sa(&c);
	control_close(&c);
	control_close(&other);
}

#define MANY 160 /* their acknowledgements are more than the least buffer of a socket holds */

/* One datagram with @n requests to flush; each is acknowledged. */
static void flush_many(struct control_client *c, uint32_t n)
{
	struct {
		struct nlmsghdr h;
		struct xfrm_usersa_flush flush;
	} req[MANY] = {0};

	for (uint32_t i = 0; i < n; i++) {
		req[i].h = (struct nlmsghdr){.nlmsg_len = sizeof(req[i]),
					     .nlmsg_type = XFRM_MSG_FLUSHSA,
					     .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK,
					     .nlmsg_seq = i};
		req[i].flush.proto = IPPROTO_ESP;
	}
	assert_int_equal(send(c->data, req, n * sizeof(req[0]), 0), n * sizeof(req[0]));
}

static uint32_t bundles_told(struct control_client *c)
{
	struct uxfrm_control_msg msg;

	assert_int_equal(recv(c->control, &msg, sizeof(msg), 0), sizeof(msg));
	assert_int_equal(msg.op, UXFRM_CONTROL_PROCESSED);
	assert_int_equal(msg.value[0], 1);
	return msg.value[1];
}

/* The @n acknowledgements, each with its length before it, and nothing else. */
static void check_bundle(const uint8_t *at, ssize_t n, uint32_t n_parts)
{
	struct uxfrm_bundle header;
	const uint8_t *end = at + n;

	memcpy(&header, at, sizeof(header));
	assert_int_equal(header.type, UXFRM_BUNDLE_TYPE);
	assert_int_equal(header.length, n);
	assert_int_equal(header.n_parts, n_parts);
	at += sizeof(header);
	for (uint32_t i = 0; i < n_parts; i++) {
		struct nlmsghdr h;
		uint32_t len;

		memcpy(&len, at, sizeof(len));
		memcpy(&h, at + sizeof(len), sizeof(h));
		assert_int_equal(h.nlmsg_len, len);
		assert_int_equal(h.nlmsg_type, NLMSG_ERROR);
		assert_int_equal(h.nlmsg_seq, i);
		at += sizeof(len) + NLMSG_ALIGN(len);
	}
	assert_ptr_equal(at, end);
}

static void bundles_for_who_asks(void **state)
{
	struct control_client c;
	const int small = 1; /* the system makes it the least there is */

	if (daemon_pid < 0)
		skip();
	control_connect(&c);
	assert_int_equal(control_open_with(&c, 0, UXFRM_CONTROL_BUNDLES), 0);
	flush_many(&c, MANY);
	check_bundle((const uint8_t *)buf, control_receive(&c, buf, sizeof(buf)), MANY);
	assert_int_equal(bundles_told(&c), 1);
	/* one alone is not bundled */
	flush_many(&c, 1);
	assert_int_equal(receive_error(&c), 0);
	assert_int_equal(bundles_told(&c), 0);
	/* nor is what would not fit into the client's socket */
	assert_int_equal(setsockopt(c.kept, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)), 0);
	flush_many(&c, MANY);
	for (int i = 0; i < MANY; i++)
		assert_int_equal(receive_error(&c), 0);
	assert_int_equal(bundles_told(&c), 0);
	control_close(&c);
}

static void bundles_can_be_ended(void **state)
{
	struct control_client c;

	connect_open(&c, 0);
	flush_many(&c, 2);
	assert_int_equal(receive_error(&c), 0);
	assert_int_equal(receive_error(&c), 0);
	control_close(&c);
	control_connect(&c);
	assert_int_equal(control_open_with(&c, 0, UXFRM_CONTROL_BUNDLES), 0);
	assert_int_equal(control_ask(&c, UXFRM_CONTROL_OPTION, UXFRM_OPTION_BUNDLES, 0).result, 0);
	flush_many(&c, 2);
	assert_int_equal(receive_error(&c), 0);
	assert_int_equal(receive_error(&c), 0);
	control_close(&c);
}

/* A PF_KEY socket beside the netlink ones: one database, and errors that come with PROCESSED. */
static void pfkey_socket(void **state)
{
	struct sadb_msg m = {.sadb_msg_version = PF_KEY_V2,
			     .sadb_msg_type = SADB_X_SPDFLUSH,
			     .sadb_msg_len = sizeof(m) / sizeof(uint64_t),
			     .sadb_msg_seq = 7};
	struct uxfrm_control_msg processed;
	struct control_client c;

	if (daemon_pid < 0)
		skip();
	control_connect(&c);
	assert_int_equal(control_open_with(&c, 0, UXFRM_CONTROL_PFKEY), 0);
	assert_int_equal(control_ask(&c, UXFRM_CONTROL_BIND, 0, 0).result, 0);
	assert_int_equal(control_ask(&c, UXFRM_CONTROL_OPTION, NETLINK_EXT_ACK, 1).result,
			 -ENOTCONN);
	control_request(&c, &m, sizeof(m));
	assert_int_equal(control_receive(&c, buf, sizeof(buf)), sizeof(m));
	assert_memory_equal(buf, &m, sizeof(m));
	m.sadb_msg_version = 1;
	assert_int_equal(send(c.data, &m, sizeof(m), 0), sizeof(m));
	assert_int_equal(recv(c.control, &processed, sizeof(processed), 0), sizeof(processed));
	assert_int_equal(processed.op, UXFRM_CONTROL_PROCESSED);
	assert_int_equal(processed.result, -EINVAL);
	m.sadb_msg_version = PF_KEY_V2;
	assert_int_equal(send(c.data, &m, sizeof(m), 0), sizeof(m));
	assert_int_equal(recv(c.control, &processed, sizeof(processed), 0), sizeof(processed));
	assert_int_equal(processed.result, 0);
	assert_int_equal(control_open_with(&c, 0, UXFRM_CONTROL_PFKEY), -EBUSY);
	control_close(&c);
}

/* Who made a PF_KEY socket has passed it on and goes, before or after the next request. */
static void pfkey_socket_passed_on(void **state)
{
	const struct sadb_msg m = {.sadb_msg_version = PF_KEY_V2,
				   .sadb_msg_type = SADB_X_SPDFLUSH,
				   .sadb_msg_len = sizeof(m) / sizeof(uint64_t)};
	struct control_client c;
	int left = 0;

	if (daemon_pid < 0)
		skip();
	for (int before = 0; before < 2; before++) {
		control_connect(&c);
		assert_int_equal(control_open_with(&c, 0, UXFRM_CONTROL_PFKEY), 0);
		for (int i = 0; i < 3; i++) {
			if (i == before) {
				close(c.control);
				c.control = -1;
			}
			assert_int_equal(send(c.data, &m, sizeof(m), 0), sizeof(m));
			assert_int_equal(control_receive(&c, buf, sizeof(buf)), sizeof(m));
			for (int n = 0; n < 1000; n++) {
				assert_int_equal(ioctl(c.data, SIOCOUTQ, &left), 0);
				if (!left)
					break;
				usleep(1000);
			}
			assert_int_equal(left, 0);
		}
		control_close(&c);
	}
}

static void second_daemon_is_refused(void **state)
{
	int status = 0;
	pid_t pid;

	if (daemon_pid < 0)
		skip();
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		execl(UXFRMD_PATH, "uxfrmd", "-f", "--no-ports", "--log-file", "/dev/null", NULL);
		_exit(99);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(request_is_answered),
	    cmocka_unit_test(processed_comes_after_the_reply),
	    cmocka_unit_test(port_ids_are_unique),
	    cmocka_unit_test(options_and_wrong_requests),
	    cmocka_unit_test(rubbish_ends_the_connection),
	    cmocka_unit_test(status_is_json),
	    cmocka_unit_test(links_need_ports),
	    cmocka_unit_test(slow_listener),
	    cmocka_unit_test(large_dump),
	    cmocka_unit_test(bundles_for_who_asks),
	    cmocka_unit_test(bundles_can_be_ended),
	    cmocka_unit_test(pfkey_socket),
	    cmocka_unit_test(pfkey_socket_passed_on),
	    cmocka_unit_test(second_daemon_is_refused),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
