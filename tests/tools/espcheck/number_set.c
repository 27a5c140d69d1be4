/* SPDX-License-Identifier: BSD-2-Clause */
#include "number_set.h"

#include <stdio.h>
#include <stdlib.h>

struct number_word {
	uint64_t index; /* number / 64 */
	uint64_t bits;	/* 0 = slot unused */
};

static uint64_t mix(uint64_t x)
{
	x = (x ^ (x >> 31)) * 0x9e3779b97f4a7c15u;
	x = (x ^ (x >> 29)) * 0xd6e8feb86659fd93u;
	return x ^ (x >> 32);
}

static struct number_word *find(struct number_word *words, size_t capacity, uint64_t index)
{
	size_t i = mix(index) & (capacity - 1);

	while (words[i].bits && words[i].index != index)
		i = (i + 1) & (capacity - 1);
	return &words[i];
}

static void grow(struct number_set *s)
{
	size_t capacity = s->capacity ? s->capacity * 2 : 1024;
	struct number_word *words = calloc(capacity, sizeof(*words));

	if (!words) {
		fprintf(stderr, "out of memory: the numbers seen cannot be remembered\n");
		exit(2);
	}
	for (size_t i = 0; i < s->capacity; i++)
		if (s->words[i].bits)
			*find(words, capacity, s->words[i].index) = s->words[i];
	free(s->words);
	s->words = words;
	s->capacity = capacity;
}

bool number_set_add(struct number_set *s, uint64_t n)
{
	uint64_t bit = UINT64_C(1) << (n & 63);
	struct number_word *w;

	if ((s->used + 1) * 2 > s->capacity)
		grow(s);
	w = find(s->words, s->capacity, n >> 6);
	if (w->bits & bit)
		return false;
	if (!w->bits) {
		w->index = n >> 6;
		s->used++;
	}
	w->bits |= bit;
	s->count++;
	return true;
}

void number_set_fini(struct number_set *s)
{
	free(s->words);
	*s = (struct number_set){0};
}
