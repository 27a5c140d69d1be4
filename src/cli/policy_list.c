/* SPDX-License-Identifier: BSD-2-Clause */

/* uxfrm policy list | deleteall: the policies of a dump that the words are about. */

#include <stdlib.h>

#include "cli/cli.h"
#include "cli/policy_words.h"
#include "cli/prefix.h"

struct policy_name {
	struct uxfrm_policy_id id;
	struct uxfrm_mark mark;
	uint32_t if_id;
	uint8_t ptype;
	bool has_mark, has_if_id, has_ptype;
};

struct policy_list {
	struct cli *cli;
	struct policy_words words;
	/* deleteall: what to delete */
	struct policy_name *names;
	size_t n, cap;
};

static bool selector_matches(const struct uxfrm_selector *want, const struct uxfrm_selector *sel)
{
	const struct cli_address src = {want->family, want->src_bits, want->src};
	const struct cli_address dst = {want->family, want->dst_bits, want->dst};

	if (want->family && (!prefix_holds(&src, sel->family, &sel->src) ||
			     !prefix_holds(&dst, sel->family, &sel->dst)))
		return false;
	if (want->ifindex && want->ifindex != sel->ifindex)
		return false;
	if (want->proto && want->proto != sel->proto)
		return false;
	if (want->sport_mask && want->sport != sel->sport)
		return false;
	return !want->dport_mask || want->dport == sel->dport;
}

static bool matches(const struct policy_list *list, const struct uxfrm_policy *policy)
{
	const struct policy_words *w = &list->words;
	const struct uxfrm_policy *want = &w->policy;
	bool typed = uxfrm_has(&policy->attrs, UXFRM_HAS_PTYPE);
	uint8_t ptype = typed ? policy->attrs.ptype : UXFRM_POLICY_MAIN;

	if (list->cli->family && policy->id.sel.family != list->cli->family)
		return false;
	if (w->no_socket && policy->id.dir >= UXFRM_POLICY_SOCKET)
		return false;
	if ((w->has_dir && policy->id.dir != want->id.dir) ||
	    (w->has_index && policy->id.index != want->id.index) ||
	    (w->has_ptype && ptype != want->attrs.ptype))
		return false;
	if ((w->has_action && policy->action != want->action) ||
	    (w->has_priority && policy->priority != want->priority) ||
	    (want->flags && !(want->flags & policy->flags)))
		return false;
	return selector_matches(&want->id.sel, &policy->id.sel);
}

static void parse(struct policy_list *list, struct args *a)
{
	struct policy_words *w = &list->words;

	while (args_peek(a)) {
		if (args_take(a, "nosock"))
			w->no_socket = true;
		else if (!parse_property_word(a, w) && !parse_filter_word(a, w))
			parse_selector_once(a, w, false);
	}
	list->cli->printer.family = a->family;
}

static int show_one(void *opaque, const struct uxfrm_message *m)
{
	struct policy_list *list = opaque;

	if (m->type == UXFRM_MSG_POLICY && matches(list, &m->policy))
		cli_print(list->cli, m);
	return 0;
}

int policy_list(struct cli *cli, struct args *a)
{
	struct policy_list list = {.cli = cli};

	parse(&list, a);
	const struct cli_dump dump = {"Dump", show_one, &list};

	cli_list_begin(cli);
	int status = cli_dump(cli, uxfrm_policy_dump(cli_conn(cli)), &dump);

	cli_list_end(cli);
	return status;
}

static int collect_one(void *opaque, const struct uxfrm_message *m)
{
	struct policy_list *list = opaque;
	const struct uxfrm_attributes *attrs = &m->policy.attrs;

	if (m->type != UXFRM_MSG_POLICY || m->policy.id.dir >= UXFRM_POLICY_SOCKET ||
	    !matches(list, &m->policy))
		return 0;
	if (list->n == list->cap) {
		size_t cap = list->cap ? list->cap * 2 : 64;
		struct policy_name *more = realloc(list->names, cap * sizeof(*more));

		if (!more)
			return UXFRM_STOP;
		list->names = more;
		list->cap = cap;
	}
	list->names[list->n++] =
	    (struct policy_name){.id = m->policy.id,
				 .mark = attrs->mark,
				 .if_id = attrs->if_id,
				 .ptype = attrs->ptype,
				 .has_mark = uxfrm_has(attrs, UXFRM_HAS_MARK),
				 .has_if_id = uxfrm_has(attrs, UXFRM_HAS_IF_ID),
				 .has_ptype = uxfrm_has(attrs, UXFRM_HAS_PTYPE)};
	return 0;
}

static int delete_one(struct cli *cli, const struct policy_name *name)
{
	struct uxfrm_attributes attrs = {
	    .mark = name->mark, .if_id = name->if_id, .ptype = name->ptype};

	if (name->has_mark)
		uxfrm_give(&attrs, UXFRM_HAS_MARK);
	if (name->has_if_id)
		uxfrm_give(&attrs, UXFRM_HAS_IF_ID);
	if (name->has_ptype)
		uxfrm_give(&attrs, UXFRM_HAS_PTYPE);
	return uxfrm_policy_delete(cli_conn(cli), &name->id, &attrs);
}

/* Those of one dump. *more: there were any. */
static int delete_some(struct policy_list *list, bool *more)
{
	struct cli *cli = list->cli;
	const struct cli_dump dump = {"Delete-all", collect_one, list};
	int status = cli_dump(cli, uxfrm_policy_dump(cli_conn(cli)), &dump), err = 0;

	*more = list->n > 0;
	if (status || !*more)
		return status;
	for (size_t i = 0; i < list->n && !err; i++)
		err = delete_one(cli, &list->names[i]);
	list->n = 0;
	return cli_delete_all(cli, err, "Failed to send delete-all request");
}

int policy_delete_all(struct cli *cli, struct args *a)
{
	struct policy_list list = {.cli = cli};
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
