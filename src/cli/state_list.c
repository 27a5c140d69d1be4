/* SPDX-License-Identifier: BSD-2-Clause */

/* uxfrm state list | deleteall: the SAs of a dump that the words are about. */

#include "cli/names.h"
#include "cli/parse.h"
#include "cli/prefix.h"
#include "cli/selection.h"

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

static bool holds(const void *words, const struct uxfrm_message *m)
{
	return m->type == UXFRM_MSG_SA && matches(words, &m->sa);
}

int state_list(struct cli *cli, struct args *a)
{
	struct sa_list list = {.cli = cli};
	const struct selection s = {.cli = cli, .words = &list, .holds = holds};

	parse(&list, a);
	const struct uxfrm_sa_filter filter = {.size = sizeof(filter),
					       .proto = list.id.proto,
					       .family = (uint16_t)a->family,
					       .src = list.id.src.a,
					       .dst = list.id.dst.a,
					       .src_bits = list.id.src.bits,
					       .dst_bits = list.id.dst.bits};

	return selection_list(&s, uxfrm_sa_dump(cli_conn(cli), &filter));
}

static int dump_all(struct uxfrm_conn *conn)
{
	return uxfrm_sa_dump(conn, NULL);
}

static bool take_name(const struct uxfrm_message *m, void *to)
{
	*(struct sa_name *)to = (struct sa_name){
	    .id = m->sa.id,
	    .mark = m->sa.attrs.mark,
	    .has_mark = uxfrm_has(&m->sa.attrs, UXFRM_HAS_MARK),
	};
	return true;
}

static int gather_delete(struct uxfrm_conn *conn, const void *from)
{
	const struct sa_name *name = from;
	struct uxfrm_attributes attrs = {.src = name->id.src, .mark = name->mark};

	uxfrm_give(&attrs, UXFRM_HAS_SRC);
	if (name->has_mark)
		uxfrm_give(&attrs, UXFRM_HAS_MARK);
	return uxfrm_sa_delete(conn, &name->id, &attrs);
}

int state_delete_all(struct cli *cli, struct args *a)
{
	struct sa_list list = {.cli = cli};
	const struct selection s = {
	    .cli = cli,
	    .words = &list,
	    .holds = holds,
	    .dump = dump_all,
	    .name_size = sizeof(struct sa_name),
	    .take_name = take_name,
	    .gather_delete = gather_delete,
	    .complaint = "Failed to send delete-all request\n",
	};

	parse(&list, a);
	return selection_delete_all(&s);
}
