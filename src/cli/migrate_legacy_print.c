/* SPDX-License-Identifier: BSD-2-Clause */

/* The MIGRATE event, in the words used for it in the making of iproute2. */

#include <arpa/inet.h>

#include "cli/names.h"
#include "cli/print_util.h"

static void print_move(const struct printer *p, const struct uxfrm_endpoint_move *m)
{
	char buf[NAME_BUF], a[INET6_ADDRSTRLEN], b[INET6_ADDRSTRLEN];

	fprintf(p->out, "    proto %s ", xfrm_proto_name(m->proto, buf));
	fprintf(p->out, "mode %s reqid %u%s", mode_name(m->mode, buf), m->reqid, line_end(p));
	fprintf(p->out, "    old src %s dst %s%s", address_text(m->old_family, &m->old_src, a),
		address_text(m->old_family, &m->old_dst, b), line_end(p));
	fprintf(p->out, "    new src %s dst %s%s", address_text(m->new_family, &m->new_src, a),
		address_text(m->new_family, &m->new_dst, b), line_end(p));
}

void print_policy_moved(const struct printer *p, const struct uxfrm_message *m)
{
	const struct uxfrm_policy_move *move = &m->policy_move;
	const struct uxfrm_attributes *attrs = &move->attrs;
	const struct uxfrm_kmaddress *km = &attrs->kmaddress;
	char buf[NAME_BUF], a[INET6_ADDRSTRLEN], b[INET6_ADDRSTRLEN];

	fprintf(p->out, "Migrated dir %s ", dir_name(move->id.dir, buf));
	if (uxfrm_has(attrs, UXFRM_HAS_PTYPE))
		fprintf(p->out, "type %s ", ptype_name(attrs->ptype, buf));
	print_selector(p, &move->id.sel, 0, "");
	print_new_encap(p, attrs, move->id.sel.family);
	print_new_offload(p, attrs, 0);
	if (uxfrm_has(attrs, UXFRM_HAS_KMADDRESS))
		fprintf(p->out, "  kmaddress local %s remote %s%s",
			address_text(km->family, &km->local, a),
			address_text(km->family, &km->remote, b), line_end(p));
	for (size_t i = 0; i < move->move_count; i++)
		print_move(p, &move->moves[i]);
	fputc('\n', p->out);
	fflush(p->out);
}
