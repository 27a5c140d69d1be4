/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * A pairing heap, intrusive: the first of many, with insertion in constant time and removal of any
 * in logarithmic time, both amortised. Equal ones stand in no particular order. Not for concurrent
 * use.
 *
 * A heap is a pointer to its first node, NULL when empty; the functions return the new one.
 */

#include <stdbool.h>

struct ux_heap_node {
	struct ux_heap_node *child; /* the first of those that come after this node */
	struct ux_heap_node *next;  /* sibling */
	struct ux_heap_node *prev;  /* sibling; of a first child its parent; NULL: first of all */
};

/* Does @a come before @b? */
typedef bool (*ux_heap_before)(const struct ux_heap_node *a, const struct ux_heap_node *b);

/* ux_heap_insert - @node is in no heap. */
struct ux_heap_node *ux_heap_insert(struct ux_heap_node *heap, struct ux_heap_node *node,
				    ux_heap_before before);
/* ux_heap_remove - @node is in @heap; what it compares by may have changed. */
struct ux_heap_node *ux_heap_remove(struct ux_heap_node *heap, struct ux_heap_node *node,
				    ux_heap_before before);
/* ux_heap_next - all of a heap in no particular order, from its first node on; NULL at the end. */
struct ux_heap_node *ux_heap_next(struct ux_heap_node *node);
/* ux_heap_raise - @node is in @heap and now comes earlier than it did. */
struct ux_heap_node *ux_heap_raise(struct ux_heap_node *heap, struct ux_heap_node *node,
				   ux_heap_before before);
