/* SPDX-License-Identifier: BSD-2-Clause */

/* uxfrm policy list | deleteall: the policies of a dump that the words are about. */

#include "cli/policy_words.h"
#include "cli/prefix.h"
#include "cli/selection.h"

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

static bool holds(const void *words, const struct uxfrm_message *m)
{
	return m->type == UXFRM_MSG_POLICY && matches(words, &m->policy);
}

int policy_list(struct cli *cli, struct args *a)
{
	struct policy_list list = {.cli = cli};
	const struct selection s = {.cli = cli, .words = &list, .holds = holds};

	parse(&list, a);
	return selection_list(&s, uxfrm_policy_dump(cli_conn(cli)));
}

static bool take_name(const struct uxfrm_message *m, void *to)
{
	const struct uxfrm_attributes *attrs = &m->policy.attrs;

	if (m->policy.id.dir >= UXFRM_POLICY_SOCKET)
		return false;
	*(struct policy_name *)to = (struct policy_name){
	    .id = m->policy.id,
	    .mark = attrs->mark,
	    .if_id = attrs->if_id,
	    .ptype = attrs->ptype,
	    .has_mark = uxfrm_has(attrs, UXFRM_HAS_MARK),
	    .has_if_id = uxfrm_has(attrs, UXFRM_HAS_IF_ID),
	    .has_ptype = uxfrm_has(attrs, UXFRM_HAS_PTYPE),
	};
	return true;
}

static int gather_delete(struct uxfrm_conn *conn, const void *from)
{
	const struct policy_name *name = from;
	struct uxfrm_attributes attrs = {
	    .mark = name->mark, .if_id = name->if_id, .ptype = name->ptype};

	if (name->has_mark)
		uxfrm_give(&attrs, UXFRM_HAS_MARK);
	if (name->has_if_id)
		uxfrm_give(&attrs, UXFRM_HAS_IF_ID);
	if (name->has_ptype)
		uxfrm_give(&attrs, UXFRM_HAS_PTYPE);
	return uxfrm_policy_delete(conn, &name->id, &attrs);
}

int policy_delete_all(struct cli *cli, struct args *a)
{
	struct policy_list list = {.cli = cli};
	const struct selection s = {
	    .cli = cli,
	    .words = &list,
	    .holds = holds,
	    .dump = uxfrm_policy_dump,
	    .name_size = sizeof(struct policy_name),
	    .take_name = take_name,
	    .gather_delete = gather_delete,
	    .complaint = "Failed to send delete-all request",
	};

	parse(&list, a);
	return selection_delete_all(&s);
}
