/* SPDX-License-Identifier: BSD-2-Clause */

/* MIGRATE: the request read; the rest is ctl/legacy_migration.h's. */

#include <errno.h>
#include <string.h>

#include "core/sad_ahead.h"
#include "ctl/label.h"
#include "ctl/legacy_migration.h"
#include "ctl/policy.h"
#include "ctl/translate.h"

static struct ux_legacy_entry entry_from_wire(const struct xfrm_user_migrate *m)
{
	return (struct ux_legacy_entry){
	    .old_daddr = ux_addr_from_wire(&m->old_daddr),
	    .old_saddr = ux_addr_from_wire(&m->old_saddr),
	    .new_daddr = ux_addr_from_wire(&m->new_daddr),
	    .new_saddr = ux_addr_from_wire(&m->new_saddr),
	    .reqid = m->reqid,
	    .old_family = m->old_family,
	    .new_family = m->new_family,
	    .proto = m->proto,
	    .mode = m->mode,
	};
}

static int parse_entries(const struct ux_request *req, struct ux_legacy_migrate_wish *to)
{
	const struct nlattr *attr = req->attrs.tb[XFRMA_MIGRATE];
	const uint8_t *at = ux_attr_data(attr);
	size_t n = ux_attr_len(attr) / sizeof(struct xfrm_user_migrate);

	if (n == 0 || n > UX_LEGACY_ENTRIES_MAX)
		return ux_fail(
		    req->ext, EINVAL,
		    "Invalid number of SAs to migrate, must be 0 < num <= XFRM_MAX_DEPTH (6)");
	for (size_t i = 0; i < n; i++) {
		struct xfrm_user_migrate m;

		memcpy(&m, at + i * sizeof(m), sizeof(m));
		to->entry[i] = entry_from_wire(&m);
	}
	to->migration.entry = to->entry;
	to->migration.n_entries = n;
	return 0;
}

static void parse_attrs(const struct ux_request *req, struct ux_legacy_migrate_wish *to)
{
	const struct nlattr *const *tb = req->attrs.tb;

	if (tb[XFRMA_ENCAP]) {
		struct xfrm_encap_tmpl encap;

		memcpy(&encap, ux_attr_data(tb[XFRMA_ENCAP]), sizeof(encap));
		to->encap_attr = tb[XFRMA_ENCAP];
		to->migration.has_encap = true;
		to->migration.encap = ux_encap_from_wire(&encap);
	}
	if (tb[XFRMA_OFFLOAD_DEV]) {
		struct xfrm_user_offload offload;

		memcpy(&offload, ux_attr_data(tb[XFRMA_OFFLOAD_DEV]), sizeof(offload));
		to->migration.has_offload = true;
		to->migration.offload.ifindex = offload.ifindex;
		to->migration.offload.flags = offload.flags;
	}
	if (tb[XFRMA_IF_ID])
		to->migration.if_id = to->key.if_id = ux_attr_u32(tb[XFRMA_IF_ID]);
	if (tb[XFRMA_KMADDRESS]) {
		struct xfrm_user_kmaddress given;

		memcpy(&given, ux_attr_data(tb[XFRMA_KMADDRESS]), sizeof(given));
		to->has_kmaddress = true;
		to->kmaddress = (struct ux_kmaddress){.local = ux_addr_from_wire(&given.local),
						      .remote = ux_addr_from_wire(&given.remote),
						      .reserved = given.reserved,
						      .family = given.family};
	}
}

static int parse(const struct ux_request *req, struct ux_legacy_migrate_wish *to)
{
	struct xfrm_userpolicy_id id;
	int err;

	if (!req->attrs.tb[XFRMA_MIGRATE])
		return ux_fail(req->ext, EINVAL, "Missing required MIGRATE attribute");
	memset(to, 0, sizeof(*to));
	memcpy(&id, req->header, sizeof(id));
	to->sel = ux_selector_from_wire(&id.sel);
	to->key.sel = &to->sel;
	to->key.dir = id.dir;
	err = ux_policy_type_parse(req, &to->key.type);
	if (err == 0)
		err = parse_entries(req, to);
	if (err == 0)
		parse_attrs(req, to);
	return err;
}

/* The first entry of the list, where that is the first attribute: as clients send it. */
static bool first_entry(const void *header, const struct ux_ahead *ahead,
			struct xfrm_user_migrate *ret_entry)
{
	const uint8_t *at =
	    (const uint8_t *)header + NLMSG_ALIGN(sizeof(struct xfrm_userpolicy_id));
	struct nlattr a;

	if (ahead->len <
	    NLMSG_ALIGN(sizeof(struct xfrm_userpolicy_id)) + sizeof(a) + sizeof(*ret_entry))
		return false;
	memcpy(&a, at, sizeof(a));
	memcpy(ret_entry, at + sizeof(a), sizeof(*ret_entry));
	return a.nla_type == XFRMA_MIGRATE;
}

static void prefetch_sa(const struct uxfrm *u, const struct xfrm_user_migrate *m,
			struct ux_ahead *ahead)
{
	const struct ux_sad_endpoint from = {ux_addr_from_wire(&m->old_daddr), m->reqid,
					     m->old_family};
	const struct ux_sad_endpoint to = {ux_addr_from_wire(&m->new_daddr), m->reqid,
					   m->new_family};

	switch (ahead->stage) {
	case 0:
		ahead->places = ux_sad_ahead_of_endpoint(u, &from, &to);
		break;
	case 1:
		ux_sad_ahead_at_endpoint(u, &ahead->places);
		break;
	case 2:
		ux_sad_ahead_leaving(u, &ahead->places, &to);
		break;
	default:
		ux_sad_ahead_left(u, &ahead->places);
		break;
	}
}

void ux_prefetch_migrate(const struct uxfrm *u, const void *header, struct ux_ahead *ahead)
{
	struct xfrm_user_migrate m;

	if (first_entry(header, ahead, &m))
		prefetch_sa(u, &m, ahead);
	else
		ahead->places.from_address = 0; /* not known */
	ux_prefetch_policy_id(u, header, ahead);
}

/* What was found out ahead, if it was about the entry that counts: of several lists the last. */
static const struct ux_sad_places *known_places(const struct ux_request *req,
						const struct ux_legacy_entry *first)
{
	const uint8_t *at =
	    (const uint8_t *)req->header + NLMSG_ALIGN(sizeof(struct xfrm_userpolicy_id));
	bool ip = first->old_family == AF_INET || first->old_family == AF_INET6;

	if ((const uint8_t *)req->attrs.tb[XFRMA_MIGRATE] != at || !ip || !first->reqid ||
	    !req->ahead->places.from_address)
		return NULL;
	return &req->ahead->places;
}

int ux_handle_migrate(struct ux_request *req)
{
	const struct ux_label_gate gate = ux_label_gate_of(req->client);
	struct ux_legacy_migrate_wish wish;
	int err = parse(req, &wish);

	if (err < 0)
		return err;
	wish.migration.gate = &gate;
	wish.migration.places = known_places(req, &wish.entry[0]);
	return ux_legacy_migrate_run(req->u, &wish, req->ext);
}
