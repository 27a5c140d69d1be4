/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * The selectors of outbound policies as the program that captures packets has them: by destination prefix, in chunks
 * of a few. Changes are collected, and told many at a time so that at no moment anything is missing in the kernel that
 * was there before and is to be there after. What there is more of than fits a prefix is told as "all packets". Control
 * thread.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/ext_ack.h"
#include "io/tc_maps.h"

/* A policy's. Host bits of prefixes are ignored; numbers as in struct ux_tc_entry. */
struct ux_tc_selector {
	int family; /* AF_INET or AF_INET6 */
	struct ux_addr dst, src;
	uint8_t dst_bits, src_bits;
	uint8_t proto;
	bool icmp;
	__be16 sport, sport_mask, dport, dport_mask;
	uint32_t ifindex;
	uint32_t mark, mark_mask;
};

/* Where chunks go. 0 or -errno each. */
struct ux_tc_set_ops {
	int (*put)(void *opaque, const struct ux_tc_prefix *prefix, uint32_t number,
		   const struct ux_tc_chunk *chunk);
	/* @id: of the prefix */
	int (*drop)(void *opaque, const struct ux_tc_prefix *prefix, uint32_t id, uint32_t number);
};

struct ux_tc_set;

/* ux_tc_set_new - @ops are borrowed. Returns owned, NULL when out of memory. */
struct ux_tc_set *ux_tc_set_new(const struct ux_tc_set_ops *ops, void *opaque);
struct ux_tc_set *ux_tc_set_free(struct ux_tc_set *set); /* NULL is fine; returns NULL */

/* ux_tc_set_add, ux_tc_set_remove - one policy's; equal ones are counted. 0 or -errno. */
int ux_tc_set_add(struct ux_tc_set *set, const struct ux_tc_selector *selector) UX_MUST_CHECK;
int ux_tc_set_remove(struct ux_tc_set *set, const struct ux_tc_selector *selector) UX_MUST_CHECK;
/* ux_tc_set_settle - tell what has changed since the last time, what comes before what goes. 0 or the first -errno. */
int ux_tc_set_settle(struct ux_tc_set *set) UX_MUST_CHECK;
/* ux_tc_set_note_clear - from now on (@on) prefixes whose last selector goes are told as clear (UX_TC_CLEAR); off: those
 * that were are forgotten by the next ux_tc_set_settle. */
void ux_tc_set_note_clear(struct ux_tc_set *set, bool on);
/* ux_tc_set_count - prefixes that have selectors, or had when they were told. */
size_t ux_tc_set_count(const struct ux_tc_set *set);
