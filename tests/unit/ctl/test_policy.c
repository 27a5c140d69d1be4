/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Policies by netlink, compared with a real kernel: policy_cases.txt holds requests, and what Linux
 * answered and announced, recorded by record_policy_cases.py. Every byte must be the same, port ids
 * and times apart.
 */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include <uxfrm/engine.h>

#include "wire/attrs.h"

#define PORT_ID 100
#define TIME 1000000
#define LINE_MAX_LEN 8192
#define LINES_MAX 64

static const char *cases_path;

/* What one request led to, as lines of the file. */
struct transcript {
	size_t n;
	size_t refuse_at; /* no room for a datagram once so many lines are there; 0: always room */
	char line[LINES_MAX][LINE_MAX_LEN];
};

struct fixture {
	struct uxfrm *u;
	struct uxfrm_client *asks, *listens;
	struct transcript answers, events;
};

static void add_hex(struct transcript *t, char kind, const uint8_t *bytes, size_t len)
{
	char *to = t->line[t->n];

	assert_true(t->n < LINES_MAX && len * 2 + 3 < LINE_MAX_LEN);
	*to++ = kind;
	*to++ = ' ';
	for (size_t i = 0; i < len; i++)
		to += sprintf(to, "%02x", bytes[i]);
	t->n++;
}

/* "A errno offset text" */
static void add_acknowledgement(struct transcript *t, const struct nlmsghdr *h)
{
	const struct nlmsgerr *e = NLMSG_DATA(h);
	size_t pos = NLMSG_HDRLEN + sizeof(*e);
	const char *text = "";
	char offset[16] = "-";

	if (!(h->nlmsg_flags & NLM_F_CAPPED))
		pos += NLMSG_ALIGN(e->msg.nlmsg_len) - NLMSG_HDRLEN;
	while ((h->nlmsg_flags & NLM_F_ACK_TLVS) && pos < h->nlmsg_len) {
		const struct nlattr *a = (const void *)((const uint8_t *)h + pos);

		if (a->nla_type == NLMSGERR_ATTR_MSG)
			text = ux_attr_data(a);
		else if (a->nla_type == NLMSGERR_ATTR_OFFS)
			snprintf(offset, sizeof(offset), "%u", ux_attr_u32(a));
		pos += NLA_ALIGN(a->nla_len);
	}
	assert_true(t->n < LINES_MAX);
	snprintf(t->line[t->n++], LINE_MAX_LEN, "A %d %s%s%s", e->error, offset, *text ? " " : "",
		 text);
}

static int deliver(struct transcript *t, const uint8_t *bytes, size_t len, char kind)
{
	if (t->refuse_at && t->n >= t->refuse_at)
		return -ENOBUFS;
	while (len >= NLMSG_HDRLEN) {
		_Alignas(8) uint8_t copy[LINE_MAX_LEN];
		struct nlmsghdr *h = (struct nlmsghdr *)copy;

		assert_true(len <= sizeof(copy));
		memcpy(copy, bytes, len);
		assert_true(h->nlmsg_len >= NLMSG_HDRLEN && h->nlmsg_len <= len);
		if (h->nlmsg_type == NLMSG_ERROR)
			add_acknowledgement(t, h);
		else
			add_hex(t, kind, copy, h->nlmsg_len);
		if (NLMSG_ALIGN(h->nlmsg_len) >= len)
			break;
		bytes += NLMSG_ALIGN(h->nlmsg_len);
		len -= NLMSG_ALIGN(h->nlmsg_len);
	}
	return 0;
}

static int deliver_answer(void *opaque, const void *datagram, size_t len, uint32_t group)
{
	assert_int_equal(group, 0);
	return deliver(opaque, datagram, len, 'R');
}

static int deliver_event(void *opaque, const void *datagram, size_t len, uint32_t group)
{
	assert_int_equal(group, UX_XFRM_GROUP_POLICY);
	return deliver(opaque, datagram, len, 'E');
}

