/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * A position in a list that changes between steps. The list's owner keeps a list of open walks and
 * takes items out through ux_walk_remove and ux_walk_replace, which push on walks that stand there.
 * What is added at the front is not seen by walks already begun.
 */

#include "base/list.h"

struct ux_walk {
	struct ux_list link; /* in the owner's list of walks */
	struct ux_list *at;  /* the next item; NULL before the first step */
};

static inline void ux_walk_init(struct ux_walk *w)
{
	ux_list_init(&w->link);
	w->at = NULL;
}

/* ux_walk_next - the next item of @head, or NULL at the end. */
static inline struct ux_list *ux_walk_next(struct ux_walk *w, struct ux_list *walks,
					   struct ux_list *head)
{
	if (!w->at) {
		ux_list_push_back(walks, &w->link);
		w->at = head->next;
	}

	struct ux_list *item = w->at;

	if (item == head)
		return NULL;
	w->at = item->next;
	return item;
}

/* ux_walk_back - return the same item again; nothing may have changed since. */
static inline void ux_walk_back(struct ux_walk *w)
{
	w->at = w->at->prev;
}

static inline void ux_walk_fini(struct ux_walk *w)
{
	ux_list_remove(&w->link);
}

static inline void ux_walk_push_on(struct ux_list *walks, const struct ux_list *from,
				   struct ux_list *to)
{
	struct ux_list *pos;

	ux_list_for_each (pos, walks) {
		struct ux_walk *w = ux_container_of(pos, struct ux_walk, link);

		if (w->at == from)
			w->at = to;
	}
}

static inline void ux_walk_remove(struct ux_list *walks, struct ux_list *item)
{
	ux_walk_push_on(walks, item, item->next);
	ux_list_remove(item);
}

static inline void ux_walk_replace(struct ux_list *walks, struct ux_list *old,
				   struct ux_list *fresh)
{
	ux_list_replace(old, fresh);
	ux_walk_push_on(walks, old, fresh);
}
