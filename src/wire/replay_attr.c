/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/replay_attr.h"

#include <string.h>

void ux_replay_val_read(const struct nlattr *a, struct ux_wire_replay *ret_replay)
{
	struct xfrm_replay_state s;

	ux_attr_copy(a, &s, sizeof(s));
	memset(ret_replay, 0, sizeof(*ret_replay));
	ret_replay->oseq = s.oseq;
	ret_replay->seq = s.seq;
	ret_replay->bits[0] = s.bitmap;
}

void ux_replay_val_write(struct ux_writer *w, const struct ux_wire_replay *replay)
{
	struct xfrm_replay_state s = {.oseq = (uint32_t)replay->oseq,
				      .seq = (uint32_t)replay->seq,
				      .bitmap = replay->bits[0]};

	ux_msg_attr(w, XFRMA_REPLAY_VAL, &s, sizeof(s));
}

bool ux_replay_esn_fits(const struct nlattr *a)
{
	struct xfrm_replay_state_esn s;

	ux_attr_copy(a, &s, sizeof(s));
	return ux_attr_len(a) == sizeof(s) ||
	       ux_attr_len(a) >= sizeof(s) + (uint64_t)s.bmp_len * sizeof(uint32_t);
}

uint32_t ux_replay_esn_window(const struct nlattr *a)
{
	struct xfrm_replay_state_esn s;

	ux_attr_copy(a, &s, sizeof(s));
	return s.replay_window;
}

/* The bit of the ring at which seq - @back stands. */
static uint32_t ring_position(uint32_t seq, uint32_t back, uint32_t window)
{
	uint32_t top = (seq - 1) % window;

	return top >= back ? top - back : top + window - back;
}

void ux_replay_esn_read(const struct nlattr *a, struct ux_wire_replay *ret_replay)
{
	struct xfrm_replay_state_esn s;
	uint32_t ring[UX_WIRE_REPLAY_WORDS] = {0};

	ux_attr_copy(a, &s, sizeof(s));
	memset(ret_replay, 0, sizeof(*ret_replay));
	ret_replay->oseq = (uint64_t)s.oseq_hi << 32 | s.oseq;
	ret_replay->seq = (uint64_t)s.seq_hi << 32 | s.seq;
	ret_replay->bmp_len = s.bmp_len;
	ret_replay->window = s.replay_window < s.bmp_len * 32 ? s.replay_window : s.bmp_len * 32;
	if (ux_attr_len(a) < sizeof(s) + s.bmp_len * sizeof(uint32_t))
		return; /* no bitmap given: nothing received yet */
	memcpy(ring, (const uint8_t *)ux_attr_data(a) + sizeof(s), s.bmp_len * sizeof(uint32_t));
	for (uint32_t i = 0; i < ret_replay->window; i++) {
		uint32_t pos = ring_position(s.seq, i, ret_replay->window);

		if (ring[pos / 32] & (1u << (pos % 32)))
			ret_replay->bits[i / 32] |= 1u << (i % 32);
	}
}

void ux_replay_esn_write(struct ux_writer *w, const struct ux_wire_replay *replay)
{
	struct xfrm_replay_state_esn s = {
	    .bmp_len = replay->bmp_len,
	    .oseq = (uint32_t)replay->oseq,
	    .seq = (uint32_t)replay->seq,
	    .oseq_hi = (uint32_t)(replay->oseq >> 32),
	    .seq_hi = (uint32_t)(replay->seq >> 32),
	    .replay_window = replay->window,
	};
	uint32_t ring[UX_WIRE_REPLAY_WORDS] = {0};

	for (uint32_t i = 0; i < replay->window; i++) {
		uint32_t pos = ring_position(s.seq, i, replay->window);

		if (replay->bits[i / 32] & (1u << (i % 32)))
			ring[pos / 32] |= 1u << (pos % 32);
	}
	uint8_t *p =
	    ux_msg_attr_reserve(w, XFRMA_REPLAY_ESN_VAL, sizeof(s) + s.bmp_len * sizeof(uint32_t));
	if (!p)
		return;
	memcpy(p, &s, sizeof(s));
	if (s.bmp_len)
		memcpy(p + sizeof(s), ring, s.bmp_len * sizeof(uint32_t));
}
