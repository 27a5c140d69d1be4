/* SPDX-License-Identifier: BSD-2-Clause */

/* The events of `ip xfrm monitor` that are not about one SA or policy, and the choice between all.
 */

#include <arpa/inet.h>

#include "cli/names.h"
#include "cli/print_util.h"

static void print_acquire(const struct printer *p, const struct uxfrm_message *m)
{
	const struct uxfrm_acquire *a = &m->acquire;
	uint16_t family = a->sel.family ? a->sel.family : a->policy.id.sel.family;
	char buf[NAME_BUF];

	fprintf(p->out, "acquire proto %s ", xfrm_proto_name(a->id.proto, buf));
	if (p->stats || a->id.spi) {
		fprintf(p->out, "spi 0x%08x", a->id.spi);
		if (p->stats)
			fprintf(p->out, "(%u)", a->id.spi);
		fputc(' ', p->out);
	}
	fputs(line_end(p), p->out);
	print_selector(p, &a->sel, family, "  sel ");
	print_policy_lines(p, &a->policy, &a->attrs, "    ", "  policy ");
	if (p->stats)
		fprintf(p->out, "  seq 0x%08u enc-mask %.8x auth-mask %.8x comp-mask %.8x", a->seq,
			a->crypt_mask, a->auth_mask, a->comp_mask);
	fputs(line_end(p), p->out);
	end_message(p);
}

static void print_sas_flushed(const struct printer *p, const struct uxfrm_message *m)
{
	uint8_t proto = m->flushed.proto;
	char buf[NAME_BUF];

	fprintf(p->out, "Flushed state proto %s%s", proto ? xfrm_proto_name(proto, buf) : "0",
		line_end(p));
	end_message(p);
}

static void print_policies_flushed(const struct printer *p, const struct uxfrm_message *m)
{
	char buf[NAME_BUF];

	fputs("Flushed policy ", p->out);
	if (uxfrm_has(&m->flushed.attrs, UXFRM_HAS_PTYPE))
		fprintf(p->out, "ptype %s ", ptype_name(m->flushed.attrs.ptype, buf));
	fputs(line_end(p), p->out);
	end_message(p);
}

static void print_aevent(const struct printer *p, const struct uxfrm_message *m)
{
	const struct uxfrm_aevent *e = &m->aevent;
	char src[INET6_ADDRSTRLEN], dst[INET6_ADDRSTRLEN], buf[NAME_BUF];
	uint16_t family = e->id.family;

	fprintf(p->out, "Async event  (0x%x) ", e->flags);
	if (e->flags & UXFRM_AE_REPLAY)
		fputs(" replay update ", p->out);
	if (e->flags & UXFRM_AE_TIMER)
		fputs(" timer expired ", p->out);
	if (e->flags & UXFRM_AE_UPDATE)
		fputs(" policy updated ", p->out);
	fprintf(p->out, "\n\tsrc %s dst %s  reqid 0x%x protocol %s  SPI 0x%x\n",
		address_text(family, &e->id.src, src), address_text(family, &e->id.dst, dst),
		e->reqid, proto_name(e->id.proto, buf), e->id.spi);
	fflush(p->out); /* with -o too */
}

static void print_report(const struct printer *p, const struct uxfrm_message *m)
{
	const struct uxfrm_report *r = &m->report;
	char buf[NAME_BUF];

	fprintf(p->out, "report proto %s %s", xfrm_proto_name(r->proto, buf), line_end(p));
	print_selector(p, &r->sel, 0, "  sel ");
	print_attributes(p, &r->attrs, r->sel.family ? r->sel.family : (uint16_t)p->family, "  ");
	end_message(p);
}

