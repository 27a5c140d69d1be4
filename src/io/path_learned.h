/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * MTUs that routers have told for our outer packets, apart from what the kernel has learned: where packets of the host take
 * the same routes as ours (capture = tc), the kernel knows for an address what programs may send, which is less. For
 * any thread.
 */

#include <stdint.h>

#include "base/addr.h"

struct ux_path_learned;

/* ux_path_learned_new - returns owned, NULL when out of memory. */
struct ux_path_learned *ux_path_learned_new(void);
struct ux_path_learned *ux_path_learned_free(struct ux_path_learned *l); /* NULL is fine; returns NULL */

/* ux_path_learned_note - a router says that no more than @mtu bytes get to @to; holds for ten minutes. What is less than all
 * links have is not believed. Without room the oldest is forgotten. */
void ux_path_learned_note(struct ux_path_learned *l, uint16_t family, const struct ux_addr *to,
			  uint32_t mtu, uint64_t now_ns);
/* ux_path_learned_forget - ways have changed: what was told may be of others. */
void ux_path_learned_forget(struct ux_path_learned *l);
/* ux_path_learned_cap - @mtu, or less if a router has said so. */
uint32_t ux_path_learned_cap(struct ux_path_learned *l, uint16_t family, const struct ux_addr *to,
			     uint32_t mtu, uint64_t now_ns);
