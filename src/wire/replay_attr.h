/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * The replay state of an SA as the protocol has it, in two forms:
 *
 *  - XFRMA_REPLAY_VAL: 32-bit numbers and a bitmap whose bit i stands for seq - i;
 *  - XFRMA_REPLAY_ESN_VAL: 64-bit numbers in halves and a bitmap that is a ring of replay_window
 * bits: seq stands at bit (seq - 1) mod replay_window, computed in its low 32 bits, and seq - i
 * stands i bits before, round the ring.
 *
 * Here both are bits[]: bit i (word i / 32, least significant first) stands for seq - i.
 */

#include <stdbool.h>
#include <stdint.h>

#include "wire/attrs.h"
#include "wire/writer.h"

#define UX_WIRE_REPLAY_MAX 4096 /* bits */
#define UX_WIRE_REPLAY_WORDS (UX_WIRE_REPLAY_MAX / 32)

struct ux_wire_replay {
	uint64_t oseq, seq; /* last sent, highest received */
	uint32_t window;    /* ESN_VAL only: bits of bits[] that count */
	uint32_t bmp_len;   /* ESN_VAL only: words of the bitmap in the message */
	uint32_t bits[UX_WIRE_REPLAY_WORDS];
};

/* ux_replay_val_read, ux_replay_val_write - XFRMA_REPLAY_VAL. window and bmp_len are not its own.
 */
void ux_replay_val_read(const struct nlattr *a, struct ux_wire_replay *ret_replay);
void ux_replay_val_write(struct ux_writer *w, const struct ux_wire_replay *replay);

/* Is the attribute long enough for the bitmap it claims? Without any bitmap is allowed as well. */
bool ux_replay_esn_fits(const struct nlattr *a);
/* ux_replay_esn_window - the window as given, however large. */
uint32_t ux_replay_esn_window(const struct nlattr *a);
/*
 * ux_replay_esn_read - XFRMA_REPLAY_ESN_VAL; the caller has seen that bmp_len is at most
 * UX_WIRE_REPLAY_WORDS and that the attribute fits. A window larger than the bitmap is cut.
 */
void ux_replay_esn_read(const struct nlattr *a, struct ux_wire_replay *ret_replay);
void ux_replay_esn_write(struct ux_writer *w, const struct ux_wire_replay *replay);
