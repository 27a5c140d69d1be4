/* SPDX-License-Identifier: BSD-2-Clause */
#include "ctl/sa_change.h"

#include <errno.h>
#include <netinet/in.h>

#include "core/companion.h"
#include "core/lifetime.h"

bool ux_sa_proto_wanted(uint8_t proto, uint8_t wanted)
{
	bool ipsec = proto == IPPROTO_AH || proto == IPPROTO_ESP || proto == IPPROTO_COMP;

	return wanted == 0 || wanted == proto || (wanted == UX_SA_PROTO_IPSEC && ipsec);
}

/* The larval SA that @sa fulfils: of the same acquire, else of the same endpoints and not yet
 * numbered. */
static struct ux_sa *find_larval(struct uxfrm *u, const struct ux_sa_params *p,
				 uint64_t address_hash)
{
	struct ux_sa *larval = NULL;

	if (p->acquire_seq)
		larval = ux_sad_lookup_larval_by_seq(u, p->mark, p->acquire_seq, p->pcpu);
	if (larval && (larval->id.proto != p->id.proto ||
		       !ux_addr_equal(&larval->id.daddr, &p->id.daddr, p->id.family)))
		larval = NULL;
	return larval ? larval : ux_sad_lookup_larval_at(u, address_hash, p);
}

int ux_sa_add(struct uxfrm *u, struct ux_sa *sa, const struct ux_sa_params *p,
	      const struct ux_sad_places *at, const struct ux_event_origin *origin)
{
	/* the SPI 0 is in no table of SPIs: no duplicates */
	if (sa->id.spi && ux_sad_lookup_wildcard_at(u, at->to_tuple, &sa->id, sa->mark.v, NULL)) {
		ux_sa_free(sa);
		return -EEXIST;
	}
	struct ux_sa *larval = find_larval(u, p, at->to_address);

	sa->tuple_hash = at->to_tuple;
	sa->address_hash = at->to_address;
	struct ux_sa *parked = ux_interim_find(u, sa, p);
	int r;

	if (parked)
		r = ux_sad_resume(u, parked, sa, larval);
	else
		r = larval ? ux_sad_fulfil(u, larval, sa) : ux_sad_insert(u, sa);
	if (r < 0) {
		ux_sa_free(sa);
		return r;
	}
	ux_interim_changed(u);
	ux_event_sa(u, XFRM_MSG_NEWSA, sa, UX_SA_VALID, origin);
	return 0;
}

/* It is changed, but not given. */
static void change_coaddr(struct ux_sa_rare *to, const struct ux_sa_rare *wanted)
{
	if (to && to->has_coaddr && wanted && wanted->has_coaddr)
		to->coaddr = wanted->coaddr;
}

/* An SA in use takes over from @wanted only what Linux takes over: keys and replay state stay. */
static int update_valid(struct uxfrm *u, struct ux_sa *old, const struct ux_sa *wanted,
			struct ux_ext_ack *ext)
{
	if (old->dir != wanted->dir)
		return -ESRCH;
	if (ux_sa_state_of(old) != UX_SA_VALID || old->encap.type != wanted->encap.type)
		return -EINVAL;
	struct ux_sa *fresh = ux_sa_clone(old);
	if (!fresh)
		return -ENOMEM;
	fresh->encap = wanted->encap;
	fresh->dying = false;
	if (wanted->output_mark.v || wanted->output_mark.m)
		fresh->output_mark = wanted->output_mark;
	if (wanted->if_id)
		fresh->if_id = wanted->if_id;
	int r = ux_sa_init(fresh, ext);
	if (r == 0)
		r = ux_lifetime_prepare(fresh->runtime, ux_sa_limits(wanted->runtime));
	if (r == 0)
		r = ux_sad_replace(u, old, fresh, false);
	if (r < 0) {
		ux_sa_free(fresh);
		return r;
	}
	change_coaddr(fresh->runtime->terms.rare, wanted->runtime->terms.rare);
	/* does not fail: the set is there, as @wanted holds it */
	r = ux_sa_set_limits(fresh->runtime, ux_sa_limits(wanted->runtime));
	ux_lifetime_start(u, fresh->runtime->timer);
	return r;
}

/* The SA that a request means. One without a mark, that an SPI was reserved for, may get one with its
 * keys: IKE daemons do not say it before. */
static struct ux_sa *find_updated(struct uxfrm *u, const struct ux_sa *wanted)
{
	const struct ux_mark none = {0};
	struct ux_sa *sa;

	if (!wanted->id.spi)
		return NULL;
	sa = ux_sad_lookup_exact(u, &wanted->id, wanted->mark);
	if (sa)
		return sa;
	sa = ux_sad_lookup_exact(u, &wanted->id, none);
	return sa && ux_sa_state_of(sa) == UX_SA_LARVAL ? sa : NULL;
}

int ux_sa_update(struct uxfrm *u, struct ux_sa *sa, const struct ux_sa_params *p,
		 const struct ux_event_origin *origin, struct ux_ext_ack *ext)
{
	struct ux_sa *old = find_updated(u, sa);
	int r = -ESRCH;

	if (old && ux_sa_state_of(old) == UX_SA_LARVAL) {
		if (!sa->dir || sa->dir == old->dir)
			r = ux_sad_fulfil(u, old, sa);
		if (r < 0) {
			ux_sa_free(sa);
			return r;
		}
		ux_interim_changed(u);
		ux_event_sa(u, XFRM_MSG_UPDSA, sa, UX_SA_VALID, origin);
		return 0;
	}
	if (old)
		r = update_valid(u, old, sa, ext);
	/* the event shows what was asked for, which is not what the SA has become */
	sa->mark = p->mark;
	if (r == 0)
		ux_event_sa(u, XFRM_MSG_UPDSA, sa, UX_SA_DEAD, origin);
	ux_sa_free(sa);
	return r;
}

void ux_sa_delete(struct uxfrm *u, struct ux_sa *sa, const struct ux_event_origin *origin)
{
	ux_event_sa(u, XFRM_MSG_DELSA, sa, UX_SA_DEAD, origin);
	if (ux_interim_parks(u, sa))
		ux_sad_park(u, sa);
	else
		ux_sad_remove(u, sa);
}

bool ux_sa_flush(struct uxfrm *u, uint8_t proto)
{
	struct ux_sad_cursor cursor;
	struct ux_sa *sa;
	bool any = false;

	ux_sad_cursor_init(&cursor);
	while ((sa = ux_sad_cursor_next(&u->sad, &cursor))) {
		if (!ux_sa_proto_wanted(sa->id.proto, proto) || ux_sa_is_companion(sa))
			continue;
		ux_sad_remove(u, sa);
		any = true;
	}
	ux_sad_cursor_fini(&cursor);
	return any;
}
