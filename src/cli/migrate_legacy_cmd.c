/* SPDX-License-Identifier: BSD-2-Clause */

/* uxfrm migrate: one XFRM_MSG_MIGRATE, a policy's templates and the SA they name. */

#include <netinet/in.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/names.h"
#include "cli/parse.h"

struct policy_move {
	struct xfrm_userpolicy_id id;
	struct xfrm_user_migrate entry;
	struct cli_address old_src, old_dst, new_src, new_dst;
	struct xfrm_encap_tmpl encap;
	struct xfrm_userpolicy_type type;
	uint32_t if_id;
	bool has_sel, has_dir, has_reqid, has_encap, has_type, has_if_id;
};

static const char usage_text[] =
    "Usage: uxfrm migrate SELECTOR dir DIR reqid REQID\n"
    "        old-src ADDR old-dst ADDR new-src ADDR new-dst ADDR\n"
    "        [ encap espinudp SPORT DPORT OADDR ] [ mode MODE ] [ ptype PTYPE ] [ if_id IF_ID ]\n"
    "SELECTOR := [ src ADDR[/PLEN] ] [ dst ADDR[/PLEN] ] [ dev DEV ] [ UPSPEC ]\n"
    "DIR := in | out | fwd\n"
    "MODE := transport | tunnel | beet\n"
    "PTYPE := main | sub\n";

static bool parse_end(struct args *a, int family, struct policy_move *p)
{
	const struct {
		const char *word;
		struct cli_address *to;
	} ends[] = {
	    {"old-src", &p->old_src},
	    {"old-dst", &p->old_dst},
	    {"new-src", &p->new_src},
	    {"new-dst", &p->new_dst},
	};

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		if (!args_take(a, ends[i].word))
			continue;
		*ends[i].to = args_address(a, family);
		return true;
	}
	return false;
}

static uint8_t parse_name(struct args *a, int (*number_of)(const char *name), const char *why)
{
	const char *word = args_next(a);
	int number = number_of(word);

	if (number < 0)
		args_wrong(word, why);
	return (uint8_t)number;
}

static bool parse_option(struct args *a, struct policy_move *p)
{
	if (args_take(a, "dir")) {
		p->id.dir = parse_name(a, name_to_dir, "DIR value is invalid");
		p->has_dir = true;
	} else if (args_take(a, "reqid")) {
		p->entry.reqid = (uint32_t)args_number(a, UINT32_MAX, "REQID value is invalid");
		p->has_reqid = true;
	} else if (args_take(a, "mode")) {
		p->entry.mode = args_mode(a);
	} else if (args_take(a, "ptype")) {
		p->type.type = parse_name(a, name_to_ptype, "PTYPE value is invalid");
		p->has_type = true;
	} else if (args_take(a, "if_id")) {
		p->if_id = (uint32_t)args_number(a, UINT32_MAX, "IF_ID value is invalid");
		p->has_if_id = true;
	} else if (args_take(a, "encap")) {
		/* without the attribute there is none afterwards */
		p->has_encap = !args_take(a, "none");
		if (p->has_encap)
			p->encap = parse_encap(a);
	} else {
		return false;
	}
	return true;
}

static void check(const struct policy_move *p)
{
	if (!p->has_sel || !p->id.sel.family)
		args_incomplete("Not enough information: SELECTOR is required");
	if (!p->has_dir)
		args_incomplete("Not enough information: dir is required");
	if (!p->has_reqid)
		args_incomplete("Not enough information: reqid is required");
	if (!p->old_src.family || !p->old_dst.family)
		args_incomplete("Not enough information: old-src and old-dst are required");
	if (!p->new_src.family || !p->new_dst.family)
		args_incomplete("Not enough information: new-src and new-dst are required");
	if (p->old_src.family != p->old_dst.family)
		args_incomplete("the same address family is required between values after "
				"\"old-src\" and \"old-dst\"");
	if (p->new_src.family != p->new_dst.family)
		args_incomplete("the same address family is required between values after "
				"\"new-src\" and \"new-dst\"");
}

static void fill_entry(struct policy_move *p)
{
	p->entry.old_saddr = p->old_src.a;
	p->entry.old_daddr = p->old_dst.a;
	p->entry.old_family = p->old_dst.family;
	p->entry.new_saddr = p->new_src.a;
	p->entry.new_daddr = p->new_dst.a;
	p->entry.new_family = p->new_dst.family;
	p->entry.proto = IPPROTO_ESP;
}

int policy_migrate_command(struct cli *cli, struct args *a)
{
	uint8_t buf[512];
	struct policy_move p = {.entry.mode = XFRM_MODE_TUNNEL};
	struct ux_writer w;

	if (args_is(a, "help")) {
		fputs(usage_text, stderr);
		return 255;
	}
	while (args_peek(a)) {
		if (parse_selector(a, cli->family, &p.id.sel))
			p.has_sel = true;
		else if (!parse_end(a, cli->family, &p) && !parse_option(a, &p))
			args_wrong(args_peek(a), "unknown");
	}
	check(&p);
	fill_entry(&p);
	ux_writer_init(&w, buf, sizeof(buf));
	ux_msg_begin(&w, XFRM_MSG_MIGRATE, NLM_F_REQUEST | NLM_F_ACK, 0, 0, &p.id, sizeof(p.id));
	ux_msg_attr(&w, XFRMA_MIGRATE, &p.entry, sizeof(p.entry));
	if (p.has_type)
		ux_msg_attr(&w, XFRMA_POLICY_TYPE, &p.type, sizeof(p.type));
	if (p.has_encap)
		ux_msg_attr(&w, XFRMA_ENCAP, &p.encap, sizeof(p.encap));
	if (p.has_if_id)
		ux_msg_attr_u32(&w, XFRMA_IF_ID, p.if_id);
	ux_msg_end(&w);
	return cli_ask(cli, &w, NULL, NULL);
}
