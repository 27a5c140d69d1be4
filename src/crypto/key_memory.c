/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Chunks are cut into objects of one size; a free object holds the link to the next. The first
 * chunks of a size have 64 KiB, where there are many keys they have a huge page. Chunks are kept
 * for ever, so the pool is as large as the most keys held at once. Larger objects have a mapping of
 * their own.
 */
#include "crypto/key_memory.h"

#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/pages.h"

#if defined(__SANITIZE_ADDRESS__)
#define CHECKS_ADDRESSES 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CHECKS_ADDRESSES 1
#endif
#endif
#ifdef CHECKS_ADDRESSES
/* as in <sanitizer/asan_interface.h>, which not every compiler has */
void __asan_poison_memory_region(void const volatile *start, size_t len);
void __asan_unpoison_memory_region(void const volatile *start, size_t len);
#define poison(start, len) __asan_poison_memory_region(start, len)
#define unpoison(start, len) __asan_unpoison_memory_region(start, len)
#else
#define poison(start, len) ((void)(start), (void)(len))
#define unpoison(start, len) ((void)(start), (void)(len))
#endif

#define CHUNK_SIZE 65536u
#define SMALL_CHUNKS 64u
#define SMALLEST 16u
#define N_CLASSES 7 /* 16 to 1024 bytes */
#define LARGEST (SMALLEST << (N_CLASSES - 1))

struct free_object {
	struct free_object *next;
};

/* All objects of one size. */
struct size_class {
	struct free_object *free_list;
	uint8_t *fresh; /* of the newest chunk what was never given out */
	size_t n_fresh;
	uint32_t n_chunks;
};

static pthread_mutex_t pool_lock = PTHREAD_MUTEX_INITIALIZER;
static struct size_class classes[N_CLASSES]; /* under pool_lock */

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
	void *p = ux_pages_map(len);

	if (!p)
		return NULL;
	if (len >= UX_HUGE_PAGE)
		ux_pages_make_huge(p, len);
	/* Best effort: RLIMIT_MEMLOCK may be smaller than what a million SAs need. Large stores are
	 * used bit by bit, if at all. */
	(void)mlock2(p, len, len >= UX_HUGE_PAGE ? MLOCK_ONFAULT : 0);
	(void)madvise(p, len, MADV_DONTDUMP);
	return p;
}

static void *cut(struct size_class *c, size_t size)
{
	if (!c->n_fresh) {
		size_t len = c->n_chunks < SMALL_CHUNKS ? CHUNK_SIZE : UX_HUGE_PAGE;

		c->fresh = map_pages(len);
		if (!c->fresh)
			return NULL;
		c->n_fresh = len / size;
		c->n_chunks++;
	}

	void *object = c->fresh;

	c->fresh += size;
	if (--c->n_fresh)
		__builtin_prefetch(c->fresh, 1); /* the next to be asked for */
	return object;
}

void *ux_key_alloc(size_t len)
{
	if (len > SIZE_MAX / 2)
		return NULL;
	if (len > LARGEST)
		return map_pages(whole_pages(len));

	struct size_class *c = &classes[class_of(len)];
	struct free_object *o;

	pthread_mutex_lock(&pool_lock);
	o = c->free_list;
	if (o) {
		unpoison(o, (size_t)SMALLEST << class_of(len));
		c->free_list = o->next;
		__builtin_prefetch(o->next, 1);
	} else {
		o = cut(c, (size_t)SMALLEST << class_of(len));
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
	o->next = classes[class].free_list;
	classes[class].free_list = o;
	/* so that use of a key after its end is found */
	poison(o, (size_t)SMALLEST << class);
	pthread_mutex_unlock(&pool_lock);
}
