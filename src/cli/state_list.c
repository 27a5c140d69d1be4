/* SPDX-License-Identifier: BSD-2-Clause */

/* uxfrm state list | deleteall: the SAs of a dump that the words are about. */

#include <stdlib.h>

#include "cli/cli.h"
#include "cli/names.h"
#include "cli/parse.h"
#include "cli/prefix.h"

struct sa_name {
	struct uxfrm_sa_id id;
	struct uxfrm_mark mark;
	bool has_mark;
};

struct sa_list {
	struct cli *cli;
	struct cli_id id;
	uint8_t mode, flags;
	uint32_t reqid;
	bool has_mode, has_reqid, no_keys;
	/* deleteall: what to delete */
	struct sa_name *names;
	size_t n, cap;
};

static bool matches(const struct sa_list *f, const struct uxfrm_sa *sa)
{
	const struct cli_id *id = &f->id;

	if (f->cli->family && sa->id.family != f->cli->family)
		return false;
	if (id->src.family && !prefix_holds(&id->src, sa->id.family, &sa->id.src))
		return false;
	if (id->dst.family && !prefix_holds(&id->dst, sa->id.family, &sa->id.dst))
		return false;
	if (id->proto && id->proto != sa->id.proto)
		return false;
	if (id->has_spi && id->spi != sa->id.spi)
		return false;
	if (f->has_mode && f->mode != sa->mode)
		return false;
	if (f->has_reqid && f->reqid != sa->reqid)
		return false;
	return !f->flags || (f->flags & sa->flags);
}

static void parse(struct sa_list *list, struct args *a)
{
	static const struct arg_word words[] = {
	    {"nokeys", read_present, offsetof(struct sa_list, no_keys)},
	    {"mode", read_mode, offsetof(struct sa_list, mode), offsetof(struct sa_list, has_mode),
	     "MODE value is invalid"},
	    {"reqid", read_u32, offsetof(struct sa_list, reqid),
	     offsetof(struct sa_list, has_reqid), "REQID value is invalid"},
	    {"flag", read_state_flags, offsetof(struct sa_list, flags)},
	    {NULL},
	};

	bool any_id = false;

	while (args_peek(a))
		if (!args_word(a, words, list))
			parse_filter_id(a, &list->id, &any_id);
	list->cli->printer.no_keys = list->no_keys;
	list->cli->printer.family = a->family;
}

static int show_one(void *opaque, const struct uxfrm_message *m)
{
	struct sa_list *list = opaque;

	if (m->type == UXFRM_MSG_SA && matches(list, &m->sa))
		cli_print(list->cli, m);
	return 0;
}

int state_list(struct cli *cli, struct args *a)
{
	struct sa_list list = {.cli = cli};

	parse(&list, a);
	const struct cli_dump dump = {"Dump", show_one, &list};
	const struct uxfrm_sa_filter filter = {.size = sizeof(filter),
					       .proto = list.id.proto,
					       .family = (uint16_t)a->family,
					       .src = list.id.src.a,
					       .dst = list.id.dst.a,
					       .src_bits = list.id.src.bits,
					       .dst_bits = list.id.dst.bits};

	cli_list_begin(cli);
	int status = cli_dump(cli, uxfrm_sa_dump(cli_conn(cli), &filter), &dump);

	cli_list_end(cli);
	return status;
}

static int collect_one(void *opaque, const struct uxfrm_message *m)
{
	struct sa_list *list = opaque;

	if (m->type != UXFRM_MSG_SA || !matches(list, &m->sa))
		return 0;
	if (list->n == list->cap) {
		size_t cap = list->cap ? list->cap * 2 : 64;
		struct sa_name *more = realloc(list->names, cap * sizeof(*more));

		if (!more)
			return UXFRM_STOP;
		list->names = more;
		list->cap = cap;
	}
	struct sa_name *name = &list->names[list->n++];

	*name = (struct sa_name){.id = m->sa.id,
				 .mark = m->sa.attrs.mark,
				 .has_mark = uxfrm_has(&m->sa.attrs, UXFRM_HAS_MARK)};
	return 0;
}

static int delete_one(struct cli *cli, const struct sa_name *name)
{
	struct uxfrm_attributes attrs = {.src = name->id.src, .mark = name->mark};

	uxfrm_give(&attrs, UXFRM_HAS_SRC);
	if (name->has_mark)
		uxfrm_give(&attrs, UXFRM_HAS_MARK);
	return uxfrm_sa_delete(cli_conn(cli), &name->id, &attrs);
}

/* Those of one dump. *more: there were any. */
static int delete_some(struct sa_list *list, bool *more)
{
	struct cli *cli = list->cli;
	const struct cli_dump dump = {"Delete-all", collect_one, list};
	int status = cli_dump(cli, uxfrm_sa_dump(cli_conn(cli), NULL), &dump), err = 0;

	*more = list->n > 0;
	if (status || !*more)
		return status;
	for (size_t i = 0; i < list->n && !err; i++)
		err = delete_one(cli, &list->names[i]);
	list->n = 0;
	return cli_delete_all(cli, err, "Failed to send delete-all request\n");
}

int state_delete_all(struct cli *cli, struct args *a)
{
	struct sa_list list = {.cli = cli};
	bool more = true;
	int status = 0;

	parse(&list, a);
	for (int round = 0; !status && more; round++) {
		cli_verbose(cli, "Delete-all round = %d", round);
		status = delete_some(&list, &more);
	}
	if (!status)
		cli_verbose(cli, "Delete-all completed");
	free(list.names);
	return status;
}