static void print_mapping(const struct printer *p, const struct uxfrm_message *m)
{
	const struct uxfrm_mapping *map = &m->mapping;
	char old[INET6_ADDRSTRLEN], new[INET6_ADDRSTRLEN], dst[INET6_ADDRSTRLEN], buf[NAME_BUF];
	uint16_t family = map->id.family;

	fprintf(p->out, "Mapping change %s:%d -> %s:%d\n", address_text(family, &map->old_src, old),
		map->old_sport, address_text(family, &map->new_src, new), map->new_sport);
	fprintf(p->out, "\tdst %s  reqid 0x%x protocol %s  SPI 0x%x\n",
		address_text(family, &map->id.dst, dst), map->reqid, proto_name(map->id.proto, buf),
		map->id.spi);
	fflush(p->out); /* with -o too */
}

static const char *default_name(uint8_t action)
{
	return action == UXFRM_DEFAULT_BLOCK ? "block" : "accept";
}

static void print_defaults(const struct printer *p, const struct uxfrm_message *m)
{
	const struct uxfrm_defaults *d = &m->defaults;

	fprintf(p->out, "Default policies:\n in:  %s\n fwd: %s\n out: %s\n", default_name(d->in),
		default_name(d->fwd), default_name(d->out));
	fflush(p->out);
}

static void print_sad(const struct printer *p, const struct uxfrm_message *m)
{
	fprintf(p->out, "\t SAD count %u", m->sad.count);
	if (p->stats)
		fprintf(p->out, " (buckets count %u Max %u)", m->sad.buckets, m->sad.buckets_max);
	fputc('\n', p->out); /* with -o too */
	fflush(p->out);
}

static void print_spd(const struct printer *p, const struct uxfrm_message *m)
{
	const struct uxfrm_spd_info *s = &m->spd;
	const char *end = line_end(p);

	fprintf(p->out, "\t SPD IN  %u OUT %u FWD %u", s->in, s->out, s->fwd);
	if (p->stats)
		fprintf(p->out, " (Sock: IN %u OUT %u FWD %u)", s->socket_in, s->socket_out,
			s->socket_fwd);
	fputs(end, p->out);
	if (p->stats > 1)
		fprintf(p->out,
			"\t SPD buckets: count %u Max %u%s"
			"\t SPD IPv4 thresholds: local %u remote %u%s"
			"\t SPD IPv6 thresholds: local %u remote %u%s",
			s->buckets, s->buckets_max, end, s->threshold4.local, s->threshold4.remote,
			end, s->threshold6.local, s->threshold6.remote, end);
	end_message(p);
}

void print_any(const struct printer *p, const struct uxfrm_message *m)
{
	static const struct {
		enum uxfrm_message_type type;
		void (*print)(const struct printer *p, const struct uxfrm_message *m);
	} forms[] = {
	    {UXFRM_MSG_SA, print_sa},
	    {UXFRM_MSG_SA_UPDATED, print_sa},
	    {UXFRM_MSG_SA_DELETED, print_sa},
	    {UXFRM_MSG_SA_EXPIRED, print_sa},
	    {UXFRM_MSG_POLICY, print_policy},
	    {UXFRM_MSG_POLICY_UPDATED, print_policy},
	    {UXFRM_MSG_POLICY_DELETED, print_policy},
	    {UXFRM_MSG_POLICY_EXPIRED, print_policy},
	    {UXFRM_MSG_ACQUIRE, print_acquire},
	    {UXFRM_MSG_SAS_FLUSHED, print_sas_flushed},
	    {UXFRM_MSG_POLICIES_FLUSHED, print_policies_flushed},
	    {UXFRM_MSG_AEVENT, print_aevent},
	    {UXFRM_MSG_REPORT, print_report},
	    {UXFRM_MSG_MAPPING, print_mapping},
	    {UXFRM_MSG_DEFAULTS, print_defaults},
	    {UXFRM_MSG_SAD_INFO, print_sad},
	    {UXFRM_MSG_SPD_INFO, print_spd},
	    {UXFRM_MSG_SA_MOVED, print_sa_moved},
	    {UXFRM_MSG_POLICY_MOVED, print_policy_moved},
	};

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (forms[i].type == m->type) {
			forms[i].print(p, m);
			return;
		}
	}
	fflush(p->out);
	fprintf(stderr, "Unknown message: %08u 0x%08x 0x%08x\n", m->length, m->type, m->flags);
}
