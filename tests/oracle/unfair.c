/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Requests that the two sides are known to answer differently (docs/conformance.md), so that asking
 * would only end the comparison. Looks at the bytes as they will be sent, spoilt or not.
 */

#include "unfair.h"

#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

#include "judge.h"

#define CPUS_MAX 65536 /* no machine has more */
#define FIELD(bytes, type, field) ((bytes) + NLMSG_HDRLEN + offsetof(type, field))

/* What netlink finds: the last attribute of this type. NULL: none of at least @min bytes. */
static const uint8_t *last_attr(const uint8_t *m, size_t len, size_t header, uint16_t type,
				size_t min)
{
	const uint8_t *found = NULL;

	for (size_t at = NLMSG_HDRLEN + NLMSG_ALIGN(header); at + NLA_HDRLEN <= len;) {
		size_t n = u16_at(m + at);

		if (n < NLA_HDRLEN || n > len - at)
			break;
		if ((u16_at(m + at + 2) & NLA_TYPE_MASK) == type && n >= NLA_HDRLEN + min)
			found = m + at + NLA_HDRLEN;
		at += NLA_ALIGN(n);
	}
	return found;
}

static size_t header_of(uint16_t type)
{
	switch (type) {
	case XFRM_MSG_NEWSA:
	case XFRM_MSG_UPDSA:
		return sizeof(struct xfrm_usersa_info);
	case XFRM_MSG_GETSA:
	case XFRM_MSG_DELSA:
		return sizeof(struct xfrm_usersa_id);
	case XFRM_MSG_GETAE:
	case XFRM_MSG_NEWAE:
		return sizeof(struct xfrm_aevent_id);
	case XFRM_MSG_EXPIRE:
		return sizeof(struct xfrm_user_expire);
	case XFRM_MSG_ALLOCSPI:
		return sizeof(struct xfrm_userspi_info);
	default:
		return 0;
	}
}

static void read_mark(const uint8_t *m, size_t len, size_t header, struct tuple *t)
{
	const uint8_t *p = last_attr(m, len, header, XFRMA_MARK, sizeof(t->mark));

	t->has_mark = p != NULL;
	if (p)
		memcpy(&t->mark, p, sizeof(t->mark));
}

static bool is_lookup_ambiguous(const struct world *w, const uint8_t *m, size_t len)
{
	uint16_t type = u16_at(m + 4);
	struct tuple t = {0};

	switch (type) {
	case XFRM_MSG_GETSA:
	case XFRM_MSG_DELSA:
	case XFRM_MSG_GETAE:
	case XFRM_MSG_NEWAE:
		memcpy(&t.dst, FIELD(m, struct xfrm_usersa_id, daddr), sizeof(t.dst));
		memcpy(&t.spi, FIELD(m, struct xfrm_usersa_id, spi), sizeof(t.spi));
		t.family = u16_at(FIELD(m, struct xfrm_usersa_id, family));
		t.proto = *FIELD(m, struct xfrm_usersa_id, proto);
		break;
	case XFRM_MSG_UPDSA:
	case XFRM_MSG_EXPIRE:
		memcpy(&t.dst, FIELD(m, struct xfrm_usersa_info, id.daddr), sizeof(t.dst));
		memcpy(&t.spi, FIELD(m, struct xfrm_usersa_info, id.spi), sizeof(t.spi));
		t.family = u16_at(FIELD(m, struct xfrm_usersa_info, family));
		t.proto = *FIELD(m, struct xfrm_usersa_info, id.proto);
		break;
	default:
		return false;
	}
	read_mark(m, len, header_of(type), &t);
	if (type == XFRM_MSG_UPDSA)
		t.mark.v &= t.mark.m;
	return is_ambiguous(w, &t);
}

/* An SPI out of a range that is not the one meant for it, a mark that the engine would mask, a
 * family that only Linux takes. */
static bool is_allocspi_unfair(const uint8_t *m, size_t len)
{
	uint32_t min = u32_at(FIELD(m, struct xfrm_userspi_info, min));
	uint32_t max = u32_at(FIELD(m, struct xfrm_userspi_info, max));
	uint16_t family = u16_at(FIELD(m, struct xfrm_userspi_info, info.family));
	struct tuple t = {0};

	if (family != AF_INET && family != AF_INET6)
		return true;
	read_mark(m, len, sizeof(struct xfrm_userspi_info), &t);
	if (t.has_mark && (t.mark.v & ~t.mark.m))
		return true;
	return min < max && (min != FREE_SPI_MIN || max != FREE_SPI_MAX);
}

/* An SA of another family whose addresses begin with the entry's. */
static bool may_meet_by_chance(const struct world *w, const struct xfrm_user_migrate *e)
{
	for (uint32_t i = 0; i < w->n_sa; i++) {
		const struct xfrm_usersa_info *sa = &w->sa[i].info;

		if (sa->family != e->old_family && sa->id.proto == e->proto &&
		    sa->mode == e->mode && (!e->reqid || e->reqid == sa->reqid) &&
		    !memcmp(&sa->id.daddr, &e->old_daddr, 4) &&
		    !memcmp(&sa->saddr, &e->old_saddr, 4))
			return true;
	}
	return false;
}

