/* SPDX-License-Identifier: BSD-2-Clause */

/* uxfrm link: the interfaces of uxfrmd, one for an if_id. */

#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/json_values.h"

struct link_words {
	struct uxfrm_link link;
	bool has_if_id, has_dev;
};

static const char usage_text[] = "Usage: uxfrm link add NAME if_id IF_ID [ dev UNDERLAY ]\n"
				 "       uxfrm link { delete | del } NAME\n"
				 "       uxfrm link [ list ]\n";

static int help(struct cli *cli, struct args *a)
{
	fputs(usage_text, stderr);
	return 255;
}

static void read_interface(struct args *a, void *to, const char *why)
{
	const char *word = args_next(a);

	if (!*word || strlen(word) >= sizeof(((struct uxfrm_link *)0)->name))
		args_wrong(word, why);
	strcpy(to, word);
}

static void read_link_id(struct args *a, void *to, const char *why)
{
	const char *word = args_peek(a);

	read_u32(a, to, why);
	if (*(uint32_t *)to == 0)
		args_wrong(word, why);
}

static int add(struct cli *cli, struct args *a)
{
#define IN(MEMBER) offsetof(struct link_words, MEMBER)
	static const struct arg_word words[] = {
	    {"if_id", read_link_id, IN(link.if_id), IN(has_if_id), "IF_ID value is invalid", true},
	    {"dev", read_interface, IN(link.underlay), IN(has_dev), "DEV value is invalid", true},
	    {NULL},
	};
#undef IN
	struct link_words w = {0};
	struct uxfrm_result r;

	uxfrm_link_init(&w.link);
	read_interface(a, w.link.name, "not a name for an interface");
	while (args_peek(a))
		if (!args_word(a, words, &w))
			args_wrong(args_peek(a), "unknown");
	if (!w.has_if_id)
		args_incomplete("Not enough information: if_id is required");
	return cli_conclude(uxfrm_link_add(cli_conn(cli), &w.link, &r), &r);
}

static int delete(struct cli *cli, struct args *a)
{
	struct uxfrm_result r;
	struct uxfrm_link link;

	uxfrm_link_init(&link);
	read_interface(a, link.name, "not a name of an interface");
	if (args_peek(a))
		args_wrong(args_peek(a), "unknown");
	return cli_conclude(uxfrm_link_delete(cli_conn(cli), &link, &r), &r);
}

static int show_one(void *opaque, const struct uxfrm_link *link)
{
	struct cli *cli = opaque;

	if (!cli->json) {
		printf("%s if_id %#x%s%s\n", link->name, link->if_id,
		       link->underlay[0] ? " dev " : "", link->underlay);
		return 0;
	}
	json_t *o = json_object();

	set_text(o, "object", "link");
	set_text(o, "name", link->name);
	set_number(o, "if_id", link->if_id);
	if (link->underlay[0])
		set_text(o, "dev", link->underlay);
	json_array_append_new(cli->list, o);
	return 0;
}

static int list(struct cli *cli, struct args *a)
{
	struct uxfrm_result r;

	if (args_peek(a))
		args_wrong(args_peek(a), "unknown");
	cli_list_begin(cli);
	int result = uxfrm_link_list(cli_conn(cli), show_one, cli, &r);

	cli_list_end(cli);
	return cli_conclude(result, &r);
}

int link_command(struct cli *cli, struct args *a)
{
	static const struct cli_command commands[] = {
	    {"add", add},  {"delete", delete}, {"list", list}, {"show", list},
	    {"lst", list}, {"help", help},     {NULL},
	};

	if (cli->target == UXFRM_TARGET_KERNEL) {
		fprintf(stderr,
			"uxfrm: the kernel's interfaces are made by ip link add ... type xfrm\n");
		return 255;
	}
	if (!args_peek(a))
		return list(cli, a);
	const char *word = args_next(a);
	const struct cli_command *command = cli_choose(commands, word);

	if (command)
		return command->run(cli, a);
	fprintf(stderr, "Command \"%s\" is unknown, try \"uxfrm link help\".\n", word);
	return 255;
}
