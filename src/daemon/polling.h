/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * May a worker that has nothing to do look for packets again and again, before it sleeps? For a limited
 * time, where packets have lately come soon after each other, and as long as no other thread of the machine
 * can want the CPU. One worker's; without a limit every call is one comparison.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ux_polling {
	uint64_t limit_ns; /* 0: never */
	uint64_t since_ns; /* nothing to do since */
	int load_fd;	   /* /proc/loadavg; -1: none, and never */
	uint32_t credit;   /* so often it may fail in a row */
};

/* ux_polling_init - @limit_us: at most so long at a time; 0 = never. ux_polling_fini closes what it opens. */
void ux_polling_init(struct ux_polling *p, uint32_t limit_us);
void ux_polling_fini(struct ux_polling *p);

/* ux_polling_begin - there is nothing to do any more. */
void ux_polling_begin(struct ux_polling *p, uint64_t now_ns);
/* ux_polling_end - there are packets. */
void ux_polling_end(struct ux_polling *p, uint64_t now_ns);
/* ux_polling_in_time - has what came before earned it, and is the time not over? */
bool ux_polling_in_time(const struct ux_polling *p, uint64_t now_ns);

/* ux_polling_runnable - of the words of /proc/loadavg, how many threads run or want to; 0 when they do not say. */
uint32_t ux_polling_runnable(const char *text);
/* ux_polling_alone - no more threads run, or want to, than there are CPUs for the caller. */
bool ux_polling_alone(const struct ux_polling *p);
