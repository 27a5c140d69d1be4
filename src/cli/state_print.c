/* SPDX-License-Identifier: BSD-2-Clause */

/* An SA as `ip xfrm state` prints it. */

#include <arpa/inet.h>
#include <string.h>

#include "cli/names.h"
#include "cli/print.h"
#include "cli/print_util.h"

static void print_flag_line(const struct printer *p, const struct xfrm_usersa_info *sa,
			    const struct ux_attrs *attrs)
{
	const struct nlattr *extra = attrs->tb[XFRMA_SA_EXTRA_FLAGS];
	char mask[9];

	fprintf(p->out, "\treplay-window %u ", sa->replay_window);
	if (p->stats)
		fprintf(p->out, "seq 0x%08u ", sa->seq); /* ip's mixture of bases */
	if (p->stats || sa->flags) {
		fputs("flag ", p->out);
		print_flags(p, sa->flags, state_flag_names);
	}
	if (p->stats && extra && ux_attr_u32(extra)) {
		fputs("extra_flag ", p->out);
		print_flags(p, ux_attr_u32(extra), extra_flag_names);
	}
	if (p->stats)
		fprintf(p->out, " (0x%s)", mask8_text(sa->flags, mask));
	fputs(line_end(p), p->out);
}

static void print_statistics(const struct printer *p, const struct xfrm_usersa_info *sa)
{
	const char *end = line_end(p);

	print_limits(p, &sa->lft, "\t");
	print_lifetime(p, &sa->curlft, "\t");
	fprintf(p->out, "\tstats:%s", end);
	fprintf(p->out, "\t  replay-window %u replay %u failed %u%s", sa->stats.replay_window,
		sa->stats.replay, sa->stats.integrity_failed, end);
}

static void print_context(const struct printer *p, const struct nlattr *a)
{
	const struct xfrm_user_sec_ctx *context = ux_attr_data(a);
	size_t len = ux_attr_len(a) - sizeof(*context);

	if (context->ctx_len < len)
		len = context->ctx_len;
	fprintf(p->out, "\tsecurity context %.*s %s", (int)len, (const char *)(context + 1),
		line_end(p));
}

int print_sa(const struct printer *p, const struct nlmsghdr *msg)
{
	static const struct xfrm_selector no_selector;
	struct ux_attrs attrs;
	struct sa_view view = {.attrs = &attrs};

	if (view_sa(msg, &view) < 0)
		return -1;
	const struct xfrm_usersa_info *sa = &view.info;
	struct id_line line = {&sa->saddr, &sa->id, sa->mode, sa->reqid, sa->family, true};
	const char *title = msg->nlmsg_type == XFRM_MSG_DELSA	 ? "Deleted "
			    : msg->nlmsg_type == XFRM_MSG_UPDSA	 ? "Updated "
			    : msg->nlmsg_type == XFRM_MSG_EXPIRE ? "Expired "
								 : "";

	print_id(p, &line, "", title);
	print_flag_line(p, sa, &attrs);
	print_attributes(p, &attrs, sa->family, "\t");
	if (memcmp(&sa->sel, &no_selector, sizeof(no_selector)) != 0)
		print_selector(p, &sa->sel, sa->family, "\tsel ");
	if (p->stats)
		print_statistics(p, sa);
	if (attrs.tb[XFRMA_SEC_CTX])
		print_context(p, attrs.tb[XFRMA_SEC_CTX]);
	if (msg->nlmsg_type == XFRM_MSG_EXPIRE)
		fprintf(p->out, "\thard %u%s", view.hard, line_end(p));
	if (p->one_line)
		fputc('\n', p->out);
	fflush(p->out);
	return 0;
}
