/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/migrate.h"

#include <errno.h>

#include "core/instance.h"
#include "core/sad_ahead.h"
#include "core/sad_index.h"

/* Is the selector just the SA's own two addresses? Compared in the SA's family, not the selector's.
 */
static bool host_to_host(const struct ux_sa *sa)
{
	uint16_t family = sa->id.family;
	uint8_t bits = family == AF_INET6 ? 128 : 32;

	return sa->sel.prefixlen_d == bits && sa->sel.prefixlen_s == bits &&
	       ux_addr_equal(&sa->sel.daddr, &sa->id.daddr, family) &&
	       ux_addr_equal(&sa->sel.saddr, &sa->saddr, family);
}

/* The encapsulation after the move: as before, another, or none. */
static struct ux_encap resulting_encap(const struct ux_sa *sa, const struct ux_migration *m)
{
	if (!m->has_encap)
		return sa->encap;
	if (m->encap.type == UX_ENCAP_NONE)
		return (struct ux_encap){.type = UX_ENCAP_NONE};
	return m->encap;
}

static int check_encap(const struct ux_sa *sa, const struct ux_migration *m, struct ux_ext_ack *ext)
{
	if (m->has_encap && m->encap.type != UX_ENCAP_NONE && m->encap.type != UX_ENCAP_ESPINUDP)
		return ux_fail(ext, EINVAL, "Unsupported encapsulation type");

	bool encap = resulting_encap(sa, m).type != UX_ENCAP_NONE;

	if (m->has_mapping_maxage && !encap)
		return ux_fail(ext, EINVAL, "MTIMER_THRESH requires encapsulation");
	if (m->has_mapping_maxage && sa->dir == UX_SA_DIR_OUT)
		return ux_fail(ext, EINVAL, "MTIMER_THRESH should not be set on output SA");
	if (m->has_nat_keepalive && m->nat_keepalive_interval_s && !encap)
		return ux_fail(ext, EINVAL, "NAT_KEEPALIVE_INTERVAL requires encapsulation");
	return 0;
}

static struct ux_sa_id target_id(const struct ux_sa *sa, const struct ux_migration *m)
{
	return (struct ux_sa_id){
	    .daddr = m->daddr, .spi = sa->id.spi, .family = m->family, .proto = sa->id.proto};
}

/* Does the SA get another tuple or mark, so that it might meet another one? Marks are compared as
 * given. */
static bool changes_place(const struct ux_sa *sa, const struct ux_migration *m)
{
	if (m->family != sa->id.family || !ux_addr_equal(&m->daddr, &sa->id.daddr, m->family))
		return true;
	return m->has_mark && (m->mark.v != sa->mark.v || m->mark.m != sa->mark.m);
}

/*
 * The only look for a collision, and before anything is changed. It passes over the SA itself and
 * goes on, so one that stands behind it is found too: an SA is never lost to a collision.
 */
static int check_collision(struct uxfrm *u, const struct ux_sa *sa, const struct ux_migration *m,
			   struct ux_ext_ack *ext)
{
	struct ux_sa_id id = target_id(sa, m);
	const struct ux_mark *mark = m->has_mark ? &m->mark : &sa->mark;

	uint64_t hash = m->places ? m->places->to_tuple : ux_sad_tuple_hash(u, &id);

	if (ux_sad_lookup_wildcard_at(u, hash, &id, mark->v & mark->m, sa))
		return ux_fail(ext, EEXIST, "New SA tuple already occupied");
	return 0;
}

static void move_selector(struct ux_sa *fresh, const struct ux_migration *m)
{
	uint8_t bits = m->family == AF_INET6 ? 128 : 32;

	if (!m->update_h2h_selector) {
		fresh->sel = m->sel;
		return;
	}
	fresh->sel.family = m->family;
	fresh->sel.prefixlen_d = fresh->sel.prefixlen_s = bits;
	fresh->sel.daddr = m->daddr;
	fresh->sel.saddr = m->saddr;
}

static void move_encap(struct ux_sa *fresh, const struct ux_migration *m)
{
	fresh->encap = resulting_encap(fresh, m);
	if (m->has_mapping_maxage)
		fresh->mapping_maxage_s = m->mapping_maxage_s;
	if (m->has_nat_keepalive)
		fresh->nat_keepalive_interval_s = m->nat_keepalive_interval_s;
	if (fresh->encap.type == UX_ENCAP_NONE)
		fresh->mapping_maxage_s = fresh->nat_keepalive_interval_s = 0;
}

