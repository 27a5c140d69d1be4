/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A thread for each socket that listens, of which a program has few. When the program closes the
 * socket the daemon closes the control channel, and when the daemon dies the kernel does: both
 * wake the thread. Entries of the pool are used again, so a thread knows its socket by a number.
 */

#include "shim/watch.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <time.h>

#include "shim/revive.h"

#define STACK_BYTES (256 << 10)
#define PAUSE_MS 1000 /* between attempts; doubled up to the next */
#define PAUSE_MAX_MS 8000
#define BUSY_MS 10
#define INDEX_BITS 10
_Static_assert(SHIM_SOCKET_MAX <= 1 << INDEX_BITS, "an index and a number are in one pointer");

static atomic_uint next_number = 1;

static void rest(int ms)
{
	const struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L};

	nanosleep(&pause, NULL);
}

static void *watch(void *token)
{
	struct shim_socket *s = shim_pool_at((uintptr_t)token & ((1u << INDEX_BITS) - 1));
	int pause = PAUSE_MS;

	while (s->front == token && atomic_load(&s->refs) > 0) {
		struct pollfd p = {.fd = atomic_load(&s->control)};

		(void)poll(&p, 1, -1);
		if (s->front != token || atomic_load(&s->refs) == 0)
			break;
		int err = shim_revive(s);

		if (err == -EBUSY) {
			rest(BUSY_MS);
		} else if (err) {
			rest(pause);
			pause = pause < PAUSE_MAX_MS ? pause * 2 : PAUSE_MAX_MS;
		} else {
			pause = PAUSE_MS;
		}
	}
	return NULL;
}

void shim_watch(struct shim_socket *s)
{
	uintptr_t number = atomic_fetch_add(&next_number, 1);
	void *token = (void *)(number << INDEX_BITS | shim_pool_index(s));
	sigset_t all, before;
	pthread_attr_t attr;
	pthread_t thread;

	if (s->front || pthread_attr_init(&attr) != 0)
		return;
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	/* no handler of the program's may run there */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	s->front = token;
	if (pthread_create(&thread, &attr, watch, token) != 0)
		s->front = NULL;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
}
