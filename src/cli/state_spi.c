/* SPDX-License-Identifier: BSD-2-Clause */

/* uxfrm state allocspi. */

#include <netinet/in.h>

#include "cli/cli.h"
#include "cli/names.h"
#include "cli/parse.h"

struct spi_words {
	struct cli_id id;
	uint8_t mode;
	uint32_t reqid, seq, min, max;
	struct uxfrm_mark mark;
	bool any_id, has_min, has_max;
};

static void finish(const struct args *a, struct spi_words *s, struct uxfrm_sa *sa)
{
	if (!s->any_id)
		args_incomplete("Not enough information: ID is required");
	if (s->has_min != s->has_max)
		args_incomplete(s->has_min ? "\"max\" is missing" : "\"min\" is missing");
	if (s->min > s->max)
		args_incomplete("value after \"min\" is larger than value after \"max\"");
	if (!s->has_min) { /* as ip has it; an IPComp CPI has 16 bits */
		s->min = 0x100;
		s->max = s->id.proto == IPPROTO_COMP ? 0xffff : 0x0fffffff;
	}
	uxfrm_sa_init(sa);
	sa->limits = (struct uxfrm_limits){0};
	sa->id = id_to_sa(a, &s->id);
	sa->mode = s->mode;
	sa->reqid = s->reqid;
	sa->seq = s->seq;
	if (s->mark.value & s->mark.mask) { /* as ip does */
		sa->attrs.mark = s->mark;
		uxfrm_give(&sa->attrs, UXFRM_HAS_MARK);
	}
}

static void parse_spi_id(struct args *a, struct spi_words *s)
{
	parse_name_id(a, &s->id, &s->any_id);
	if (s->id.spi)
		args_incomplete("\"spi\" is invalid");
}

int state_alloc_spi(struct cli *cli, struct args *a)
{
	static const struct arg_word words[] = {
	    {"mode", read_mode, offsetof(struct spi_words, mode), 0, "MODE value is invalid"},
	    {"mark", read_mark, offsetof(struct spi_words, mark)},
	    {"reqid", read_u32, offsetof(struct spi_words, reqid), 0, "REQID value is invalid"},
	    {"seq", read_be32, offsetof(struct spi_words, seq), 0, "SEQ value is invalid"},
	    {"min", read_u32, offsetof(struct spi_words, min), offsetof(struct spi_words, has_min),
	     "value after \"min\" is invalid", true},
	    {"max", read_u32, offsetof(struct spi_words, max), offsetof(struct spi_words, has_max),
	     "value after \"max\" is invalid", true},
	    {NULL},
	};
	struct spi_words s = {0};
	struct uxfrm_sa sa;

	while (args_peek(a)) {
		if (!args_word(a, words, &s))
			parse_spi_id(a, &s);
	}
	finish(a, &s, &sa);
	cli->printer.family = a->family;
	cli_list_begin(cli);
	int status = cli_show(cli, uxfrm_spi_alloc(cli_conn(cli), &sa, s.min, s.max), UXFRM_MSG_SA);

	cli_list_end(cli);
	return status;
}
