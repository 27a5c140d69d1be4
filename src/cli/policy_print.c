/* SPDX-License-Identifier: BSD-2-Clause */

/* A policy as `ip xfrm policy` prints it. */

#include "cli/names.h"
#include "cli/print_util.h"

static void print_direction(const struct printer *p, const struct uxfrm_policy *policy)
{
	char buf[NAME_BUF];

	if (policy->id.dir >= UXFRM_POLICY_SOCKET) {
		fprintf(p->out, "socket %s ",
			dir_name((uint8_t)(policy->id.dir - UXFRM_POLICY_SOCKET), buf));
		return;
	}
	fprintf(p->out, "dir %s ", dir_name(policy->id.dir, buf));
}

static void print_first_line(const struct printer *p, const struct uxfrm_policy *policy,
			     const struct uxfrm_attributes *attrs, const char *prefix)
{
	char buf[NAME_BUF], mask[9];

	fprintf(p->out, "%s\t", prefix);
	print_direction(p, policy);
	if (policy->action == UXFRM_ALLOW) {
		if (p->stats)
			fputs("action allow ", p->out);
	} else if (policy->action == UXFRM_BLOCK) {
		fputs("action block ", p->out);
	} else {
		fprintf(p->out, "action %u ", policy->action);
	}
	if (p->stats)
		fprintf(p->out, "index %u ", policy->id.index);
	fprintf(p->out, "priority %u ", policy->priority);
	if (uxfrm_has(attrs, UXFRM_HAS_PTYPE))
		fprintf(p->out, "ptype %s ", ptype_name(attrs->ptype, buf));
	if (p->stats)
		fprintf(p->out, "share %s ", share_name(policy->share, buf));
	if (p->stats || policy->flags) {
		fputs("flag ", p->out);
		print_flags(p, policy->flags, policy_flag_names);
	}
	if (p->stats)
		fprintf(p->out, " (0x%s)", mask8_text(policy->flags, mask));
	fputs(line_end(p), p->out);
}

void print_policy_lines(const struct printer *p, const struct uxfrm_policy *policy,
			const struct uxfrm_attributes *attrs, const char *prefix, const char *title)
{
	char indent[16];

	snprintf(indent, sizeof(indent), "%s\t", prefix);
	print_selector(p, &policy->id.sel, 0, title);
	if (uxfrm_has(attrs, UXFRM_HAS_SECURITY))
		fprintf(p->out, "\tsecurity context %.*s %s", attrs->security.len,
			attrs->security.text, line_end(p));
	print_first_line(p, policy, attrs, prefix);
	if (p->stats) {
		print_limits(p, &policy->limits, indent);
		print_usage(p, &policy->usage, indent);
	}
	print_attributes(p, attrs, policy->id.sel.family, indent);
}

void print_policy(const struct printer *p, const struct uxfrm_message *m)
{
	print_policy_lines(p, &m->policy, &m->policy.attrs, "",
			   m->type == UXFRM_MSG_POLICY_DELETED	 ? "Deleted "
			   : m->type == UXFRM_MSG_POLICY_UPDATED ? "Updated "
			   : m->type == UXFRM_MSG_POLICY_EXPIRED ? "Expired "
								 : "");
	if (m->type == UXFRM_MSG_POLICY_EXPIRED)
		fprintf(p->out, "\thard %u%s", m->hard, line_end(p));
	end_message(p);
}
