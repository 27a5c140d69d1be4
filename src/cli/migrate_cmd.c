/* SPDX-License-Identifier: BSD-2-Clause */

/* uxfrm state migrate: one SA to new addresses. */

#include <errno.h>
#include <stdio.h>

#include "cli/cli.h"
#include "cli/names.h"
#include "cli/parse.h"

struct migrate_words {
	struct uxfrm_sa_move move;
	struct cli_id id;
	struct cli_address new_dst, new_src;
	struct uxfrm_mark set_mark;
	bool has_reqid, mark, output_mark, encap, offload, thresh, keepalive, clear, h2h, sel;
};

static void read_new_encap(struct args *a, void *to, const char *why)
{
	if (!args_take(a, "none"))
		read_encap(a, to, why);
}

static void read_move_sel(struct args *a, void *to, const char *why)
{
	if (!parse_selector(a, to))
		args_required("SELECTOR");
}

/* Behind "offload": [ packet ] dev DEV dir DIR */
static void read_new_offload(struct args *a, void *to, const char *why)
{
	struct uxfrm_offload *o = to;
	uint8_t packet = args_take(a, "packet") ? UXFRM_OFFLOAD_PACKET : 0;

	read_device_offload(a, to, why);
	o->flags |= packet;
}

static bool parse_word(struct args *a, struct migrate_words *w)
{
#define IN(MEMBER) offsetof(struct migrate_words, MEMBER)
	static const struct arg_word words[] = {
	    {"new-dst", read_address, IN(new_dst)},
	    {"new-src", read_address, IN(new_src)},
	    {"new-reqid", read_u32, IN(move.new_reqid), IN(has_reqid),
	     "value after \"new-reqid\" is invalid"},
	    {"mark", read_mark, IN(move.old_mark)},
	    {"new-mark", read_mark, IN(move.attrs.mark), IN(mark)},
	    {"set-mark", read_mark, IN(set_mark), IN(output_mark)},
	    {"new-sel", read_move_sel, IN(move.new_sel), IN(sel)},
	    {"update-h2h-sel", read_present, IN(h2h)},
	    {"encap", read_new_encap, IN(move.attrs.encap), IN(encap)},
	    {"offload", read_new_offload, IN(move.attrs.offload), IN(offload)},
	    {"mtimer-thresh", read_u32, IN(move.attrs.mapping_thresh), IN(thresh),
	     "value after \"mtimer-thresh\" is invalid"},
	    {"nat-keepalive", read_u32, IN(move.attrs.nat_keepalive), IN(keepalive),
	     "value after \"nat-keepalive\" is invalid"},
	    {NULL},
	};
#undef IN

	if (args_is(a, "offload") && a->at + 1 < a->n) {
		struct args next = *a;

		next.at++;
		if (args_take(&next, "none")) {
			w->clear = true;
			a->at = next.at;
			return true;
		}
	}
	return args_word(a, words, w);
}

static void check(const struct args *a, const struct migrate_words *w)
{
	if (!w->id.dst.family)
		args_incomplete("Not enough information: dst is required");
	parse_id_check(a, &w->id, false);
	if (!w->id.has_spi)
		args_incomplete("Not enough information: spi is required");
	if (!w->new_dst.family || !w->new_src.family)
		args_incomplete("Not enough information: new-dst and new-src are required");
	if (w->new_dst.family != w->new_src.family)
		args_incomplete("the same address family is required between values after "
				"\"new-dst\" and \"new-src\"");
	if (!w->has_reqid)
		args_incomplete("Not enough information: new-reqid is required");
}

static void fill(const struct args *a, struct migrate_words *w)
{
	struct uxfrm_sa_move *m = &w->move;
	const struct {
		bool there;
		enum uxfrm_has has;
	} given[] = {
	    {w->mark, UXFRM_HAS_MARK},
	    {w->output_mark, UXFRM_HAS_OUTPUT_MARK},
	    {w->output_mark, UXFRM_HAS_OUTPUT_MASK},
	    {w->encap, UXFRM_HAS_ENCAP},
	    {w->offload, UXFRM_HAS_OFFLOAD},
	    {w->thresh, UXFRM_HAS_MAPPING_THRESH},
	    {w->keepalive, UXFRM_HAS_NAT_KEEPALIVE},
	};

	for (size_t i = 0; i < sizeof(given) / sizeof(given[0]); i++)
		if (given[i].there)
			uxfrm_give(&m->attrs, given[i].has);
	m->id = id_to_sa(a, &w->id);
	m->old_mark.value &= m->old_mark.mask; /* as the SA has it: the look-up is exact */
	m->attrs.output_mark = w->set_mark.value;
	m->attrs.output_mask = w->set_mark.mask;
	m->new_dst = w->new_dst.a;
	m->new_src = w->new_src.a;
	m->new_family = w->new_dst.family;
	m->flags = (w->clear ? UXFRM_MOVE_CLEAR_OFFLOAD : 0) |
		   (w->h2h ? UXFRM_MOVE_UPDATE_H2H_SELECTOR : 0);
}

/* A kernel before 7.2 says EINVAL without a text to every request of this type. */
static bool lacks_the_request(const struct uxfrm_result *r)
{
	return (r->error == EINVAL && !r->text[0]) || r->error == ENOPROTOOPT;
}

int migrate_command(struct cli *cli, struct args *a)
{
	struct migrate_words w = {0};
	struct uxfrm_result r;

	if (args_take(a, "help"))
		return state_help(cli, a);
	uxfrm_sa_move_init(&w.move);
	while (args_peek(a))
		if (!parse_word(a, &w) && !parse_id_word(a, &w.id))
			args_wrong(args_peek(a), "unknown");
	check(a, &w);
	fill(a, &w);
	int status = cli_tell(cli, uxfrm_sa_migrate(cli_conn(cli), &w.move));

	if (status && cli->target == UXFRM_TARGET_KERNEL &&
	    uxfrm_conn_result(cli->conn, 0, &r) == 0 && lacks_the_request(&r))
		fprintf(stderr, "This kernel cannot migrate a state; Linux 7.2 and later can.\n");
	return status;
}
