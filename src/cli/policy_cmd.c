/* SPDX-License-Identifier: BSD-2-Clause */

/* uxfrm policy add | update | get | delete | deleteall | list | flush | count | set. */

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/names.h"
#include "cli/parse.h"
#include "cli/prefix.h"
#include "cli/print.h"
#include "wire/attrs.h"

#define TEMPLATES_MAX 16 /* more than any kernel takes: it says so itself */

/* The words of all policy commands; each command takes those it knows. */
struct policy_words {
	struct xfrm_userpolicy_info info;
	bool has_sel, has_dir, has_index, has_ptype, has_action, has_priority, has_mark, has_if_id;
	bool no_socket;
	uint8_t ptype;
	struct xfrm_mark mark;
	uint32_t if_id;
	struct xfrm_user_tmpl tmpl[TEMPLATES_MAX];
	size_t tmpls;
};

static uint8_t parse_word(struct args *a, int (*value)(const char *name), const char *why)
{
	const char *word = args_next(a);
	int v = value(word);

	if (v < 0)
		args_wrong(word, why);
	return (uint8_t)v;
}

static int name_to_action(const char *name)
{
	return strcmp(name, "allow") == 0   ? XFRM_POLICY_ALLOW
	       : strcmp(name, "block") == 0 ? XFRM_POLICY_BLOCK
					    : -1;
}

static int name_to_level(const char *name)
{
	return strcmp(name, "required") == 0 ? 0 : strcmp(name, "use") == 0 ? 1 : -1;
}

/* The words by which a policy is named. */
static bool parse_name_word(struct cli *cli, struct args *a, struct policy_words *p)
{
	if (args_take(a, "dir")) {
		p->info.dir = parse_word(a, name_to_dir, "DIR value is invalid");
		p->has_dir = true;
	} else if (args_take(a, "index")) {
		p->info.index = (uint32_t)args_number(a, UINT32_MAX, "INDEX value is invalid");
		p->has_index = true;
	} else if (args_take(a, "ptype")) {
		p->ptype = parse_word(a, name_to_ptype, "PTYPE value is invalid");
		p->has_ptype = true;
	} else if (args_take(a, "mark")) {
		p->mark = args_mark(a);
		p->has_mark = true;
	} else if (args_take(a, "if_id")) {
		p->if_id = (uint32_t)args_number(a, UINT32_MAX, "IF_ID value is invalid");
		p->has_if_id = true;
	} else if (parse_selector(a, cli->family, &p->info.sel)) {
		p->has_sel = true;
	} else {
		return false;
	}
	return true;
}

static bool parse_property_word(struct args *a, struct policy_words *p)
{
	if (args_take(a, "action")) {
		p->info.action = parse_word(a, name_to_action, "ACTION value is invalid\n");
		p->has_action = true;
	} else if (args_take(a, "priority")) {
		p->info.priority =
		    (uint32_t)args_number(a, UINT32_MAX, "PRIORITY value is invalid");
		p->has_priority = true;
	} else if (args_take(a, "flag")) {
		p->info.flags = (uint8_t)args_flags(a, policy_flag_names, UINT8_MAX);
		if (p->info.flags == 0 && args_peek(a))
			args_duplicate("unknown", args_peek(a)); /* ip's own words */
	} else {
		return false;
	}
	return true;
}

static void parse_template(struct cli *cli, struct args *a, struct policy_words *p)
{
	struct cli_id id = {0};
	struct xfrm_user_tmpl t = {
	    .aalgos = UINT32_MAX, .ealgos = UINT32_MAX, .calgos = UINT32_MAX};

	if (p->tmpls == TEMPLATES_MAX)
		args_wrong("tmpl", "TMPL");
	for (;;) {
		if (args_take(a, "mode"))
			t.mode = args_mode(a);
		else if (args_take(a, "reqid"))
			t.reqid = (uint32_t)args_number(a, UINT32_MAX, "REQID value is invalid");
		else if (args_take(a, "level"))
			t.optional = parse_word(a, name_to_level, "LEVEL value is invalid\n");
		else if (!parse_id_word(a, cli->family, &id))
			break;
	}
	parse_id_check(a, &id);
	t.saddr = id.src.a;
	t.id.daddr = id.dst.a;
	t.id.spi = id.spi;
	t.id.proto = id.proto;
	t.family = id.family;
	p->tmpl[p->tmpls++] = t;
}

/* Where no address says the family: the selector's default is IPv4, a template follows the
 * selector. */
