/* SPDX-License-Identifier: BSD-2-Clause */

/* uxfrm state get | delete | deleteall | list | flush | count | allocspi; add, update and migrate
 * elsewhere. */

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/names.h"
#include "cli/parse.h"
#include "cli/prefix.h"
#include "cli/print.h"
#include "wire/attrs.h"

/* Which SAs a list is about. */
struct sa_filter {
	struct cli_id id;
	bool has_mode, has_reqid;
	uint8_t mode, flags;
	uint32_t reqid;
};

struct sa_list {
	struct cli *cli;
	struct sa_filter filter;
	struct printer printer;
	/* deleteall: what to delete */
	struct sa_name *names;
	size_t n, cap;
};

struct sa_name {
	struct xfrm_usersa_id id;
	xfrm_address_t saddr;
	bool has_mark;
	struct xfrm_mark mark;
};

static bool matches_filter(const struct sa_filter *f, const struct xfrm_usersa_info *sa, int family)
{
	const struct cli_id *id = &f->id;

	if (family && sa->family != family)
		return false;
	if (id->src.family && !prefix_holds(&id->src, sa->family, &sa->saddr))
		return false;
	if (id->dst.family && !prefix_holds(&id->dst, sa->family, &sa->id.daddr))
		return false;
	if (id->has_proto && id->proto != 255 && id->proto != sa->id.proto)
		return false;
	if (id->has_spi && id->spi != sa->id.spi)
		return false;
	if (f->has_mode && f->mode != sa->mode)
		return false;
	if (f->has_reqid && f->reqid != sa->reqid)
		return false;
	return (f->flags & sa->flags) == f->flags;
}

static int show_one(const struct nlmsghdr *msg, void *opaque)
{
	struct sa_list *list = opaque;
	struct ux_attrs attrs;
	struct sa_view view = {.attrs = &attrs};

	if (msg->nlmsg_type != XFRM_MSG_NEWSA)
		return 0;
	if (view_sa(msg, &view) < 0 ||
	    !matches_filter(&list->filter, &view.info, list->cli->family))
		return 0;
	if (list->cli->list)
		json_array_append_new(list->cli->list, json_message(msg));
	else
		print_sa(&list->printer, msg);
	return 0;
}

static int collect_one(const struct nlmsghdr *msg, void *opaque)
{
	struct sa_list *list = opaque;
	struct ux_attrs attrs;
	struct sa_view view = {.attrs = &attrs};

	if (msg->nlmsg_type != XFRM_MSG_NEWSA || view_sa(msg, &view) < 0 ||
	    !matches_filter(&list->filter, &view.info, list->cli->family))
		return 0;
	if (list->n == list->cap) {
		size_t cap = list->cap ? list->cap * 2 : 64;
		struct sa_name *more = realloc(list->names, cap * sizeof(*more));

		if (!more)
			return -1;
		list->names = more;
		list->cap = cap;
	}
	struct sa_name *name = &list->names[list->n++];

	*name = (struct sa_name){.id = {.daddr = view.info.id.daddr,
					.spi = view.info.id.spi,
					.family = view.info.family,
					.proto = view.info.id.proto},
				 .saddr = view.info.saddr};
	if (attrs.tb[XFRMA_MARK]) {
		memcpy(&name->mark, ux_attr_data(attrs.tb[XFRMA_MARK]), sizeof(name->mark));
		name->has_mark = true;
	}
	return 0;
}

static void parse_filter(struct cli *cli, struct args *a, struct sa_list *list)
{
	struct sa_filter *f = &list->filter;

	while (args_peek(a)) {
		if (args_take(a, "nokeys")) {
			list->printer.no_keys = true;
		} else if (args_take(a, "mode")) {
			f->mode = args_mode(a);
			f->has_mode = true;
		} else if (args_take(a, "reqid")) {
			f->reqid = (uint32_t)args_number(a, UINT32_MAX, "REQID value is invalid");
			f->has_reqid = true;
		} else if (args_take(a, "flag")) {
			f->flags = (uint8_t)args_flags(a, state_flag_names, UINT8_MAX);
		} else if (!parse_id_word(a, cli->family, &f->id)) {
			args_wrong(args_peek(a), "unknown");
		}
	}
}

static int dump(struct cli *cli, ux_client_message_fn fn, struct sa_list *list)
{
	uint8_t buf[256];
	struct ux_writer w;

	ux_writer_init(&w, buf, sizeof(buf));
	ux_msg_begin(&w, XFRM_MSG_GETSA, NLM_F_REQUEST | NLM_F_DUMP, 0, 0, NULL, 0);
	if (list->filter.id.has_proto && list->filter.id.proto != 255)
		ux_msg_attr_u8(&w, XFRMA_PROTO, list->filter.id.proto);
	ux_msg_end(&w);
	return cli_ask(cli, &w, fn, list);
}

