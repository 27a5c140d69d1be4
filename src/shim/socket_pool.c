/* SPDX-License-Identifier: BSD-2-Clause */

/* A static array whose pages come into being only when touched. */

#include "shim/socket_pool.h"

#include <errno.h>

#include "shim/bundle.h"
#include "shim/front.h"
#include "shim/real.h"

static struct shim_socket pool[SHIM_SOCKET_MAX];
static atomic_int pool_used; /* entries ever used: bounds the scans */

unsigned int shim_pool_index(const struct shim_socket *s)
{
	return (unsigned int)(s - pool);
}

struct shim_socket *shim_pool_at(unsigned int index)
{
	return &pool[index];
}

unsigned int shim_pool_used(void)
{
	return (unsigned int)atomic_load(&pool_used);
}

static void note_used(int index)
{
	int used = atomic_load(&pool_used);

	while (used <= index && !atomic_compare_exchange_weak(&pool_used, &used, index + 1))
		;
}

struct shim_socket *shim_socket_new(void)
{
	for (int i = 0; i < SHIM_SOCKET_MAX; i++) {
		int none = 0;
		struct shim_socket *s = &pool[i];

		if (!atomic_compare_exchange_strong(&s->refs, &none, 1))
			continue;
		pthread_mutex_init(&s->lock, NULL);
		pthread_mutex_init(&s->receive_lock, NULL);
		s->peer = -1;
		s->front = NULL;
		atomic_store(&s->control, -1);
		s->opened = s->bound = s->shared = s->bundling = s->uncertain = false;
		s->pfkey = s->adopted = false;
		s->send_result = 0;
		s->net_dev = 0;
		s->net_ino = 0;
		s->port_id = s->groups = s->peer_port_id = s->peer_groups = s->unprocessed = 0;
		atomic_store(&s->options, 0);
		atomic_store(&s->bundles, 0);
		note_used(i);
		return s;
	}
	errno = ENOBUFS;
	return NULL;
}

void shim_socket_hold(struct shim_socket *s)
{
	atomic_fetch_add(&s->refs, 1);
}

void shim_socket_drop(struct shim_socket *s)
{
	int refs = atomic_load(&s->refs);

	while (refs > 1)
		if (atomic_compare_exchange_weak(&s->refs, &refs, refs - 1))
			return;
	int error = errno;

	/* still counted as one, so that nobody takes the entry while its descriptors are closed */
	pthread_mutex_lock(&s->lock);
	int control = atomic_exchange(&s->control, -1), peer = s->peer;

	s->peer = -1;
	pthread_mutex_unlock(&s->lock);
	/* another thread may be copying out of it */
	pthread_mutex_lock(&s->receive_lock);
	shim_bundle_release(s);
	pthread_mutex_unlock(&s->receive_lock);
	shim_front_release(s);
	if (control >= 0)
		shim_real()->close(control);
	if (peer >= 0)
		shim_real()->close(peer);
	atomic_store(&s->refs, 0);
	errno = error;
}