static void settle_families(struct cli *cli, struct policy_words *p)
{
	uint16_t family = p->info.sel.family;

	if (!family)
		family = (uint16_t)(cli->family ? cli->family : AF_INET);
	if (!p->info.sel.family)
		p->info.sel.family = family;
	for (size_t i = 0; i < p->tmpls; i++)
		if (!p->tmpl[i].family)
			p->tmpl[i].family = family;
}

static void write_name_attributes(struct ux_writer *w, const struct policy_words *p)
{
	if (p->has_ptype) {
		struct xfrm_userpolicy_type type = {.type = p->ptype};

		ux_msg_attr(w, XFRMA_POLICY_TYPE, &type, sizeof(type));
	}
	if (p->has_mark)
		ux_msg_attr(w, XFRMA_MARK, &p->mark, sizeof(p->mark));
	if (p->has_if_id)
		ux_msg_attr_u32(w, XFRMA_IF_ID, p->if_id);
}

static int add(struct cli *cli, struct args *a, uint16_t type, uint16_t flags)
{
	uint8_t buf[CLI_REQUEST_SIZE];
	struct policy_words p = {0};
	struct ux_writer w;

	p.info.action = XFRM_POLICY_ALLOW;
	p.info.lft = (struct xfrm_lifetime_cfg){.soft_byte_limit = XFRM_INF,
						.hard_byte_limit = XFRM_INF,
						.soft_packet_limit = XFRM_INF,
						.hard_packet_limit = XFRM_INF};
	while (args_peek(a)) {
		if (args_take(a, "limit"))
			parse_limit(a, &p.info.lft);
		else if (args_take(a, "tmpl"))
			parse_template(cli, a, &p);
		else if (!parse_property_word(a, &p) && !parse_name_word(cli, a, &p))
			args_wrong(args_peek(a), "unknown");
	}
	if (!p.has_dir)
		args_incomplete("Not enough information: DIR is required.");
	settle_families(cli, &p);
	ux_writer_init(&w, buf, sizeof(buf));
	ux_msg_begin(&w, type, (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | flags), 0, 0, &p.info,
		     sizeof(p.info));
	if (p.tmpls)
		ux_msg_attr(&w, XFRMA_TMPL, p.tmpl, p.tmpls * sizeof(p.tmpl[0]));
	write_name_attributes(&w, &p);
	ux_msg_end(&w);
	return cli_ask(cli, &w, NULL, NULL);
}

struct policy_list {
	struct cli *cli;
	const struct policy_words *words;
	struct printer printer;
	struct policy_name *names;
	size_t n, cap;
};

struct policy_name {
	struct xfrm_userpolicy_id id;
	struct policy_words attrs; /* ptype, mark, if_id */
};

static int show_one(const struct nlmsghdr *msg, void *opaque)
{
	struct policy_list *list = opaque;

	if (msg->nlmsg_type != XFRM_MSG_NEWPOLICY)
		return 0;
	if (list->cli->list)
		json_array_append_new(list->cli->list, json_message(msg));
	else
		print_policy(&list->printer, msg);
	return 0;
}

static int get_or_delete(struct cli *cli, struct args *a, uint16_t type)
{
	uint8_t buf[512];
	struct policy_words p = {0};
	struct ux_writer w;
	struct policy_list list = {.cli = cli, .printer = cli_printer(cli)};
	bool get = type == XFRM_MSG_GETPOLICY;

	while (args_peek(a))
		if (!parse_name_word(cli, a, &p))
			args_wrong(args_peek(a), "unknown");
	if (p.has_sel && p.has_index) {
		fprintf(stderr, "Error: either \"SELECTOR\" is duplicate, or \"INDEX\" is a "
				"garbage.\n");
		return 255;
	}
	if (!p.has_dir)
		args_incomplete("Not enough information: DIR is required.");
	if (!p.has_sel && !p.has_index)
		args_incomplete("Not enough information: either SELECTOR or INDEX is required.");
	settle_families(cli, &p);
	struct xfrm_userpolicy_id header = {
	    .sel = p.info.sel, .index = p.info.index, .dir = p.info.dir};

	ux_writer_init(&w, buf, sizeof(buf));
	ux_msg_begin(&w, type, (uint16_t)(NLM_F_REQUEST | (get ? 0 : NLM_F_ACK)), 0, 0, &header,
		     sizeof(header));
	write_name_attributes(&w, &p);
	ux_msg_end(&w);
	if (!get)
		return cli_ask(cli, &w, NULL, NULL);
	cli_list_begin(cli);
	int status = cli_ask(cli, &w, show_one, &list);

	cli_list_end(cli);
	return status;
}

