/* SPDX-License-Identifier: BSD-2-Clause */

/* An SA as `ip xfrm state` prints it. */

#include "cli/names.h"
#include "cli/print_util.h"

static void print_flag_line(const struct printer *p, const struct uxfrm_sa *sa)
{
	const struct uxfrm_attributes *a = &sa->attrs;
	char mask[9];

	fprintf(p->out, "\treplay-window %u ", sa->replay_window);
	if (p->stats)
		fprintf(p->out, "seq 0x%08u ", sa->seq); /* ip's mixture of bases */
	if (p->stats || sa->flags) {
		fputs("flag ", p->out);
		print_flags(p, sa->flags, state_flag_names);
	}
	if (p->stats && uxfrm_has(a, UXFRM_HAS_EXTRA_FLAGS)) {
		fputs("extra_flag ", p->out);
		print_flags(p, a->extra_flags, extra_flag_names);
	}
	if (p->stats)
		fprintf(p->out, " (0x%s)", mask8_text(sa->flags, mask));
	fputs(line_end(p), p->out);
}

static void print_statistics(const struct printer *p, const struct uxfrm_sa *sa)
{
	const char *end = line_end(p);

	print_limits(p, &sa->limits, "\t");
	print_usage(p, &sa->usage, "\t");
	fprintf(p->out, "\tstats:%s", end);
	fprintf(p->out, "\t  replay-window %u replay %u failed %u%s", sa->stats_replay_window,
		sa->stats_replay, sa->stats_integrity_failed, end);
}

void print_sa(const struct printer *p, const struct uxfrm_message *m)
{
	const struct uxfrm_sa *sa = &m->sa;
	const struct id_line line = {
	    .id = &sa->id, .reqid = sa->reqid, .mode = sa->mode, .always_spi = true};
	const char *title = m->type == UXFRM_MSG_SA_DELETED   ? "Deleted "
			    : m->type == UXFRM_MSG_SA_UPDATED ? "Updated "
			    : m->type == UXFRM_MSG_SA_EXPIRED ? "Expired "
							      : "";

	print_id(p, &line, "", title);
	print_flag_line(p, sa);
	print_attributes(p, &sa->attrs, sa->id.family, "\t");
	if (!selector_is_empty(&sa->sel))
		print_selector(p, &sa->sel, sa->id.family, "\tsel ");
	if (p->stats)
		print_statistics(p, sa);
	if (uxfrm_has(&sa->attrs, UXFRM_HAS_SECURITY))
		fprintf(p->out, "\tsecurity context %.*s %s", sa->attrs.security.len,
			sa->attrs.security.text, line_end(p));
	if (m->type == UXFRM_MSG_SA_EXPIRED)
		fprintf(p->out, "\thard %u%s", m->hard, line_end(p));
	end_message(p);
}
