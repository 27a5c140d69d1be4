/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guarantee: whatever a reader did inside a read section happens before what the writer does after
 * the ux_rcu_synchronize() that waited for the section.
 */
#include "base/rcu.h"

#include <stdlib.h>
#include <urcu/urcu-memb.h>

#if defined(__SANITIZE_THREAD__)
#define UX_RCU_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define UX_RCU_TSAN 1
#endif
#endif

#ifdef UX_RCU_TSAN
#include <sanitizer/tsan_interface.h>
/* One point in memory stands for the end of all read sections. */
static char sections_ended;
#define told_section_ends() __tsan_release(&sections_ended)
#define told_sections_ended() __tsan_acquire(&sections_ended)
#else
#define told_section_ends() ((void)0)
#define told_sections_ended() ((void)0)
#endif

/* So many retired objects are worth a grace period of their own. */
#define RETIRE_BATCH 512

struct ux_retired {
	void *object;
	void (*free_fn)(void *object);
};

void ux_rcu_register_thread(void)
{
	urcu_memb_register_thread();
}

void ux_rcu_unregister_thread(void)
{
	urcu_memb_unregister_thread();
}

void ux_rcu_read_lock(void)
{
	urcu_memb_read_lock();
}

void ux_rcu_read_unlock(void)
{
	told_section_ends();
	urcu_memb_read_unlock();
}

void ux_rcu_synchronize(void)
{
	urcu_memb_synchronize_rcu();
	told_sections_ended();
}

void ux_retire_init(struct ux_retire *r)
{
	*r = (struct ux_retire){0};
}

void ux_retire_flush(struct ux_retire *r)
{
	/* A free function may retire something else, hence the loop and the array taken aside. */
	while (r->n > 0) {
		struct ux_retired *items = r->items;
		size_t n = r->n, cap = r->cap;

		*r = (struct ux_retire){0};
		ux_rcu_synchronize();
		for (size_t i = 0; i < n; i++)
			items[i].free_fn(items[i].object);
		if (r->items) {
			free(items);
		} else {
			r->items = items;
			r->cap = cap;
		}
	}
}

void ux_retire_fini(struct ux_retire *r)
{
	ux_retire_flush(r);
	free(r->items);
	ux_retire_init(r);
}

void ux_retire_add(struct ux_retire *r, void *object, void (*free_fn)(void *object))
{
	if (!r->items) {
		r->items = calloc(RETIRE_BATCH, sizeof(*r->items));
		r->cap = r->items ? RETIRE_BATCH : 0;
	}
	if (!r->items) {
		ux_rcu_synchronize();
		free_fn(object);
		return;
	}
	r->items[r->n++] = (struct ux_retired){.object = object, .free_fn = free_fn};
	if (r->n == r->cap)
		ux_retire_flush(r);
}
