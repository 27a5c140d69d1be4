/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* The ESP part of a packet's way (RFC 4303), the same for all modes. */

#include <stdbool.h>
#include <stdint.h>

#include "ipsec/worker.h"

/* ux_esp_plan - outbound: padded length and whether all of it fits the buffer, given @outer bytes
 * of headers to come in front of ESP beside those the packet has. */
enum uxfrm_drop ux_esp_plan(struct ux_slot *s, uint32_t outer);

/* ux_esp_number - give all live packets sequence numbers and IVs, once per SA of the burst, and
 * count them in their SAs. Those that cannot have any are dropped. */
void ux_esp_number(struct uxfrm_worker *w);

/* ux_esp_seal - ESP header, padding and trailer; @op is filled. s->esp is set, the payload in
 * place. */
void ux_esp_seal(struct ux_slot *s, struct ux_crypt_op *op);

/* ux_esp_open - inbound: lengths, then @op for a packet whose SA and sequence number are known. */
enum uxfrm_drop ux_esp_open(struct ux_slot *s, struct ux_crypt_op *op);

/* ux_esp_trailer - inbound, decrypted: payload length and next header. */
enum uxfrm_drop ux_esp_trailer(struct ux_slot *s);

/* ux_esp_payload - where the protected bytes begin. */
static inline uint8_t *ux_esp_payload(const struct ux_slot *s)
{
	return s->esp + 8 + s->sa->runtime->transform->iv_len;
}

/* ux_esp_count - bytes and packets of an SA, and the times of its use. */
void ux_esp_count(struct ux_sa_runtime *rt, uint64_t bytes, uint64_t packets, uint64_t now_s);

/* ux_esp_expired - has the SA reached a hard limit? (Linux: xfrm_state_check_expire) */
bool ux_esp_expired(const struct ux_sa *sa, uint64_t now_s);
