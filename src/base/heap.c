/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/heap.h"

#include <stddef.h>

/* Two heaps become one; their first nodes have no siblings. */
static struct ux_heap_node *meld(struct ux_heap_node *a, struct ux_heap_node *b,
				 ux_heap_before before)
{
	if (!a || !b)
		return a ? a : b;
	if (before(b, a)) {
		struct ux_heap_node *swap = a;

		a = b;
		b = swap;
	}
	b->prev = a;
	b->next = a->child;
	if (b->next)
		b->next->prev = b;
	a->child = b;
	a->next = a->prev = NULL;
	return a;
}

/* Take a node that is not the first, with all that comes after it, out of its siblings. */
static void cut(struct ux_heap_node *node)
{
	if (node->prev->child == node)
		node->prev->child = node->next;
	else
		node->prev->next = node->next;
	if (node->next)
		node->next->prev = node->prev;
	node->next = node->prev = NULL;
}

/* The siblings become one heap: neighbours first, then all pairs from the last to the first. */
static struct ux_heap_node *meld_siblings(struct ux_heap_node *node, ux_heap_before before)
{
	struct ux_heap_node *pairs = NULL, *heap = NULL;

	while (node) {
		struct ux_heap_node *a = node, *b = node->next;

		node = b ? b->next : NULL;
		a->next = a->prev = NULL;
		if (b)
			b->next = b->prev = NULL;
		a = meld(a, b, before);
		a->next = pairs;
		pairs = a;
	}
	while (pairs) {
		struct ux_heap_node *next = pairs->next;

		pairs->next = NULL;
		heap = meld(heap, pairs, before);
		pairs = next;
	}
	return heap;
}

struct ux_heap_node *ux_heap_insert(struct ux_heap_node *heap, struct ux_heap_node *node,
				    ux_heap_before before)
{
	node->child = node->next = node->prev = NULL;
	return meld(heap, node, before);
}

struct ux_heap_node *ux_heap_remove(struct ux_heap_node *heap, struct ux_heap_node *node,
				    ux_heap_before before)
{
	struct ux_heap_node *below = meld_siblings(node->child, before);

	node->child = NULL;
	if (node == heap)
		return below;
	cut(node);
	return meld(heap, below, before);
}

struct ux_heap_node *ux_heap_raise(struct ux_heap_node *heap, struct ux_heap_node *node,
				   ux_heap_before before)
{
	if (node == heap)
		return heap;
	cut(node);
	return meld(heap, node, before);
}

static struct ux_heap_node *parent_of(struct ux_heap_node *node)
{
	while (node->prev && node->prev->child != node)
		node = node->prev;
	return node->prev;
}

struct ux_heap_node *ux_heap_next(struct ux_heap_node *node)
{
	if (node->child)
		return node->child;
	while (node && !node->next)
		node = parent_of(node);
	return node ? node->next : NULL;
}
