/* SPDX-License-Identifier: BSD-2-Clause */

/* uxfrm migrate: a policy's templates and the SAs they name, to new addresses. */

#include <netinet/in.h>
#include <stdio.h>

#include "cli/cli.h"
#include "cli/names.h"
#include "cli/parse.h"

#define MOVES_MAX 16 /* more than any kernel takes: it says so itself */

struct endpoint_words {
	struct cli_address old_src, old_dst, new_src, new_dst;
	uint32_t reqid;
	uint8_t proto, mode;
	bool has_reqid;
};

struct kmaddress {
	struct cli_address local, remote;
};

struct move_words {
	struct uxfrm_policy_move move;
	struct endpoint_words endpoint;
	struct kmaddress km;
	bool sel, dir, ptype, if_id, encap, offload, kmaddress;
	struct uxfrm_endpoint_move moves[MOVES_MAX];
};

static const char usage_text[] =
    "Usage: uxfrm migrate SELECTOR dir DIR ENDPOINTS [ also ENDPOINTS ]...\n"
    "        [ encap { none | espinudp SPORT DPORT OADDR } ] [ ptype PTYPE ] [ if_id IF_ID ]\n"
    "        [ kmaddress LOCAL REMOTE ] [ offload dev DEV dir { in | out } ]\n"
    "ENDPOINTS := reqid REQID old-src ADDR old-dst ADDR new-src ADDR new-dst ADDR\n"
    "        [ sa-proto { esp | ah | comp } ] [ mode MODE ]\n"
    "SELECTOR := [ src ADDR[/PLEN] ] [ dst ADDR[/PLEN] ] [ dev DEV ] [ UPSPEC ]\n"
    "DIR := in | out | fwd\n"
    "MODE := transport | tunnel | beet\n"
    "PTYPE := main | sub\n";

static bool parse_endpoint_word(struct args *a, struct endpoint_words *e)
{
#define IN(MEMBER) offsetof(struct endpoint_words, MEMBER)
	static const struct arg_word words[] = {
	    {"old-src", read_address, IN(old_src)},
	    {"old-dst", read_address, IN(old_dst)},
	    {"new-src", read_address, IN(new_src)},
	    {"new-dst", read_address, IN(new_dst)},
	    {"reqid", read_u32, IN(reqid), IN(has_reqid), "REQID value is invalid"},
	    {"sa-proto", read_xfrm_proto, IN(proto), 0, "XFRM-PROTO value is invalid"},
	    {"mode", read_mode, IN(mode), 0, "MODE value is invalid"},
	    {NULL},
	};
#undef IN

	return args_word(a, words, e);
}

/* Without the attribute there is no encapsulation afterwards: "none" needs none. */
static void read_encap_or_none(struct args *a, void *to, const char *why)
{
	if (!args_take(a, "none"))
		read_encap(a, to, why);
}

static void read_kmaddress(struct args *a, void *to, const char *why)
{
	struct kmaddress *km = to;

	km->local = args_address(a);
	km->remote = args_address(a);
	if (km->local.family != km->remote.family)
		args_incomplete("the same address family is required for both addresses after "
				"\"kmaddress\"");
}

static bool parse_word(struct args *a, struct move_words *w)
{
#define IN(MEMBER) offsetof(struct move_words, MEMBER)
	static const struct arg_word words[] = {
	    {"dir", read_dir, IN(move.id.dir), IN(dir), "DIR value is invalid"},
	    {"ptype", read_ptype, IN(move.attrs.ptype), IN(ptype), "PTYPE value is invalid"},
	    {"if_id", read_u32, IN(move.attrs.if_id), IN(if_id), "IF_ID value is invalid"},
	    {"encap", read_encap_or_none, IN(move.attrs.encap), IN(encap)},
	    {"offload", read_device_offload, IN(move.attrs.offload), IN(offload)},
	    {"kmaddress", read_kmaddress, IN(km), IN(kmaddress)},
	    {NULL},
	};
#undef IN

	return args_word(a, words, w);
}

/* What was said of one pair of endpoints becomes an entry. */
static void take_endpoints(struct move_words *w)
{
	const struct endpoint_words *e = &w->endpoint;

	if (!e->has_reqid)
		args_incomplete("Not enough information: reqid is required");
	if (!e->old_src.family || !e->old_dst.family)
		args_incomplete("Not enough information: old-src and old-dst are required");
	if (!e->new_src.family || !e->new_dst.family)
		args_incomplete("Not enough information: new-src and new-dst are required");
	if (e->old_src.family != e->old_dst.family)
		args_incomplete("the same address family is required between values after "
				"\"old-src\" and \"old-dst\"");
	if (e->new_src.family != e->new_dst.family)
		args_incomplete("the same address family is required between values after "
				"\"new-src\" and \"new-dst\"");
	w->moves[w->move.move_count++] = (struct uxfrm_endpoint_move){
	    .old_family = e->old_dst.family,
	    .new_family = e->new_dst.family,
	    .old_src = e->old_src.a,
	    .old_dst = e->old_dst.a,
	    .new_src = e->new_src.a,
	    .new_dst = e->new_dst.a,
	    .proto = e->proto,
	    .mode = e->mode,
	    .reqid = e->reqid,
	};
}

static void begin_endpoints(struct move_words *w)
{
	w->endpoint = (struct endpoint_words){.proto = IPPROTO_ESP, .mode = UXFRM_MODE_TUNNEL};
}

static void finish(struct move_words *w)
{
	struct uxfrm_attributes *attrs = &w->move.attrs;
	const struct {
		bool there;
		enum uxfrm_has has;
	} given[] = {
	    {w->ptype, UXFRM_HAS_PTYPE},
	    {w->if_id, UXFRM_HAS_IF_ID},
	    {w->offload, UXFRM_HAS_OFFLOAD},
	    {w->kmaddress, UXFRM_HAS_KMADDRESS},
	    {w->encap && attrs->encap.type, UXFRM_HAS_ENCAP},
	};

	if (!w->sel || !w->move.id.sel.family)
		args_incomplete("Not enough information: SELECTOR is required");
	if (!w->dir)
		args_incomplete("Not enough information: dir is required");
	take_endpoints(w);
	for (size_t i = 0; i < sizeof(given) / sizeof(given[0]); i++)
		if (given[i].there)
			uxfrm_give(attrs, given[i].has);
	attrs->kmaddress = (struct uxfrm_kmaddress){
	    .family = w->km.local.family, .local = w->km.local.a, .remote = w->km.remote.a};
	w->move.moves = w->moves;
}

int policy_migrate_command(struct cli *cli, struct args *a)
{
	struct move_words w = {0};

	if (args_peek(a) && args_is_command(args_peek(a), "help")) {
		fputs(usage_text, stderr);
		return 255;
	}
	uxfrm_policy_move_init(&w.move);
	begin_endpoints(&w);
	while (args_peek(a)) {
		if (parse_selector(a, &w.move.id.sel)) {
			w.sel = true;
		} else if (args_take(a, "also")) {
			if (w.move.move_count == MOVES_MAX - 1)
				args_wrong("also", "too many");
			take_endpoints(&w);
			begin_endpoints(&w);
		} else if (!parse_endpoint_word(a, &w.endpoint) && !parse_word(a, &w)) {
			args_wrong(args_peek(a), "unknown");
		}
	}
	finish(&w);
	return cli_tell(cli, uxfrm_policy_migrate(cli_conn(cli), &w.move));
}
