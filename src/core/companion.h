/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * Companions of IPComp SAs in tunnel mode. Packets that do not get smaller come as plain tunnel
 * packets, so each such SA holds an SA of protocol IPIP (outside IPv4) or IPv6 (outside IPv6),
 * which lets them in; SAs of one pair of addresses and one mark share it. Clients see it and cannot
 * delete it. (Linux: xfrm_state.tunnel)
 */

#include <netinet/in.h>
#include <stdbool.h>

#include "core/sa.h"

/* Its SPI means nothing on the wire: IPv4 the source address; IPv6 a number for each source. */
struct ux_companion_spi {
	/* control thread writes, workers follow */
	_Atomic(struct ux_companion_spi *) next;
	/* const after publish */
	struct ux_addr saddr;
	__be32 spi;
	/* control thread */
	uint32_t users;
};
#define UX_COMPANION_BUCKETS 256

struct ux_companions {
	_Atomic(struct ux_companion_spi *) spi6[UX_COMPANION_BUCKETS];
	/* control thread */
	uint32_t last_spi6;
	uint32_t n[2]; /* outside IPv4, IPv6 */
};

static inline bool ux_sa_is_companion(const struct ux_sa *sa)
{
	return sa->id.proto == IPPROTO_IPIP || sa->id.proto == IPPROTO_IPV6;
}
/* ux_companion_wanted - is @sa one that has a companion? */
static inline bool ux_companion_wanted(const struct ux_sa *sa)
{
	return sa->id.proto == IPPROTO_COMP && sa->mode == UX_MODE_TUNNEL &&
	       ux_sa_state_of(sa) == UX_SA_VALID;
}

/* ux_companion_attach - find or make the companion of @sa, whose runtime then holds it. -ENOMEM
 * changes nothing. Control thread. */
int ux_companion_attach(struct uxfrm *u, const struct ux_sa *sa) UX_MUST_CHECK;
/* ux_companion_of - what a runtime holds; NULL: nothing. */
struct ux_sa_runtime *ux_companion_of(const struct ux_sa_runtime *r);
/* ux_companion_leave - @sa is no longer a tuple of its runtime that packets come by, after its
 * runtime has got another companion: the one at its addresses has a user less. */
void ux_companion_leave(struct uxfrm *u, const struct ux_sa *sa);
/* ux_companion_release - one user less of @companion; the last one takes it with it. NULL is fine.
 */
void ux_companion_release(struct uxfrm *u, struct ux_sa_runtime *companion);

/* ux_companions_fini - when no SA is left. */
void ux_companions_fini(struct uxfrm *u);

/* ux_companion_spi - the SPI for packets from @saddr; 0: there is none. Workers in a read section,
 * or the control thread. */
__be32 ux_companion_spi(struct uxfrm *u, uint16_t family, const struct ux_addr *saddr);
/* ux_companion_proto - the protocol of companions outside @family. */
static inline uint8_t ux_companion_proto(uint16_t family)
{
	return family == AF_INET6 ? IPPROTO_IPV6 : IPPROTO_IPIP;
}
