/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* When a daemon that was started on demand should end: nobody can need it any more. */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct ux_namespace_watch {
	/* our network namespace: as a file of its own, and as the kernel's file in /proc/PID/net */
	dev_t dev;
	ino_t ino, proc_ino;
	uint64_t idle_ns;	/* end after so long in disuse */
	uint64_t idle_since_ns; /* 0: in use */
	unsigned int empty_checks;
};

/* How often to call ux_namespace_watch_over. */
#define UX_NAMESPACE_CHECK_NS 5000000000ull

/* ux_namespace_watch_init - -errno when our namespace cannot be told (no /proc). */
int ux_namespace_watch_init(struct ux_namespace_watch *w, uint64_t idle_ns);

/*
 * ux_namespace_watch_over - is it time to end? @in_use: there are SAs, policies or clients.
 * True after the time set in disuse, or when our namespace had neither another process nor a name
 * under /run/netns at two checks in a row; what cannot be seen counts as there.
 */
bool ux_namespace_watch_over(struct ux_namespace_watch *w, uint64_t now_ns, bool in_use,
			     bool has_clients);
