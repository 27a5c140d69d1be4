/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/list.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

struct item {
	char name;
	struct ux_list link;
};

static void assert_order(const struct ux_list *head, const char *want)
{
	char got[16];
	size_t n = 0;
	struct ux_list *pos;

	ux_list_for_each (pos, head) {
		assert_ptr_equal(pos->next->prev, pos);
		assert_true(n < sizeof(got) - 1);
		got[n++] = ux_container_of(pos, struct item, link)->name;
	}
	got[n] = '\0';
	assert_string_equal(got, want);
}

static void test_order(void **state)
{
	struct ux_list head;
	struct item a = {.name = 'a'}, b = {.name = 'b'}, c = {.name = 'c'}, d = {.name = 'd'};

	ux_list_init(&head);
	assert_true(ux_list_empty(&head));
	ux_list_push_back(&head, &b.link);
	ux_list_push_front(&head, &a.link);
	ux_list_push_back(&head, &d.link);
	ux_list_insert_after(&b.link, &c.link);
	assert_false(ux_list_empty(&head));
	assert_order(&head, "abcd");
	ux_list_remove(&b.link);
	ux_list_remove(&b.link);
	assert_order(&head, "acd");
	ux_list_replace(&d.link, &b.link);
	assert_order(&head, "acb");
	assert_true(ux_list_empty(&d.link));
}

static void test_remove_while_walking(void **state)
{
	struct ux_list head, *pos, *tmp;
	struct item items[5];

	ux_list_init(&head);
	for (size_t i = 0; i < 5; i++) {
		items[i].name = (char)('0' + i);
		ux_list_push_back(&head, &items[i].link);
	}
	ux_list_for_each_safe (pos, tmp, &head) {
		struct item *it = ux_container_of(pos, struct item, link);

		if (it->name % 2 == 0)
			ux_list_remove(pos);
	}
	assert_order(&head, "13");
	ux_list_for_each_safe (pos, tmp, &head) {
		ux_list_remove(pos);
		memset(ux_container_of(pos, struct item, link), 0xaa, sizeof(struct item));
	}
	assert_true(ux_list_empty(&head));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_order),
	    cmocka_unit_test(test_remove_while_walking),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
