/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * Turns: threads that have taken numbers do something in the order of the numbers. Whoever takes
 * one must give it back, and waits for nobody who has taken a later one of the same kind.
 */

#include <stdatomic.h>
#include <stdint.h>

struct ux_turn {
	uint32_t taken;		    /* under a lock of the callers */
	_Atomic(uint32_t) given;    /* all before this one are done; whoever's turn it is */
	_Atomic(uint32_t) sleepers; /* threads, atomic */
};

/* ux_turn_take - the next number. The callers agree on a lock for this. */
static inline uint32_t ux_turn_take(struct ux_turn *t)
{
	return t->taken++;
}
/* ux_turn_wait - until @number is next: spins a little, then sleeps. */
void ux_turn_wait(struct ux_turn *t, uint32_t number);
/* ux_turn_give - the turn @number, which is next, is over. */
void ux_turn_give(struct ux_turn *t, uint32_t number);
