/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * oracle-pfkey-engine: speak to an engine from a script on standard input, over PF_KEY and
 * NETLINK_XFRM, and print what it answers. pfkey_kernel.py does the same with a kernel.
 *
 *	reset NAME	a new engine; the sockets P, Q (PF_KEY) and N (netlink, all groups) open
 *	+ X, - X	open, close socket X: P to S are PF_KEY, M and N netlink
 *	> X HEX		X sends this datagram
 *	tick MS		so much time passes
 *
 * The script is repeated on standard output. Each datagram that arrives is a line "< X HEX", a send
 * that fails "! X ERRNO"; the sockets one after the other.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <uxfrm/engine.h>

#define START_REAL_S 1700000000u

struct talker {
	char name;
	struct uxfrm_client *netlink;
	struct uxfrm_pfkey *pfkey;
	char *heard;
	size_t len;
};

static struct talker talkers[] = {{.name = 'P'}, {.name = 'Q'}, {.name = 'R'},
				  {.name = 'S'}, {.name = 'M'}, {.name = 'N'}};
#define N_TALKERS (sizeof(talkers) / sizeof(talkers[0]))
static struct uxfrm *engine;
static uint64_t now_ns = 1;

static void hear(struct talker *t, const char *text)
{
	size_t n = strlen(text);

	t->heard = realloc(t->heard, t->len + n + 1);
	if (!t->heard)
		abort();
	memcpy(t->heard + t->len, text, n + 1);
	t->len += n;
}

static int deliver(void *opaque, const void *datagram, size_t len, uint32_t group)
{
	const unsigned char *p = datagram;
	struct talker *t = opaque;
	char text[16];

	(void)group;
	snprintf(text, sizeof(text), "< %c ", t->name);
	hear(t, text);
	for (size_t i = 0; i < len; i++) {
		snprintf(text, sizeof(text), "%02x", p[i]);
		hear(t, text);
	}
	hear(t, "\n");
	return 0;
}

static const struct uxfrm_client_ops ops = {.deliver = deliver};

static struct talker *talker(const char *name)
{
	for (size_t i = 0; name && i < N_TALKERS; i++)
		if (talkers[i].name == name[0])
			return &talkers[i];
	fprintf(stderr, "no such socket\n");
	exit(2);
}

static void open_socket(struct talker *t)
{
	int err;

	if (t->name < 'P') {
		err = uxfrm_client_open(engine, 0x1000u + (unsigned char)t->name, true, &ops, t,
					&t->netlink);
		if (!err)
			uxfrm_client_set_groups(t->netlink, t->name == 'N' ? 0xff : 0);
	} else {
		err = uxfrm_pfkey_open(engine, &ops, t, &t->pfkey);
	}
	if (err)
		abort();
}

static void close_socket(struct talker *t)
{
	t->netlink = uxfrm_client_close(t->netlink);
	t->pfkey = uxfrm_pfkey_close(t->pfkey);
}

static void reset(void)
{
	struct uxfrm_params params;

	for (size_t i = 0; i < N_TALKERS; i++)
		close_socket(&talkers[i]);
	engine = uxfrm_free(engine);
	uxfrm_params_init(&params);
	params.now_ns = now_ns;
	params.real_s = START_REAL_S + now_ns / 1000000000u;
	if (uxfrm_new(&params, &engine) < 0)
		abort();
	open_socket(talker("P"));
	open_socket(talker("Q"));
	open_socket(talker("N"));
}

static void send_hex(struct talker *t, const char *hex)
{
	size_t n = hex ? strlen(hex) / 2 : 0;
	unsigned char *bytes = malloc(n + 1);
	char text[32];
	int err = 0;

	if (!bytes)
		abort();
	for (size_t i = 0; i < n; i++) {
		unsigned int byte;

		if (sscanf(hex + 2 * i, "%2x", &byte) != 1)
			exit(2);
		bytes[i] = (unsigned char)byte;
	}
	if (t->pfkey)
		err = uxfrm_pfkey_request(t->pfkey, bytes, n);
	else if (t->netlink)
		uxfrm_client_request(t->netlink, bytes, n);
	free(bytes);
	if (err < 0) {
		snprintf(text, sizeof(text), "! %c %d\n", t->name, -err);
		hear(t, text);
	}
}

static void print_heard(void)
{
	for (size_t i = 0; i < N_TALKERS; i++) {
		if (talkers[i].len)
			fputs(talkers[i].heard, stdout);
		talkers[i].len = 0;
	}
}

static void obey(char *line)
{
	const char *word = strtok(line, " \n");
	const char *first = strtok(NULL, " \n");

	if (!word)
		return;
	if (!strcmp(word, "reset")) {
		reset();
	} else if (!strcmp(word, "+")) {
		open_socket(talker(first));
	} else if (!strcmp(word, "-")) {
		close_socket(talker(first));
	} else if (!strcmp(word, ">")) {
		send_hex(talker(first), strtok(NULL, " \n"));
	} else if (!strcmp(word, "tick")) {
		now_ns += (first ? strtoull(first, NULL, 10) : 0) * 1000000u;
		uxfrm_tick(engine, now_ns, START_REAL_S + now_ns / 1000000000u);
	}
}

int main(void)
{
	char *line = NULL;
	size_t room = 0;

	while (getline(&line, &room, stdin) > 0) {
		if (line[0] == '#' || line[0] == '<' || line[0] == '!')
			continue;
		fputs(line, stdout);
		obey(line);
		print_heard();
	}
	free(line);
	for (size_t i = 0; i < N_TALKERS; i++) {
		close_socket(&talkers[i]);
		free(talkers[i].heard);
	}
	uxfrm_free(engine);
	return 0;
}
