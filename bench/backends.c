/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which library does an algorithm faster? Each of those that intel-ipsec-mb is chosen for, beside
 * libcrypto: ux_crypt_encrypt() and ux_crypt_decrypt() on bursts of one SA, in turns, on one core.
 *
 * usage: backends [--json FILE] [--burst N] [--runs N]
 *
 * Aim: it is chosen only where it wins: in bursts of 64 at least 1.0 times.
 * Exit status 1: not met.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/pages.h"
#include "crypto/settings.h"
#include "crypto/transform.h"
#include "engine.h"
#include "rows.h"

#define N_PACKETS 64u
#define STRIDE 1600u
#define RUN_NS 10000000u
#define MAX_RUNS 101
#define AIM 1.0

struct algorithm {
	const char *name, *aead, *cipher, *auth;
	uint32_t key_bits, auth_key_bits, icv_bits;
};

static const struct algorithm algorithms[] = {
    {"AES-128-GCM", "rfc4106(gcm(aes))", NULL, NULL, 160, 0, 128},
    {"AES-256-GCM", "rfc4106(gcm(aes))", NULL, NULL, 288, 0, 128},
    {"AES-128-GMAC", "rfc4543(gcm(aes))", NULL, NULL, 160, 0, 128},
    {"ChaCha20-Poly1305", "rfc7539esp(chacha20,poly1305)", NULL, NULL, 288, 0, 128},
    {"AES-128-CBC, SHA-1", NULL, "cbc(aes)", "hmac(sha1)", 128, 160, 96},
    {"AES-128-CBC, SHA-256", NULL, "cbc(aes)", "hmac(sha256)", 128, 256, 128},
    {"AES-256-CBC, SHA-512", NULL, "cbc(aes)", "hmac(sha512)", 256, 512, 256},
    {"AES-128-CTR, SHA-256", NULL, "rfc3686(ctr(aes))", "hmac(sha256)", 160, 256, 128},
    {"null, SHA-256", NULL, "ecb(cipher_null)", "hmac(sha256)", 0, 256, 128},
};

static uint32_t burst = 64, n_runs = 7;

struct side {
	struct ux_transform *t;
	struct ux_crypt_op ops[N_PACKETS];
};
static struct ux_crypto_worker *worker;
static uint64_t counter;

static struct ux_transform *make(const struct algorithm *a, enum ux_crypto_choice choice)
{
	static const uint8_t key[64] = {1, 2, 3};
	struct ux_algo_request c = {.key = key, .key_bits = a->key_bits, .icv_bits = a->icv_bits};
	struct ux_algo_request h = {
	    .key = key, .key_bits = a->auth_key_bits, .icv_bits = a->icv_bits};
	struct ux_transform_params p = {.aead = a->aead ? &c : NULL,
					.cipher = a->cipher ? &c : NULL,
					.auth = a->auth ? &h : NULL};
	struct ux_transform *t;

	strcpy(c.name, a->aead ? a->aead : a->cipher);
	strcpy(h.name, a->auth ? a->auth : "");
	if (ux_crypto_choose(choice) != 0 || ux_transform_new(&p, &t, NULL) != 0)
		bench_die("no transform");
	return t;
}

static void prepare(struct side *s, uint8_t *packets, uint32_t size)
{
	for (uint32_t i = 0; i < N_PACKETS; i++) {
		uint8_t *p = packets + (size_t)i * STRIDE;

		s->ops[i] = (struct ux_crypt_op){
		    .transform = s->t,
		    .esp = p,
		    .payload_len = size,
		    .icv = p + 8 + s->t->iv_len + size,
		};
	}
}

static double million_a_second(struct side *s, bool encrypt)
{
	uint64_t start = bench_clock_ns(), now, n = 0;

	do {
		for (uint32_t i = 0; i < N_PACKETS; i++)
			s->ops[i].iv_counter = ++counter;
		for (uint32_t i = 0; i < N_PACKETS; i += burst) {
			if (encrypt)
				ux_crypt_encrypt(worker, s->ops + i, burst);
			else
				ux_crypt_decrypt(worker, s->ops + i, burst);
		}
		n += N_PACKETS;
		now = bench_clock_ns();
	} while (now - start < RUN_NS);
	return (double)n * 1e3 / (double)(now - start);
}

