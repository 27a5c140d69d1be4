/* SPDX-License-Identifier: BSD-2-Clause */

#include "cli/cli.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

const char *cli_no_daemon(int err)
{
	switch (err) {
	case -ECONNREFUSED:
		return "no uxfrmd runs here";
	case -EPROTONOSUPPORT:
		return "another user's program poses as uxfrmd here";
	default:
		return strerror(-err);
	}
}

struct uxfrm_conn *cli_open(struct cli *cli, uint32_t groups, bool all_nsid)
{
	struct uxfrm_conn_params params;
	struct uxfrm_conn *conn = NULL;

	uxfrm_conn_params_init(&params);
	params.target = cli->target;
	params.groups = groups;
	params.all_nsid = all_nsid && cli->target == UXFRM_TARGET_KERNEL;
	params.daemon = cli->daemon[0] ? cli->daemon : NULL;
	params.timeout_ms = -1;
	int err = uxfrm_conn_open(&params, &conn);

	if (err && cli->target == UXFRM_TARGET_UXFRMD)
		fprintf(stderr, "uxfrm: %s%s\n", cli_no_daemon(err),
			err == -ECONNREFUSED ? ", and none could be started" : "");
	else if (err)
		fprintf(stderr, "uxfrm: cannot connect: %s\n", strerror(-err));
	if (err)
		exit(1);
	return conn;
}

struct uxfrm_conn *cli_conn(struct cli *cli)
{
	if (!cli->conn)
		cli->conn = cli_open(cli, 0, false);
	return cli->conn;
}

static void print_text(const char *kind, const char *text)
{
	fprintf(stderr, "%s: %s%s\n", kind, text, text[strlen(text) - 1] == '.' ? "" : ".");
}

static void complain(const struct uxfrm_result *r)
{
	if (r->text[0])
		print_text(r->error ? "Error" : "Warning", r->text);
	else if (r->error)
		fprintf(stderr, "RTNETLINK answers: %s\n", strerror(r->error));
}

/* 0, or the negative errno of the connection, which is printed. */
static int run(struct cli *cli, int gathered, uxfrm_message_fn fn, void *opaque)
{
	int result = gathered ? gathered : uxfrm_conn_run(cli_conn(cli), fn, opaque);

	if (result < 0)
		fprintf(stderr, "uxfrm: %s\n", strerror(-result));
	return result;
}

int cli_ask(struct cli *cli, int gathered, uxfrm_message_fn fn, void *opaque)
{
	struct uxfrm_result r;
	int result = run(cli, gathered, fn, opaque);

	for (uint32_t i = 0; result >= 0 && uxfrm_conn_result(cli->conn, i, &r) == 0; i++)
		complain(&r);
	return result ? 2 : 0;
}

/* A dump refused at its beginning is told without the server's text; of one that ended early, two
 * errors are not told at all. */
static void complain_of_dump(const struct uxfrm_result *r)
{
	if (r->error && !r->begun)
		fprintf(stderr, "RTNETLINK answers: %s\n", strerror(r->error));
	else if (r->error != ENOENT && r->error != EOPNOTSUPP)
		complain(r);
}

int cli_dump(struct cli *cli, int gathered, const struct cli_dump *dump)
{
	struct uxfrm_result r = {0};
	int result = run(cli, gathered, dump->fn, dump->opaque);

	if (result >= 0)
		(void)uxfrm_conn_result(cli->conn, 0, &r);
	if (r.incomplete && !result)
		fprintf(stderr, "Dump was interrupted and may be inconsistent.\n");
	complain_of_dump(&r);
	if (result)
		fprintf(stderr, "%s terminated\n", dump->what);
	return result ? 1 : 0;
}

int cli_tell(struct cli *cli, int gathered)
{
	return cli_ask(cli, gathered, NULL, NULL);
}

void cli_verbose(const struct cli *cli, const char *format, ...)
{
	va_list list;

	if (cli->stats < 2)
		return;
	va_start(list, format);
	vfprintf(stderr, format, list);
	va_end(list);
	fputc('\n', stderr);
}

int cli_delete_all(struct cli *cli, int gathered, const char *complaint)
{
	struct uxfrm_result r = {0};
	size_t n = gathered ? 0 : uxfrm_conn_gathered(cli->conn);
	int result = run(cli, gathered, NULL, NULL);

	for (uint32_t i = 0; result > 0 && !r.error; i++)
		(void)uxfrm_conn_result(cli->conn, i, &r);
	if (r.error)
		fprintf(stderr, "%s: %s\n", complaint, strerror(r.error));
	else if (!result)
		cli_verbose(cli, "Delete-all nlmsg count = %zu", n);
	return result ? 1 : 0;
}

struct show {
	struct cli *cli;
	uint16_t type;
};

static int show_one(void *opaque, const struct uxfrm_message *m)
{
	const struct show *show = opaque;

	if (m->type == show->type)
		cli_print(show->cli, m);
	return 0;
}

int cli_show(struct cli *cli, int gathered, uint16_t type)
{
	struct show show = {cli, type};

	return cli_ask(cli, gathered, show_one, &show);
}

void cli_print_document(const json_t *document)
{
	json_dumpf(document, stdout, JSON_INDENT(2));
	putchar('\n');
}

void cli_print(struct cli *cli, const struct uxfrm_message *m)
{
	if (!cli->json) {
		print_any(&cli->printer, m);
		return;
	}
	json_t *o = json_message(m);

	if (!o)
		return;
	if (cli->list) {
		json_array_append_new(cli->list, o);
		return;
	}
	cli_print_document(o);
	json_decref(o);
}

void cli_list_begin(struct cli *cli)
{
	if (cli->json)
		cli->list = json_array();
}

void cli_list_end(struct cli *cli)
{
	if (!cli->list)
		return;
	cli_print_document(cli->list);
	json_decref(cli->list);
	cli->list = NULL;
}

void cli_start(struct cli *cli)
{
	cli->printer = (struct printer){
	    .out = stdout, .stats = cli->stats, .one_line = cli->one_line, .family = cli->family};
}

const struct cli_command *cli_choose(const struct cli_command *table, const char *word)
{
	for (; table->name; table++)
		if (table->whole ? strcmp(word, table->name) == 0
				 : args_is_command(word, table->name))
			return table;
	return NULL;
}

int cli_conclude(int result, const struct uxfrm_result *r)
{
	if (result > 0 && r->text[0])
		fprintf(stderr, "Error: %s.\n", r->text);
	else if (result)
		fprintf(stderr, "uxfrm: %s\n", strerror(result > 0 ? r->error : -result));
	return result ? 2 : 0;
}
