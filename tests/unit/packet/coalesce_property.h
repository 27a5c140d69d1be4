/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* What holds of any burst: cutting what was put together gives the burst again. */

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <uxfrm/packet.h>

#include "packet/coalesce.h"
#include "packet/segment.h"

/* The super-packet of a run, as a device would get it; the caller frees it. */
static inline uint8_t *super_packet(const struct ux_coalescer *c, const struct ux_coalesce_run *run,
				    struct uxfrm_packet *const *packets, uint32_t *ret_len)
{
	uint8_t *super = malloc(run->header_len + run->payload_len);
	uint8_t header[UX_SEGMENT_HEADER_MAX];
	uint32_t at = run->header_len;
	uint8_t i = run->first;

	ux_coalesce_header(run, packets, header);
	memcpy(super, header, run->header_len);
	for (uint32_t k = 0; k < run->n; k++, i = c->next[i]) {
		uint32_t n = packets[i]->len - run->header_len;

		memcpy(super + at, packets[i]->data + run->header_len, n);
		at += n;
	}
	*ret_len = at;
	return super;
}

/* Segment @k of a super-packet is the packet @p, byte for byte. */
static inline bool is_segment(const struct ux_segmenter *s, uint32_t k, const uint8_t *super,
			      const struct uxfrm_packet *p)
{
	uint32_t payload = ux_segment_payload(s, k), len;
	uint8_t *segment = malloc(s->header_len + payload);
	bool same;

	memcpy(segment + s->header_len, super + s->header_len + k * s->size, payload);
	len = ux_segment_finish(s, k, segment);
	same = len == p->len && memcmp(segment, p->data, len) == 0;
	free(segment);
	return same;
}

static inline bool run_cuts_to_its_packets(const struct ux_coalescer *c,
					   const struct ux_coalesce_run *run,
					   struct uxfrm_packet *const *packets)
{
	struct ux_segmenter s;
	uint32_t len;
	uint8_t *super = super_packet(c, run, packets, &len);
	uint8_t i = run->first;
	bool holds = ux_segment_begin(&s, super, len, run->size) && s.n == run->n &&
		     s.header_len == run->header_len && ux_segment_payload(&s, s.n - 1);

	for (uint32_t k = 0; k < run->n && holds; k++, i = c->next[i])
		holds = is_segment(&s, k, super, packets[i]);
	free(super);
	return holds;
}

/* Each packet is in one run, and runs of more than one cut to their packets. */
static inline bool coalesce_property_holds(struct uxfrm_packet *const *packets, size_t n,
					   unsigned int kinds)
{
	struct ux_coalescer c;
	uint64_t seen = 0;
	size_t total = 0;

	ux_coalesce(&c, packets, n, kinds);
	for (size_t r = 0; r < c.n; r++) {
		const struct ux_coalesce_run *run = &c.runs[r];
		uint8_t i = run->first;

		for (uint32_t k = 0; k < run->n; k++, i = c.next[i]) {
			if (i >= n || seen >> i & 1)
				return false;
			seen |= UINT64_C(1) << i;
			total++;
		}
		if (r && run->first <= c.runs[r - 1].first)
			return false;
		if (run->n > 1 &&
		    (!(run->kind & kinds) || !run_cuts_to_its_packets(&c, run, packets)))
			return false;
	}
	return total == n;
}
