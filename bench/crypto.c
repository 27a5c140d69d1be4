/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is between a library of cryptography and a burst of packets? ux_crypt_encrypt() and
 * ux_crypt_decrypt() beside the bare calls of intel-ipsec-mb with the nonces written beforehand and
 * every key expanded, in turns, on one core: AES-GCM, packets of one SA, of 1,024 and of 1,000,000
 * in random order.
 *
 * usage: crypto [--json FILE] [--quick] [--sas N] [--burst N] [--keys N] [--key-bits N] [--runs N]
 * --quick: no million. --sas: that many instead. --keys: places of the store of expanded keys.
 * Prints million packets a second, medians.
 *
 * Aim: with one SA and 64 bytes at most 10 % more time than the bare calls. Exit status 1: not met.
 */
#include "crypto_raw.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/pages.h"
#include "crypto/settings.h"
#include "crypto/transform.h"
#include "engine.h"
#include "rows.h"

#define N_PACKETS 256u
#define STRIDE 1600u /* bytes between packets */
#define HEAD 16u     /* ESP header and IV */
#define ICV 16u
#define N_ORDER (1u << 16) /* SAs in random order */
#define RUN_NS 20000000u
#define MAX_RUNS 101
#define AIM 0.90

struct bench {
	uint8_t *packets;
	uint32_t *order;
	uint32_t n_sas, size, next;
	struct ux_transform **sa, **sa_order; /* of order */
	struct ux_crypto_worker *worker;
	struct raw_keys *raw;
	struct ux_crypt_op ops[N_PACKETS];
	uint64_t counter;
};

static uint32_t burst = 64, key_bits = 128, n_runs = 11;

static void make_key(uint8_t key[36], uint32_t i)
{
	memset(key, 0x5a, 36);
	memcpy(key, &i, sizeof(i));
}

static struct ux_transform *new_sa(uint32_t i)
{
	uint8_t key[36];
	struct ux_algo_request a = {
	    .name = "rfc4106(gcm(aes))", .key = key, .key_bits = key_bits + 32, .icv_bits = 128};
	struct ux_transform_params p = {.aead = &a};
	struct ux_transform *t;

	make_key(key, i);
	if (ux_transform_new(&p, &t, NULL) != 0)
		bench_die("no transform");
	return t;
}

static void open_sas(struct bench *b, uint32_t n)
{
	b->n_sas = n;
	b->sa = malloc(n * sizeof(struct ux_transform *));
	b->raw = raw_keys_new(n, key_bits / 8);
	if (!b->sa || !b->raw)
		bench_die("no memory");
	for (uint32_t i = 0; i < n; i++) {
		uint8_t key[36];

		make_key(key, i);
		b->sa[i] = new_sa(i);
		raw_keys_set(b->raw, i, key);
	}
	for (uint32_t i = 0; i < N_ORDER; i++) {
		b->order[i] = bench_below(n);
		b->sa_order[i] = b->sa[b->order[i]];
	}
	b->worker = ux_crypto_worker_new();
	if (!b->worker)
		bench_die("no memory");
}

static void close_sas(struct bench *b)
{
	ux_crypto_worker_free(b->worker);
	for (uint32_t i = 0; i < b->n_sas; i++)
		ux_transform_put(b->sa[i]);
	free(b->sa);
	raw_keys_free(b->raw);
}

static uint8_t *packet(const struct bench *b, uint32_t i)
{
	return b->packets + (size_t)i * STRIDE;
}

static const uint32_t *next_order(struct bench *b)
{
	const uint32_t *o = b->order + b->next;

	b->next = (b->next + N_PACKETS) % N_ORDER;
	return o;
}

static void ours(struct bench *b, bool encrypt)
{
	struct ux_transform *const *order = b->sa_order + (next_order(b) - b->order);

	for (uint32_t first = 0; first < N_PACKETS; first += burst) {
		for (uint32_t i = first; i < first + burst; i++) {
			if (b->n_sas > 1)
				b->ops[i].transform = order[i];
			b->ops[i].iv_counter = ++b->counter;
		}
		if (encrypt)
			ux_crypt_encrypt(b->worker, b->ops + first, burst);
		else
			ux_crypt_decrypt(b->worker, b->ops + first, burst);
	}
}

static void prepare_ops(struct bench *b)
{
	for (uint32_t i = 0; i < N_PACKETS; i++)
		b->ops[i] = (struct ux_crypt_op){
		    .transform = b->sa[0],
		    .esp = packet(b, i),
		    .payload_len = b->size,
		    .icv = packet(b, i) + HEAD + b->size,
		};
}

static void raw(struct bench *b, bool encrypt)
{
	const uint32_t *order = next_order(b);

	for (uint32_t first = 0; first < N_PACKETS; first += burst)
		b->counter = raw_burst(b->raw,
				       &(struct raw_packets){.first = packet(b, first),
							     .stride = STRIDE,
							     .size = b->size,
							     .n = burst,
							     .sa = order + first},
				       encrypt, b->counter);
}

