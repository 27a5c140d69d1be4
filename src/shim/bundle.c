/* SPDX-License-Identifier: BSD-2-Clause */

#include "shim/bundle.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include <uxfrm/control.h>

#include "shim/real.h"

#define PART_ALIGN(n) (((n) + 3) & ~(size_t)3)
#define PART_HEADER sizeof(uint32_t)

void shim_bundle_prepare(struct shim_socket *s)
{
	void *room;

	if (s->bundle)
		return;
	room = mmap(NULL, UXFRM_BUNDLE_MAX, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		    0);
	s->bundle = room == MAP_FAILED ? NULL : room;
}

void shim_bundle_release(struct shim_socket *s)
{
	if (s->bundle)
		munmap(s->bundle, UXFRM_BUNDLE_MAX);
	s->bundle = NULL;
	s->bundle_len = 0;
}

static bool is_bundle(const struct uxfrm_bundle *b, ssize_t received)
{
	return received >= (ssize_t)sizeof(*b) && b->type == UXFRM_BUNDLE_TYPE &&
	       b->length == (size_t)received;
}

/* The head of the channel without taking it out. 0; -EAGAIN: there is none; -ENOMSG: no bundle. */
static int peek_bundle(struct shim_socket *s, int fd)
{
	ssize_t n =
	    shim_real()->recv(fd, s->bundle, UXFRM_BUNDLE_MAX, MSG_PEEK | MSG_DONTWAIT | MSG_TRUNC);

	if (n < 0 && errno == EAGAIN)
		return -EAGAIN;
	if (n < (ssize_t)(sizeof(struct uxfrm_bundle) + PART_HEADER) || n > UXFRM_BUNDLE_MAX ||
	    !is_bundle((const void *)s->bundle, n))
		return -ENOMSG; /* or one without a part, which is none */
	s->bundle_len = (size_t)n;
	s->bundle_at = sizeof(struct uxfrm_bundle);
	return 0;
}

ssize_t shim_bundle_next(struct shim_socket *s, int fd, const void **ret_part)
{
	int err = s->bundle ? 0 : -ENOMSG;
	uint32_t len;

	if (!err && !s->bundle_len)
		err = peek_bundle(s, fd);
	if (err)
		return err;
	memcpy(&len, s->bundle + s->bundle_at, sizeof(len));
	if (len > s->bundle_len - s->bundle_at - PART_HEADER)
		len = (uint32_t)(s->bundle_len - s->bundle_at - PART_HEADER);
	*ret_part = s->bundle + s->bundle_at + PART_HEADER;
	return (ssize_t)len;
}

/* Another process that shares the channel may have been quicker: then the head is another one. */
static void take_out(struct shim_socket *s, int fd)
{
	struct uxfrm_bundle mine, head;
	ssize_t n = shim_real()->recv(fd, &head, sizeof(head), MSG_PEEK | MSG_DONTWAIT | MSG_TRUNC);

	memcpy(&mine, s->bundle, sizeof(mine));
	if (is_bundle(&head, n) && head.serial == mine.serial)
		(void)shim_real()->recv(fd, &head, sizeof(head), MSG_DONTWAIT);
}

void shim_bundle_took(struct shim_socket *s, int fd)
{
	uint32_t len;

	memcpy(&len, s->bundle + s->bundle_at, sizeof(len));
	s->bundle_at += PART_HEADER + PART_ALIGN((size_t)len);
	if (s->bundle_at + PART_HEADER <= s->bundle_len)
		return;
	take_out(s, fd);
	explicit_bzero(s->bundle, s->bundle_len); /* answers may hold keys */
	s->bundle_len = 0;
	if (atomic_load(&s->bundles))
		atomic_fetch_sub(&s->bundles, 1);
}
