/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ESP in tunnel mode, AES-128-GCM, ESN, window 1,024, in one thread over packets in memory: the
 * whole path of the engine with its look-ups, beside the bare crypto library and beside DPDK's
 * librte_ipsec. 512 packets are encapsulated in bursts, then decapsulated, again and again, and
 * come back as they were. Of each way and size so many runs, by turns, and the medians.
 *
 * Exit status 1: a packet did not come back right. Aims that are missed are printed.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine.h"
#include "esp.h"
#include "rows.h"

#define RUNS_MAX 31
#define RUN_NS UINT64_C(60000000)
#define N_WAYS 3

static const uint32_t sizes[] = {64, 512, 1400};
static const char *const size_names[] = {"64 B", "512 B", "1,400 B"};
#define N_SIZES 3

static unsigned int runs = 5;
static uint32_t burst = 64;

struct figures { /* million packets a second */
	double encapsulate, decapsulate;
};

static uint64_t each_burst(void (*work)(uint32_t first, uint32_t n))
{
	uint64_t start = bench_ticks();

	for (uint32_t i = 0; i < ESP_ROUND; i += burst)
		work(i, burst);
	return bench_ticks() - start;
}

/* @order: the SA of each packet, @n_sa of them, round and round. */
static struct figures run(const struct esp_way *way, uint32_t size, const uint32_t *order,
			  uint32_t n_sa)
{
	uint64_t begin = bench_clock_ns(), out = 0, in = 0, n = 0;
	uint32_t next = 0;

	for (uint32_t i = 0; i < ESP_ROUND; i++)
		way->load(i, size, order[next++ % n_sa]);
	do {
		/* those of few SAs stay as they are */
		for (uint32_t i = 0; n_sa > ESP_ROUND && i < ESP_ROUND; i++)
			way->load(i, size, order[next++ % n_sa]);
		out += each_burst(way->encapsulate);
		in += each_burst(way->decapsulate);
		n += ESP_ROUND;
	} while (bench_clock_ns() - begin < RUN_NS || (n < 2 * (uint64_t)n_sa));
	if (!way->right(size)) {
		fprintf(stderr, "%s: ", way->name);
		bench_die("packets did not come back right");
	}
	return (struct figures){(double)n * 1000 / ((double)out * bench_tick_ns()),
				(double)n * 1000 / ((double)in * bench_tick_ns())};
}

/* All ways at one size by turns; the first run of each warms up and does not count. */
static void compare(const struct esp_way *const *ways, struct figures *medians, uint32_t size)
{
	double out[N_WAYS][RUNS_MAX], in[N_WAYS][RUNS_MAX];
	const uint32_t first_only = 0;

	for (unsigned int r = 0; r <= runs; r++)
		for (size_t i = 0; i < N_WAYS; i++) {
			struct figures f;

			if (!ways[i])
				continue;
			f = run(ways[i], size, &first_only, 1);
			if (r) {
				out[i][r - 1] = f.encapsulate;
				in[i][r - 1] = f.decapsulate;
			}
		}
	for (size_t i = 0; i < N_WAYS; i++)
		if (ways[i])
			medians[i] =
			    (struct figures){bench_median(out[i], runs), bench_median(in[i], runs)};
}

static void row(const char *work, const char *size, double value, const char *peer,
		double peer_value, double aim)
{
	const struct bench_row r = {.work = work,
				    .size = size,
				    .unit = "Mpps",
				    .ours = value,
				    .peer = peer,
				    .peer_value = peer_value,
				    .aim = aim,
				    .runs = runs};

	bench_row_add(&r);
}

static struct figures one_sa[N_SIZES];

static void with_peers(void)
{
	const struct esp_way *ways[N_WAYS] = {&esp_ours, esp_raw, esp_dpdk};
	static const double raw_aims[N_SIZES] = {0, 0, 0.85},
			    dpdk_aims[N_SIZES] = {1.5, 1.15, 1.15};

	for (size_t i = 0; i < N_WAYS; i++)
		if (ways[i])
			ways[i]->open(1);
	for (size_t s = 0; s < N_SIZES; s++) {
		struct figures f[N_WAYS];
		const double *aims[N_WAYS] = {NULL, raw_aims, dpdk_aims};

		compare(ways, f, sizes[s]);
		one_sa[s] = f[0];
		for (size_t i = 1; i < N_WAYS; i++) {
			if (!ways[i])
				continue;
			row("ESP encapsulation, one SA", size_names[s], f[0].encapsulate,
			    ways[i]->name, f[i].encapsulate, aims[i][s]);
			row("ESP decapsulation, one SA", size_names[s], f[0].decapsulate,
			    ways[i]->name, f[i].decapsulate, aims[i][s]);
		}
	}
	for (size_t i = 0; i < N_WAYS; i++)
		if (ways[i])
			ways[i]->close();
}