static int list_states(struct cli *cli, struct args *a)
{
	struct sa_list list = {.cli = cli, .printer = cli_printer(cli)};

	parse_filter(cli, a, &list);
	cli_list_begin(cli);
	int status = dump(cli, show_one, &list);

	cli_list_end(cli);
	return status ? 1 : 0;
}

static int delete_one(struct cli *cli, const struct sa_name *name)
{
	uint8_t buf[256];
	struct ux_writer w;

	ux_writer_init(&w, buf, sizeof(buf));
	ux_msg_begin(&w, XFRM_MSG_DELSA, NLM_F_REQUEST | NLM_F_ACK, 0, 0, &name->id,
		     sizeof(name->id));
	ux_msg_attr(&w, XFRMA_SRCADDR, &name->saddr, sizeof(name->saddr));
	if (name->has_mark)
		ux_msg_attr(&w, XFRMA_MARK, &name->mark, sizeof(name->mark));
	ux_msg_end(&w);
	return cli_ask(cli, &w, NULL, NULL);
}

static int delete_all(struct cli *cli, struct args *a)
{
	struct sa_list list = {.cli = cli, .printer = cli_printer(cli)};

	parse_filter(cli, a, &list);
	int status = dump(cli, collect_one, &list) ? 1 : 0;

	for (size_t i = 0; i < list.n && status == 0; i++)
		status = delete_one(cli, &list.names[i]);
	free(list.names);
	return status;
}

static int get_or_delete(struct cli *cli, struct args *a, uint16_t type)
{
	uint8_t buf[256];
	struct ux_writer w;
	struct cli_id id = {0};
	struct xfrm_mark mark;
	bool has_mark = false, any = false;
	struct sa_list list = {.cli = cli, .printer = cli_printer(cli)};

	while (args_peek(a)) {
		if (args_take(a, "mark")) {
			mark = args_mark(a);
			has_mark = true;
		} else if (parse_id(a, cli->family, &id)) {
			any = true;
		} else if (!any) {
			args_required("XFRM-PROTO");
		} else {
			args_wrong(args_peek(a), "unknown");
		}
	}
	struct xfrm_usersa_id header = {.daddr = id.dst.a,
					.spi = id.spi,
					.family = id.family ? id.family : AF_INET,
					.proto = id.proto};
	bool get = type == XFRM_MSG_GETSA;

	ux_writer_init(&w, buf, sizeof(buf));
	ux_msg_begin(&w, type, (uint16_t)(NLM_F_REQUEST | (get ? 0 : NLM_F_ACK)), 0, 0, &header,
		     sizeof(header));
	if (id.src.family)
		ux_msg_attr(&w, XFRMA_SRCADDR, &id.src.a, sizeof(id.src.a));
	if (has_mark)
		ux_msg_attr(&w, XFRMA_MARK, &mark, sizeof(mark));
	ux_msg_end(&w);
	if (!get)
		return cli_ask(cli, &w, NULL, NULL);
	cli_list_begin(cli);
	int status = cli_ask(cli, &w, show_one, &list);

	cli_list_end(cli);
	return status;
}

struct spi_words {
	struct cli_id id;
	struct xfrm_userspi_info info;
	struct xfrm_mark mark;
	bool any_id, has_mark, has_min, has_max;
};

static bool parse_spi_word(struct args *a, struct spi_words *s)
{
	struct xfrm_usersa_info *sa = &s->info.info;

	if (args_take(a, "mode")) {
		sa->mode = args_mode(a);
	} else if (args_take(a, "mark")) {
		s->mark = args_mark(a);
		s->has_mark = true;
	} else if (args_take(a, "reqid")) {
		sa->reqid = (uint32_t)args_number(a, UINT32_MAX, "REQID value is invalid");
	} else if (args_take(a, "seq")) {
		sa->seq = htonl((uint32_t)args_number(a, UINT32_MAX, "SEQ value is invalid"));
	} else if (args_take(a, "min")) {
		s->info.min =
		    (uint32_t)args_number(a, UINT32_MAX, "value after \"min\" is invalid");
		s->has_min = true;
	} else if (args_take(a, "max")) {
		s->info.max =
		    (uint32_t)args_number(a, UINT32_MAX, "value after \"max\" is invalid");
		s->has_max = true;
	} else {
		return false;
	}
	return true;
}