static int open_fixture(void **state)
{
	static const struct uxfrm_client_ops answer_ops = {.deliver = deliver_answer};
	static const struct uxfrm_client_ops event_ops = {.deliver = deliver_event};
	struct fixture *f = calloc(1, sizeof(*f));
	struct uxfrm_params params;

	assert_non_null(f);
	uxfrm_params_init(&params);
	params.now_ns = 1;
	params.real_s = TIME;
	assert_int_equal(uxfrm_new(&params, &f->u), 0);
	assert_int_equal(uxfrm_client_open(f->u, PORT_ID, true, &answer_ops, &f->answers, &f->asks),
			 0);
	assert_int_equal(
	    uxfrm_client_open(f->u, PORT_ID + 1, true, &event_ops, &f->events, &f->listens), 0);
	assert_int_equal(uxfrm_client_set_option(f->asks, NETLINK_EXT_ACK, 1), 0);
	uxfrm_client_set_groups(f->listens, 1u << (UX_XFRM_GROUP_POLICY - 1));
	*state = f;
	return 0;
}

static int close_fixture(void **state)
{
	struct fixture *f = *state;

	uxfrm_client_close(f->asks);
	uxfrm_client_close(f->listens);
	uxfrm_free(f->u);
	free(f);
	return 0;
}

static void send_hex(struct fixture *f, const char *hex)
{
	uint8_t bytes[LINE_MAX_LEN / 2];
	size_t len = 0;
	unsigned int byte;

	for (; sscanf(hex, "%2x", &byte) == 1; hex += 2)
		bytes[len++] = (uint8_t)byte;
	f->answers.n = 0;
	f->events.n = 0;
	uxfrm_client_request(f->asks, bytes, len);
}

/* A case is over: what was recorded must be what came, answers first. */
static void compare(const struct fixture *f, const struct transcript *recorded, const char *name)
{
	size_t n = f->answers.n + f->events.n;

	for (size_t i = 0; i < recorded->n || i < n; i++) {
		const char *want = i < recorded->n ? recorded->line[i] : "nothing";
		const char *got = i >= n	     ? "nothing"
				  : i < f->answers.n ? f->answers.line[i]
						     : f->events.line[i - f->answers.n];

		if (strcmp(want, got) != 0)
			fail_msg("%s: recorded %s, got %s", name, want, got);
	}
}

static void same_as_recorded(void **state)
{
	static struct transcript recorded;
	static char line[LINE_MAX_LEN];
	struct fixture *f = *state;
	FILE *file = fopen(cases_path, "r");
	char name[128] = "";
	size_t n = 0;

	assert_non_null(file);
	while (fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0] == '=') {
			compare(f, &recorded, name);
			snprintf(name, sizeof(name), "%.100s", line + 2);
			recorded.n = 0;
			n++;
		} else if (line[0] == '>') {
			send_hex(f, line + 2);
		} else {
			assert_true(recorded.n < LINES_MAX);
			strcpy(recorded.line[recorded.n++], line);
		}
	}
	compare(f, &recorded, name);
	fclose(file);
	assert_in_range(n, 100, 1000);
}

/* ---- what a kernel does not show ---- */

static struct xfrm_selector selector(uint32_t n)
{
	struct xfrm_selector sel;

	memset(&sel, 0, sizeof(sel));
	sel.family = AF_INET;
	sel.prefixlen_d = 32;
	sel.daddr.a4 = n;
	return sel;
}

static void send_message(struct fixture *f, uint16_t type, uint16_t flags, const void *body,
			 size_t len)
{
	struct {
		struct nlmsghdr head;
		uint8_t body[256];
	} m;

	assert_true(len <= sizeof(m.body));
	m.head = (struct nlmsghdr){.nlmsg_len = (uint32_t)(NLMSG_HDRLEN + len),
				   .nlmsg_type = type,
				   .nlmsg_flags = NLM_F_REQUEST | flags,
				   .nlmsg_seq = 1};
	if (len)
		memcpy(m.body, body, len);
	f->answers.n = 0;
	f->events.n = 0;
	uxfrm_client_request(f->asks, &m, m.head.nlmsg_len);
}

