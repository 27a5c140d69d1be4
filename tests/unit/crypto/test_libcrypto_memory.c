/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What libcrypto held of a key is wiped before it gives the memory back. libcrypto's own
 * allocations are watched: no block that goes may hold the first words of the key.
 */
#include "crypto/settings.h"
#include "crypto/transform.h"

#include <malloc.h>
#include <openssl/crypto.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define MAX_BLOCKS 65536

/* An AES key schedule begins with the key; some code holds its words the other way round. */
static const uint8_t marker[8] = {0x93, 0x5a, 0xc1, 0x7e, 0x2b, 0x08, 0xf4, 0x6d};
static const uint8_t turned[8] = {0x7e, 0xc1, 0x5a, 0x93, 0x6d, 0xf4, 0x08, 0x2b};

static void *blocks[MAX_BLOCKS];
static size_t n_blocks;
static unsigned int n_leaked, n_allocations;

static bool holds_marker(const void *p)
{
	size_t len = malloc_usable_size((void *)(uintptr_t)p);

	return memmem(p, len, marker, sizeof(marker)) || memmem(p, len, turned, sizeof(turned));
}

static void *watched_malloc(size_t len, const char *file, int line)
{
	void *p = calloc(1, len);

	n_allocations++;
	if (p && n_blocks < MAX_BLOCKS)
		blocks[n_blocks++] = p;
	return p;
}

static void watched_free(void *p, const char *file, int line)
{
	for (size_t i = 0; p && i < n_blocks; i++) {
		if (blocks[i] != p)
			continue;
		n_leaked += holds_marker(p);
		blocks[i] = blocks[--n_blocks];
		break;
	}
	free(p);
}

static void *watched_realloc(void *p, size_t len, const char *file, int line)
{
	void *fresh = watched_malloc(len, file, line);

	if (fresh && p) {
		size_t old = malloc_usable_size(p);

		memcpy(fresh, p, old < len ? old : len);
		watched_free(p, file, line);
	}
	return fresh;
}

static unsigned int count_live(void)
{
	unsigned int n = 0;

	for (size_t i = 0; i < n_blocks; i++)
		n += holds_marker(blocks[i]);
	return n;
}

struct algo_row {
	const char *aead, *cipher, *auth;
	uint32_t key_bits, auth_bits; /* key_bits: of the AEAD or the cipher */
	bool key_shows;		      /* libcrypto's schedule begins with the key itself */
};

static const struct algo_row rows[] = {
    {"rfc4106(gcm(aes))", NULL, NULL, 288, 0, true},
    {NULL, "cbc(aes)", "sha1", 256, 160, true},
    {"rfc4543(gcm(aes))", NULL, NULL, 160, 0, true},
    {"rfc4309(ccm(aes))", NULL, NULL, 152, 0, true},
    {"rfc7539esp(chacha20,poly1305)", NULL, NULL, 288, 0, true},
    {NULL, "rfc3686(ctr(aes))", "hmac(md5)", 160, 128, true},
    {NULL, "cbc(camellia)", "hmac(rmd160)", 128, 160, false},
    {NULL, "cbc(des3_ede)", "hmac(sha256)", 192, 256, false},
    {NULL, "cbc(aes)", "cmac(aes)", 128, 128, true},
    {NULL, "cbc(aes)", "xcbc(aes)", 128, 128, true},
};
#define N_ROWS (sizeof(rows) / sizeof(rows[0]))

static struct ux_transform *new_transform(const struct algo_row *row)
{
	uint8_t key[72] = {0};
	const char *name = row->aead ? row->aead : row->cipher;
	struct ux_algo_request a = {.key = key, .key_bits = row->key_bits, .icv_bits = 128};
	struct ux_algo_request h = {.key = key + 40, .key_bits = row->auth_bits};
	struct ux_transform_params p = {.aead = row->aead ? &a : NULL,
					.cipher = row->aead ? NULL : &a,
					.auth = row->auth ? &h : NULL};
	struct ux_transform *t = NULL;

	memcpy(key, marker, sizeof(marker));
	memcpy(key + 40, marker, sizeof(marker));
	strcpy(a.name, name);
	if (row->auth)
		strcpy(h.name, row->auth);
	assert_int_equal(ux_transform_new(&p, &t, NULL), 0);
	return t;
}

static void use(struct ux_crypto_worker *w, const struct ux_transform *t)
{
	uint8_t packet[8 + UX_IV_MAX + 32 + UX_ICV_MAX] = {0};
	struct ux_crypt_op op = {.transform = t,
				 .esp = packet,
				 .payload_len = 32,
				 .icv = packet + 8 + t->iv_len + 32,
				 .iv_counter = 1};

	ux_crypt_encrypt(w, &op, 1);
	assert_true(op.ok);
	ux_crypt_decrypt(w, &op, 1);
	assert_true(op.ok);
}

static void check(const struct algo_row *row, bool sweep)
{
	struct ux_crypto_worker *w = ux_crypto_worker_new();
	struct ux_transform *t = new_transform(row);

	assert_non_null(w);
	use(w, t);
	if (row->key_shows)
		assert_true(count_live() > 0); /* the key is where we look for it */
	ux_transform_put(t);
	if (sweep) {
		ux_crypto_worker_sweep(w);
		assert_int_equal(count_live(), 0);
	}
	ux_crypto_worker_free(w);
	assert_int_equal(count_live(), 0);
	assert_int_equal(n_leaked, 0);
}

static void test_swept(void **state)
{
	for (size_t i = 0; i < N_ROWS; i++)
		check(&rows[i], true);
}

static void test_worker_ends(void **state)
{
	for (size_t i = 0; i < N_ROWS; i++)
		check(&rows[i], false);
}

static void test_packets_allocate_nothing(void **state)
{
	struct ux_crypto_worker *w = ux_crypto_worker_new();
	struct ux_transform *t[N_ROWS];

	assert_non_null(w);
	n_allocations = 0;
	for (size_t i = 0; i < N_ROWS; i++) {
		t[i] = new_transform(&rows[i]);
		use(w, t[i]);
	}
	assert_true(n_allocations > 0);
	n_allocations = 0;
	for (size_t i = 0; i < 100 * N_ROWS; i++)
		use(w, t[i % N_ROWS]);
	assert_int_equal(n_allocations, 0);
	for (size_t i = 0; i < N_ROWS; i++)
		ux_transform_put(t[i]);
	ux_crypto_worker_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_swept),
	    cmocka_unit_test(test_worker_ends),
	    cmocka_unit_test(test_packets_allocate_nothing),
	};

	/* first of all; then, that no other library does what is watched here */
	if (CRYPTO_set_mem_functions(watched_malloc, watched_realloc, watched_free) != 1 ||
	    ux_crypto_choose(UX_CRYPTO_OPENSSL) != 0)
		return 2;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
