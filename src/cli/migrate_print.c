/* SPDX-License-Identifier: BSD-2-Clause */

/* The MIGRATE_STATE event, in the words used for it in the making of iproute2. */

#include <net/if.h>
#include <arpa/inet.h>
#include <string.h>

#include "cli/names.h"
#include "cli/print_util.h"

static void print_first_lines(const struct printer *p, const struct uxfrm_sa_move *m)
{
	char buf[NAME_BUF], a[INET6_ADDRSTRLEN];
	uint8_t dir = m->attrs.dir;

	fputs("Migrated state ", p->out);
	if (uxfrm_has(&m->attrs, UXFRM_HAS_DIR)) {
		if (dir == UXFRM_SA_IN || dir == UXFRM_SA_OUT)
			fprintf(p->out, "dir %s ", dir == UXFRM_SA_IN ? "in" : "out");
		else
			fprintf(p->out, "dir %u ", dir);
	}
	fprintf(p->out, "proto %s spi 0x%08x dst %s ", xfrm_proto_name(m->id.proto, buf), m->id.spi,
		address_text(m->id.family, &m->id.dst, a));
	if (m->old_mark.value || m->old_mark.mask)
		fprintf(p->out, "mark %#x/%#x ", m->old_mark.value, m->old_mark.mask);
	fputs(line_end(p), p->out);
	fprintf(p->out, " new-dst %s ", address_text(m->new_family, &m->new_dst, a));
	fprintf(p->out, "new-src %s ", address_text(m->new_family, &m->new_src, a));
	fprintf(p->out, "new-reqid %u%s", m->new_reqid, line_end(p));
}

static void print_new_marks(const struct printer *p, const struct uxfrm_attributes *a)
{
	bool mark = uxfrm_has(a, UXFRM_HAS_MARK), output = uxfrm_has(a, UXFRM_HAS_OUTPUT_MARK);

	if (!mark && !output)
		return;
	fputc(' ', p->out);
	if (mark)
		fprintf(p->out, "new-mark %#x/%#x ", a->mark.value, a->mark.mask);
	if (output)
		fprintf(p->out, "set-mark %#x/%#x ", a->output_mark,
			uxfrm_has(a, UXFRM_HAS_OUTPUT_MASK) ? a->output_mask : UINT32_MAX);
	fputs(line_end(p), p->out);
}

void print_new_encap(const struct printer *p, const struct uxfrm_attributes *attrs, uint16_t family)
{
	static const union uxfrm_ip none;
	const struct uxfrm_encap *e = &attrs->encap;
	char buf[NAME_BUF], address[INET6_ADDRSTRLEN];

	if (!uxfrm_has(attrs, UXFRM_HAS_ENCAP))
		return;
	if (e->type == UXFRM_ENCAP_NONE) {
		fprintf(p->out, " encap none %s", line_end(p));
		return;
	}
	fprintf(p->out, " encap %s sport %u dport %u ", encap_name(e->type, buf), e->sport,
		e->dport);
	if (memcmp(&e->original, &none, sizeof(none)) != 0)
		fprintf(p->out, "addr %s ", address_text(family, &e->original, address));
	fputs(line_end(p), p->out);
}

void print_new_offload(const struct printer *p, const struct uxfrm_attributes *attrs,
		       uint32_t flags)
{
	const struct uxfrm_offload *o = &attrs->offload;
	char name[IF_NAMESIZE];

	if (!uxfrm_has(attrs, UXFRM_HAS_OFFLOAD)) {
		if (flags & UXFRM_MOVE_CLEAR_OFFLOAD)
			fprintf(p->out, " no-offload %s", line_end(p));
	} else if (o->ifindex == 0) {
		fprintf(p->out, " offload none %s", line_end(p));
	} else {
		fprintf(p->out, " offload dev %s dir %s %s", device_name(o->ifindex, name),
			o->flags & UXFRM_OFFLOAD_INBOUND ? "in" : "out", line_end(p));
	}
}

void print_sa_moved(const struct printer *p, const struct uxfrm_message *m)
{
	const struct uxfrm_sa_move *move = &m->sa_move;
	bool thresh = uxfrm_has(&move->attrs, UXFRM_HAS_MAPPING_THRESH);
	bool keepalive = uxfrm_has(&move->attrs, UXFRM_HAS_NAT_KEEPALIVE);

	print_first_lines(p, move);
	print_new_marks(p, &move->attrs);
	print_new_encap(p, &move->attrs, move->new_family);
	print_new_offload(p, &move->attrs, move->flags);
	if (thresh || keepalive) {
		fputc(' ', p->out);
		if (thresh)
			fprintf(p->out, "mtimer-thresh %u ", move->attrs.mapping_thresh);
		if (keepalive)
			fprintf(p->out, "nat-keepalive %u ", move->attrs.nat_keepalive);
		fputs(line_end(p), p->out);
	}
	end_message(p);
}
