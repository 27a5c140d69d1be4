/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* What the sub-commands share: options, the connection, asking and complaining. */

#include <stdbool.h>
#include <stdio.h>

#include <jansson.h>

#include "cli/args.h"
#include "client/client.h"

struct cli {
	int stats;     /* -s, -d: how often */
	bool json;     /* -j */
	bool one_line; /* -o */
	int family;    /* -4, -6; 0 = any */
	enum ux_client_target target;
	char daemon[4096]; /* what to start on demand */
	struct ux_client *client;
	json_t *list; /* with -j: what is being listed */
};

/* How things are printed. */
struct printer {
	FILE *out;
	int stats;
	bool one_line, no_keys;
	int family; /* of addresses that do not say theirs */
};

/* cli_connect - to the target, once; ends the program with status 1 if that fails. */
struct ux_client *cli_connect(struct cli *cli, uint32_t groups);

/* cli_no_daemon - why a connection to uxfrmd failed, in words. */
const char *cli_no_daemon(int err);

/* cli_ask - send and wait; a refusal is printed as ip prints it. The exit status: 0 or 2. */
int cli_ask(struct cli *cli, struct ux_writer *w, ux_client_message_fn fn, void *opaque);

/* cli_list_begin, cli_list_end - around a list: with -j gather objects, and print them at the end.
 */
void cli_list_begin(struct cli *cli);
void cli_list_end(struct cli *cli);
struct printer cli_printer(const struct cli *cli);

#define CLI_REQUEST_SIZE 4096

/* The sub-commands: the words behind their names. They return the exit status. */
int state_command(struct cli *cli, struct args *a);
int policy_command(struct cli *cli, struct args *a);
int monitor_command(struct cli *cli, struct args *a);
int migrate_command(struct cli *cli, struct args *a);
int policy_migrate_command(struct cli *cli, struct args *a); /* migrate_legacy_cmd.c */
int stats_command(struct cli *cli, struct args *a);
int run_command(struct cli *cli, struct args *a);

/* state_add (add and update) has a file of its own. */
int state_add(struct cli *cli, struct args *a, uint16_t type, uint16_t flags);
/* policy_count - "uxfrm policy count"; its own file too. */
int policy_count(struct cli *cli);
/* policy_settings.c: "setdefault", "getdefault", "set" */
int policy_set_default(struct cli *cli, struct args *a);
int policy_get_default(struct cli *cli);
int policy_set(struct cli *cli, struct args *a);
