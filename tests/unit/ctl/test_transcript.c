/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Answers recorded from Linux, replayed: each case of the file (first argument) is a new engine,
 * requests
 * (">"), and what Linux sent back and announced for them ("<"), message by message; {n} is n zero
 * bytes; see expand(). Recorded with tests/tools/nlcases.py, nltalk_kernel.py and nlcompare.py
 * --mask.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "talk.h"

struct line {
	char *text;
	struct line *next;
};

struct script {
	char *name;
	char *said; /* the digits of all lines */
	struct line *lines, **end;
	struct script *next;
};

/* The time at which something was added differs; the recording has 1 unless the request gave one.
 */
static void mask_add_time(uint8_t *at)
{
	uint64_t v;

	memcpy(&v, at, sizeof(v));
	if (v && v != 1600000000)
		v = 1;
	memcpy(at, &v, sizeof(v));
}

/* An SPI that the side chose itself, from the range that the recorded requests give it. */
static void mask_spi(uint8_t *at)
{
	if (at[0] == 0x70 && at[1] == 0)
		at[2] = at[3] = 0;
}

/* The index of a policy; those that requests name are large. */
static void mask_index(uint8_t *at)
{
	uint32_t v;

	memcpy(&v, at, sizeof(v));
	if (v >= 8 && v < 0x10000000)
		v = 8 | (v & 7);
	memcpy(at, &v, sizeof(v));
}

static void mask_sa(uint8_t *info)
{
	mask_add_time(info + offsetof(struct xfrm_usersa_info, curlft.add_time));
	mask_spi(info + offsetof(struct xfrm_usersa_info, id.spi));
}

static void mask_policy(uint8_t *info)
{
	mask_add_time(info + offsetof(struct xfrm_userpolicy_info, curlft.add_time));
	mask_index(info + offsetof(struct xfrm_userpolicy_info, index));
}

/* NEWAE tells when the SA was added in XFRMA_LTIME_VAL. */
static void mask_aevent(uint8_t *msg, uint32_t len)
{
	size_t pos = NLMSG_HDRLEN + sizeof(struct xfrm_aevent_id);
	struct nlattr a;

	for (; pos + sizeof(a) <= len; pos += NLA_ALIGN(a.nla_len)) {
		memcpy(&a, msg + pos, sizeof(a));
		assert_true(a.nla_len >= sizeof(a));
		if (a.nla_type == XFRMA_LTIME_VAL)
			mask_add_time(msg + pos + NLA_HDRLEN +
				      offsetof(struct xfrm_lifetime_cur, add_time));
	}
}

/* Of NEWSPDINFO as an answer: the sizes of hash tables, the second attribute. */
static void mask_spdinfo(uint8_t *body, uint32_t len)
{
	const size_t hinfo = sizeof(uint32_t) + 2 * NLA_HDRLEN + sizeof(struct xfrmu_spdinfo);

	if (len >= NLMSG_HDRLEN + hinfo + sizeof(struct xfrmu_spdhinfo))
		memset(body + hinfo, 0, sizeof(struct xfrmu_spdhinfo));
}

static void mask_message(uint8_t *msg)
{
	uint8_t *body = msg + NLMSG_HDRLEN;
	struct nlmsghdr h;

	memcpy(&h, msg, sizeof(h));
	if (h.nlmsg_type == XFRM_MSG_NEWSA || h.nlmsg_type == XFRM_MSG_UPDSA ||
	    h.nlmsg_type == XFRM_MSG_EXPIRE)
		mask_sa(body);
	if (h.nlmsg_type == XFRM_MSG_NEWPOLICY || h.nlmsg_type == XFRM_MSG_UPDPOLICY ||
	    h.nlmsg_type == XFRM_MSG_POLEXPIRE)
		mask_policy(body);
	if (h.nlmsg_type == XFRM_MSG_NEWAE)
		mask_aevent(msg, h.nlmsg_len);
	if (h.nlmsg_type == XFRM_MSG_NEWSPDINFO)
		mask_spdinfo(body, h.nlmsg_len);
	if (h.nlmsg_type == XFRM_MSG_ACQUIRE) /* a counter of the whole machine */
		memset(body + offsetof(struct xfrm_user_acquire, seq), 0, sizeof(__u32));
	/* of what is deleted, the whole is the first attribute */
	if (h.nlmsg_type == XFRM_MSG_DELSA) {
		mask_spi(body + offsetof(struct xfrm_usersa_id, spi));
		mask_sa(body + sizeof(struct xfrm_usersa_id) + NLA_HDRLEN);
	}
	if (h.nlmsg_type == XFRM_MSG_DELPOLICY) {
		mask_index(body + offsetof(struct xfrm_userpolicy_id, index));
		mask_policy(body + sizeof(struct xfrm_userpolicy_id) + NLA_HDRLEN);
	}
}

/* All messages @who has heard, as lines of the recording, one behind the other. */
static char *render(struct talk *t, char who)
{
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);

	assert_non_null(f);
	for (size_t i = 0; i < t->n_heard; i++) {
		struct heard *h = &t->heard[i];

		for (size_t pos = 0; h->who == who && pos < h->len;) {
			uint32_t len;

			memcpy(&len, h->bytes + pos, sizeof(len));
			mask_message(h->bytes + pos);
			fprintf(f, "< %c %u ", who, h->group);
			for (size_t j = 0; j < NLMSG_ALIGN(len); j++)
				fprintf(f, "%02x", h->bytes[pos + j]);
			fputc('\n', f);
			pos += NLMSG_ALIGN(len);
		}
	}
	fclose(f);
	return text;
}

