/* SPDX-License-Identifier: BSD-2-Clause */

#include "cli/policy_words.h"

#include <sys/socket.h>

#include "cli/names.h"
#include "cli/parse.h"

#define IN(MEMBER) offsetof(struct policy_words, MEMBER)

bool parse_name_word(struct args *a, struct policy_words *w)
{
	static const struct arg_word words[] = {
	    {"dir", read_dir, IN(policy.id.dir), IN(has_dir), "DIR value is invalid"},
	    {"index", read_u32, IN(policy.id.index), IN(has_index), "INDEX value is invalid"},
	    {"ptype", read_ptype, IN(policy.attrs.ptype), IN(has_ptype), "PTYPE value is invalid"},
	    {"mark", read_mark, IN(policy.attrs.mark), IN(has_mark)},
	    {"if_id", read_u32, IN(policy.attrs.if_id), IN(has_if_id), "IF_ID value is invalid"},
	    {"ctx", read_security, IN(policy.attrs.security), IN(has_context)},
	    {NULL},
	};

	if (args_word(a, words, w))
		return true;
	if (!parse_selector(a, &w->policy.id.sel))
		return false;
	w->has_sel = true;
	return true;
}

static void read_policy_flags(struct args *a, void *to, const char *why)
{
	uint8_t *flags = to;

	*flags = (uint8_t)args_flags(a, policy_flag_names, UINT8_MAX);
	if (*flags == 0 && args_peek(a))
		args_duplicate("unknown", args_peek(a)); /* ip's own words */
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
	if (w->has_mark)
		uxfrm_give(attrs, UXFRM_HAS_MARK);
	if (w->has_if_id)
		uxfrm_give(attrs, UXFRM_HAS_IF_ID);
	if (w->has_context)
		uxfrm_give(attrs, UXFRM_HAS_SECURITY);
}