/* What was encrypted by one way is decrypted by the other. */
static void check(struct bench *b)
{
	uint32_t at = b->next;

	memset(b->packets, 7, (size_t)N_PACKETS * STRIDE);
	raw(b, true);
	b->next = at;
	ours(b, false);
	for (uint32_t i = 0; i < N_PACKETS; i++)
		if (!b->ops[i].ok || packet(b, i)[HEAD] != 7)
			bench_die("wrong packets");
}

static double million_a_second(struct bench *b, void (*work)(struct bench *, bool), bool encrypt)
{
	uint64_t start = bench_clock_ns(), now, n = 0;

	do {
		work(b, encrypt);
		n += N_PACKETS;
		now = bench_clock_ns();
	} while (now - start < RUN_NS);
	return (double)n * 1e3 / (double)(now - start);
}

static void measure(struct bench *b, uint32_t size, bool encrypt)
{
	double us[MAX_RUNS], peer[MAX_RUNS];
	char work[64], size_text[16];

	b->size = size;
	prepare_ops(b);
	check(b);
	(void)million_a_second(b, ours, encrypt);
	for (uint32_t i = 0; i < n_runs; i++) {
		peer[i] = million_a_second(b, raw, encrypt);
		us[i] = million_a_second(b, ours, encrypt);
	}
	snprintf(work, sizeof(work), "AES-%u-GCM %s, %u SA%s", key_bits,
		 encrypt ? "encrypt" : "decrypt", b->n_sas, b->n_sas > 1 ? "s" : "");
	snprintf(size_text, sizeof(size_text), "%u B", size);
	bench_row_add(&(struct bench_row){
	    .work = strdup(work), /* for as long as the rows */
	    .size = strdup(size_text),
	    .unit = "Mpps",
	    .ours = bench_median(us, n_runs),
	    .peer = "intel-ipsec-mb, bare calls",
	    .peer_value = bench_median(peer, n_runs),
	    .aim = b->n_sas == 1 && size == 64 ? AIM : 0,
	    .runs = n_runs,
	});
}

static uint32_t number(const char *text, uint32_t least, uint32_t most)
{
	unsigned long n = strtoul(text, NULL, 10);

	if (n < least || n > most)
		bench_die("an option's number is out of range");
	return (uint32_t)n;
}

struct options {
	const char *json;
	bool quick;
	uint32_t sas; /* 0: the usual numbers */
};

static void parse_args(struct options *o, int argc, char **argv)
{
	static const struct option options[] = {
	    {"json", required_argument, NULL, 'j'},	{"quick", no_argument, NULL, 'q'},
	    {"burst", required_argument, NULL, 'b'},	{"keys", required_argument, NULL, 'k'},
	    {"key-bits", required_argument, NULL, 'B'}, {"runs", required_argument, NULL, 'r'},
	    {"sas", required_argument, NULL, 's'},	{NULL, 0, NULL, 0}};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'j')
			o->json = optarg;
		else if (c == 'q')
			o->quick = true;
		else if (c == 's')
			o->sas = number(optarg, 1, 10000000);
		else if (c == 'b')
			burst = number(optarg, 1, N_PACKETS);
		else if (c == 'k')
			ux_crypto_set_cache_keys(number(optarg, 1, UX_CRYPTO_CACHE_KEYS_MAX));
		else if (c == 'B')
			key_bits = number(optarg, 128, 256);
		else if (c == 'r')
			n_runs = number(optarg, 1, MAX_RUNS);
		else
			exit(2);
	}
	if (N_PACKETS % burst || key_bits % 64)
		bench_die("bursts are a power of two, keys of 128, 192 or 256 bits");
}

int main(int argc, char **argv)
{
	uint32_t sas[] = {1, 1024, 1000000}, n_sas = 3;
	static const uint32_t sizes[] = {64, 512, 1400};
	static struct bench b;
	struct options o = {0};

	parse_args(&o, argc, argv);
	srandom(1);
	if (!raw_available()) {
		printf("no intel-ipsec-mb here: nothing to compare with\n");
		return 77;
	}
	b.packets = ux_pages_map((size_t)N_PACKETS * STRIDE);
	b.order = malloc(N_ORDER * sizeof(*b.order));
	b.sa_order = malloc(N_ORDER * sizeof(struct ux_transform *));
	if (!b.packets || !b.order || !b.sa_order)
		bench_die("no memory");
	if (o.quick)
		n_sas = 2;
	if (o.sas)
		sas[0] = o.sas, n_sas = 1;
	for (uint32_t i = 0; i < n_sas; i++) {
		open_sas(&b, sas[i]);
		for (size_t j = 0; j < 3; j++) {
			measure(&b, sizes[j], true);
			measure(&b, sizes[j], false);
		}
		close_sas(&b);
	}
	if (o.json)
		bench_rows_write(o.json);
	return bench_rows_met() ? 0 : 1;
}
