/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Workers that share one SA: ESP in tunnel mode, AES-128-GCM, ESN, window 4,096, over packets in
 * memory. Each worker is a thread on a CPU of its own with 512 packets of its own. All encapsulate
 * theirs at the same time; when the last one is done, all decapsulate; and again. A way's time is
 * from the common start to the end of the last. Beside it, in the same run: one worker, and as many
 * workers that share nothing, which is what the machine gives at most.
 *
 * Exit status 1: an aim was missed; 2: a packet did not come back right, or too few CPUs.
 */
#include <getopt.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uxfrm/packet.h>

#include "esp.h"
#include "esp_engine.h"
#include "rows.h"

#define RUNS_MAX 31
#define RUN_NS UINT64_C(60000000)
#define WORKERS_MAX 16
#define BURST 64
#define WINDOW 4096
#define AIM_OF_ONE 0.9 /* of what each worker is worth: two are 1.8 times one */

static const uint32_t sizes[] = {64, 512, 1400};
static const char *const size_names[] = {"64 B", "512 B", "1,400 B"};
#define N_SIZES 3

/* Two engines, and the workers that share them. */
struct tunnel {
	struct bench_engine sender, receiver;
};

/* One thread. */
struct lane {
	struct crew *crew;
	pthread_t thread;
	struct tunnel *tunnel;
	int cpu;
	struct uxfrm_worker *out, *in;
	uint8_t *memory;
	struct uxfrm_packet packet[ESP_ROUND];
	struct uxfrm_packet *burst[ESP_ROUND];
	_Alignas(64) uint64_t done; /* this thread writes, the first reads: ticks, of the phase */
};

/* Threads that begin each phase together. */
struct crew {
	uint32_t n;
	uint32_t size;
	struct lane *lanes;
	/* the first lane writes, all read */
	_Alignas(64) _Atomic(uint32_t) phase;
	bool stop;
	/* all */
	_Alignas(64) _Atomic(uint32_t) arrived;
	/* the first lane */
	_Alignas(64) uint64_t out, in, packets;
};

struct figures { /* million packets a second */
	double encapsulate, decapsulate;
};

static unsigned int runs = 15;
static int cpus[WORKERS_MAX];

static void relax(void)
{
#ifdef __x86_64__
	__builtin_ia32_pause();
#endif
}

static void open_memory(struct lane *l)
{
	l->memory = aligned_alloc(4096, (ESP_ROUND * ESP_STRIDE + 4095) / 4096 * 4096);
	if (!l->memory)
		bench_die("out of memory");
	memset(l->memory, 0, ESP_ROUND * ESP_STRIDE);
	for (uint32_t i = 0; i < ESP_ROUND; i++) {
		struct uxfrm_packet *p = &l->packet[i];

		p->buf = l->memory + i * ESP_STRIDE;
		p->size = ESP_STRIDE;
		p->data = p->buf + ESP_HEADROOM;
		p->len = l->crew->size;
		esp_inner(p->data, p->len, 0);
		l->burst[i] = p;
	}
}

static void pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (pthread_setaffinity_np(pthread_self(), sizeof(set), &set) != 0)
		bench_die("cannot stay on a CPU");
}

static void check(const struct lane *l)
{
	for (uint32_t i = 0; i < ESP_ROUND; i++) {
		const struct uxfrm_packet *p = &l->packet[i];

		if (p->verdict != UXFRM_DELIVER || p->len != l->crew->size ||
		    !esp_inner_right(p->data, p->len))
			bench_die("packets did not come back right");
	}
}

/* A phase of one thread: to or fro. */
static void work(struct lane *l, uint32_t phase)
{
	for (uint32_t i = 0; i < ESP_ROUND; i += BURST) {
		if (phase % 2)
			uxfrm_outbound(l->out, l->burst + i, BURST);
		else
			uxfrm_inbound(l->in, l->burst + i, BURST);
	}
	l->done = bench_ticks();
}

