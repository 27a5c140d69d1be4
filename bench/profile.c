/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where the time of a packet goes: the work of bench/esp (ESP in tunnel mode, AES-128-GCM, bursts of
 * 64), with the counter of the processor read between the stages of the short way. Prints ticks for
 * each packet and stage, in both directions. What reading the counter itself takes is subtracted.
 *
 *	profile [--sas N] [--size BYTES] [--bursts N]
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/stages.h"
#include "engine.h"
#include "esp.h"

#define BURST 64

struct ux_stages ux_stages;

static const char *const names[UX_STAGES_N] = {
    [UX_STAGE_FIND] = "find flow or SA",   [UX_STAGE_LIMITS] = "limits",
    [UX_STAGE_NUMBERS] = "numbers",	   [UX_STAGE_HEADERS] = "headers",
    [UX_STAGE_CRYPTO] = "crypto",	   [UX_STAGE_WINDOW] = "window",
    [UX_STAGE_TRAILER] = "trailer",	   [UX_STAGE_INNER] = "inner flow, policy",
    [UX_STAGE_DELIVER] = "results",	   [UX_STAGE_ACCOUNT] = "accounting"};

struct direction {
	struct ux_stages stages;
	uint64_t ticks; /* of the calls, marks and all */
};

static struct direction out, in;

static uint64_t tick_cost(void)
{
	uint64_t least = UINT64_MAX;

	for (int i = 0; i < 1000; i++) {
		ux_stage_begin();
		uint64_t before = ux_stages.last;

		ux_stage_begin();
		if (ux_stages.last - before < least)
			least = ux_stages.last - before;
	}
	return least;
}

static void go(struct direction *d, void (*work)(uint32_t first, uint32_t n))
{
	uint64_t start;

	ux_stages = d->stages;
	start = bench_ticks();
	for (uint32_t i = 0; i < ESP_ROUND; i += BURST)
		work(i, BURST);
	d->ticks += bench_ticks() - start;
	d->stages = ux_stages;
}

static void print(const char *title, const struct direction *d, uint64_t n_packets, uint64_t cost)
{
	double n = (double)n_packets, marks = (double)(d->stages.ends * cost), sum = 0;
	double total = ((double)d->ticks - marks) / n;

	printf("%s: %.1f ticks a packet\n", title, total);
	for (int i = 0; i < UX_STAGES_N; i++) {
		/* each burst ends each stage once */
		double t = (double)d->stages.ticks[i] - (double)cost * n / BURST;

		if (!d->stages.ticks[i])
			continue;
		printf("  %-20s %8.1f\n", names[i], t / n);
		sum += t / n;
	}
	printf("  %-20s %8.1f\n", "the rest", total - sum);
}

static void profile(uint32_t n_sa, uint32_t size, uint64_t bursts)
{
	uint32_t *order = malloc(n_sa * sizeof(*order)), next = 0;
	uint64_t rounds = bursts * BURST / ESP_ROUND + 1, warm = 2 * (n_sa / ESP_ROUND) + 50;
	uint64_t cost = tick_cost();

	if (!order)
		bench_die("out of memory");
	for (uint32_t i = 0; i < n_sa; i++)
		order[i] = i;
	bench_shuffle(order, n_sa);
	esp_ours.open(n_sa);
	for (uint64_t r = 0; r < warm + rounds; r++) {
		for (uint32_t i = 0; i < ESP_ROUND && (!r || n_sa > ESP_ROUND); i++)
			esp_ours.load(i, size, order[next++ % n_sa]);
		if (r == warm) {
			memset(&out, 0, sizeof(out));
			memset(&in, 0, sizeof(in));
		}
		go(&out, esp_ours.encapsulate);
		go(&in, esp_ours.decapsulate);
	}
	if (!esp_ours.right(size))
		bench_die("packets did not come back right");
	esp_ours.close();
	free(order);
	printf("%u SAs, %u bytes, %.2f ns a tick\n", n_sa, size, bench_tick_ns());
	print("out", &out, rounds * ESP_ROUND, cost);
	print("in", &in, rounds * ESP_ROUND, cost);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {{"sas", required_argument, NULL, 's'},
						{"size", required_argument, NULL, 'l'},
						{"bursts", required_argument, NULL, 'b'},
						{NULL, 0, NULL, 0}};
	uint32_t n_sa = 1, size = 64;
	uint64_t bursts = 100000;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 's')
			n_sa = (uint32_t)strtoul(optarg, NULL, 10);
		else if (c == 'l')
			size = (uint32_t)strtoul(optarg, NULL, 10);
		else if (c == 'b')
			bursts = strtoull(optarg, NULL, 10);
		else
			return 2;
	}
	if (!n_sa || n_sa > 10000000 || size < 32 || size > ESP_SIZE_MAX || !bursts)
		bench_die("--sas is 1 to 10,000,000, --size 32 to 1400");
	srandom(1);
	profile(n_sa, size, bursts);
	return 0;
}