static void finish_spi_words(struct spi_words *s)
{
	struct xfrm_usersa_info *sa = &s->info.info;

	if (!s->any_id)
		args_incomplete("Not enough information: ID is required");
	if (s->id.spi)
		args_incomplete("\"spi\" is invalid");
	if (s->has_min != s->has_max)
		args_incomplete(s->has_min ? "\"max\" is missing" : "\"min\" is missing");
	if (s->info.min > s->info.max)
		args_incomplete("value after \"min\" is larger than value after \"max\"");
	if (!s->has_min) { /* as ip has it; an IPComp CPI has 16 bits */
		s->info.min = 0x100;
		s->info.max = s->id.proto == IPPROTO_COMP ? 0xffff : 0x0fffffff;
	}
	sa->saddr = s->id.src.a;
	sa->id.daddr = s->id.dst.a;
	sa->id.proto = s->id.proto;
	sa->family = s->id.family ? s->id.family : AF_INET;
	sa->lft = (struct xfrm_lifetime_cfg){.soft_byte_limit = XFRM_INF,
					     .hard_byte_limit = XFRM_INF,
					     .soft_packet_limit = XFRM_INF,
					     .hard_packet_limit = XFRM_INF};
}

static int allocate_spi(struct cli *cli, struct args *a)
{
	uint8_t buf[512];
	struct ux_writer w;
	struct spi_words s = {0};
	struct sa_list list = {.cli = cli, .printer = cli_printer(cli)};

	while (args_peek(a)) {
		if (parse_spi_word(a, &s))
			continue;
		if (parse_id(a, cli->family, &s.id))
			s.any_id = true;
		else if (!s.any_id)
			args_required("XFRM-PROTO");
		else
			args_wrong(args_peek(a), "unknown");
	}
	finish_spi_words(&s);
	ux_writer_init(&w, buf, sizeof(buf));
	ux_msg_begin(&w, XFRM_MSG_ALLOCSPI, NLM_F_REQUEST, 0, 0, &s.info, sizeof(s.info));
	if (s.has_mark)
		ux_msg_attr(&w, XFRMA_MARK, &s.mark, sizeof(s.mark));
	ux_msg_end(&w);
	cli_list_begin(cli);
	int status = cli_ask(cli, &w, show_one, &list);

	cli_list_end(cli);
	return status;
}

static int flush(struct cli *cli, struct args *a)
{
	uint8_t buf[64];
	struct ux_writer w;
	struct xfrm_usersa_flush header = {0};

	while (args_peek(a)) {
		if (!args_take(a, "proto"))
			args_wrong(args_peek(a), "unknown");
		const char *word = args_next(a);
		int proto = name_to_xfrm_proto(word);

		if (proto < 0)
			args_wrong(word, "XFRM-PROTO value is invalid");
		header.proto = (uint8_t)proto;
	}
	ux_writer_init(&w, buf, sizeof(buf));
	ux_msg_begin(&w, XFRM_MSG_FLUSHSA, NLM_F_REQUEST | NLM_F_ACK, 0, 0, &header,
		     sizeof(header));
	ux_msg_end(&w);
	return cli_ask(cli, &w, NULL, NULL);
}

static int print_count(const struct nlmsghdr *msg, void *opaque)
{
	const struct cli *cli = opaque;
	const uint8_t *at = (const uint8_t *)msg + NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(uint32_t));
	const uint8_t *end = (const uint8_t *)msg + msg->nlmsg_len;
	uint32_t count = 0;
	struct xfrmu_sadhinfo hash = {0};
	struct nlattr a;

	for (; end - at >= (ptrdiff_t)sizeof(a); at += NLA_ALIGN(a.nla_len)) {
		memcpy(&a, at, sizeof(a));
		if (a.nla_len < sizeof(a) || a.nla_len > end - at)
			break;
		if (a.nla_type == XFRMA_SAD_CNT && a.nla_len >= sizeof(a) + sizeof(count))
			memcpy(&count, at + sizeof(a), sizeof(count));
		if (a.nla_type == XFRMA_SAD_HINFO && a.nla_len >= sizeof(a) + sizeof(hash))
			memcpy(&hash, at + sizeof(a), sizeof(hash));
	}
	if (cli->json) {
		printf("{\"sa\": %u, \"buckets\": %u, \"buckets_max\": %u}\n", count, hash.sadhcnt,
		       hash.sadhmcnt);
		return 0;
	}
	printf("\t SAD count %u", count);
	if (cli->stats)
		printf(" (buckets count %u Max %u)", hash.sadhcnt, hash.sadhmcnt);
	putchar('\n');
	return 0;
}

