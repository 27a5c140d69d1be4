/* SPDX-License-Identifier: BSD-2-Clause */

/* uxfrm policy add | update. */

#include "cli/cli.h"
#include "cli/names.h"
#include "cli/parse.h"
#include "cli/policy_words.h"

struct template_words {
	struct uxfrm_template t;
	struct cli_id id;
};

static void parse_template(struct args *a, struct policy_words *w)
{
	static const struct arg_word words[] = {
	    {"mode", read_mode, offsetof(struct template_words, t.mode), 0,
	     "MODE value is invalid"},
	    {"reqid", read_u32, offsetof(struct template_words, t.reqid), 0,
	     "REQID value is invalid"},
	    {"level", read_level, offsetof(struct template_words, t.optional), 0,
	     "LEVEL value is invalid\n"},
	    {NULL},
	};
	struct template_words tw = {
	    .t = {.auth_mask = UINT32_MAX, .crypt_mask = UINT32_MAX, .comp_mask = UINT32_MAX}};

	if (w->template_count == TEMPLATES_MAX)
		args_wrong("tmpl", "TMPL");
	while (args_word(a, words, &tw) || parse_id_word(a, &tw.id))
		;
	parse_id_check(a, &tw.id);
	tw.t.family = id_family(&tw.id);
	tw.t.src = tw.id.src.a;
	tw.t.dst = tw.id.dst.a;
	tw.t.spi = tw.id.spi;
	tw.t.proto = tw.id.proto;
	w->templates[w->template_count++] = tw.t;
}

static void settle_templates(struct policy_words *w)
{
	struct uxfrm_attributes *attrs = &w->policy.attrs;

	for (size_t i = 0; i < w->template_count; i++)
		if (!w->templates[i].family)
			w->templates[i].family = w->policy.id.sel.family;
	attrs->templates = w->templates;
	attrs->template_count = w->template_count;
	if (w->template_count)
		uxfrm_give(attrs, UXFRM_HAS_TEMPLATES);
}

static int change(struct cli *cli, struct args *a,
		  int (*gather)(struct uxfrm_conn *conn, const struct uxfrm_policy *policy))
{
	struct policy_words w = {0};

	uxfrm_policy_init(&w.policy);
	while (args_peek(a)) {
		if (args_take(a, "limit"))
			read_limit(a, &w.policy.limits, "LIMIT value is invalid");
		else if (args_take(a, "tmpl"))
			parse_template(a, &w);
		else if (!parse_property_word(a, &w) && !parse_name_word(a, &w))
			args_wrong(args_peek(a), "unknown");
	}
	if (!w.has_dir)
		args_incomplete("Not enough information: DIR is required.");
	settle_name(a, &w);
	settle_templates(&w);
	return cli_tell(cli, gather(cli_conn(cli), &w.policy));
}

int policy_add(struct cli *cli, struct args *a)
{
	return change(cli, a, uxfrm_policy_add);
}

int policy_update(struct cli *cli, struct args *a)
{
	return change(cli, a, uxfrm_policy_update);
}