/* The first thread: all begin now; returns the ticks until the last has ended. */
static uint64_t lead(struct crew *c, uint32_t phase)
{
	uint64_t start, end = 0;

	atomic_store_explicit(&c->arrived, 0, memory_order_relaxed);
	start = bench_ticks();
	atomic_store_explicit(&c->phase, phase, memory_order_release);
	work(&c->lanes[0], phase);
	while (atomic_load_explicit(&c->arrived, memory_order_acquire) < c->n - 1)
		relax();
	for (uint32_t i = 0; i < c->n; i++)
		end = c->lanes[i].done > end ? c->lanes[i].done : end;
	return end - start;
}

static void lead_all(struct crew *c)
{
	uint64_t begin = bench_clock_ns();
	uint32_t phase = 0;
	bool warm = false;

	do {
		uint64_t out = lead(c, ++phase), in = lead(c, ++phase);

		/* the first half warms up */
		if (!warm && bench_clock_ns() - begin < RUN_NS / 2)
			continue;
		warm = true;
		c->out += out;
		c->in += in;
		c->packets += (uint64_t)c->n * ESP_ROUND;
	} while (bench_clock_ns() - begin < RUN_NS);
	c->stop = true;
	atomic_store_explicit(&c->phase, ++phase, memory_order_release);
}

static void follow(struct lane *l)
{
	struct crew *c = l->crew;

	for (uint32_t seen = 0;;) {
		uint32_t phase = atomic_load_explicit(&c->phase, memory_order_acquire);

		if (phase == seen) {
			relax();
			continue;
		}
		if (c->stop)
			return;
		seen = phase;
		work(l, phase);
		atomic_fetch_add_explicit(&c->arrived, 1, memory_order_release);
	}
}

static void *lane_main(void *opaque)
{
	struct lane *l = opaque;
	struct crew *c = l->crew;

	pin(l->cpu);
	open_memory(l);
	l->out = uxfrm_worker_new(l->tunnel->sender.u);
	l->in = uxfrm_worker_new(l->tunnel->receiver.u);
	if (!l->out || !l->in)
		bench_die("out of memory");
	/* ready */
	atomic_fetch_add_explicit(&c->arrived, 1, memory_order_release);
	if (l == c->lanes) {
		while (atomic_load_explicit(&c->arrived, memory_order_acquire) < c->n)
			relax();
		lead_all(c);
	} else {
		follow(l);
	}
	l->out = uxfrm_worker_free(l->out);
	l->in = uxfrm_worker_free(l->in);
	return NULL;
}

static void tunnel_open(struct tunnel *t)
{
	bench_engine_open(&t->sender);
	bench_engine_open(&t->receiver);
	bench_esp_fill(t->sender.u, UX_POLICY_OUT, 1, WINDOW);
	bench_esp_fill(t->receiver.u, UX_POLICY_FWD, 1, WINDOW);
}

static void tunnel_close(struct tunnel *t)
{
	bench_engine_close(&t->sender);
	bench_engine_close(&t->receiver);
}

/* @n threads at packets of @size; they share one tunnel, or each has its own. */
static struct figures run(uint32_t n, uint32_t size, bool shared)
{
	static struct tunnel tunnels[WORKERS_MAX];
	static struct lane lanes[WORKERS_MAX];
	struct crew c = {.n = n, .size = size, .lanes = lanes};
	double us;

	for (uint32_t i = 0; i < (shared ? 1 : n); i++)
		tunnel_open(&tunnels[i]);
	for (uint32_t i = 0; i < n; i++) {
		lanes[i] =
		    (struct lane){.crew = &c, .tunnel = &tunnels[shared ? 0 : i], .cpu = cpus[i]};
		if (pthread_create(&lanes[i].thread, NULL, lane_main, &lanes[i]) != 0)
			bench_die("cannot start a thread");
	}
	for (uint32_t i = 0; i < n; i++)
		pthread_join(lanes[i].thread, NULL);
	for (uint32_t i = 0; i < n; i++) {
		check(&lanes[i]);
		free(lanes[i].memory);
	}
	for (uint32_t i = 0; i < (shared ? 1 : n); i++)
		tunnel_close(&tunnels[i]);
	us = bench_tick_ns() / 1000;
	return (struct figures){(double)c.packets / ((double)c.out * us),
				(double)c.packets / ((double)c.in * us)};
}