/* Packets that are decrypted must be genuine, or libcrypto stops early: the last is encrypted again
 * before each time. */
static double genuine_a_second(struct side *s)
{
	uint64_t spent = 0, n = 0;

	do {
		uint64_t start;

		for (uint32_t i = 0; i < N_PACKETS; i++)
			s->ops[i].iv_counter = ++counter;
		ux_crypt_encrypt(worker, s->ops, N_PACKETS);
		start = bench_clock_ns();
		for (uint32_t i = 0; i < N_PACKETS; i += burst)
			ux_crypt_decrypt(worker, s->ops + i, burst);
		spent += bench_clock_ns() - start;
		n += N_PACKETS;
		if (!s->ops[0].ok)
			bench_die("a packet was refused");
	} while (spent < RUN_NS);
	return (double)n * 1e3 / (double)spent;
}

static void measure(const struct algorithm *a, uint8_t *packets, uint32_t size, bool encrypt)
{
	static struct side mb, openssl;
	double ours[MAX_RUNS], peer[MAX_RUNS];
	char work[64], size_text[16];

	mb.t = make(a, UX_CRYPTO_AUTO);
	openssl.t = make(a, UX_CRYPTO_OPENSSL);
	prepare(&mb, packets, size);
	prepare(&openssl, packets, size);
	for (uint32_t i = 0; i < n_runs; i++) {
		peer[i] = encrypt ? million_a_second(&openssl, true) : genuine_a_second(&openssl);
		ours[i] = encrypt ? million_a_second(&mb, true) : genuine_a_second(&mb);
	}
	snprintf(work, sizeof(work), "%s, %s", a->name, encrypt ? "encrypt" : "decrypt");
	snprintf(size_text, sizeof(size_text), "%u B", size);
	bench_row_add(&(struct bench_row){
	    .work = strdup(work), /* for as long as the rows */
	    .size = strdup(size_text),
	    .unit = "Mpps",
	    .ours = bench_median(ours, n_runs),
	    .peer = "libcrypto",
	    .peer_value = bench_median(peer, n_runs),
	    .aim = burst == 64 ? AIM : 0,
	    .runs = n_runs,
	});
	ux_transform_put(mb.t);
	ux_transform_put(openssl.t);
	ux_crypto_worker_sweep(worker);
}

static uint32_t number(const char *text, uint32_t least, uint32_t most)
{
	unsigned long n = strtoul(text, NULL, 10);

	if (n < least || n > most)
		bench_die("an option's number is out of range");
	return (uint32_t)n;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {{"json", required_argument, NULL, 'j'},
						{"burst", required_argument, NULL, 'b'},
						{"runs", required_argument, NULL, 'r'},
						{NULL, 0, NULL, 0}};
	static const uint32_t sizes[] = {64, 512, 1408};
	uint8_t *packets = ux_pages_map((size_t)N_PACKETS * STRIDE);
	const char *json = NULL;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'j')
			json = optarg;
		else if (c == 'b')
			burst = number(optarg, 1, N_PACKETS);
		else if (c == 'r')
			n_runs = number(optarg, 1, MAX_RUNS);
		else
			return 2;
	}
	if (ux_crypto_choose(UX_CRYPTO_IPSEC_MB) != 0) {
		printf("no intel-ipsec-mb here: nothing to compare with\n");
		return 77;
	}
	worker = ux_crypto_worker_new();
	if (!packets || !worker || N_PACKETS % burst)
		bench_die("no memory, or a burst that is no power of two");
	for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++)
		for (size_t j = 0; j < 3; j++)
			for (int encrypt = 1; encrypt >= 0; encrypt--)
				measure(&algorithms[i], packets, sizes[j], encrypt);
	ux_crypto_worker_free(worker);
	if (json)
		bench_rows_write(json);
	return bench_rows_met() ? 0 : 1;
}