/* The copy with all that the request says; what it does not say is inherited. */
static void apply(struct ux_sa *fresh, const struct ux_migration *m)
{
	move_encap(fresh, m);
	move_selector(fresh, m);
	fresh->id = target_id(fresh, m);
	fresh->saddr = m->saddr;
	fresh->reqid = m->reqid;
	if (m->places) {
		fresh->tuple_hash = m->places->to_tuple;
		fresh->address_hash = m->places->to_address;
	}
	if (m->has_mark)
		fresh->mark = m->mark;
	if (m->has_output_mark)
		fresh->output_mark = m->output_mark;
	if (m->has_offload) {
		fresh->offload = m->offload;
		fresh->offload.requested = true;
	} else if (m->clear_offload) {
		fresh->offload = (struct ux_offload){0};
	}
}

void ux_migrate_remove_larval(struct uxfrm *u, const struct ux_sa *sa)
{
	const struct ux_sa_terms *terms = &sa->runtime->terms;
	struct ux_sa *larval = NULL;

	if (ux_list_empty(&u->sad.larval))
		return;
	if (terms->acquire_seq)
		larval = ux_sad_lookup_larval_by_seq(u, sa->mark, terms->acquire_seq, terms->pcpu);
	if (larval && (larval->id.proto != sa->id.proto || larval->id.family != sa->id.family ||
		       !ux_addr_equal(&larval->id.daddr, &sa->id.daddr, sa->id.family)))
		larval = NULL;
	if (!larval) {
		struct ux_sa_params like = {
		    .id = sa->id,
		    .saddr = sa->saddr,
		    .mark = sa->mark,
		    .reqid = sa->reqid,
		    .if_id = sa->if_id,
		    .pcpu = terms->pcpu,
		    .mode = sa->mode,
		};

		larval = ux_sad_lookup_larval(u, &like);
	}
	if (larval)
		ux_sad_remove(u, larval);
}

int ux_migrate_clone(struct uxfrm *u, const struct ux_sa *sa, const struct ux_migration *m,
		     struct ux_sa **ret_fresh, struct ux_ext_ack *ext)
{
	/* Linux gives the label to the copy as to a new SA */
	bool permitted = ux_label_permit(m->gate, ux_sa_label(sa)) == 0;
	struct ux_sa *fresh = permitted ? ux_sa_clone_in(u, sa) : NULL;
	int err;

	if (!fresh)
		return ux_fail(ext, EINVAL, "Failed to clone and setup state");
	apply(fresh, m);
	err = ux_sa_init(fresh, ext);
	if (err < 0) {
		ux_sa_free(fresh);
		return err;
	}
	*ret_fresh = fresh;
	return 0;
}

int ux_migrate(struct uxfrm *u, struct ux_sa *sa, const struct ux_migration *m,
	       struct ux_sa **ret_sa, struct ux_ext_ack *ext)
{
	bool elsewhere = changes_place(sa, m);
	struct ux_sa *fresh;
	int err;

	ux_sad_ahead_around(u, sa);
	if (m->update_h2h_selector && !host_to_host(sa))
		return ux_fail(ext, EINVAL,
			       "SA selector is not a single-host match for SA addresses");
	err = check_encap(sa, m, ext);
	if (err == 0 && elsewhere)
		err = check_collision(u, sa, m, ext);
	if (err < 0)
		return err;

	err = ux_migrate_clone(u, sa, m, &fresh, ext);
	if (err < 0)
		return ux_fail_weak(ext, EINVAL, "State migration clone failed");
	if (ux_sa_state_of(sa) != UX_SA_VALID) {
		ux_sa_free(fresh);
		return ux_fail(ext, ESRCH, "State already deleted");
	}
	err = ux_sad_replace(u, sa, fresh, true);
	if (err < 0) {
		ux_sa_free(fresh);
		return ux_fail_weak(ext, EINVAL, "State migration clone failed");
	}
	if (elsewhere)
		ux_migrate_remove_larval(u, fresh);
	*ret_sa = fresh;
	return 0;
}
