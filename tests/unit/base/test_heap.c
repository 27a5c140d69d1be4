/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/heap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/list.h"

#define N 200

struct item {
	struct ux_heap_node node;
	long value;
	bool in;
};

static struct item items[N];

static bool smaller(const struct ux_heap_node *a, const struct ux_heap_node *b)
{
	return ux_container_of(a, const struct item, node)->value <
	       ux_container_of(b, const struct item, node)->value;
}

static long smallest(void)
{
	long value = -1;

	for (int i = 0; i < N; i++)
		if (items[i].in && (value < 0 || items[i].value < value))
			value = items[i].value;
	return value;
}

static int count_in(void)
{
	int n = 0;

	for (int i = 0; i < N; i++)
		n += items[i].in;
	return n;
}

static struct ux_heap_node *step(struct ux_heap_node *heap, struct item *item)
{
	if (!item->in) {
		item->in = true;
		item->value = random() % 1000;
		return ux_heap_insert(heap, &item->node, smaller);
	}
	if (random() % 3 == 0) {
		item->value -= item->value > 50 ? random() % 50 : 0;
		return ux_heap_raise(heap, &item->node, smaller);
	}
	item->in = false;
	item->value = random() % 1000; /* what it is now does not matter */
	return ux_heap_remove(heap, &item->node, smaller);
}

static void the_first_is_first(void **state)
{
	struct ux_heap_node *heap = NULL, *node;

	srandom(3);
	for (int i = 0; i < 20000; i++) {
		int n = 0;

		heap = step(heap, &items[random() % (i / 5000 % 2 ? N : N / 20)]);
		assert_int_equal(heap ? ux_container_of(heap, struct item, node)->value : -1,
				 smallest());
		for (node = heap; node; node = ux_heap_next(node))
			n++;
		assert_int_equal(n, count_in());
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(the_first_is_first)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
