/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * A set of 64-bit numbers that remembers everything it ever saw: an open-addressed table of
 * 64-number words, so that dense numbers (counters) cost two bits each and scattered ones 32 bytes.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct number_word;

struct number_set {
	struct number_word *words;
	size_t capacity, used; /* capacity is a power of two */
	uint64_t count;
};

/* number_set_add - true if @n was not in the set. Ends the program when memory is out. */
bool number_set_add(struct number_set *s, uint64_t n);
void number_set_fini(struct number_set *s);
