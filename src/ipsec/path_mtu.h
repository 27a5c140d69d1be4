/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * Does a packet fit the path of the SAs it is to go by? A worker knows MTUs of paths from its
 * owner, who knows them from the system; what it does not know it asks for (<uxfrm/packet.h>).
 */

#include "ipsec/worker.h"

struct ux_path_cache;

/*
 * ux_path_check - @s has its bundle and nothing is written yet. A packet too big is dropped with
 * the largest size that passes in mtu; one whose path is not known gets verdict UXFRM_ASK_PATH. A
 * worker that does not follow paths lets everything go on.
 */
enum uxfrm_drop ux_path_check(struct uxfrm_worker *w, struct ux_slot *s);

/* With two SAs around it no longer than any link takes; most packets of a stream's other direction
 * are shorter: such packets are not measured. */
#define UX_PATH_ALWAYS_FITS 128

/* ux_path_begin - packets come that may ask for paths. */
void ux_path_begin(struct uxfrm_worker *w);

/*
 * ux_path_longest - @s has its bundle: the longest packet of its flow that passes as it is, by what
 * is known of the path now; nobody is asked. *ret_mtu as uxfrm_packet.mtu would be.
 */
uint32_t ux_path_longest(struct uxfrm_worker *w, const struct ux_slot *s, uint32_t *ret_mtu);

/* ux_path_cache_free - NULL is fine. */
void ux_path_cache_free(struct ux_path_cache *cache);

/* ux_path_inside - the largest packet that the SAs from number @first on make no larger than @mtu;
 * 0: none. */
uint32_t ux_path_inside(const struct ux_slot *s, unsigned int first, uint32_t mtu);
