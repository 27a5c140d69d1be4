/* SPDX-License-Identifier: BSD-2-Clause */

/* The MIGRATE event, in the words used for it in the making of iproute2. */

#include <arpa/inet.h>
#include <string.h>

#include "cli/names.h"
#include "cli/print.h"
#include "cli/print_util.h"

static void print_entry(const struct printer *p, const struct xfrm_user_migrate *m)
{
	char buf[NAME_BUF], a[INET6_ADDRSTRLEN], b[INET6_ADDRSTRLEN];

	fprintf(p->out, "    proto %s ", xfrm_proto_name(m->proto, buf));
	fprintf(p->out, "mode %s reqid %u%s", mode_name(m->mode, buf), m->reqid, line_end(p));
	fprintf(p->out, "    old src %s dst %s%s", address_text(m->old_family, &m->old_saddr, a),
		address_text(m->old_family, &m->old_daddr, b), line_end(p));
	fprintf(p->out, "    new src %s dst %s%s", address_text(m->new_family, &m->new_saddr, a),
		address_text(m->new_family, &m->new_daddr, b), line_end(p));
}

static void print_kmaddress(const struct printer *p, const struct nlattr *attr)
{
	struct xfrm_user_kmaddress km;
	char a[INET6_ADDRSTRLEN], b[INET6_ADDRSTRLEN];

	memcpy(&km, ux_attr_data(attr), sizeof(km));
	fprintf(p->out, "  kmaddress local %s remote %s%s", address_text(km.family, &km.local, a),
		address_text(km.family, &km.remote, b), line_end(p));
}

bool next_migrate_entry(const struct nlmsghdr *msg, size_t *at, struct xfrm_user_migrate *ret_entry)
{
	if (*at == 0)
		*at = NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(struct xfrm_userpolicy_id));
	while (*at + sizeof(struct nlattr) <= msg->nlmsg_len) {
		const uint8_t *start = (const uint8_t *)msg + *at;
		struct nlattr attr;

		memcpy(&attr, start, sizeof(attr));
		if (attr.nla_len < NLA_HDRLEN || *at + attr.nla_len > msg->nlmsg_len)
			return false;
		*at += NLA_ALIGN(attr.nla_len);
		if ((attr.nla_type & NLA_TYPE_MASK) != XFRMA_MIGRATE ||
		    attr.nla_len < NLA_HDRLEN + sizeof(*ret_entry))
			continue;
		memcpy(ret_entry, start + NLA_HDRLEN, sizeof(*ret_entry));
		return true;
	}
	return false;
}

int print_migrate(const struct printer *p, const struct nlmsghdr *msg)
{
	struct xfrm_userpolicy_id id;
	struct xfrm_user_migrate entry;
	struct ux_ext_ack ext = {0};
	struct ux_attrs attrs;
	char buf[NAME_BUF];
	size_t at = 0;

	if (msg->nlmsg_len < NLMSG_HDRLEN + sizeof(id) ||
	    ux_attrs_parse(msg, sizeof(id), &attrs, &ext) < 0) {
		fprintf(stderr, "BUG: wrong nlmsg len %u\n", msg->nlmsg_len);
		return -1;
	}
	memcpy(&id, (const uint8_t *)msg + NLMSG_HDRLEN, sizeof(id));
	fprintf(p->out, "Migrated dir %s ", dir_name(id.dir, buf));
	if (attrs.tb[XFRMA_POLICY_TYPE]) {
		const struct xfrm_userpolicy_type *type = ux_attr_data(attrs.tb[XFRMA_POLICY_TYPE]);

		fprintf(p->out, "type %s ", ptype_name(type->type, buf));
	}
	print_selector(p, &id.sel, 0, "");
	if (attrs.tb[XFRMA_ENCAP])
		print_new_encap(p, attrs.tb[XFRMA_ENCAP], id.sel.family);
	if (attrs.tb[XFRMA_OFFLOAD_DEV])
		print_new_offload(p, attrs.tb[XFRMA_OFFLOAD_DEV], 0);
	if (attrs.tb[XFRMA_KMADDRESS])
		print_kmaddress(p, attrs.tb[XFRMA_KMADDRESS]);
	while (next_migrate_entry(msg, &at, &entry))
		print_entry(p, &entry);
	fputc('\n', p->out);
	fflush(p->out);
	return 0;
}
