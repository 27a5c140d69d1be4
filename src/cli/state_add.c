/* SPDX-License-Identifier: BSD-2-Clause */

/* uxfrm state add | update. */

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/names.h"
#include "cli/parse.h"
#include "cli/state_algo.h"

#define ESN_WINDOW_MAX 4096u

struct output_mark {
	uint32_t mark, mask;
};

struct sa_words {
	struct uxfrm_sa sa;
	struct cli_id id;
	struct output_mark output;
	struct cli_address care_of;
	uint32_t window, seq, seq_hi, oseq, oseq_hi;
	bool any_id;
	/* which attributes there were */
	bool if_id, encap, coa, offload, dir, context;
	struct algo_words algos;
};

static void read_output_mark(struct args *a, void *to, const char *why)
{
	struct output_mark *m = to;

	read_u32(a, &m->mark, why);
	if (args_take(a, "mask"))
		read_u32(a, &m->mask, "mask value is invalid\n");
}

static void read_sel(struct args *a, void *to, const char *why)
{
	struct uxfrm_selector *sel = to;

	if (!args_peek(a))
		(void)args_next(a); /* complains */
	a->family = 0;
	(void)parse_selector(a, sel);
	a->family = sel->family;
}

static void read_offload(struct args *a, void *to, const char *why)
{
	struct uxfrm_offload *o = to;
	uint8_t dir;

	*o = (struct uxfrm_offload){0};
	if (args_take(a, "packet"))
		o->flags |= UXFRM_OFFLOAD_PACKET;
	else
		(void)args_take(a, "crypto");
	if (args_take(a, "dev"))
		o->ifindex = parse_device(a, "value after \"offload dev\" is invalid");
	const char *word = args_next(a);

	if (strcmp(word, "dir") != 0)
		args_wrong(word, "value after \"offload dir\" is invalid");
	read_sa_dir(a, &dir, "DIR value is invalid");
	if (dir == UXFRM_SA_IN)
		o->flags |= UXFRM_OFFLOAD_INBOUND;
}

static bool parse_word(struct args *a, struct sa_words *w)
{
#define IN(MEMBER) offsetof(struct sa_words, MEMBER)
	static const struct arg_word words[] = {
	    {"mode", read_mode, IN(sa.mode), 0, "MODE value is invalid"},
	    {"reqid", read_u32, IN(sa.reqid), 0, "REQID value is invalid"},
	    {"seq", read_be32, IN(sa.seq), 0, "SEQ value is invalid"},
	    {"flag", read_state_flags, IN(sa.flags)},
	    {"sel", read_sel, IN(sa.sel)},
	    {"limit", read_limit, IN(sa.limits), 0, "LIMIT value is invalid"},
	    {"replay-window", read_u32, IN(window), 0, "value after \"replay-window\" is invalid"},
	    {"replay-seq", read_u32, IN(seq), 0, "value after \"replay-seq\" is invalid"},
	    {"replay-seq-hi", read_u32, IN(seq_hi), 0, "value after \"replay-seq-hi\" is invalid"},
	    {"replay-oseq", read_u32, IN(oseq), 0, "value after \"replay-oseq\" is invalid"},
	    {"replay-oseq-hi", read_u32, IN(oseq_hi), 0,
	     "value after \"replay-oseq-hi\" is invalid"},
	    {"mark", read_mark, IN(sa.attrs.mark)},
	    {"output-mark", read_output_mark, IN(output), 0,
	     "value after \"output-mark\" is invalid"},
	    {"extra-flag", read_extra_flags, IN(sa.attrs.extra_flags), 0,
	     "\"EXTRA-FLAG\" is invalid"},
	    {"if_id", read_u32, IN(sa.attrs.if_id), IN(if_id), "value after \"if_id\" is invalid"},
	    {"tfcpad", read_u32, IN(sa.attrs.tfc_pad), 0, "value after \"tfcpad\" is invalid"},
	    {"encap", read_encap, IN(sa.attrs.encap), IN(encap)},
	    {"coa", read_address, IN(care_of), IN(coa), NULL, true},
	    {"ctx", read_security, IN(sa.attrs.security), IN(context), NULL, true},
	    {"offload", read_offload, IN(sa.attrs.offload), IN(offload)},
	    {"dir", read_sa_dir, IN(sa.attrs.dir), IN(dir), "DIR value is invalid"},
	    {NULL},
	};
#undef IN

	return args_word(a, words, w);
}

static void check_mode(const struct sa_words *w, const char *name)
{
	uint8_t proto = w->sa.id.proto, mode = w->sa.mode;
	bool ipsec = proto == IPPROTO_ESP || proto == IPPROTO_AH || proto == IPPROTO_COMP;
	bool mip = proto == IPPROTO_ROUTING || proto == IPPROTO_DSTOPTS;
	bool beet = mode == UXFRM_MODE_BEET && proto == IPPROTO_ESP;

	if (ipsec && mode != UXFRM_MODE_TRANSPORT && mode != UXFRM_MODE_TUNNEL && !beet)
		args_incomplete("MODE value is invalid with XFRM-PROTO value \"%s\"", name);
	if (mip && mode != UXFRM_MODE_ROUTE_OPTIMIZATION && mode != UXFRM_MODE_IN_TRIGGER)
		args_incomplete(mode ? "MODE value is invalid with XFRM-PROTO value \"%s\""
				     : "\"mode\" is required with XFRM-PROTO value \"%s\"",
				name);
}

