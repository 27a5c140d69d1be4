/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Answers recorded from Linux, replayed: each case of the file (first argument) is a new engine,
 * requests
 * (">"), and what Linux sent back and announced for them ("<"), message by message; {n} is n zero
 * bytes. Recorded with tests/tools/nlcases.py, nltalk_kernel.py and nlcompare.py --mask.
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
	struct line *lines, **end;
	struct script *next;
};

/* The time at which an SA was added differs; the recording has 1 unless the request gave a time. */
static void mask_add_time(uint8_t *info)
{
	uint8_t *at = info + offsetof(struct xfrm_usersa_info, curlft.add_time);
	uint64_t v;

	memcpy(&v, at, sizeof(v));
	if (v && v != 1600000000)
		v = 1;
	memcpy(at, &v, sizeof(v));
}

static void mask_message(uint8_t *msg)
{
	struct nlmsghdr h;

	memcpy(&h, msg, sizeof(h));
	if (h.nlmsg_type == XFRM_MSG_NEWSA || h.nlmsg_type == XFRM_MSG_UPDSA)
		mask_add_time(msg + NLMSG_HDRLEN);
	if (h.nlmsg_type == XFRM_MSG_DELSA) /* the SA is the first attribute */
		mask_add_time(msg + NLMSG_HDRLEN + sizeof(struct xfrm_usersa_id) + NLA_HDRLEN);
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
		if (!strcmp(l->text, "option A ext_ack 1"))
			uxfrm_client_set_option(t.a.client, NETLINK_EXT_ACK, 1);
		else if (!strcmp(l->text, "option A cap_ack 1"))
			uxfrm_client_set_option(t.a.client, NETLINK_CAP_ACK, 1);
		else if (l->text[0] == '>') {
			send_hex(&t.a, l->text + 4);
			compare_heard(&t, l->next);
		} else
			assert_int_equal(l->text[0], '<');
	}
	talk_close(&t);
}

/* {n} in the recording is n zero bytes. Returns owned. */
static char *expand(const char *text)
{
	char *result = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&result, &size);

	if (!f)
		abort();
	for (const char *p = text; *p; p++) {
		if (*p != '{') {
			fputc(*p, f);
			continue;
		}
		for (int n = atoi(p + 1); n > 0; n--)
			fputs("00", f);
		p = strchr(p, '}');
		if (!p)
			abort();
	}
	fclose(f);
	return result;
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

			l->text = expand(text);
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