static void compare_heard(struct talk *t, const struct line *l)
{
	for (int i = 0; i < 2; i++) {
		char *text = render(t, i ? 'A' : 'B');
		char *at = text;

		for (; l && l->text[0] == '<' && l->text[2] == (i ? 'A' : 'B'); l = l->next) {
			char *end = strchr(at, '\n');

			if (!end)
				fail_msg("Linux also sends %s", l->text);
			*end = '\0';
			assert_string_equal(at, l->text);
			at = end + 1;
		}
		if (*at)
			fail_msg("Linux does not send %s", at);
		free(text);
	}
	talk_forget(t);
}

static void send_hex(struct talker *who, const char *hex)
{
	size_t n = strlen(hex) / 2;
	uint8_t *bytes = malloc(n + 1);

	assert_non_null(bytes);
	for (size_t i = 0; i < n; i++) {
		unsigned int byte;

		assert_int_equal(sscanf(hex + 2 * i, "%2x", &byte), 1);
		bytes[i] = (uint8_t)byte;
	}
	uxfrm_client_request(who->client, bytes, n);
	free(bytes);
}

static void run_script(void **state)
{
	const struct script *s = *state;
	struct talk t;

	talk_open(&t);
	uxfrm_client_set_option(t.a.client, NETLINK_EXT_ACK, 0);
	uxfrm_client_set_option(t.a.client, NETLINK_CAP_ACK, 0);
	for (const struct line *l = s->lines; l; l = l->next) {
		if (!strncmp(l->text, "option A ext_ack ", 17))
			uxfrm_client_set_option(t.a.client, NETLINK_EXT_ACK, atoi(l->text + 17));
		else if (!strncmp(l->text, "option A cap_ack ", 17))
			uxfrm_client_set_option(t.a.client, NETLINK_CAP_ACK, atoi(l->text + 17));
		else if (l->text[0] == '>') {
			send_hex(&t.a, l->text + 4);
			compare_heard(&t, l->next);
		} else
			assert_int_equal(l->text[0], '<');
	}
	talk_close(&t);
}

/* Writes what the token at @text stands for. */
static void expand_token(FILE *f, const char *text, const char *said)
{
	char *end;
	long n = strtol(text + 1, &end, 10);

	if (*text == '(') { /* from byte n of what was said, so many bytes */
		long count = strtol(end + 1, NULL, 10);

		if (2 * (size_t)(n + count) > strlen(said))
			abort();
		fprintf(f, "%.*s", (int)(2 * count), said + 2 * n);
		return;
	}
	for (; n > 0; n--)
		fputs(*text == '{' ? "00" : "ff", f);
}

/*
 * {n} in the recording is n bytes 00, [n] n bytes ff, (k+n) n bytes of what the case has @said (in
 * hexadecimal digits) from its byte k on. Returns owned.
 */
static char *expand(const char *text, const char *said)
{
	char *result = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&result, &size);

	if (!f)
		abort();
	for (const char *p = text; *p; p++) {
		if (!strchr("{[(", *p)) {
			fputc(*p, f);
			continue;
		}
		expand_token(f, p, said);
		p = strpbrk(p, "}])");
		if (!p)
			abort();
	}
	fclose(f);
	return result;
}

static void say(struct script *s, const char *digits)
{
	size_t before = s->said ? strlen(s->said) : 0, n = strlen(digits);

	s->said = realloc(s->said, before + n + 1);
	if (!s->said)
		abort();
	memcpy(s->said + before, digits, n + 1);
}

static struct script *read_scripts(const char *path)
{
	struct script *first = NULL, **end = &first, *current = NULL;
	FILE *f = fopen(path, "r");
	char *text = NULL;
	size_t cap = 0;

	if (!f)
		return NULL;
	while (getline(&text, &cap, f) > 0) {
		text[strcspn(text, "\n")] = '\0';
		if (text[0] == '#' || text[0] == '\0')
			continue;
		if (!strncmp(text, "reset ", 6)) {
			current = calloc(1, sizeof(*current));
			current->name = strdup(text + 6);
			current->end = &current->lines;
			*end = current;
			end = &current->next;
		} else if (current) {
			struct line *l = calloc(1, sizeof(*l));

			l->text = expand(text, current->said ? current->said : "");
			if (text[0] != 'o')
				say(current, l->text + (text[0] == '>' ? 4 : 6));
			*current->end = l;
			current->end = &l->next;
		}
	}
	free(text);
	fclose(f);
	return first;
}

static void free_scripts(struct script *s)
{
	while (s) {
		struct script *next = s->next;

		while (s->lines) {
			struct line *l = s->lines;

			s->lines = l->next;
			free(l->text);
			free(l);
		}
		free(s->name);
		free(s->said);
		free(s);
		s = next;
	}
}

int main(int argc, char **argv)
{
	struct script *scripts = argc > 1 ? read_scripts(argv[1]) : NULL;
	size_t n = 0;

	if (!scripts) {
		fprintf(stderr, "usage: test_transcript FILE\n");
		return 2;
	}
	for (struct script *s = scripts; s; s = s->next)
		n++;
	struct CMUnitTest *tests = calloc(n, sizeof(*tests));
	n = 0;
	for (struct script *s = scripts; s; s = s->next)
		tests[n++] = (struct CMUnitTest){
		    .name = s->name, .test_func = run_script, .initial_state = s};
	int failed = _cmocka_run_group_tests("transcript", tests, n, NULL, NULL);
	free(tests);
	free_scripts(scripts);
	return failed;
}
