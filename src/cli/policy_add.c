/* SPDX-License-Identifier: BSD-2-Clause */

/* uxfrm policy add | update. */

#include "cli/cli.h"
#include "cli/names.h"
#include "cli/parse.h"
#include "cli/policy_words.h"

/* Stand for the family of a template without addresses: that of the policy, whose default is IPv4,
 * or without an ID that of the selector as written, which may be none. */
#define FAMILY_OF_POLICY UINT16_MAX
#define FAMILY_OF_SELECTOR (UINT16_MAX - 1)

struct template_words {
	struct uxfrm_template t;
	struct cli_id id;
};

/* One ID; where a second begins, the template has ended. */
static bool parse_template_id(struct args *a, struct cli_id *id, bool *any)
{
	if (*any || !parse_id_word(a, id))
		return false;
	while (parse_id_word(a, id))
		;
	parse_id_check(a, id, false);
	*any = true;
	return true;
}

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
	int family = a->family;
	bool any_id = false;

	if (!args_peek(a))
		(void)args_next(a); /* complains */
	a->family = 0;
	while (args_word(a, words, &tw) || parse_template_id(a, &tw.id, &any_id))
		;
	if (!any_id && args_peek(a))
		args_required("XFRM-PROTO");
	a->family = family;
	tw.t.family = id_family(&tw.id);
	if (!tw.t.family) /* known at the end */
		tw.t.family = any_id ? FAMILY_OF_POLICY : FAMILY_OF_SELECTOR;
	tw.t.src = tw.id.src.a;
	tw.t.dst = tw.id.dst.a;
	tw.t.spi = tw.id.spi;
	tw.t.proto = tw.id.proto;
	w->templates[w->template_count++] = tw.t;
}

static void settle_templates(struct policy_words *w, uint16_t written)
{
	struct uxfrm_attributes *attrs = &w->policy.attrs;

	for (size_t i = 0; i < w->template_count; i++)
		if (w->templates[i].family == FAMILY_OF_POLICY)
			w->templates[i].family = w->policy.id.sel.family;
		else if (w->templates[i].family == FAMILY_OF_SELECTOR)
			w->templates[i].family = written;
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
		else if (!parse_property_word(a, &w) && !parse_place_word(a, &w) &&
			 !parse_label_word(a, &w))
			parse_selector_once(a, &w, true);
	}
	if (!w.has_dir)
		args_incomplete("Not enough information: DIR is required.");
	uint16_t written = w.policy.id.sel.family;

	settle_name(a, &w);
	if (w.policy.attrs.mark.mask) /* as ip does */
		uxfrm_give(&w.policy.attrs, UXFRM_HAS_MARK);
	settle_templates(&w, written);
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