static void check_combination(const struct sa_words *w)
{
	char buf[NAME_BUF];
	uint8_t proto = w->sa.id.proto;
	const char *name = xfrm_proto_name(proto, buf);
	bool ipsec = proto == IPPROTO_ESP || proto == IPPROTO_AH || proto == IPPROTO_COMP;
	bool mip = proto == IPPROTO_ROUTING || proto == IPPROTO_DSTOPTS;

	if (ipsec)
		check_mode(w, name);
	check_algos(&w->sa.attrs, proto, name);
	if (!ipsec)
		check_mode(w, name);
	if (!mip && w->coa)
		args_incomplete("\"coa\" is invalid with XFRM-PROTO value \"%s\"", name);
	if (mip && !w->coa)
		args_incomplete("\"coa\" is required with XFRM-PROTO value \"%s\"", name);
}

/* A window above 32 packets and ESN want the long form. */
static void set_replay(struct sa_words *w)
{
	bool esn = w->sa.flags & UXFRM_SA_ESN;
	struct uxfrm_attributes *attrs = &w->sa.attrs;

	if (esn && w->window == 0) {
		fprintf(stderr, "Error: esn flag set without replay-window.\n");
		exit(255);
	}
	if (w->window > ESN_WINDOW_MAX) {
		fprintf(stderr, "Error: replay-window (%u) > XFRMA_REPLAY_ESN_MAX (%u).\n",
			w->window, ESN_WINDOW_MAX);
		exit(255);
	}
	if (esn || w->window > 32) {
		attrs->replay_esn = (struct uxfrm_replay_esn){.seq = w->seq,
							      .seq_hi = w->seq_hi,
							      .oseq = w->oseq,
							      .oseq_hi = w->oseq_hi,
							      .window = w->window,
							      .words = (w->window + 31) / 32};
		uxfrm_give(attrs, UXFRM_HAS_REPLAY_ESN);
		return;
	}
	w->sa.replay_window = (uint8_t)w->window;
	if (w->seq || w->oseq) {
		attrs->replay = (struct uxfrm_replay){.seq = w->seq, .oseq = w->oseq};
		uxfrm_give(attrs, UXFRM_HAS_REPLAY);
	}
}

static void set_attributes(struct sa_words *w)
{
	struct uxfrm_attributes *attrs = &w->sa.attrs;
	const struct {
		bool there;
		enum uxfrm_has has;
	} given[] = {
	    {attrs->mark.mask, UXFRM_HAS_MARK}, /* what is zero is left out, as by ip */
	    {w->output.mark, UXFRM_HAS_OUTPUT_MARK},
	    {w->output.mask, UXFRM_HAS_OUTPUT_MASK},
	    {attrs->extra_flags, UXFRM_HAS_EXTRA_FLAGS},
	    {w->if_id, UXFRM_HAS_IF_ID},
	    {attrs->tfc_pad, UXFRM_HAS_TFC_PAD},
	    {w->encap, UXFRM_HAS_ENCAP},
	    {w->coa, UXFRM_HAS_CARE_OF},
	    {w->offload, UXFRM_HAS_OFFLOAD},
	    {w->dir, UXFRM_HAS_DIR},
	    {w->context, UXFRM_HAS_SECURITY},
	};

	for (size_t i = 0; i < sizeof(given) / sizeof(given[0]); i++)
		if (given[i].there)
			uxfrm_give(attrs, given[i].has);
	attrs->output_mark = w->output.mark;
	attrs->output_mask = w->output.mask;
	attrs->care_of = w->care_of.a;
}

static int change(struct cli *cli, struct args *a,
		  int (*gather)(struct uxfrm_conn *conn, const struct uxfrm_sa *sa))
{
	static struct sa_words w;
	int family = a->family;

	memset(&w, 0, sizeof(w));
	uxfrm_sa_init(&w.sa);
	while (args_peek(a))
		if (!parse_word(a, &w) && !parse_algo(a, &w.sa.attrs, &w.algos))
			parse_name_id(a, &w.id, &w.any_id);
	set_replay(&w);
	if (!w.any_id)
		args_incomplete("Not enough information: ID is required");
	a->family = family; /* a selector has no part in it */
	w.sa.id = id_to_sa(a, &w.id);
	set_attributes(&w);
	check_combination(&w);
	int status = cli_tell(cli, gather(cli_conn(cli), &w.sa));

	explicit_bzero(&w, sizeof(w));
	return status;
}

int state_add(struct cli *cli, struct args *a)
{
	return change(cli, a, uxfrm_sa_add);
}

int state_update(struct cli *cli, struct args *a)
{
	return change(cli, a, uxfrm_sa_update);
}
