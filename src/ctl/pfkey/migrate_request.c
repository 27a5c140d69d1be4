/* SPDX-License-Identifier: BSD-2-Clause */
/* MIGRATE: the request read, and the event, which has the same form. */

#include <errno.h>
#include <string.h>

#include "ctl/label.h"
#include "ctl/legacy_migration.h"
#include "ctl/pfkey/notify.h"
#include "ctl/pfkey/request.h"

/* Bytes of the longest event: addresses, two templates with IPv6 addresses for each entry. */
#define EVENT_MAX 1280

/* Two templates: as it is, and as it is to be. */
static int read_entry(struct ux_pfkey_templates *left, struct ux_legacy_entry *to)
{
	struct ux_pfkey_template old, fresh;
	struct ux_pfkey_pair from, at;
	int err = ux_pfkey_template_next(left, &old);

	if (err == 0)
		err = ux_pfkey_pair_read(old.addresses, old.addresses_len, &from);
	if (err == 0)
		err = ux_pfkey_template_next(left, &fresh);
	if (err == 0)
		err = ux_pfkey_pair_read(fresh.addresses, fresh.addresses_len, &at);
	if (err < 0)
		return err;
	if (old.head.sadb_x_ipsecrequest_proto != fresh.head.sadb_x_ipsecrequest_proto ||
	    old.head.sadb_x_ipsecrequest_mode != fresh.head.sadb_x_ipsecrequest_mode ||
	    old.head.sadb_x_ipsecrequest_reqid != fresh.head.sadb_x_ipsecrequest_reqid)
		return -EINVAL;
	*to = (struct ux_legacy_entry){
	    .old_daddr = from.daddr,
	    .old_saddr = from.saddr,
	    .new_daddr = at.daddr,
	    .new_saddr = at.saddr,
	    .reqid = old.head.sadb_x_ipsecrequest_reqid,
	    .old_family = from.family,
	    .new_family = at.family,
	    .proto = (uint8_t)old.head.sadb_x_ipsecrequest_proto,
	};
	return ux_pfkey_mode_in(old.head.sadb_x_ipsecrequest_mode, &to->mode) ? 0 : -EINVAL;
}

static int read_entries(const struct sadb_x_policy *policy, struct ux_legacy_migrate_wish *to)
{
	struct ux_pfkey_templates left = ux_pfkey_templates(policy);
	size_t n = 0;

	while (left.left > 0 && n < UX_LEGACY_ENTRIES_MAX) {
		int err = read_entry(&left, &to->entry[n]);

		if (err < 0)
			return err;
		n++;
	}
	if (n == 0 || left.left > 0)
		return -EINVAL;
	to->migration.entry = to->entry;
	to->migration.n_entries = n;
	return 0;
}

static int read_kmaddress(const struct sadb_x_kmaddress *km, struct ux_legacy_migrate_wish *to)
{
	struct ux_pfkey_pair pair;
	int err = ux_pfkey_pair_read((const uint8_t *)(km + 1),
				     ux_pfkey_ext_bytes(km) - sizeof(*km), &pair);

	if (err < 0)
		return err;
	to->has_kmaddress = true;
	to->kmaddress = (struct ux_kmaddress){.local = pair.saddr,
					      .remote = pair.daddr,
					      .reserved = km->sadb_x_kmaddress_reserved,
					      .family = pair.family};
	return 0;
}

int ux_pfkey_migrate(struct ux_pfkey_request *req)
{
	const struct sadb_x_policy *policy = req->exts.at[SADB_X_EXT_POLICY];
	const struct sadb_x_kmaddress *km = req->exts.at[SADB_X_EXT_KMADDRESS];
	const struct ux_label_gate gate = ux_pfkey_label_gate(req);
	struct ux_legacy_migrate_wish wish;
	int err = 0;

	if (!ux_pfkey_has_pair(&req->exts) || !policy || policy->sadb_x_policy_dir >= IPSEC_DIR_MAX)
		return -EINVAL;
	memset(&wish, 0, sizeof(wish));
	if (km)
		err = read_kmaddress(km, &wish);
	if (err == 0)
		err = read_entries(policy, &wish);
	if (err < 0)
		return err;
	wish.sel = ux_pfkey_selector(&req->exts);
	wish.migration.gate = &gate;
	wish.key.sel = &wish.sel;
	wish.key.type = UX_POLICY_TYPE_MAIN;
	wish.key.dir = (uint8_t)(policy->sadb_x_policy_dir - 1); /* none becomes no direction */
	return ux_legacy_migrate_run(req->u, &wish, NULL);
}