/* What Linux then finds depends on its hash chains. */
static bool has_odd_old_family(const struct world *w, const uint8_t *m, size_t len)
{
	const size_t one = sizeof(struct xfrm_user_migrate);
	const uint8_t *p = last_attr(m, len, sizeof(struct xfrm_userpolicy_id), XFRMA_MIGRATE, one);
	size_t n = p ? (u16_at(p - NLA_HDRLEN) - (size_t)NLA_HDRLEN) / one : 0;

	for (size_t i = 0; i < n; i++) {
		struct xfrm_user_migrate e;

		memcpy(&e, p + i * one, one);
		if (e.old_family != AF_INET && e.old_family != AF_INET6)
			return true;
		if (may_meet_by_chance(w, &e))
			return true;
	}
	return false;
}

static bool has_attr(const uint8_t *m, size_t len, size_t header, uint16_t first, uint16_t last)
{
	for (uint16_t type = first; type <= last; type++)
		if (last_attr(m, len, header, type, 0))
			return true;
	return false;
}

/* Newer kernels and the engine take XFRMA_SA_PCPU here only. */
static bool refuses_cpu(uint16_t type)
{
	return type != XFRM_MSG_NEWSA && type != XFRM_MSG_UPDSA && type != XFRM_MSG_ALLOCSPI &&
	       type != XFRM_MSG_ACQUIRE;
}

/* One that may be there on one machine only: both have the first. */
static bool has_cpu_of_some(const uint8_t *m, size_t len)
{
	const uint8_t *p = last_attr(m, len, fixed_len(u16_at(m + 4)), UX_XFRMA_SA_PCPU, 4);

	return p && u32_at(p) > 0 && u32_at(p) < CPUS_MAX;
}

/* A larval SA that an SA may fulfil by moving: it is gone in Linux also when the request is refused
 * in the end. */
static bool may_lose_larval(const struct world *w)
{
	for (uint32_t i = 0; i < w->n_sa; i++)
		if (w->sa[i].larval && (!w->sa[i].info.id.spi || w->sa[i].info.seq))
			return true;
	return false;
}

/* An SA in use that has passed the limits it is to have: Linux looks at once, not with the next
 * packet. */
static bool has_passed_limits(const struct world *w, const uint8_t *m)
{
	struct xfrm_usersa_info p;

	memcpy(&p, m + NLMSG_HDRLEN, sizeof(p));
	for (uint32_t i = 0; i < w->n_sa; i++) {
		const struct xfrm_lifetime_cur *cur = &w->sa[i].info.curlft;

		if (w->sa[i].info.id.spi == p.id.spi && cur->use_time &&
		    (cur->bytes >= p.lft.soft_byte_limit || cur->bytes >= p.lft.hard_byte_limit ||
		     cur->packets >= p.lft.soft_packet_limit ||
		     cur->packets >= p.lft.hard_packet_limit))
			return true;
	}
	return false;
}

/* Without one in the request Linux 6.12 keeps the encapsulation of an SA, and newer kernels do not.
 */
static bool may_lose_encap(const struct world *w, const uint8_t *m, size_t len)
{
	return has_encap(w) && !last_attr(m, len, sizeof(struct xfrm_userpolicy_id), XFRMA_ENCAP,
					  sizeof(struct xfrm_encap_tmpl));
}

bool is_unfair(const struct world *w, const uint8_t *m, size_t len)
{
	uint16_t type = u16_at(m + 4);
	size_t header = header_of(type);

	if (len < NLMSG_HDRLEN + header)
		return false;
	if (is_lookup_ambiguous(w, m, len))
		return true;
	if (type == XFRM_MSG_ALLOCSPI && is_allocspi_unfair(m, len))
		return true;
	if (type == XFRM_MSG_UPDSA && has_passed_limits(w, m))
		return true;
	if (type == XFRM_MSG_MIGRATE && (may_lose_encap(w, m, len) || may_lose_larval(w)))
		return true;
	if (type == XFRM_MSG_MIGRATE && has_odd_old_family(w, m, len))
		return true;
	/* newer kernels ask the device, or there is none and the request is refused; 6.12 does not
	 * look at it */
	if (type == XFRM_MSG_MIGRATE &&
	    has_attr(m, len, sizeof(struct xfrm_userpolicy_id), XFRMA_OFFLOAD_DEV,
		     XFRMA_OFFLOAD_DEV))
		return true;
	if (has_attr(m, len, header, UX_XFRMA_IPTFS_DROP_TIME, UX_XFRMA_IPTFS_PKT_SIZE))
		return true;
	if (refuses_cpu(type) &&
	    has_attr(m, len, fixed_len(type), UX_XFRMA_SA_PCPU, UX_XFRMA_SA_PCPU))
		return true;
	if (has_cpu_of_some(m, len))
		return true;
	/* counted in ticks of the kernel */
	return type == XFRM_MSG_GETAE &&
	       u32_at(FIELD(m, struct xfrm_aevent_id, flags)) & XFRM_AE_ETHR;
}
