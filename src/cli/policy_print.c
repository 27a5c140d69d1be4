/* SPDX-License-Identifier: BSD-2-Clause */

/* A policy as `ip xfrm policy` prints it. */

#include "cli/names.h"
#include "cli/print.h"
#include "cli/print_util.h"

#define SOCKET_DIRECTIONS 3 /* index bits of policies that belong to a socket */

static void print_direction(const struct printer *p, const struct xfrm_userpolicy_info *info)
{
	char buf[NAME_BUF];

	if (info->dir >= SOCKET_DIRECTIONS) {
		fprintf(p->out, "socket %s ",
			dir_name((uint8_t)(info->dir - SOCKET_DIRECTIONS), buf));
		return;
	}
	fprintf(p->out, "dir %s ", dir_name(info->dir, buf));
}

static void print_first_line(const struct printer *p, const struct xfrm_userpolicy_info *info,
			     uint8_t ptype, const char *prefix)
{
	char buf[NAME_BUF], mask[9];

	fprintf(p->out, "%s\t", prefix);
	print_direction(p, info);
	if (info->action == XFRM_POLICY_ALLOW) {
		if (p->stats)
			fputs("action allow ", p->out);
	} else if (info->action == XFRM_POLICY_BLOCK) {
		fputs("action block ", p->out);
	} else {
		fprintf(p->out, "action %u ", info->action);
	}
	if (p->stats)
		fprintf(p->out, "index %u ", info->index);
	fprintf(p->out, "priority %u ptype %s ", info->priority, ptype_name(ptype, buf));
	if (p->stats)
		fprintf(p->out, "share %s ", share_name(info->share, buf));
	if (p->stats || info->flags) {
		fputs("flag ", p->out);
		print_flags(p, info->flags, policy_flag_names);
	}
	if (p->stats)
		fprintf(p->out, " (0x%s)", mask8_text(info->flags, mask));
	fputs(line_end(p), p->out);
}

void print_policy_lines(const struct printer *p, const struct xfrm_userpolicy_info *info,
			const struct ux_attrs *attrs, const char *prefix, const char *title)
{
	const struct nlattr *type = attrs->tb[XFRMA_POLICY_TYPE];
	char indent[16];

	snprintf(indent, sizeof(indent), "%s\t", prefix);
	print_selector(p, &info->sel, 0, title);
	print_first_line(p, info,
			 type ? ((const struct xfrm_userpolicy_type *)ux_attr_data(type))->type
			      : XFRM_POLICY_TYPE_MAIN,
			 prefix);
	if (p->stats) {
		print_limits(p, &info->lft, indent);
		print_lifetime(p, &info->curlft, indent);
	}
	print_attributes(p, attrs, info->sel.family, indent);
}

int print_policy(const struct printer *p, const struct nlmsghdr *msg)
{
	struct ux_attrs attrs;
	struct policy_view view = {.attrs = &attrs};

	if (view_policy(msg, &view) < 0)
		return -1;
	print_policy_lines(p, &view.info, &attrs, "",
			   msg->nlmsg_type == XFRM_MSG_DELPOLICY   ? "Deleted "
			   : msg->nlmsg_type == XFRM_MSG_UPDPOLICY ? "Updated "
			   : msg->nlmsg_type == XFRM_MSG_POLEXPIRE ? "Expired "
								   : "");
	if (msg->nlmsg_type == XFRM_MSG_POLEXPIRE)
		fprintf(p->out, "\thard %u%s", view.hard, line_end(p));
	if (p->one_line)
		fputc('\n', p->out);
	fflush(p->out);
	return 0;
}