static bool selector_matches(const struct xfrm_selector *want, const struct xfrm_selector *sel)
{
	struct cli_address src = {want->family, want->prefixlen_s, want->saddr};
	struct cli_address dst = {want->family, want->prefixlen_d, want->daddr};

	if (want->family &&
	    (want->family != sel->family || !prefix_holds(&src, sel->family, &sel->saddr) ||
	     !prefix_holds(&dst, sel->family, &sel->daddr)))
		return false;
	if (want->ifindex && want->ifindex != sel->ifindex)
		return false;
	if (want->proto && want->proto != sel->proto)
		return false;
	if (want->sport_mask && want->sport != sel->sport)
		return false;
	return !want->dport_mask || want->dport == sel->dport;
}

static bool matches_words(const struct policy_list *list, const struct policy_view *view)
{
	const struct policy_words *p = list->words;
	const struct xfrm_userpolicy_info *info = &view->info;
	const struct nlattr *type = view->attrs->tb[XFRMA_POLICY_TYPE];
	uint8_t ptype = type ? ((const struct xfrm_userpolicy_type *)ux_attr_data(type))->type
			     : XFRM_POLICY_TYPE_MAIN;

	if (list->cli->family && info->sel.family != list->cli->family)
		return false;
	if (p->no_socket && info->dir >= XFRM_POLICY_MAX)
		return false;
	if ((p->has_dir && info->dir != p->info.dir) ||
	    (p->has_index && info->index != p->info.index) || (p->has_ptype && ptype != p->ptype))
		return false;
	if ((p->has_action && info->action != p->info.action) ||
	    (p->has_priority && info->priority != p->info.priority) ||
	    (p->info.flags & info->flags) != p->info.flags)
		return false;
	return selector_matches(&p->info.sel, &info->sel);
}

static int list_one(const struct nlmsghdr *msg, void *opaque)
{
	struct policy_list *list = opaque;
	struct ux_attrs attrs;
	struct policy_view view = {.attrs = &attrs};

	if (msg->nlmsg_type != XFRM_MSG_NEWPOLICY || view_policy(msg, &view) < 0 ||
	    !matches_words(list, &view))
		return 0;
	return show_one(msg, list);
}

static void take_name(struct policy_name *name, const struct policy_view *view)
{
	const struct ux_attrs *attrs = view->attrs;

	*name = (struct policy_name){
	    .id = {.sel = view->info.sel, .index = view->info.index, .dir = view->info.dir}};
	if (attrs->tb[XFRMA_POLICY_TYPE]) {
		memcpy(&name->attrs.ptype, ux_attr_data(attrs->tb[XFRMA_POLICY_TYPE]), 1);
		name->attrs.has_ptype = true;
	}
	if (attrs->tb[XFRMA_MARK]) {
		memcpy(&name->attrs.mark, ux_attr_data(attrs->tb[XFRMA_MARK]),
		       sizeof(name->attrs.mark));
		name->attrs.has_mark = true;
	}
	if (attrs->tb[XFRMA_IF_ID]) {
		name->attrs.if_id = ux_attr_u32(attrs->tb[XFRMA_IF_ID]);
		name->attrs.has_if_id = true;
	}
}

static int collect_one(const struct nlmsghdr *msg, void *opaque)
{
	struct policy_list *list = opaque;
	struct ux_attrs attrs;
	struct policy_view view = {.attrs = &attrs};

	if (msg->nlmsg_type != XFRM_MSG_NEWPOLICY || view_policy(msg, &view) < 0 ||
	    !matches_words(list, &view) || view.info.dir >= XFRM_POLICY_MAX)
		return 0;
	if (list->n == list->cap) {
		size_t cap = list->cap ? list->cap * 2 : 64;
		struct policy_name *more = realloc(list->names, cap * sizeof(*more));

		if (!more)
			return -1;
		list->names = more;
		list->cap = cap;
	}
	take_name(&list->names[list->n++], &view);
	return 0;
}

