/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* An intrusive doubly linked ring. Not for concurrent use: the control thread's own lists. */

#include <stdbool.h>
#include <stddef.h>

struct ux_list {
	struct ux_list *prev, *next;
};

#define ux_container_of(ptr, type, member) \
	((type *)(void *)((char *)(ptr) - offsetof(type, member)))

static inline void ux_list_init(struct ux_list *head)
{
	head->prev = head->next = head;
}

static inline bool ux_list_empty(const struct ux_list *head)
{
	return head->next == head;
}

static inline void ux_list_insert_after(struct ux_list *at, struct ux_list *item)
{
	item->prev = at;
	item->next = at->next;
	at->next->prev = item;
	at->next = item;
}

static inline void ux_list_push_front(struct ux_list *head, struct ux_list *item)
{
	ux_list_insert_after(head, item);
}

static inline void ux_list_push_back(struct ux_list *head, struct ux_list *item)
{
	ux_list_insert_after(head->prev, item);
}

/* ux_list_remove - unlink; the item is left as a ring of one, so removing twice does no harm. */
static inline void ux_list_remove(struct ux_list *item)
{
	item->prev->next = item->next;
	item->next->prev = item->prev;
	ux_list_init(item);
}

/* ux_list_replace - @fresh takes the place of @old, which becomes a ring of one. */
static inline void ux_list_replace(struct ux_list *old, struct ux_list *fresh)
{
	ux_list_insert_after(old, fresh);
	ux_list_remove(old);
}

#define ux_list_for_each(pos, head) for ((pos) = (head)->next; (pos) != (head); (pos) = (pos)->next)
#define ux_list_for_each_safe(pos, tmp, head)                            \
	for ((pos) = (head)->next, (tmp) = (pos)->next; (pos) != (head); \
	     (pos) = (tmp), (tmp) = (pos)->next)
