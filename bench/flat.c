/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Do costs stay the same when there is more of everything? Nanoseconds that a packet of 64 bytes takes out and in, packets
 * of all hosts in random order: 1 to 1,000,000 SAs with a policy each, and 10 to 100,000 policies for ten SAs. What grows
 * is what memory costs that is in no cache. Then the memory itself, for an SA with its policy, and for a flow.
 *
 * usage: flat [--quick] [--runs N] [--json FILE]
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine.h"
#include "esp.h"
#include "rows.h"

#define SIZE 64
#define BURST 64
#define RUN_NS UINT64_C(100000000)
#define RUNS_MAX 21
#define POINTS_MAX 8
#define WARM_UP 4   /* runs, until the caches of flows have grown and hold all */
#define FEW_SAS 10 /* that many policies share */
#define NAME_LEN 24

static unsigned int runs = 5;

/* One line of the picture. */
struct line {
	const char *out, *in, *what, *first_name;
	uint32_t first, last, n_sa; /* 0: as many as policies */
	char names[POINTS_MAX][NAME_LEN];
};

static struct line lines[] = {
    {"encapsulation by number of SAs", "decapsulation by number of SAs", "SAs", "1 SAs", 1, 1000000, 0, {""}},
    {"encapsulation by number of policies", "decapsulation by number of policies", "policies", "10 policies", 10,
     100000, FEW_SAS, {""}},
};

struct cost { /* ns a packet */
	double out, in;
};

static uint64_t each_burst(void (*work)(uint32_t first, uint32_t n))
{
	uint64_t start = bench_ticks();

	for (uint32_t i = 0; i < ESP_ROUND; i += BURST)
		work(i, BURST);
	return bench_ticks() - start;
}

static struct cost run(const uint32_t *order, uint32_t n_hosts)
{
	uint64_t begin = bench_clock_ns(), out = 0, in = 0, n = 0;
	uint32_t next = 0;

	do {
		for (uint32_t i = 0; i < ESP_ROUND; i++)
			esp_ours.load(i, SIZE, order[next++ % n_hosts]);
		out += each_burst(esp_ours.encapsulate);
		in += each_burst(esp_ours.decapsulate);
		n += ESP_ROUND;
	} while (bench_clock_ns() - begin < RUN_NS || n < n_hosts);
	if (!esp_ours.right(SIZE))
		bench_die("packets did not come back right");
	return (struct cost){(double)out * bench_tick_ns() / (double)n,
			     (double)in * bench_tick_ns() / (double)n};
}

static uint32_t *random_order(uint32_t n)
{
	uint32_t *order = malloc(n * sizeof(*order));

	if (!order)
		bench_die("out of memory");
	for (uint32_t i = 0; i < n; i++)
		order[i] = i;
	bench_shuffle(order, n);
	return order;
}

/* With memory: bytes each host has in both engines, before and after packets went to all. */
static struct cost measure(uint32_t n_sa, uint32_t n_policies, double memory[2])
{
	uint32_t *order = random_order(n_policies);
	long before = bench_rss_bytes(), filled;
	double out[RUNS_MAX], in[RUNS_MAX];

	esp_ours_open(n_sa, n_policies);
	filled = bench_rss_bytes();
	for (unsigned int r = 0; r < WARM_UP; r++)
		(void)run(order, n_policies);
	for (unsigned int r = 0; r < runs; r++) {
		struct cost c = run(order, n_policies);

		out[r] = c.out;
		in[r] = c.in;
	}
	memory[0] = (double)(filled - before) / n_policies / 2;
	memory[1] = (double)(bench_rss_bytes() - filled) / n_policies / 2;
	esp_ours.close();
	free(order);
	return (struct cost){bench_median(out, runs), bench_median(in, runs)};
}

static void row(const char *work, const char *size, double ours, const char *peer, double peer_value)
{
	const struct bench_row r = {.work = work, .size = size, .unit = "ns", .ours = ours,
				    .peer = peer, .peer_value = peer_value, .runs = runs};

	bench_row_add(&r);
}

static void draw(struct line *l, uint32_t most, double memory[2])
{
	struct cost first = {0, 0};
	int point = 0;

	for (uint32_t n = l->first; n <= most; n *= 10, point++) {
		char *name = l->names[point];
		struct cost c = measure(l->n_sa ? l->n_sa : n, n, memory);

		snprintf(name, NAME_LEN, "%u %s", n, l->what);
		if (!point)
			first = c;
		row(l->out, name, c.out, l->first_name, first.out);
		row(l->in, name, c.in, l->first_name, first.in);
	}
}

int main(int argc, char **argv)
{
	static const struct option options[] = {{"json", required_argument, NULL, 'j'},
						{"quick", no_argument, NULL, 'q'},
						{"runs", required_argument, NULL, 'r'},
						{NULL, 0, NULL, 0}};
	const char *json = NULL;
	bool quick = false;
	double memory[2], unused[2];
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'j')
			json = optarg;
		else if (c == 'q')
			quick = true;
		else if (c == 'r')
			runs = (unsigned int)strtoul(optarg, NULL, 10);
		else
			return 2;
	}
	if (quick)
		runs = 1;
	if (!runs || runs > RUNS_MAX)
		bench_die("1 to 21 runs");
	draw(&lines[1], quick ? 10000 : lines[1].last, unused);
	draw(&lines[0], quick ? 10000 : lines[0].last, memory);
	printf("memory: %.0f bytes for an SA and its policy, %.0f for a flow that a worker remembers\n",
	       memory[0], memory[1]);
	if (json)
		bench_rows_write(json);
	return 0;
}
