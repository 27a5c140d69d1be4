/* SPDX-License-Identifier: BSD-2-Clause */
#include "ctl/legacy_migration.h"

#include <endian.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "ctl/pfkey/notify.h"
#include "ctl/policy.h"
#include "ctl/translate.h"

/* Bytes of the longest event: both headers, each attribute once, six entries. */
#define EVENT_MAX 1024

#define PROTO_ANY 255
#define PROTO_MOBILITY 135
#define PROTO_UDPLITE 136

/* All sixteen bytes of the addresses count, as in Linux. */
static bool same_source(const struct ux_legacy_entry *a, const struct ux_legacy_entry *b)
{
	return a->proto == b->proto && a->mode == b->mode && a->reqid == b->reqid &&
	       a->old_family == b->old_family &&
	       ux_addr_equal(&a->old_daddr, &b->old_daddr, AF_INET6) &&
	       ux_addr_equal(&a->old_saddr, &b->old_saddr, AF_INET6);
}

/* Linux knows no null address of a family it does not know. */
static bool is_null(const struct ux_addr *a, uint16_t family)
{
	return (family == AF_INET || family == AF_INET6) && ux_addr_is_any(a, family);
}

static int check_entries(const struct ux_legacy_migration *m, struct ux_ext_ack *ext)
{
	for (size_t i = 0; i < m->n_entries; i++) {
		const struct ux_legacy_entry *e = &m->entry[i];

		if (is_null(&e->new_daddr, e->new_family) || is_null(&e->new_saddr, e->new_family))
			return ux_fail(ext, EINVAL,
				       "Addresses in the MIGRATE attribute's list cannot be null");
		for (size_t j = i + 1; j < m->n_entries; j++)
			if (same_source(e, &m->entry[j]))
				return ux_fail(
				    ext, EINVAL,
				    "Entries in the MIGRATE attribute's list must be unique");
	}
	return 0;
}

/*
 * Linux puts the selector's ports into a flow as they lie in memory, and takes out of it what the
 * protocol has in that place: of the destination port the type and code of ICMP, the type of a
 * mobility header, the upper half of a GRE key.
 */
static void flow_ports(const struct ux_selector *sel, struct ux_flow_key *flow)
{
	uint16_t dport = be16toh(sel->dport);

	switch (sel->proto) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_SCTP:
	case PROTO_UDPLITE:
		flow->sport = sel->sport;
		flow->dport = sel->dport;
		break;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		flow->dport = htobe16(dport & 0xff);
		flow->sport = htobe16(dport >> 8);
		break;
	case PROTO_MOBILITY:
		flow->sport = htobe16(dport >> 8);
		break;
	case IPPROTO_GRE:
		flow->sport = sel->dport;
		flow->dport = sel->sport;
		break;
	default:
		break;
	}
}

/* The policy is that which a packet of the selector's addresses would meet, not the one that has
 * this selector. */
static int find_policy(struct uxfrm *u, const struct ux_legacy_migrate_wish *p,
		       struct ux_policy **ret_policy, struct ux_ext_ack *ext)
{
	struct ux_flow_key flow = {
	    .saddr = p->sel.saddr,
	    .daddr = p->sel.daddr,
	    .family = p->sel.family,
	    .proto = p->sel.proto,
	};

	if (flow.family != AF_INET && flow.family != AF_INET6)
		return ux_fail(ext, EAFNOSUPPORT, "Target policy not found");
	if (flow.proto != PROTO_ANY) {
		flow.ifindex = p->sel.ifindex;
		flow_ports(&p->sel, &flow);
	}
	*ret_policy = ux_spd_find_by_flow(u, &p->key, &flow);
	if (!*ret_policy)
		return ux_fail(ext, ENOENT, "Target policy not found");
	return 0;
}

static void entry_to_wire(const struct ux_legacy_entry *e, struct xfrm_user_migrate *to)
{
	memset(to, 0, sizeof(*to));
	to->old_daddr = ux_addr_to_wire(&e->old_daddr);
	to->old_saddr = ux_addr_to_wire(&e->old_saddr);
	to->new_daddr = ux_addr_to_wire(&e->new_daddr);
	to->new_saddr = ux_addr_to_wire(&e->new_saddr);
	to->reqid = e->reqid;
	to->old_family = e->old_family;
	to->new_family = e->new_family;
	to->proto = e->proto;
	to->mode = e->mode;
}

static void put_kmaddress(struct ux_writer *w, const struct ux_kmaddress *given)
{
	struct xfrm_user_kmaddress km;

	memset(&km, 0, sizeof(km)); /* the padding is not returned */
	km.local = ux_addr_to_wire(&given->local);
	km.remote = ux_addr_to_wire(&given->remote);
	km.reserved = given->reserved;
	km.family = given->family;
	ux_msg_attr(w, XFRMA_KMADDRESS, &km, sizeof(km));
}

static void put_event_attrs(struct ux_writer *w, const struct ux_legacy_migrate_wish *p)
{
	struct xfrm_userpolicy_type type;

	if (p->has_kmaddress)
		put_kmaddress(w, &p->kmaddress);
	if (p->encap_attr)
		ux_msg_attr(w, XFRMA_ENCAP, ux_attr_data(p->encap_attr),
			    sizeof(struct xfrm_encap_tmpl));
	memset(&type, 0, sizeof(type));
	type.type = p->key.type;
	ux_msg_attr(w, XFRMA_POLICY_TYPE, &type, sizeof(type));
	for (size_t i = 0; i < p->migration.n_entries; i++) {
		struct xfrm_user_migrate m;

		entry_to_wire(&p->entry[i], &m);
		ux_msg_attr(w, XFRMA_MIGRATE, &m, sizeof(m));
	}
}

/* It does not say who asked: port id and sequence number are 0. That somebody missed it is of no
 * concern to the requester. */
static void notify(struct uxfrm *u, const struct ux_legacy_migrate_wish *p)
{
	struct xfrm_userpolicy_id id;
	uint8_t buf[EVENT_MAX];
	struct ux_writer w;

	if (!ux_has_listener(u, UX_XFRM_GROUP_MIGRATE))
		return;
	memset(&id, 0, sizeof(id));
	id.sel = ux_selector_to_wire(&p->sel);
	id.dir = p->key.dir;
	ux_writer_init(&w, buf, sizeof(buf));
	ux_msg_begin(&w, XFRM_MSG_MIGRATE, 0, 0, 0, &id, sizeof(id));
	put_event_attrs(&w, p);
	if (ux_msg_end(&w))
		(void)ux_notify(u, UX_XFRM_GROUP_MIGRATE, &w);
}

int ux_legacy_migrate_run(struct uxfrm *u, const struct ux_legacy_migrate_wish *wish,
			  struct ux_ext_ack *ext)
{
	struct ux_policy *policy;
	int err = check_entries(&wish->migration, ext);

	if (err == 0)
		err = ux_policy_check_dir(wish->key.dir, ext);
	if (err == 0)
		err = find_policy(u, wish, &policy, ext);
	if (err == 0)
		err = ux_legacy_migrate(u, policy, &wish->migration, ext);
	if (err < 0)
		return err;
	ux_pfkey_notify_migrated(u, wish);
	notify(u, wish);
	return 0;
}