static int dump(struct cli *cli, ux_client_message_fn fn, struct policy_list *list)
{
	uint8_t buf[64];
	struct ux_writer w;

	ux_writer_init(&w, buf, sizeof(buf));
	ux_msg_begin(&w, XFRM_MSG_GETPOLICY, NLM_F_REQUEST | NLM_F_DUMP, 0, 0, NULL, 0);
	ux_msg_end(&w);
	return cli_ask(cli, &w, fn, list) ? 1 : 0;
}

static void parse_filter(struct cli *cli, struct args *a, struct policy_words *p)
{
	while (args_peek(a)) {
		if (args_take(a, "nosock"))
			p->no_socket = true;
		else if (!parse_property_word(a, p) && !parse_name_word(cli, a, p))
			args_wrong(args_peek(a), "unknown");
	}
}

static int list_policies(struct cli *cli, struct args *a)
{
	struct policy_words p = {0};
	struct policy_list list = {.cli = cli, .words = &p, .printer = cli_printer(cli)};

	parse_filter(cli, a, &p);
	cli_list_begin(cli);
	int status = dump(cli, list_one, &list);

	cli_list_end(cli);
	return status;
}

static int delete_all(struct cli *cli, struct args *a)
{
	uint8_t buf[512];
	struct policy_words p = {0};
	struct policy_list list = {.cli = cli, .words = &p, .printer = cli_printer(cli)};

	parse_filter(cli, a, &p);
	int status = dump(cli, collect_one, &list);

	for (size_t i = 0; i < list.n && status == 0; i++) {
		struct ux_writer w;

		ux_writer_init(&w, buf, sizeof(buf));
		ux_msg_begin(&w, XFRM_MSG_DELPOLICY, NLM_F_REQUEST | NLM_F_ACK, 0, 0,
			     &list.names[i].id, sizeof(list.names[i].id));
		write_name_attributes(&w, &list.names[i].attrs);
		ux_msg_end(&w);
		status = cli_ask(cli, &w, NULL, NULL);
	}
	free(list.names);
	return status;
}

static int flush(struct cli *cli, struct args *a)
{
	uint8_t buf[64];
	struct ux_writer w;
	struct policy_words p = {0};

	while (args_peek(a)) {
		if (!args_take(a, "ptype"))
			args_wrong(args_peek(a), "unknown");
		p.ptype = parse_word(a, name_to_ptype, "PTYPE value is invalid");
		p.has_ptype = true;
	}
	ux_writer_init(&w, buf, sizeof(buf));
	ux_msg_begin(&w, XFRM_MSG_FLUSHPOLICY, NLM_F_REQUEST | NLM_F_ACK, 0, 0, NULL, 0);
	write_name_attributes(&w, &p);
	ux_msg_end(&w);
	return cli_ask(cli, &w, NULL, NULL);
}

static const char usage_text[] =
    "Usage: uxfrm policy { add | update } SELECTOR dir DIR [ mark MARK [ mask MASK ] ]\n"
    "                    [ index INDEX ] [ ptype PTYPE ] [ action ACTION ] [ priority PRIORITY ]\n"
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

int policy_command(struct cli *cli, struct args *a)
{
	if (!args_peek(a))
		return list_policies(cli, a);
	const char *word = args_next(a);

	if (args_is_command(word, "add"))
		return add(cli, a, XFRM_MSG_NEWPOLICY, NLM_F_CREATE | NLM_F_EXCL);
	if (args_is_command(word, "update"))
		return add(cli, a, XFRM_MSG_UPDPOLICY, NLM_F_REPLACE);
	if (args_is_command(word, "delete"))
		return get_or_delete(cli, a, XFRM_MSG_DELPOLICY);
	if (args_is_command(word, "deleteall") || strcmp(word, "delall") == 0)
		return delete_all(cli, a);
	if (args_is_command(word, "list") || args_is_command(word, "show") ||
	    args_is_command(word, "lst"))
		return list_policies(cli, a);
	if (args_is_command(word, "get"))
		return get_or_delete(cli, a, XFRM_MSG_GETPOLICY);
	if (args_is_command(word, "flush"))
		return flush(cli, a);
	if (args_is_command(word, "count"))
		return policy_count(cli);
	if (args_is_command(word, "set"))
		return policy_set(cli, a);
	if (args_is_command(word, "setdefault"))
		return policy_set_default(cli, a);
	if (args_is_command(word, "getdefault"))
		return policy_get_default(cli);
	if (args_is_command(word, "help"))
		fputs(usage_text, stderr);
	else
		fprintf(stderr, "Command \"%s\" is unknown, try \"uxfrm policy help\".\n", word);
	return 255;
}
