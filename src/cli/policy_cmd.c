/* SPDX-License-Identifier: BSD-2-Clause */

/* uxfrm policy: which command; get, delete, flush. */

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "cli/cli.h"
#include "cli/names.h"
#include "cli/policy_words.h"

static void parse_name(struct args *a, struct policy_words *w)
{
	while (args_peek(a)) {
		if (w->has_index && args_is(a, "index"))
			args_duplicate("index", "index");
		if (!parse_place_word(a, w) && !parse_label_word(a, w))
			parse_selector_once(a, w, false);
	}
	if (!w->has_dir)
		args_incomplete("Not enough information: DIR is required.");
	if (w->has_sel && w->has_index) {
		fprintf(stderr, "Error: either \"SELECTOR\" is duplicate, or \"INDEX\" is a "
				"garbage.\n");
		exit(255);
	}
	if (!w->has_sel && !w->has_index)
		args_incomplete("Not enough information: either SELECTOR or INDEX is required.");
	if (!w->policy.id.sel.family)
		w->policy.id.sel.family = AF_INET; /* with -6 too, as ip has it */
	settle_name(a, w);
}

static int get(struct cli *cli, struct args *a)
{
	struct policy_words w = {0};

	parse_name(a, &w);
	cli->printer.family = a->family;
	cli_list_begin(cli);
	int status = cli_show(cli, uxfrm_policy_get(cli_conn(cli), &w.policy.id, &w.policy.attrs),
			      UXFRM_MSG_POLICY);

	cli_list_end(cli);
	return status;
}

static int delete (struct cli *cli, struct args *a)
{
	struct policy_words w = {0};

	parse_name(a, &w);
	return cli_tell(cli, uxfrm_policy_delete(cli_conn(cli), &w.policy.id, &w.policy.attrs));
}

static int flush(struct cli *cli, struct args *a)
{
	uint8_t ptype = 0;
	bool given = false;

	while (args_peek(a)) {
		if (!args_take(a, "ptype"))
			args_wrong(args_peek(a), "unknown");
		if (given)
			args_duplicate("ptype", "ptype");
		read_ptype(a, &ptype, "PTYPE value is invalid");
		given = true;
	}
	cli_verbose(cli, "Flush policy");
	return cli_tell(cli, uxfrm_policy_flush(cli_conn(cli), given ? ptype : -1));
}

static const char usage_text[] =
    "Usage: uxfrm policy { add | update } SELECTOR dir DIR [ ctx LABEL ]\n"
    "                    [ mark MARK [ mask MASK ] ] [ index INDEX ] [ ptype PTYPE ] [ action "
    "ACTION ] [ priority PRIORITY ]\n"
    "                    [ flag FLAG-LIST ] [ if_id IF_ID ] [ LIMIT-LIST ] [ TMPL-LIST ]\n"
    "       uxfrm policy { delete | get } { SELECTOR | index INDEX } dir DIR\n"
    "                    [ mark MARK [ mask MASK ] ] [ ptype PTYPE ] [ if_id IF_ID ]\n"
    "       uxfrm policy { deleteall | list } [ nosock ] [ SELECTOR ] [ dir DIR ]\n"
    "                    [ index INDEX ] [ ptype PTYPE ] [ action ACTION ]\n"
    "                    [ priority PRIORITY ] [ flag FLAG-LIST ]\n"
    "       uxfrm policy flush [ ptype PTYPE ]\n"
    "       uxfrm policy count\n"
    "       uxfrm policy set [ hthresh4 LBITS RBITS ] [ hthresh6 LBITS RBITS ]\n"
    "       uxfrm policy setdefault { in | fwd | out } { accept | block } ...\n"
    "       uxfrm policy getdefault\n"
    "The words are those of ip-xfrm(8).\n";

static int help(struct cli *cli, struct args *a)
{
	fputs(usage_text, stderr);
	return 255;
}

int policy_command(struct cli *cli, struct args *a)
{
	static const struct cli_command commands[] = {
	    {"add", policy_add},
	    {"update", policy_update},
	    {"delete", delete},
	    {"deleteall", policy_delete_all},
	    {"delall", policy_delete_all, .whole = true},
	    {"list", policy_list},
	    {"show", policy_list},
	    {"lst", policy_list},
	    {"get", get},
	    {"flush", flush},
	    {"count", policy_count},
	    {"set", policy_set},
	    {"setdefault", policy_set_default},
	    {"getdefault", policy_get_default},
	    {"help", help},
	    {NULL},
	};

	if (!args_peek(a))
		return policy_list(cli, a);
	const char *word = args_next(a);
	const struct cli_command *command = cli_choose(commands, word);

	if (command)
		return command->run(cli, a);
	fprintf(stderr, "Command \"%s\" is unknown, try \"uxfrm policy help\".\n", word);
	return 255;
}
