/* SPDX-License-Identifier: BSD-2-Clause */

#include "cli/policy_words.h"

#include <sys/socket.h>

#include "cli/names.h"
#include "cli/parse.h"

#define IN(MEMBER) offsetof(struct policy_words, MEMBER)

static const struct arg_word filter_words[] = {
    {"dir", read_dir, IN(policy.id.dir), IN(has_dir), "DIR value is invalid"},
    {"index", read_u32, IN(policy.id.index), IN(has_index), "INDEX value is invalid"},
    {"ptype", read_ptype, IN(policy.attrs.ptype), IN(has_ptype), "PTYPE value is invalid"},
    {NULL},
};
static const struct arg_word place_words[] = {
    {"dir", read_dir, IN(policy.id.dir), IN(has_dir), "DIR value is invalid", true},
    {"index", read_u32, IN(policy.id.index), IN(has_index), "INDEX value is invalid"},
    {"ptype", read_ptype, IN(policy.attrs.ptype), IN(has_ptype), "PTYPE value is invalid", true},
    {NULL},
};

bool parse_filter_word(struct args *a, struct policy_words *w)
{
	return args_word(a, filter_words, w);
}

bool parse_place_word(struct args *a, struct policy_words *w)
{
	return args_word(a, place_words, w);
}

bool parse_label_word(struct args *a, struct policy_words *w)
{
	static const struct arg_word words[] = {
	    {"mark", read_mark, IN(policy.attrs.mark)},
	    {"if_id", read_u32, IN(policy.attrs.if_id), IN(has_if_id), "IF_ID value is invalid"},
	    {"ctx", read_security, IN(policy.attrs.security), IN(has_context), NULL, true},
	    {NULL},
	};

	return args_word(a, words, w);
}

void parse_selector_once(struct args *a, struct policy_words *w, bool again)
{
	if (!w->has_sel && parse_selector(a, &w->policy.id.sel)) {
		w->has_sel = true;
		if (!a->family)
			a->family = w->policy.id.sel.family;
	} else if (again) {
		args_duplicate("unknown", args_peek(a)); /* ip's own words */
	} else {
		args_wrong(args_peek(a), "unknown");
	}
}

bool parse_property_word(struct args *a, struct policy_words *w)
{
	static const struct arg_word words[] = {
	    {"action", read_action, IN(policy.action), IN(has_action), "ACTION value is invalid\n"},
	    {"priority", read_u32, IN(policy.priority), IN(has_priority),
	     "PRIORITY value is invalid"},
	    {"flag", read_policy_flags, IN(policy.flags)},
	    {NULL},
	};

	return args_word(a, words, w);
}

void settle_name(const struct args *a, struct policy_words *w)
{
	struct uxfrm_attributes *attrs = &w->policy.attrs;
	struct uxfrm_selector *sel = &w->policy.id.sel;

	if (!sel->family)
		sel->family = (uint16_t)(a->family ? a->family : AF_INET);
	if (w->has_ptype)
		uxfrm_give(attrs, UXFRM_HAS_PTYPE);
	if (attrs->mark.value & attrs->mark.mask) /* as ip does */
		uxfrm_give(attrs, UXFRM_HAS_MARK);
	if (w->has_if_id)
		uxfrm_give(attrs, UXFRM_HAS_IF_ID);
	if (w->has_context)
		uxfrm_give(attrs, UXFRM_HAS_SECURITY);
}