static void row(const char *work_name, const char *size, double value, const char *peer,
		double peer_value, double aim)
{
	const struct bench_row r = {.work = work_name,
				    .size = size,
				    .unit = "Mpps",
				    .ours = value,
				    .peer = peer,
				    .peer_value = peer_value,
				    .aim = aim,
				    .runs = runs};

	bench_row_add(&r);
}

static void compare(uint32_t n, size_t s)
{
	enum { ONE, SHARED, APART, WAYS };
	double out[WAYS][RUNS_MAX], in[WAYS][RUNS_MAX], m_out[WAYS], m_in[WAYS];
	static char encapsulation[64], decapsulation[64];

	for (unsigned int r = 0; r < runs; r++) {
		const struct figures f[WAYS] = {run(1, sizes[s], true), run(n, sizes[s], true),
						run(n, sizes[s], false)};

		for (int i = 0; i < WAYS; i++) {
			out[i][r] = f[i].encapsulate;
			in[i][r] = f[i].decapsulate;
		}
	}
	for (int i = 0; i < WAYS; i++) {
		m_out[i] = bench_median(out[i], runs);
		m_in[i] = bench_median(in[i], runs);
	}
	snprintf(encapsulation, sizeof(encapsulation), "encapsulation, %u workers on one SA", n);
	snprintf(decapsulation, sizeof(decapsulation), "decapsulation, %u workers on one SA", n);
	row(encapsulation, size_names[s], m_out[SHARED], "one worker", m_out[ONE], AIM_OF_ONE * n);
	row(decapsulation, size_names[s], m_in[SHARED], "one worker", m_in[ONE], AIM_OF_ONE * n);
	/* what sharing costs */
	row(encapsulation, size_names[s], m_out[SHARED], "an SA for each", m_out[APART],
	    AIM_OF_ONE);
	row(decapsulation, size_names[s], m_in[SHARED], "an SA for each", m_in[APART], AIM_OF_ONE);
}

static uint32_t find_cpus(void)
{
	cpu_set_t set;
	uint32_t n = 0;

	if (sched_getaffinity(0, sizeof(set), &set) < 0)
		bench_die("cannot tell the CPUs");
	for (int i = 0; i < CPU_SETSIZE && n < WORKERS_MAX; i++)
		if (CPU_ISSET(i, &set))
			cpus[n++] = i;
	return n;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {{"json", required_argument, NULL, 'j'},
						{"quick", no_argument, NULL, 'q'},
						{"runs", required_argument, NULL, 'r'},
						{"workers", required_argument, NULL, 'w'},
						{NULL, 0, NULL, 0}};
	const char *json = NULL;
	uint32_t n = 2;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'j')
			json = optarg;
		else if (c == 'r')
			runs = (unsigned int)strtoul(optarg, NULL, 10);
		else if (c == 'w')
			n = (uint32_t)strtoul(optarg, NULL, 10);
		else if (c != 'q') /* it is quick */
			return 2;
	}
	if (!runs || runs > RUNS_MAX)
		bench_die("--runs is 1 to 31");
	if (n < 2 || n > 4)
		bench_die("--workers is 2 to 4: more would go beyond the window");
	if (find_cpus() < n)
		bench_die("fewer CPUs than workers");
	for (size_t s = 0; s < N_SIZES; s++)
		compare(n, s);
	if (json)
		bench_rows_write(json);
	printf("%s\n", bench_rows_met() ? "every aim is met" : "not every aim is met");
	return bench_rows_met() ? 0 : 1;
}