/* ---- the event ---- */

static void put_template(struct ux_pfkey_writer *w, const struct sadb_x_ipsecrequest *rq,
			 uint16_t family, const struct ux_addr *saddr, const struct ux_addr *daddr)
{
	struct sadb_x_ipsecrequest r = *rq;

	r.sadb_x_ipsecrequest_len = (uint16_t)(sizeof(r) + 2 * ux_pfkey_sockaddr_len(family));
	ux_pfkey_append(w, &r, sizeof(r));
	ux_pfkey_append_pair(w, family, saddr, daddr);
}

/* False: PF_KEY has no words for it, and nobody hears of it. */
static bool put_entry(struct ux_pfkey_writer *w, const struct ux_legacy_entry *e)
{
	struct sadb_x_ipsecrequest rq = {
	    .sadb_x_ipsecrequest_proto = e->proto,
	    .sadb_x_ipsecrequest_level = e->reqid ? IPSEC_LEVEL_UNIQUE : IPSEC_LEVEL_REQUIRE,
	    .sadb_x_ipsecrequest_reqid = e->reqid,
	};

	if (!ux_pfkey_sockaddr_len(e->old_family) || !ux_pfkey_sockaddr_len(e->new_family) ||
	    !ux_pfkey_mode_out(e->mode, &rq.sadb_x_ipsecrequest_mode))
		return false;
	put_template(w, &rq, e->old_family, &e->old_saddr, &e->old_daddr);
	put_template(w, &rq, e->new_family, &e->new_saddr, &e->new_daddr);
	return true;
}

static bool put_kmaddress(struct ux_pfkey_writer *w, const struct ux_kmaddress *k)
{
	const struct sadb_x_kmaddress head = {.sadb_x_kmaddress_reserved = k->reserved};

	if (!ux_pfkey_sockaddr_len(k->family))
		return false;
	ux_pfkey_ext(w, SADB_X_EXT_KMADDRESS, &head, sizeof(head));
	ux_pfkey_append_pair(w, k->family, &k->local, &k->remote);
	return true;
}

static void put_selector(struct ux_pfkey_writer *w, const struct ux_selector *sel)
{
	const struct sadb_address s = {.sadb_address_proto = sel->proto,
				       .sadb_address_prefixlen = sel->prefixlen_s};
	const struct sadb_address d = {.sadb_address_proto = sel->proto,
				       .sadb_address_prefixlen = sel->prefixlen_d};

	ux_pfkey_put_address(w, SADB_EXT_ADDRESS_SRC, sel->family, &sel->saddr, 0, s);
	ux_pfkey_put_address(w, SADB_EXT_ADDRESS_DST, sel->family, &sel->daddr, 0, d);
}

void ux_pfkey_notify_migrated(struct uxfrm *u, const struct ux_legacy_migrate_wish *wish)
{
	const struct sadb_msg head = {.sadb_msg_version = PF_KEY_V2,
				      .sadb_msg_type = SADB_X_MIGRATE,
				      .sadb_msg_satype = ux_pfkey_satype_of(wish->entry[0].proto)};
	const struct sadb_x_policy p = {.sadb_x_policy_type = IPSEC_POLICY_IPSEC,
					.sadb_x_policy_dir = (uint8_t)(wish->key.dir + 1)};
	uint8_t buf[EVENT_MAX];
	struct ux_pfkey_writer w;

	if (ux_list_empty(&u->pfkey_clients) || wish->key.type != UX_POLICY_TYPE_MAIN)
		return;
	ux_pfkey_begin(&w, buf, sizeof(buf), &head);
	if (wish->has_kmaddress && !put_kmaddress(&w, &wish->kmaddress))
		return;
	put_selector(&w, &wish->sel);
	ux_pfkey_ext(&w, SADB_X_EXT_POLICY, &p, sizeof(p));
	for (size_t i = 0; i < wish->migration.n_entries; i++)
		if (!put_entry(&w, &wish->entry[i]))
			return;
	(void)ux_pfkey_send_written(u, &w, UX_PFKEY_TO_ALL, NULL);
}
