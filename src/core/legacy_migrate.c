/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/legacy_migrate.h"

#include <errno.h>
#include <stdlib.h>

#include "core/instance.h"
#include "core/sad_index.h"

/* One SA that will move. One that a later entry moves on has a step for each, in the order of the
 * entries: the last decides where it ends and what place in dumps it gets. */
struct step {
	struct ux_sa *old, *fresh;
	bool elsewhere;	 /* to another destination */
	bool superseded; /* a later step moves it on */
};

struct plan {
	struct uxfrm *u;
	const struct ux_legacy_migration *m;
	struct ux_ext_ack *ext;
	struct step step[UX_LEGACY_ENTRIES_MAX];
	size_t n_steps;
	struct ux_policy *policy; /* rewritten; NULL: its templates stay as they are */
};

/* Linux compares anything but IPv6 as IPv4. */
static uint16_t family_for_compare(uint16_t family)
{
	return family == AF_INET6 ? AF_INET6 : AF_INET;
}

/* ---- finding SAs ---- */

static bool entry_names(const struct ux_legacy_entry *e, uint32_t if_id, const struct ux_sa *sa)
{
	uint16_t family = family_for_compare(e->old_family);

	if (sa->mode != e->mode || sa->id.proto != e->proto || sa->id.family != family)
		return false;
	if ((e->reqid && sa->reqid != e->reqid) || (if_id && sa->if_id != if_id))
		return false;
	return ux_addr_equal(&sa->id.daddr, &e->old_daddr, family) &&
	       ux_addr_equal(&sa->saddr, &e->old_saddr, family);
}

static struct ux_sa *find_any_reqid(const struct plan *plan, const struct ux_legacy_entry *e)
{
	struct ux_list *pos;

	ux_list_for_each (pos, &plan->u->sad.all) {
		struct ux_sa *sa = ux_container_of(pos, struct ux_sa, all);

		if (entry_names(e, plan->m->if_id, sa))
			return sa;
	}
	return NULL;
}

static const struct ux_sad_places *places_of(const struct plan *plan,
					     const struct ux_legacy_entry *e)
{
	return e == plan->m->entry ? plan->m->places : NULL;
}

static struct ux_sa *find_sa(const struct plan *plan, const struct ux_legacy_entry *e)
{
	struct ux_address_key key = {e->old_daddr, e->reqid, family_for_compare(e->old_family)};
	const struct ux_sad_places *places = places_of(plan, e);
	struct ux_sa *sa;

	if (!e->reqid)
		return find_any_reqid(plan, e);
	sa = places ? ux_sad_address_chain_at(plan->u, places->from_address, &key)
		    : ux_sad_address_chain(plan->u, &key);
	for (; sa; sa = ux_rcu_own(&sa->next_same_address))
		if (entry_names(e, plan->m->if_id, sa))
			return sa;
	return NULL;
}

/* An entry may go on from where an earlier one of the request has put an SA. */
static struct step *find_planned(struct plan *plan, const struct ux_legacy_entry *e)
{
	for (size_t i = plan->n_steps; i--;)
		if (entry_names(e, plan->m->if_id, plan->step[i].fresh))
			return &plan->step[i];
	return NULL;
}

static bool is_planned(const struct plan *plan, const struct ux_sa *sa)
{
	for (size_t i = 0; i < plan->n_steps; i++)
		if (plan->step[i].old == sa)
			return true;
	return false;
}

/* ---- planning: changes nothing ---- */

/* Only a new tuple can be taken; the SA's own is not looked at, so it is not in its own way. */
static bool is_taken(const struct plan *plan, struct ux_sa *fresh)
{
	fresh->tuple_hash = ux_sad_tuple_hash(plan->u, &fresh->id);
	if (!fresh->id.spi) /* as for NEWSA: without an SPI they do not meet */
		return false;
	if (ux_sad_lookup_wildcard_at(plan->u, fresh->tuple_hash, &fresh->id, fresh->mark.v, NULL))
		return true;
	for (size_t i = 0; i < plan->n_steps; i++) {
		const struct ux_sa *other = plan->step[i].fresh;

		if (ux_sad_same_tuple(&other->id, &fresh->id) &&
		    ux_sa_mark_match(other, fresh->mark.v))
			return true;
	}
	return false;
}

/* The selector, the mark and what belongs to the key stay. What the request does not say of
 * encapsulation and offload is none, since Linux 7.2. */
static int clone_for(const struct plan *plan, const struct ux_legacy_entry *e,
		     const struct ux_sa *from, struct ux_sa **ret_fresh)
{
	struct ux_migration migration = {
	    .daddr = e->new_daddr,
	    .saddr = e->new_saddr,
	    .family = e->new_family,
	    .reqid = from->reqid,
	    .sel = from->sel,
	    .has_encap = true,
	    .encap = plan->m->encap,
	    .has_offload = plan->m->has_offload,
	    .offload = plan->m->offload,
	    .clear_offload = true,
	    .gate = plan->m->gate,
	};

	if (ux_migrate_clone(plan->u, from, &migration, ret_fresh, plan->ext) < 0)
		return ux_fail_weak(plan->ext, ENODATA, "Failed to initialize migrated state");
	return 0;
}

/*
 * The families are compared before the addresses: of two families the same four bytes mean nothing.
 */
static bool goes_elsewhere(const struct ux_sa *from, const struct ux_legacy_entry *e)
{
	return from->id.family != e->new_family ||
	       !ux_addr_equal(&from->id.daddr, &e->new_daddr, e->new_family);
}

