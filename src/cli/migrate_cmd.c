/* SPDX-License-Identifier: BSD-2-Clause */

/* uxfrm state migrate: one XFRM_MSG_MIGRATE_STATE. */

#include <string.h>

#include "cli/cli.h"
#include "cli/parse.h"

struct migrate_words {
	struct cli_id id;
	struct ux_xfrm_user_migrate_state m;
	struct cli_address new_dst, new_src;
	bool has_reqid, has_mark, has_set_mark, has_encap, has_offload, has_timer, has_keepalive;
	struct xfrm_mark mark, set_mark;
	struct xfrm_encap_tmpl encap;
	struct xfrm_user_offload offload;
	uint32_t timer, keepalive;
};

static void parse_new_offload(struct args *a, struct migrate_words *p)
{
	if (args_take(a, "none")) {
		p->m.flags |= UX_MIGRATE_CLEAR_OFFLOAD;
		return;
	}
	if (args_take(a, "packet"))
		p->offload.flags |= UX_XFRM_OFFLOAD_PACKET;
	if (!args_take(a, "dev"))
		args_required("dev");
	p->offload.ifindex = parse_device(a, "value after \"offload dev\" is invalid");
	if (!args_take(a, "dir"))
		args_required("dir");
	const char *word = args_next(a);

	if (strcmp(word, "in") == 0)
		p->offload.flags |= UX_XFRM_OFFLOAD_INBOUND;
	else if (strcmp(word, "out") != 0)
		args_wrong(word, "DIR value is invalid");
	p->has_offload = true;
}

static bool parse_move_word(struct cli *cli, struct args *a, struct migrate_words *p)
{
	if (args_take(a, "new-dst")) {
		p->new_dst = args_address(a, cli->family);
	} else if (args_take(a, "new-src")) {
		p->new_src = args_address(a, cli->family);
	} else if (args_take(a, "new-reqid")) {
		p->m.new_reqid =
		    (uint32_t)args_number(a, UINT32_MAX, "value after \"new-reqid\" is invalid");
		p->has_reqid = true;
	} else if (args_take(a, "mark")) {
		p->m.old_mark = args_mark(a);
		p->m.old_mark.v &= p->m.old_mark.m; /* as the SA has it: the look-up is exact */
	} else if (args_take(a, "new-mark")) {
		p->mark = args_mark(a);
		p->has_mark = true;
	} else if (args_take(a, "set-mark")) {
		p->set_mark = args_mark(a);
		p->has_set_mark = true;
	} else if (args_take(a, "new-sel")) {
		if (!parse_selector(a, cli->family, &p->m.new_sel))
			args_required("SELECTOR");
	} else if (args_take(a, "update-h2h-sel")) {
		p->m.flags |= UX_MIGRATE_UPDATE_H2H_SEL;
	} else {
		return false;
	}
	return true;
}

static bool parse_path_word(struct args *a, struct migrate_words *p)
{
	if (args_take(a, "encap")) {
		if (!args_take(a, "none"))
			p->encap = parse_encap(a);
		p->has_encap = true;
	} else if (args_take(a, "offload")) {
		parse_new_offload(a, p);
	} else if (args_take(a, "mtimer-thresh")) {
		p->timer = (uint32_t)args_number(a, UINT32_MAX,
						 "value after \"mtimer-thresh\" is invalid");
		p->has_timer = true;
	} else if (args_take(a, "nat-keepalive")) {
		p->keepalive = (uint32_t)args_number(a, UINT32_MAX,
						     "value after \"nat-keepalive\" is invalid");
		p->has_keepalive = true;
	} else {
		return false;
	}
	return true;
}

static void check(const struct args *a, struct migrate_words *p)
{
	if (!p->id.dst.family)
		args_incomplete("Not enough information: dst is required");
	parse_id_check(a, &p->id);
	if (!p->id.has_spi)
		args_incomplete("Not enough information: spi is required");
	if (!p->new_dst.family || !p->new_src.family)
		args_incomplete("Not enough information: new-dst and new-src are required");
	if (p->new_dst.family != p->new_src.family)
		args_incomplete("the same address family is required between values after "
				"\"new-dst\" and \"new-src\"");
	if (!p->has_reqid)
		args_incomplete("Not enough information: new-reqid is required");
	p->m.id = (struct xfrm_usersa_id){.daddr = p->id.dst.a,
					  .spi = p->id.spi,
					  .family = p->id.dst.family,
					  .proto = p->id.proto};
	p->m.new_daddr = p->new_dst.a;
	p->m.new_saddr = p->new_src.a;
	p->m.new_family = p->new_dst.family;
}

int migrate_command(struct cli *cli, struct args *a)
{
	uint8_t buf[512];
	struct migrate_words p = {0};
	struct ux_writer w;

	while (args_peek(a))
		if (!parse_move_word(cli, a, &p) && !parse_path_word(a, &p) &&
		    !parse_id_word(a, cli->family, &p.id))
			args_wrong(args_peek(a), "unknown");
	check(a, &p);
	ux_writer_init(&w, buf, sizeof(buf));
	ux_msg_begin(&w, UX_XFRM_MSG_MIGRATE_STATE, NLM_F_REQUEST | NLM_F_ACK, 0, 0, &p.m,
		     sizeof(p.m));
	if (p.has_encap)
		ux_msg_attr(&w, XFRMA_ENCAP, &p.encap, sizeof(p.encap));
	if (p.has_offload)
		ux_msg_attr(&w, XFRMA_OFFLOAD_DEV, &p.offload, sizeof(p.offload));
	if (p.has_mark)
		ux_msg_attr(&w, XFRMA_MARK, &p.mark, sizeof(p.mark));
	if (p.has_set_mark) {
		ux_msg_attr_u32(&w, XFRMA_SET_MARK, p.set_mark.v);
		ux_msg_attr_u32(&w, XFRMA_SET_MARK_MASK, p.set_mark.m);
	}
	if (p.has_timer)
		ux_msg_attr_u32(&w, UX_XFRMA_MTIMER_THRESH, p.timer);
	if (p.has_keepalive)
		ux_msg_attr_u32(&w, UX_XFRMA_NAT_KEEPALIVE_INTERVAL, p.keepalive);
	ux_msg_end(&w);
	return cli_ask(cli, &w, NULL, NULL);
}
