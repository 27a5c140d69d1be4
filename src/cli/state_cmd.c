/* SPDX-License-Identifier: BSD-2-Clause */

/* uxfrm state: which command; get, delete, flush, count. */

#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/names.h"
#include "cli/parse.h"

struct name_words {
	struct cli_id id;
	struct uxfrm_attributes attrs;
	bool any_id;
};

static void parse_name(struct args *a, struct name_words *n)
{
	static const struct arg_word words[] = {
	    {"mark", read_mark, offsetof(struct name_words, attrs.mark)},
	    {NULL},
	};

	while (args_peek(a))
		if (!args_word(a, words, n))
			parse_name_id(a, &n->id, &n->any_id);
	if (n->attrs.mark.value & n->attrs.mark.mask) /* as ip does */
		uxfrm_give(&n->attrs, UXFRM_HAS_MARK);
	if (n->any_id) {
		n->attrs.src = n->id.src.a;
		uxfrm_give(&n->attrs, UXFRM_HAS_SRC);
	}
}

static int get(struct cli *cli, struct args *a)
{
	struct name_words n = {0};

	parse_name(a, &n);
	const struct uxfrm_sa_id id = id_to_sa(a, &n.id);

	cli->printer.family = a->family;
	cli_list_begin(cli);
	int status = cli_show(cli, uxfrm_sa_get(cli_conn(cli), &id, &n.attrs), UXFRM_MSG_SA);

	cli_list_end(cli);
	return status;
}

static int delete(struct cli *cli, struct args *a)
{
	struct name_words n = {0};

	parse_name(a, &n);
	const struct uxfrm_sa_id id = id_to_sa(a, &n.id);

	return cli_tell(cli, uxfrm_sa_delete(cli_conn(cli), &id, &n.attrs));
}

static int flush(struct cli *cli, struct args *a)
{
	uint8_t proto = 0;
	char buf[NAME_BUF];
	bool given = false;

	for (; args_peek(a); given = true) {
		if (!args_take(a, "proto"))
			args_wrong(args_peek(a), "unknown");
		if (given)
			args_duplicate("proto", "proto");
		read_xfrm_proto(a, &proto, "XFRM-PROTO value is invalid");
	}
	cli_verbose(cli, "Flush state with XFRM-PROTO value \"%s\"", xfrm_proto_name(proto, buf));
	return cli_tell(cli, uxfrm_sa_flush(cli_conn(cli), proto));
}

static int count(struct cli *cli, struct args *a)
{
	return cli_show(cli, uxfrm_sa_count(cli_conn(cli)), UXFRM_MSG_SAD_INFO);
}

static const char usage_text[] =
    "Usage: uxfrm state { add | update } ID ALGO... [ mode MODE ] [ reqid REQID ] [ seq SEQ ]\n"
    "                   [ mark MARK [ mask MASK ] ] [ output-mark MARK [ mask MASK ] ]\n"
    "                   [ if_id IF_ID ] [ dir { in | out } ] [ replay-window SIZE ]\n"
    "                   [ replay-seq SEQ ] [ replay-oseq SEQ ] [ replay-seq-hi SEQ ]\n"
    "                   [ replay-oseq-hi SEQ ] [ flag FLAG... ] [ extra-flag FLAG... ]\n"
    "                   [ sel SELECTOR ] [ limit LIMIT NUMBER ]... [ tfcpad LENGTH ]\n"
    "                   [ encap TYPE SPORT DPORT OADDR ] [ coa ADDR ] [ ctx LABEL ]\n"
    "                   [ offload [ packet ] dev DEV dir { in | out } ]\n"
    "       uxfrm state allocspi ID [ mode MODE ] [ mark MARK [ mask MASK ] ] [ reqid REQID ]\n"
    "                   [ seq SEQ ] [ min SPI max SPI ]\n"
    "       uxfrm state { delete | get } ID [ mark MARK [ mask MASK ] ]\n"
    "       uxfrm state { deleteall | list } [ nokeys ] [ ID ] [ mode MODE ] [ reqid REQID ]\n"
    "                   [ flag FLAG-LIST ]\n"
    "       uxfrm state flush [ proto XFRM-PROTO ]\n"
    "       uxfrm state count\n"
    "       uxfrm state migrate dst ADDR proto PROTO spi SPI [ mark MARK [ mask MASK ] ]\n"
    "                   new-dst ADDR new-src ADDR new-reqid REQID\n"
    "                   [ new-mark MARK [ mask MASK ] ] [ set-mark MARK [ mask MASK ] ]\n"
    "                   [ encap { none | TYPE SPORT DPORT OADDR } ]\n"
    "                   [ offload { none | dev DEV dir DIR } ] [ mtimer-thresh SECONDS ]\n"
    "                   [ nat-keepalive SECONDS ] [ new-sel SELECTOR | update-h2h-sel ]\n"
    "ID := [ src ADDR ] [ dst ADDR ] [ proto PROTO ] [ spi SPI ]\n"
    "ALGO := aead NAME KEY ICV-BITS | enc NAME KEY | auth NAME KEY |\n"
    "        auth-trunc NAME KEY ICV-BITS | comp NAME\n"
    "The words are those of ip-xfrm(8), and dir; state migrate is described in uxfrm(8).\n";

int state_help(struct cli *cli, struct args *a)
{
	fputs(usage_text, stderr);
	return 255;
}

int state_command(struct cli *cli, struct args *a)
{
	static const struct cli_command commands[] = {
	    {"add", state_add},
	    {"update", state_update},
	    {"allocspi", state_alloc_spi},
	    {"delete", delete},
	    {"deleteall", state_delete_all},
	    {"delall", state_delete_all, .whole = true},
	    {"list", state_list},
	    {"show", state_list},
	    {"lst", state_list},
	    {"get", get},
	    {"flush", flush},
	    {"count", count},
	    {"migrate", migrate_command},
	    {"help", state_help},
	    {NULL},
	};

	if (!args_peek(a))
		return state_list(cli, a);
	const char *word = args_next(a);
	const struct cli_command *command = cli_choose(commands, word);

	if (command)
		return command->run(cli, a);
	fprintf(stderr, "Command \"%s\" is unknown, try \"uxfrm state help\".\n", word);
	return 255;
}