static int plan_entry(struct plan *plan, const struct ux_legacy_entry *e)
{
	struct step *before = find_planned(plan, e), next = {0};
	struct ux_sa *from = before ? before->fresh : find_sa(plan, e);
	int err;

	if (!from)
		return 0;
	/* two successors of one SA would share its key */
	if (before ? before->superseded : is_planned(plan, from))
		return ux_fail(plan->ext, ENODATA, "Failed to add migrated state");
	err = clone_for(plan, e, from, &next.fresh);
	if (err < 0)
		return err;
	if (!before && places_of(plan, e))
		next.fresh->address_hash = places_of(plan, e)->to_address;
	next.elsewhere = goes_elsewhere(from, e);
	if (next.elsewhere && is_taken(plan, next.fresh)) {
		ux_sa_free(next.fresh);
		return ux_fail(plan->ext, ENODATA, "Failed to add migrated state");
	}
	next.old = before ? before->old : from;
	if (before)
		before->superseded = true;
	plan->step[plan->n_steps++] = next;
	return 0;
}

static int plan_sas(struct plan *plan)
{
	int err = 0;

	for (size_t i = 0; i < plan->m->n_entries && err == 0; i++)
		err = plan_entry(plan, &plan->m->entry[i]);
	if (err < 0)
		return err;
	/* a type that is none was refused by nobody yet; it concerns SAs only */
	if (plan->n_steps && plan->m->has_encap && plan->m->encap.type == UX_ENCAP_NONE)
		return ux_fail(plan->ext, ENODATA, "Unsupported encapsulation type for ESP");
	return 0;
}

static bool has_addresses(uint8_t mode)
{
	return mode == UX_MODE_TUNNEL || mode == UX_MODE_BEET || mode == UX_MODE_IPTFS;
}

static bool entry_concerns(const struct ux_legacy_entry *e, const struct ux_template *t)
{
	uint16_t family = family_for_compare(e->old_family);

	if (t->mode != e->mode || t->proto != e->proto || (e->reqid && t->reqid != e->reqid))
		return false;
	if (t->mode == UX_MODE_TRANSPORT)
		return true;
	return has_addresses(t->mode) && ux_addr_equal(&t->daddr, &e->old_daddr, family) &&
	       ux_addr_equal(&t->saddr, &e->old_saddr, family);
}

/* Each entry sees a template as the entries before it have left it. */
static int rewrite_templates(const struct ux_legacy_migration *m, struct ux_policy *policy,
			     bool *ret_changed)
{
	int n = 0;

	for (size_t i = 0; i < policy->n_templates; i++) {
		struct ux_template *t = &policy->templates[i];

		for (size_t j = 0; j < m->n_entries; j++) {
			const struct ux_legacy_entry *e = &m->entry[j];

			if (!entry_concerns(e, t))
				continue;
			n++;
			if (!has_addresses(t->mode))
				continue;
			t->daddr = e->new_daddr;
			t->saddr = e->new_saddr;
			t->family = t->id_family = e->new_family;
			*ret_changed = true;
		}
	}
	return n ? 0 : -ENODATA;
}

static int plan_policy(struct plan *plan, const struct ux_policy *policy)
{
	struct ux_policy *copy = ux_policy_clone(policy);
	bool changed = false;
	int err;

	if (!copy)
		return -ENODATA;
	err = rewrite_templates(plan->m, copy, &changed);
	if (err == 0 && changed)
		plan->policy = copy;
	else
		ux_policy_free(copy);
	return err;
}

static int make_plan(struct plan *plan, const struct ux_policy *policy)
{
	int err = plan_sas(plan);

	if (err == 0)
		err = plan_policy(plan, policy);
	if (err == 0 && ux_sad_reserve_moves(plan->u, plan->n_steps) < 0)
		err = ux_fail(plan->ext, ENODATA, "Failed to clone and setup state");
	return err;
}

/* ---- carrying it out ---- */

static void drop_plan(struct plan *plan)
{
	for (size_t i = 0; i < plan->n_steps; i++)
		ux_sa_free(plan->step[i].fresh);
	ux_policy_free(plan->policy);
}

/*
 * The SAs first: until its templates name the new addresses the policy finds them by the old ones.
 * Returns how many moved: all, as the memory is there.
 */
static size_t move_sas(struct plan *plan)
{
	size_t i;

	for (i = 0; i < plan->n_steps; i++) {
		struct step *step = &plan->step[i];

		if (!step->superseded && ux_sad_replace(plan->u, step->old, step->fresh, true) < 0)
			break;
		if (step->elsewhere)
			ux_migrate_remove_larval(plan->u, step->fresh);
		if (step->superseded)
			ux_sa_free(step->fresh);
		step->fresh = NULL;
	}
	return i;
}

int ux_legacy_migrate(struct uxfrm *u, struct ux_policy *policy,
		      const struct ux_legacy_migration *migration, struct ux_ext_ack *ext)
{
	struct plan plan = {.u = u, .m = migration, .ext = ext};
	int err = make_plan(&plan, policy);

	if (err == 0 && move_sas(&plan) < plan.n_steps)
		err = ux_fail(ext, ENODATA, "Failed to clone and setup state");
	if (err < 0) {
		drop_plan(&plan);
		return err;
	}
	if (plan.policy)
		ux_spd_rewrite(u, policy, plan.policy);
	return 0;
}
