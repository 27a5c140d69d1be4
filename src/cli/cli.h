/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* What the sub-commands share: options, the connection, asking and complaining. */

#include <stdbool.h>

#include <jansson.h>
#include <uxfrm/client.h>

#include "cli/args.h"
#include "cli/print.h"

enum cli_timestamp { CLI_NO_TIME, CLI_TIME_LONG, CLI_TIME_SHORT };

struct cli {
	int stats;		      /* -s: how often */
	bool json;		      /* -j */
	bool pretty;		      /* -p */
	bool one_line;		      /* -o */
	bool force;		      /* -force */
	enum cli_timestamp timestamp; /* -t, -ts */
	int family;		      /* -4, -6; 0 = any */
	const char *batch;	      /* -b: the file's name */
	enum uxfrm_target target;
	char daemon[4096]; /* what to start on demand */
	struct uxfrm_conn *conn;
	json_t *list;		/* with -j: what is being listed */
	struct printer printer; /* of the command that runs */
};

/* cli_conn - to the target, once; ends the program with status 1 if that fails. */
struct uxfrm_conn *cli_conn(struct cli *cli);
/* cli_open - another one, for the events of @groups. */
struct uxfrm_conn *cli_open(struct cli *cli, uint32_t groups, bool all_nsid);

/* cli_no_daemon - why a connection to uxfrmd failed, in words. */
const char *cli_no_daemon(int err);

/*
 * cli_ask - @gathered is what the function returned that gathered the request: send it, wait, show
 * what comes by @fn. A refusal is printed as ip prints it. The exit status: 0 or 2.
 */
int cli_ask(struct cli *cli, int gathered, uxfrm_message_fn fn, void *opaque);
/* cli_dump - the same for a dump, whose failure ip words otherwise and ends with 1; @what it calls
 * it. */
struct cli_dump {
	const char *what;
	uxfrm_message_fn fn;
	void *opaque;
};
int cli_dump(struct cli *cli, int gathered, const struct cli_dump *dump);
/* cli_tell - the same, for a request without an answer. */
int cli_tell(struct cli *cli, int gathered);
/* cli_show - cli_ask that prints answers of the type @type. */
int cli_show(struct cli *cli, int gathered, uint16_t type);

/* cli_delete_all - the requests of a deleteall, whose failure ip words in its own way. */
int cli_delete_all(struct cli *cli, int gathered, const char *complaint);
/* cli_verbose - with -s -s, a line on standard error. */
void cli_verbose(const struct cli *cli, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* cli_print - one answer: text, or with -j into the list at hand, or a document of its own. */
void cli_print(struct cli *cli, const struct uxfrm_message *m);
/* cli_list_begin, cli_list_end - around a list: with -j gather objects, and print them at the end.
 */
void cli_list_begin(struct cli *cli);
void cli_list_end(struct cli *cli);
/* cli_print_document - JSON for people to read too. */
void cli_print_document(const json_t *document);
/* cli_start - set the printer and whatever else belongs to one command. */
void cli_start(struct cli *cli);

/* A table of commands, ended by a NULL name; abbreviated as ip does it. */
struct cli_command {
	const char *name;
	int (*run)(struct cli *cli, struct args *a);
	bool whole; /* not abbreviated */
};
/* cli_choose - the first command of @table that @word stands for, or NULL. */
const struct cli_command *cli_choose(const struct cli_command *table, const char *word);
/* cli_run - the command behind the options; the exit status. */
int cli_run(struct cli *cli, struct args *a);
/* cli_batch - batch.c: the commands of the file cli->batch, "-" = standard input. */
int cli_batch(struct cli *cli);

/* The sub-commands: the words behind their names. They return the exit status. */
int state_command(struct cli *cli, struct args *a);
int state_help(struct cli *cli, struct args *a);
int policy_command(struct cli *cli, struct args *a);
int monitor_command(struct cli *cli, struct args *a);
int migrate_command(struct cli *cli, struct args *a);	     /* "state migrate" */
int policy_migrate_command(struct cli *cli, struct args *a); /* "migrate" */
int link_command(struct cli *cli, struct args *a);
int workers_command(struct cli *cli, struct args *a);
/* cli_conclude - the exit status of what a question to uxfrmd returned (uxfrm_link_add and the like); prints why. */
int cli_conclude(int result, const struct uxfrm_result *r);
int stats_command(struct cli *cli, struct args *a);
int run_command(struct cli *cli, struct args *a);

/* state_add.c */
int state_add(struct cli *cli, struct args *a);
int state_update(struct cli *cli, struct args *a);
int state_alloc_spi(struct cli *cli, struct args *a); /* state_spi.c */
/* state_list.c */
int state_list(struct cli *cli, struct args *a);
int state_delete_all(struct cli *cli, struct args *a);
/* policy_add.c */
int policy_add(struct cli *cli, struct args *a);
int policy_update(struct cli *cli, struct args *a);
/* policy_list.c */
int policy_list(struct cli *cli, struct args *a);
int policy_delete_all(struct cli *cli, struct args *a);
/* policy_settings.c */
int policy_set_default(struct cli *cli, struct args *a);
int policy_get_default(struct cli *cli, struct args *a);
int policy_set(struct cli *cli, struct args *a);
int policy_count(struct cli *cli, struct args *a);
