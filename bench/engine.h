/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* What the benches of the library share: an engine with one client, clock, memory, numbers. */

#include <stddef.h>
#include <stdint.h>
#include <uxfrm/engine.h>

#define BENCH_REAL_S 1000 /* wall clock of an engine when it begins */

/* bench_die - "NAME: what", and exit status 2. */
_Noreturn void bench_die(const char *what);
uint64_t bench_clock_ns(void);
/*
 * bench_ticks - a counter that costs little to read, where there is one: reading the clock may take
 * microseconds in a virtual machine. bench_tick_ns - nanoseconds of a tick, by the clock.
 */
uint64_t bench_ticks(void);
double bench_tick_ns(void);
/* bench_rss_bytes - memory of this process. */
long bench_rss_bytes(void);
/* bench_below - a random number less than @n. */
uint32_t bench_below(uint32_t n);
void bench_shuffle(uint32_t *order, uint32_t n);

/* An engine, and a client whose requests must all be acknowledged. */
struct bench_engine {
	struct uxfrm *u;
	struct uxfrm_client *client;
	uint64_t n_answers;
};
void bench_engine_open(struct bench_engine *e);
void bench_engine_close(struct bench_engine *e);
/* bench_request - one datagram of @n requests; nanoseconds it took. */
uint64_t bench_request(struct bench_engine *e, const void *datagram, size_t len, uint32_t n);
