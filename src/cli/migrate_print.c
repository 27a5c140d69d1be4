/* SPDX-License-Identifier: BSD-2-Clause */

/* The MIGRATE_STATE event, in the words used for it in the making of iproute2. */

#include <arpa/inet.h>
#include <net/if.h>
#include <string.h>

#include "cli/names.h"
#include "cli/print.h"
#include "cli/print_util.h"

static void print_first_lines(const struct printer *p, const struct ux_xfrm_user_migrate_state *m,
			      const struct ux_attrs *attrs)
{
	char buf[NAME_BUF], a[INET6_ADDRSTRLEN];
	const struct nlattr *dir = attrs->tb[UX_XFRMA_SA_DIR];

	fputs("Migrated state ", p->out);
	if (dir && ux_attr_u8(dir) == 1)
		fputs("dir in ", p->out);
	else if (dir && ux_attr_u8(dir) == 2)
		fputs("dir out ", p->out);
	else if (dir)
		fprintf(p->out, "dir %u ", ux_attr_u8(dir));
	fprintf(p->out, "proto %s spi 0x%08x dst %s ", xfrm_proto_name(m->id.proto, buf),
		ntohl(m->id.spi), address_text(m->id.family, &m->id.daddr, a));
	if (m->old_mark.v || m->old_mark.m)
		fprintf(p->out, "mark %#x/%#x ", m->old_mark.v, m->old_mark.m);
	fputs(line_end(p), p->out);
	fprintf(p->out, " new-dst %s ", address_text(m->new_family, &m->new_daddr, a));
	fprintf(p->out, "new-src %s ", address_text(m->new_family, &m->new_saddr, a));
	fprintf(p->out, "new-reqid %u%s", m->new_reqid, line_end(p));
}

static void print_new_marks(const struct printer *p, const struct ux_attrs *attrs)
{
	const struct nlattr *mark = attrs->tb[XFRMA_MARK], *set = attrs->tb[XFRMA_SET_MARK];

	if (!mark && !set)
		return;
	fputc(' ', p->out);
	if (mark) {
		const struct xfrm_mark *m = ux_attr_data(mark);

		fprintf(p->out, "new-mark %#x/%#x ", m->v, m->m);
	}
	if (set) {
		const struct nlattr *mask = attrs->tb[XFRMA_SET_MARK_MASK];

		fprintf(p->out, "set-mark %#x/%#x ", ux_attr_u32(set),
			mask ? ux_attr_u32(mask) : UINT32_MAX);
	}
	fputs(line_end(p), p->out);
}

void print_new_encap(const struct printer *p, const struct nlattr *a, uint16_t family)
{
	const struct xfrm_encap_tmpl *e = ux_attr_data(a);
	static const xfrm_address_t none;
	char buf[NAME_BUF], address[INET6_ADDRSTRLEN];

	if (e->encap_type == 0) {
		fprintf(p->out, " encap none %s", line_end(p));
		return;
	}
	fprintf(p->out, " encap %s sport %u dport %u ", encap_name(e->encap_type, buf),
		ntohs(e->encap_sport), ntohs(e->encap_dport));
	if (memcmp(&e->encap_oa, &none, sizeof(none)) != 0)
		fprintf(p->out, "addr %s ", address_text(family, &e->encap_oa, address));
	fputs(line_end(p), p->out);
}

void print_new_offload(const struct printer *p, const struct nlattr *a, uint32_t flags)
{
	char name[IF_NAMESIZE];

	if (!a) {
		if (flags & UX_MIGRATE_CLEAR_OFFLOAD)
			fprintf(p->out, " no-offload %s", line_end(p));
		return;
	}
	const struct xfrm_user_offload *o = ux_attr_data(a);

	if (o->ifindex == 0) {
		fprintf(p->out, " offload none %s", line_end(p));
		return;
	}
	if (!if_indextoname((unsigned int)o->ifindex, name))
		snprintf(name, sizeof(name), "if%d", o->ifindex);
	fprintf(p->out, " offload dev %s dir %s %s", name,
		o->flags & UX_XFRM_OFFLOAD_INBOUND ? "in" : "out", line_end(p));
}

int print_migrate_state(const struct printer *p, const struct nlmsghdr *msg)
{
	struct ux_xfrm_user_migrate_state m;
	struct ux_ext_ack ext = {0};
	struct ux_attrs attrs;

	if (msg->nlmsg_len < NLMSG_HDRLEN + sizeof(m) ||
	    ux_attrs_parse(msg, sizeof(m), &attrs, &ext) < 0) {
		fprintf(stderr, "BUG: wrong nlmsg len %u\n", msg->nlmsg_len);
		return -1;
	}
	memcpy(&m, (const uint8_t *)msg + NLMSG_HDRLEN, sizeof(m));
	print_first_lines(p, &m, &attrs);
	print_new_marks(p, &attrs);
	if (attrs.tb[XFRMA_ENCAP])
		print_new_encap(p, attrs.tb[XFRMA_ENCAP], m.new_family);
	print_new_offload(p, attrs.tb[XFRMA_OFFLOAD_DEV], m.flags);
	const struct nlattr *timer = attrs.tb[UX_XFRMA_MTIMER_THRESH];
	const struct nlattr *keepalive = attrs.tb[UX_XFRMA_NAT_KEEPALIVE_INTERVAL];

	if (timer || keepalive) {
		fputc(' ', p->out);
		if (timer)
			fprintf(p->out, "mtimer-thresh %u ", ux_attr_u32(timer));
		if (keepalive)
			fprintf(p->out, "nat-keepalive %u ", ux_attr_u32(keepalive));
		fputs(line_end(p), p->out);
	}
	if (p->one_line)
		fputc('\n', p->out);
	fflush(p->out);
	return 0;
}
