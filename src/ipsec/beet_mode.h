/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * BEET mode (draft-nikander-esp-beet-mode): the inner addresses are those of the SA's selector, so
 * the inner header is not sent. What else it says stands in the outer header; options of an inner
 * IPv4 header travel behind a small header of their own.
 */

#include "ipsec/worker.h"

/* ux_beet_plan - lengths of the packet to come; nothing is written. */
enum uxfrm_drop ux_beet_plan(struct ux_slot *s);
/* ux_beet_place - the outer header in the place of the inner one; s->esp is set. */
void ux_beet_place(struct ux_slot *s);
/* ux_beet_open - inbound: the inner header made again of the outer one and the selector. */
enum uxfrm_drop ux_beet_open(struct ux_slot *s);
