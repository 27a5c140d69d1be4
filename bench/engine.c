/* SPDX-License-Identifier: BSD-2-Clause */
#include "engine.h"

#include <errno.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

void bench_die(const char *what)
{
	fprintf(stderr, "%s: %s\n", program_invocation_short_name, what);
	exit(2);
}

uint64_t bench_clock_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint64_t bench_ticks(void)
{
#ifdef __x86_64__
	return __builtin_ia32_rdtsc();
#else
	return bench_clock_ns();
#endif
}

#define CALIBRATION_NS UINT64_C(50000000)

double bench_tick_ns(void)
{
	static double tick_ns;
	uint64_t ticks = bench_ticks(), start = bench_clock_ns(), now = start;

	while (tick_ns <= 0 && now - start < CALIBRATION_NS)
		now = bench_clock_ns();
	if (tick_ns <= 0)
		tick_ns = (double)(now - start) / (double)(bench_ticks() - ticks);
	return tick_ns;
}

long bench_rss_bytes(void)
{
	long pages = 0, ignored = 0;
	FILE *f = fopen("/proc/self/statm", "r");

	if (!f || fscanf(f, "%ld %ld", &ignored, &pages) != 2)
		bench_die("cannot read /proc/self/statm");
	fclose(f);
	return pages * sysconf(_SC_PAGESIZE);
}

uint32_t bench_below(uint32_t n)
{
	return (uint32_t)(((uint64_t)random() * n) >> 31);
}

void bench_shuffle(uint32_t *order, uint32_t n)
{
	for (uint32_t i = n; i > 1; i--) {
		uint32_t j = bench_below(i), swap = order[i - 1];

		order[i - 1] = order[j];
		order[j] = swap;
	}
}

static int on_deliver(void *opaque, const void *datagram, size_t len, uint32_t group)
{
	struct bench_engine *e = opaque;
	const struct nlmsghdr *h = datagram;
	int error;

	if (len < NLMSG_HDRLEN + sizeof(error) || h->nlmsg_type != NLMSG_ERROR)
		bench_die("unexpected answer");
	memcpy(&error, (const uint8_t *)datagram + NLMSG_HDRLEN, sizeof(error));
	if (error)
		bench_die("request refused");
	e->n_answers++;
	return 0;
}

void bench_engine_open(struct bench_engine *e)
{
	static const struct uxfrm_client_ops ops = {.deliver = on_deliver};
	struct uxfrm_params params;

	uxfrm_params_init(&params);
	params.real_s = BENCH_REAL_S;
	e->n_answers = 0;
	if (uxfrm_new(&params, &e->u) < 0 ||
	    uxfrm_client_open(e->u, 1, true, &ops, e, &e->client) < 0)
		bench_die("cannot make an engine");
}

void bench_engine_close(struct bench_engine *e)
{
	e->client = uxfrm_client_close(e->client);
	e->u = uxfrm_free(e->u);
}

uint64_t bench_request(struct bench_engine *e, const void *datagram, size_t len, uint32_t n)
{
	uint64_t answers = e->n_answers, start = bench_clock_ns();

	uxfrm_client_request(e->client, datagram, len);

	uint64_t ns = bench_clock_ns() - start;

	if (e->n_answers != answers + n)
		bench_die("answers are missing");
	return ns;
}