static void medians_of(const struct esp_way *way, uint32_t size, const uint32_t *order,
		       uint32_t n_sa, struct figures *ret)
{
	double out[RUNS_MAX], in[RUNS_MAX];

	for (unsigned int r = 0; r <= runs; r++) {
		struct figures f = run(way, size, order, n_sa);

		out[r ? r - 1 : 0] = f.encapsulate;
		in[r ? r - 1 : 0] = f.decapsulate;
	}
	*ret = (struct figures){bench_median(out, runs), bench_median(in, runs)};
}

/* Our own figures with so many SAs in random order, beside those with one, or beside what is asked;
 * and the bare library's with as many keys. */
static void with_many(uint32_t n_sa, const char *works[2], const double *wanted, double share)
{
	struct figures ours[N_SIZES], raw[N_SIZES];
	uint32_t *order = malloc(n_sa * sizeof(*order));

	if (!order)
		bench_die("out of memory");
	for (uint32_t i = 0; i < n_sa; i++)
		order[i] = i;
	bench_shuffle(order, n_sa);
	esp_ours.open(n_sa);
	for (size_t s = 0; s < N_SIZES; s++) {
		medians_of(&esp_ours, sizes[s], order, n_sa, &ours[s]);
		row(works[0], size_names[s], ours[s].encapsulate,
		    wanted ? "what is asked" : "uxfrm, one SA",
		    wanted ? wanted[s] : one_sa[s].encapsulate, share);
		row(works[1], size_names[s], ours[s].decapsulate,
		    wanted ? "what is asked" : "uxfrm, one SA",
		    wanted ? wanted[s] : one_sa[s].decapsulate, share);
	}
	esp_ours.close();
	if (esp_raw)
		esp_raw->open(n_sa);
	for (size_t s = 0; esp_raw && s < N_SIZES; s++) {
		medians_of(esp_raw, sizes[s], order, n_sa, &raw[s]);
		row(works[0], size_names[s], ours[s].encapsulate, "raw, as many keys",
		    raw[s].encapsulate, 0);
		row(works[1], size_names[s], ours[s].decapsulate, "raw, as many keys",
		    raw[s].decapsulate, 0);
	}
	if (esp_raw)
		esp_raw->close();
	free(order);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {{"json", required_argument, NULL, 'j'},
						{"quick", no_argument, NULL, 'q'},
						{"runs", required_argument, NULL, 'r'},
						{"burst", required_argument, NULL, 'b'},
						{NULL, 0, NULL, 0}};
	const char *thousand[2] = {"ESP encapsulation, 1,024 SAs", "ESP decapsulation, 1,024 SAs"};
	const char *million[2] = {"ESP encapsulation, 1,000,000 SAs",
				  "ESP decapsulation, 1,000,000 SAs"};
	const double asked[N_SIZES] = {4.0, 3.0, 2.5};
	const char *json = NULL;
	bool quick = false;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'j')
			json = optarg;
		else if (c == 'q')
			quick = true;
		else if (c == 'r')
			runs = (unsigned int)strtoul(optarg, NULL, 10);
		else if (c == 'b')
			burst = (uint32_t)strtoul(optarg, NULL, 10);
		else
			return 2;
	}
	if (!runs || runs > RUNS_MAX || !burst || burst > 64 || ESP_ROUND % burst)
		bench_die("--runs is 1 to 31, --burst a power of two up to 64");
	srandom(1);
	with_peers();
	with_many(1024, thousand, NULL, 0.65);
	if (!quick)
		with_many(1000000, million, asked, 1.0);
	if (json)
		bench_rows_write(json);
	printf("%s\n", bench_rows_met() ? "every aim is met" : "not every aim is met");
	return 0;
}
