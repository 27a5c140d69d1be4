/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* The short way in has two parts: to the plaintext (fast_inbound.c), and on from there
 * (fast_inner.c). What is between them. */

#include "ipsec/fast.h"
#include "ipsec/fast_flows.h"
#include "packet/esp_header.h"

/* A packet of the run, as it stands between the steps. */
struct ux_fast_packet {
	struct uxfrm_packet *p;
	struct ux_in_sa *in;
	uint8_t *esp;
	uint64_t seq;
	uint32_t rest_len; /* from the ESP header on */
	uint32_t payload_len;
	uint8_t next_header, outer_tos;
	uint8_t group;
};

struct ux_fast_run {
	size_t n; /* packets without a verdict, order kept */
	struct ux_fast_packet at[UXFRM_BURST];
};

static inline uint8_t *ux_fast_payload(const struct ux_fast_packet *f)
{
	return f->esp + UX_ESP_HEADER_LEN + f->in->iv_len;
}

/* With padding and trailer. */
static inline uint32_t ux_fast_padded_len(const struct ux_fast_packet *f)
{
	return f->rest_len - UX_ESP_HEADER_LEN - f->in->iv_len - f->in->icv_len;
}

/* ux_fast_settle - the packets of the run are genuine and accepted: all of them get verdicts. */
void ux_fast_settle(struct uxfrm_worker *w, const struct ux_fast_run *run);
