/* SPDX-License-Identifier: BSD-2-Clause */

/* The one before is about to end, as a rule: sleeping is for when its thread does not run. */

#include "base/turn.h"

#include <limits.h>
#include <linux/futex.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SPINS 2000

static void relax(void)
{
#ifdef __x86_64__
	__builtin_ia32_pause();
#endif
}

/* Linux: an _Atomic(uint32_t) is the word that the system call looks at. */
static void futex(_Atomic(uint32_t) *word, int op, uint32_t value)
{
	(void)syscall(SYS_futex, word, op | FUTEX_PRIVATE_FLAG, value, NULL, NULL, 0);
}

void ux_turn_wait(struct ux_turn *t, uint32_t number)
{
	uint32_t given;

	for (int i = 0; i < SPINS; i++) {
		if (atomic_load_explicit(&t->given, memory_order_acquire) == number)
			return;
		relax();
	}
	atomic_fetch_add(&t->sleepers, 1);
	while ((given = atomic_load(&t->given)) != number)
		futex(&t->given, FUTEX_WAIT, given);
	atomic_fetch_sub(&t->sleepers, 1);
}

void ux_turn_give(struct ux_turn *t, uint32_t number)
{
	/* In one order with the sleepers' counting: either they see this, or it sees them. */
	atomic_store(&t->given, number + 1);
	if (atomic_load(&t->sleepers))
		futex(&t->given, FUTEX_WAKE, INT_MAX);
}
