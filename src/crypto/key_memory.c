/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Chunks of 64 KiB are cut into objects of one size; a free object holds the link to the next.
 * Chunks are kept for ever, so the pool is as large as the most keys held at once. Larger objects
 * have a mapping of their own.
 */
#include "crypto/key_memory.h"

#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define CHUNK_SIZE 65536u
#define SMALLEST 16u
#define N_CLASSES 7 /* 16 to 1024 bytes */
#define LARGEST (SMALLEST << (N_CLASSES - 1))

struct free_object {
	struct free_object *next;
};

static pthread_mutex_t pool_lock = PTHREAD_MUTEX_INITIALIZER;
static struct free_object *free_list[N_CLASSES]; /* under pool_lock */

static unsigned int class_of(size_t len)
{
	unsigned int c = 0;

	while ((size_t)SMALLEST << c < len)
		c++;
	return c;
}

static size_t whole_pages(size_t len)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	return (len + page - 1) & ~(page - 1);
}

static void *map_pages(size_t len)
{
	void *p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	/* Best effort: RLIMIT_MEMLOCK may be smaller than what a million SAs need. */
	(void)mlock(p, len);
	(void)madvise(p, len, MADV_DONTDUMP);
	return p;
}

static struct free_object *cut_chunk(unsigned int class)
{
	uint8_t *chunk = map_pages(CHUNK_SIZE);
	size_t size = (size_t)SMALLEST << class;

	if (!chunk)
		return NULL;

	struct free_object *list = NULL;

	for (size_t at = CHUNK_SIZE; at >= size; at -= size) {
		struct free_object *o = (struct free_object *)(void *)(chunk + at - size);

		o->next = list;
		list = o;
	}
	return list;
}

void *ux_key_alloc(size_t len)
{
	if (len > SIZE_MAX / 2)
		return NULL;
	if (len > LARGEST)
		return map_pages(whole_pages(len));

	unsigned int class = class_of(len);

	pthread_mutex_lock(&pool_lock);
	if (!free_list[class])
		free_list[class] = cut_chunk(class);

	struct free_object *o = free_list[class];

	if (o) {
		free_list[class] = o->next;
		__builtin_prefetch(o->next, 1); /* the next to be asked for */
	}
	pthread_mutex_unlock(&pool_lock);
	if (o)
		o->next = NULL; /* the rest was zeroed when it was freed, or is fresh */
	return o;
}

void ux_key_free(void *key, size_t len)
{
	if (!key)
		return;
	if (len > LARGEST) {
		explicit_bzero(key, len);
		(void)munmap(key, whole_pages(len));
		return;
	}

	unsigned int class = class_of(len);
	struct free_object *o = key;

	explicit_bzero(key, (size_t)SMALLEST << class);
	pthread_mutex_lock(&pool_lock);
	o->next = free_list[class];
	free_list[class] = o;
	pthread_mutex_unlock(&pool_lock);
}
