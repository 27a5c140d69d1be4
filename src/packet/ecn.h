/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * Explicit congestion notification through a tunnel, as Linux does it for ESP: the "full
 * functionality" option of RFC 3168 section 9.1.1 on the way in and its decapsulation, which agrees
 * with RFC 6040 for every combination but two: an outer ECT(1) is not carried over to the inner
 * header, and a packet that says congestion outside and cannot say it inside is delivered.
 */

#include <stdint.h>

#define UX_ECN_MASK 3
#define UX_ECN_NOT_ECT 0
#define UX_ECN_ECT1 1
#define UX_ECN_ECT0 2
#define UX_ECN_CE 3

/* ux_ecn_encapsulate - the outer header's ECN bits for an inner type of service. */
uint8_t ux_ecn_encapsulate(uint8_t inner_tos);
/* ux_ecn_decapsulate - the inner ECN bits after a packet came with these. */
uint8_t ux_ecn_decapsulate(uint8_t outer_tos, uint8_t inner_tos);