static void new_policy(struct fixture *f, uint32_t n, uint16_t type)
{
	struct xfrm_userpolicy_info info;

	memset(&info, 0, sizeof(info));
	info.sel = selector(n);
	info.dir = XFRM_POLICY_OUT;
	send_message(f, type, NLM_F_ACK, &info, sizeof(info));
}

static void delete_policy(struct fixture *f, uint32_t n)
{
	struct xfrm_userpolicy_id id;

	memset(&id, 0, sizeof(id));
	id.sel = selector(n);
	id.dir = XFRM_POLICY_OUT;
	send_message(f, XFRM_MSG_DELPOLICY, 0, &id, sizeof(id));
}

static int open_limited(void **state)
{
	struct fixture *f;
	struct uxfrm_params params;
	int r = open_fixture(state);

	f = *state;
	uxfrm_client_close(f->asks);
	uxfrm_client_close(f->listens);
	uxfrm_free(f->u);
	uxfrm_params_init(&params);
	params.now_ns = 1;
	params.real_s = TIME;
	params.max_policy = 2;
	assert_int_equal(uxfrm_new(&params, &f->u), 0);

	static const struct uxfrm_client_ops ops = {.deliver = deliver_answer};
	assert_int_equal(uxfrm_client_open(f->u, PORT_ID, true, &ops, &f->answers, &f->asks), 0);
	f->listens = NULL;
	return r;
}

static void limit_of_policies(void **state)
{
	struct fixture *f = *state;

	new_policy(f, 1, XFRM_MSG_NEWPOLICY);
	assert_string_equal(f->answers.line[0], "A 0 -");
	new_policy(f, 2, XFRM_MSG_NEWPOLICY);
	assert_string_equal(f->answers.line[0], "A 0 -");
	new_policy(f, 3, XFRM_MSG_NEWPOLICY);
	assert_string_equal(f->answers.line[0], "A -12 -");
	new_policy(f, 2, XFRM_MSG_UPDPOLICY); /* a replacement is no more than before */
	assert_string_equal(f->answers.line[0], "A 0 -");
}

/*
 * A slow reader's dump goes on where it stood while policies come and go: what was there all the
 * time comes exactly once, what is deleted before its piece is written does not come.
 */
static void dump_survives_changes(void **state)
{
	const uint32_t n = 60;
	struct fixture *f = *state;
	struct transcript *dump = &f->answers;
	size_t first;

	for (uint32_t i = 1; i <= n; i++)
		new_policy(f, i, XFRM_MSG_NEWPOLICY);
	dump->refuse_at = 1;
	send_message(f, XFRM_MSG_GETPOLICY, NLM_F_DUMP, NULL, 0);
	first = dump->n;
	assert_in_range(first, 2, n / 3); /* two pieces more at least */

	/* a second client changes what is still to come; its answers go nowhere */
	struct uxfrm_client *asks = f->asks;
	static struct transcript other;
	static const struct uxfrm_client_ops ops = {.deliver = deliver_answer};
	assert_int_equal(uxfrm_client_open(f->u, PORT_ID + 2, true, &ops, &other, &f->asks), 0);
	delete_policy(f, 1);
	delete_policy(f, 2);
	delete_policy(f, n);			  /* long sent */
	new_policy(f, n + 1, XFRM_MSG_NEWPOLICY); /* in front of where the dump stands */
	uxfrm_client_close(f->asks);
	f->asks = asks;
	dump->n = first;

	dump->refuse_at = 0;
	assert_false(uxfrm_client_resume(f->asks));
	assert_int_equal(dump->n, n - 2 + 1); /* and NLMSG_DONE */
	for (size_t i = 0; i < dump->n; i++)
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(dump->line[i], dump->line[k]);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(same_as_recorded, open_fixture, close_fixture),
	    cmocka_unit_test_setup_teardown(dump_survives_changes, open_fixture, close_fixture),
	    cmocka_unit_test_setup_teardown(limit_of_policies, open_limited, close_fixture),
	};

	if (argc < 2)
		return 1;
	cases_path = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
