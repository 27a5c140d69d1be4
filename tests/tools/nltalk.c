/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nltalk: speak to an engine from a script on standard input, and print what it answers.
 *
 *	reset NAME		a new engine with clients A and B (port ids 0x1001, 0x1002); B hears
 *all groups option C NAME VALUE	ext_ack or cap_ack of client C > C HEX			C
 *sends this datagram tick MS			so much time passes
 *
 * The script is repeated on standard output; each datagram that arrives is a line "< C GROUP HEX",
 * group 0 for replies; those of B before those of A. nltalk_kernel.py does the same with a kernel.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/netlink.h>
#include <uxfrm/engine.h>

#define START_REAL_S 1700000000u

struct talker {
	char name;
	struct uxfrm_client *client;
	struct {
		char *text;
		size_t len;
	} heard;
};

static struct uxfrm *engine;
static struct talker talkers[2] = {{.name = 'A'}, {.name = 'B'}};
static uint64_t now_ns = 1;

static void hear(struct talker *t, const char *text)
{
	size_t n = strlen(text);

	t->heard.text = realloc(t->heard.text, t->heard.len + n + 1);
	if (!t->heard.text)
		abort();
	memcpy(t->heard.text + t->heard.len, text, n + 1);
	t->heard.len += n;
}

static int deliver(void *opaque, const void *datagram, size_t len, uint32_t group)
{
	const unsigned char *p = datagram;
	char text[32];

	snprintf(text, sizeof(text), "< %c %u ", ((struct talker *)opaque)->name, group);
	hear(opaque, text);
	for (size_t i = 0; i < len; i++) {
		snprintf(text, sizeof(text), "%02x", p[i]);
		hear(opaque, text);
	}
	hear(opaque, "\n");
	return 0;
}

static const struct uxfrm_client_ops ops = {.deliver = deliver};

static void reset(void)
{
	struct uxfrm_params params;

	for (size_t i = 0; i < 2; i++)
		talkers[i].client = uxfrm_client_close(talkers[i].client);
	engine = uxfrm_free(engine);
	uxfrm_params_init(&params);
	params.now_ns = now_ns;
	params.real_s = START_REAL_S;
	if (uxfrm_new(&params, &engine) < 0)
		abort();
	for (uint32_t i = 0; i < 2; i++)
		if (uxfrm_client_open(engine, 0x1001 + i, true, &ops, &talkers[i],
				      &talkers[i].client) < 0)
			abort();
	uxfrm_client_set_groups(talkers[1].client, 0xff);
}

static struct talker *talker(const char *name)
{
	if (!name || (name[0] != 'A' && name[0] != 'B') || !engine) {
		fprintf(stderr, "nltalk: no such client\n");
		exit(2);
	}
	return &talkers[name[0] - 'A'];
}

static void send_hex(struct talker *t, const char *hex)
{
	size_t n = hex ? strlen(hex) / 2 : 0;
	unsigned char *bytes = malloc(n + 1);

	if (!bytes)
		abort();
	for (size_t i = 0; i < n; i++) {
		unsigned int byte;

		if (sscanf(hex + 2 * i, "%2x", &byte) != 1)
			exit(2);
		bytes[i] = (unsigned char)byte;
	}
	uxfrm_client_request(t->client, bytes, n);
	free(bytes);
}

static void print_heard(void)
{
	for (int i = 1; i >= 0; i--) {
		if (talkers[i].heard.len)
			fputs(talkers[i].heard.text, stdout);
		talkers[i].heard.len = 0;
	}
}

static void obey(char *line)
{
	char *word = strtok(line, " \n");

	if (!word || word[0] == '#' || word[0] == '<')
		return;
	if (!strcmp(word, "reset")) {
		reset();
	} else if (!strcmp(word, "option")) {
		struct talker *t = talker(strtok(NULL, " \n"));
		const char *name = strtok(NULL, " \n");
		const char *value = strtok(NULL, " \n");

		if (!name || !value)
			exit(2);
		(void)uxfrm_client_set_option(
		    t->client, strcmp(name, "ext_ack") ? NETLINK_CAP_ACK : NETLINK_EXT_ACK,
		    atoi(value));
	} else if (!strcmp(word, ">")) {
		struct talker *t = talker(strtok(NULL, " \n"));

		send_hex(t, strtok(NULL, " \n"));
	} else if (!strcmp(word, "tick")) {
		const char *ms = strtok(NULL, " \n");

		now_ns += (ms ? strtoull(ms, NULL, 10) : 0) * 1000000u;
		uxfrm_tick(engine, now_ns, START_REAL_S + now_ns / 1000000000u);
	}
}

int main(void)
{
	char *line = NULL;
	size_t cap = 0;

	while (getline(&line, &cap, stdin) > 0) {
		if (line[0] != '#' && line[0] != '\n' && line[0] != '<')
			fputs(line, stdout);
		obey(line);
		print_heard();
	}
	free(line);
	for (size_t i = 0; i < 2; i++) {
		talkers[i].client = uxfrm_client_close(talkers[i].client);
		free(talkers[i].heard.text);
	}
	engine = uxfrm_free(engine);
	return 0;
}