static int count_states(struct cli *cli)
{
	uint8_t buf[64];
	uint32_t flags = UINT32_MAX;
	struct ux_writer w;

	ux_writer_init(&w, buf, sizeof(buf));
	ux_msg_begin(&w, XFRM_MSG_GETSADINFO, NLM_F_REQUEST, 0, 0, &flags, sizeof(flags));
	ux_msg_end(&w);
	return cli_ask(cli, &w, print_count, cli);
}

static const char usage_text[] =
    "Usage: uxfrm state { add | update } ID ALGO... [ mode MODE ] [ reqid REQID ] [ seq SEQ ]\n"
    "                   [ mark MARK [ mask MASK ] ] [ output-mark MARK [ mask MASK ] ]\n"
    "                   [ if_id IF_ID ] [ dir { in | out } ] [ replay-window SIZE ]\n"
    "                   [ replay-seq SEQ ] [ replay-oseq SEQ ] [ replay-seq-hi SEQ ]\n"
    "                   [ replay-oseq-hi SEQ ] [ flag FLAG... ] [ extra-flag FLAG... ]\n"
    "                   [ sel SELECTOR ] [ limit LIMIT NUMBER ]... [ tfcpad LENGTH ]\n"
    "                   [ encap TYPE SPORT DPORT OADDR ] [ coa ADDR ]\n"
    "                   [ offload [ packet ] dev DEV dir { in | out } ]\n"
    "       uxfrm state allocspi ID [ mode MODE ] [ mark MARK [ mask MASK ] ] [ reqid REQID ]\n"
    "                   [ seq SEQ ] [ min SPI max SPI ]\n"
    "       uxfrm state { delete | get } ID [ mark MARK [ mask MASK ] ]\n"
    "       uxfrm state { deleteall | list } [ nokeys ] [ ID ] [ mode MODE ] [ reqid REQID ]\n"
    "                   [ flag FLAG-LIST ]\n"
    "       uxfrm state flush [ proto XFRM-PROTO ]\n"
    "       uxfrm state count\n"
    "       uxfrm state migrate dst ADDR proto PROTO spi SPI [ mark MARK [ mask MASK ] ]\n"
    "                   new-dst ADDR new-src ADDR new-reqid REQID\n"
    "                   [ new-mark MARK [ mask MASK ] ] [ set-mark MARK [ mask MASK ] ]\n"
    "                   [ encap { none | TYPE SPORT DPORT OADDR } ]\n"
    "                   [ offload { none | dev DEV dir DIR } ] [ mtimer-thresh SECONDS ]\n"
    "                   [ nat-keepalive SECONDS ] [ new-sel SELECTOR | update-h2h-sel ]\n"
    "ID := [ src ADDR ] [ dst ADDR ] [ proto PROTO ] [ spi SPI ]\n"
    "ALGO := aead NAME KEY ICV-BITS | enc NAME KEY | auth NAME KEY |\n"
    "        auth-trunc NAME KEY ICV-BITS | comp NAME\n"
    "The words are those of ip-xfrm(8), and dir; state migrate is described in uxfrm(8).\n";

int state_command(struct cli *cli, struct args *a)
{
	if (!args_peek(a))
		return list_states(cli, a);
	const char *word = args_next(a);

	if (args_is_command(word, "add"))
		return state_add(cli, a, XFRM_MSG_NEWSA, NLM_F_CREATE | NLM_F_EXCL);
	if (args_is_command(word, "update"))
		return state_add(cli, a, XFRM_MSG_UPDSA, NLM_F_REPLACE);
	if (args_is_command(word, "allocspi"))
		return allocate_spi(cli, a);
	if (args_is_command(word, "delete"))
		return get_or_delete(cli, a, XFRM_MSG_DELSA);
	if (args_is_command(word, "deleteall") || strcmp(word, "delall") == 0)
		return delete_all(cli, a);
	if (args_is_command(word, "list") || args_is_command(word, "show") ||
	    args_is_command(word, "lst"))
		return list_states(cli, a);
	if (args_is_command(word, "get"))
		return get_or_delete(cli, a, XFRM_MSG_GETSA);
	if (args_is_command(word, "flush"))
		return flush(cli, a);
	if (args_is_command(word, "count"))
		return count_states(cli);
	if (args_is_command(word, "migrate"))
		return migrate_command(cli, a);
	bool help = args_is_command(word, "help");

	if (help)
		fputs(usage_text, stderr);
	else
		fprintf(stderr, "Command \"%s\" is unknown, try \"uxfrm state help\".\n", word);
	return 255;
}
