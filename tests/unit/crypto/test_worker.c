/* SPDX-License-Identifier: BSD-2-Clause */
#include "crypto/transform.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "crypto/backend.h"
#include "crypto/settings.h"

#define MANY 3000 /* more transforms than a worker has slots for */
#define PAYLOAD 64

struct packet {
	uint8_t bytes[8 + UX_IV_MAX + PAYLOAD + UX_ICV_MAX];
};

static struct ux_transform *new_gcm(uint32_t n)
{
	uint8_t key[20] = {1};
	struct ux_algo_request a = {
	    .name = "rfc4106(gcm(aes))", .key = key, .key_bits = 160, .icv_bits = 128};
	struct ux_transform_params p = {.aead = &a};
	struct ux_transform *t = NULL;

	memcpy(key + 1, &n, sizeof(n));
	assert_int_equal(ux_transform_new(&p, &t, NULL), 0);
	return t;
}

static struct ux_transform *new_cbc(uint32_t n)
{
	uint8_t key[36] = {2};
	struct ux_algo_request c = {.name = "cbc(aes)", .key = key, .key_bits = 128};
	struct ux_algo_request h = {.name = "hmac(sha256)", .key = key + 16, .key_bits = 160};
	struct ux_transform_params p = {.cipher = &c, .auth = &h, .esn = true};
	struct ux_transform *t = NULL;

	memcpy(key + 1, &n, sizeof(n));
	assert_int_equal(ux_transform_new(&p, &t, NULL), 0);
	return t;
}

static struct ux_crypt_op op_on(const struct ux_transform *t, struct packet *pkt, uint64_t counter)
{
	return (struct ux_crypt_op){
	    .transform = t,
	    .esp = pkt->bytes,
	    .payload_len = PAYLOAD,
	    .icv = pkt->bytes + 8 + t->iv_len + PAYLOAD,
	    .iv_counter = counter,
	    .seq_hi = (uint32_t)counter,
	};
}

/* There and back with two workers; the text must come back, and must not have gone in clear. */
static bool round_trip(struct ux_crypto_worker *from, struct ux_crypto_worker *to,
		       const struct ux_transform *t, uint64_t counter)
{
	struct packet pkt;
	uint8_t text[PAYLOAD], *payload = pkt.bytes + 8 + t->iv_len;
	struct ux_crypt_op op = op_on(t, &pkt, counter);

	memset(text, (int)counter, sizeof(text));
	memset(&pkt, 0x11, sizeof(pkt));
	memcpy(payload, text, sizeof(text));
	ux_crypt_encrypt(from, &op, 1);
	if (!op.ok || memcmp(payload, text, sizeof(text)) == 0)
		return false;
	op.ok = false;
	ux_crypt_decrypt(to, &op, 1);
	return op.ok && memcmp(payload, text, sizeof(text)) == 0;
}

static void test_more_transforms_than_slots(void **state)
{
	static struct ux_transform *t[MANY];
	struct ux_crypto_worker *w = ux_crypto_worker_new();

	assert_non_null(w);
	for (uint32_t i = 0; i < MANY; i++)
		t[i] = i % 2 ? new_cbc(i) : new_gcm(i);
	for (uint64_t round = 0; round < 3; round++)
		for (uint32_t i = 0; i < MANY; i++)
			assert_true(round_trip(w, w, t[i], round));
	/* Sweeping while most of them live must not harm the living. */
	for (uint32_t i = 0; i < MANY; i += 3)
		t[i] = ux_transform_put(t[i]);
	ux_crypto_worker_sweep(w);
	for (uint32_t i = 0; i < MANY; i++)
		assert_true(!t[i] || round_trip(w, w, t[i], 9));
	for (uint32_t i = 0; i < MANY; i++)
		ux_transform_put(t[i]);
	assert_null(ux_crypto_worker_free(w));
}

static void test_mixed_burst(void **state)
{
	struct ux_crypto_worker *w = ux_crypto_worker_new();
	struct ux_transform *t[3] = {new_gcm(1), new_cbc(1), new_gcm(2)};
	struct packet pkt[64];
	struct ux_crypt_op ops[64];

	memset(pkt, 0, sizeof(pkt));
	for (size_t i = 0; i < 64; i++)
		ops[i] = op_on(t[i % 3], &pkt[i], i);
	ux_crypt_encrypt(w, ops, 64);
	for (size_t i = 0; i < 64; i++)
		assert_true(ops[i].ok);
	ops[10].icv[0] ^= 1;
	ops[11].esp[9] ^= 1;
	ux_crypt_decrypt(w, ops, 64);
	for (size_t i = 0; i < 64; i++)
		assert_int_equal(ops[i].ok, i != 10 && i != 11);
	for (size_t i = 0; i < 3; i++)
		ux_transform_put(t[i]);
	ux_crypto_worker_free(w);
}

/* Cipher text that is no whole number of blocks cannot be AES-CBC's. */
static void test_ragged_payload_is_refused(void **state)
{
	struct ux_crypto_worker *w = ux_crypto_worker_new();
	struct ux_transform *t = new_cbc(1);
	struct packet pkt = {{0}};
	struct ux_crypt_op op = op_on(t, &pkt, 1);

	op.payload_len = 20;
	op.ok = true;
	ux_crypt_encrypt(w, &op, 1);
	assert_false(op.ok);
	op.ok = true;
	ux_crypt_decrypt(w, &op, 1);
	assert_false(op.ok);
	ux_transform_put(t);
	ux_crypto_worker_free(w);
}

/* The living are not disturbed when the dead are forgotten. */
static void test_sweep_keeps_the_living(void **state)
{
	struct ux_crypto_worker *w = ux_crypto_worker_new();
	struct ux_transform *t = new_gcm(1), *other = new_cbc(2);

	assert_true(round_trip(w, w, t, 1));
	assert_true(round_trip(w, w, other, 1));
	ux_crypto_worker_sweep(w);
	ux_transform_put(t);
	ux_crypto_worker_sweep(w);
	assert_true(round_trip(w, w, other, 2));
	ux_transform_put(other);
	ux_crypto_worker_free(w);
}

static bool holds(const struct ux_crypto_worker *w, const void *bytes, size_t len)
{
	struct ux_key_block b[UX_CRYPTO_BACKENDS * UX_KEY_BLOCKS_MAX];
	size_t n = ux_crypto_worker_blocks(w, b);
	bool found = false;

	assert_true(n > 0);
	for (size_t i = 0; i < n; i++)
		found |= memmem(b[i].start, b[i].len, bytes, len) != NULL;
	return found;
}

static const char salt_marker[] = "\x93\x5a\xc1\x7e", key_marker[] = "\x1d\xe8\x40\xb6";

static struct ux_transform *new_marked(uint32_t key_bits)
{
	uint8_t key[36] = {0};
	struct ux_algo_request a = {
	    .name = "rfc4106(gcm(aes))", .key = key, .key_bits = key_bits, .icv_bits = 128};
	struct ux_transform_params p = {.aead = &a};
	struct ux_transform *t = NULL;

	memcpy(key + key_bits / 8 - 8, key_marker, 4);
	memcpy(key + key_bits / 8 - 4, salt_marker, 4);
	assert_int_equal(ux_transform_new(&p, &t, NULL), 0);
	return t;
}

/* A key that was cached is nowhere in the worker's own memory after the sweep. */
static void test_sweep_wipes(void **state)
{
	struct ux_crypto_worker *w = ux_crypto_worker_new();
	struct ux_transform *t;

	assert_non_null(w);
	for (uint32_t bits = 160; bits <= 288; bits += 64) {
		t = new_marked(bits);
		assert_true(round_trip(w, w, t, 1));
		assert_true(holds(w, salt_marker, 4));
		ux_transform_put(t);
		ux_crypto_worker_sweep(w);
		assert_false(holds(w, salt_marker, 4));
		assert_false(holds(w, key_marker, 4));
	}
	ux_crypto_worker_free(w);
}

static struct ux_transform *new_marked_kind(const char *aead, const char *cipher)
{
	uint8_t key[64] = {0};
	struct ux_algo_request c = {.key = key, .key_bits = aead ? 288 : 256, .icv_bits = 128};
	struct ux_algo_request h = {.name = "hmac(sha256)", .key = key + 32, .key_bits = 256};
	struct ux_transform_params p = {
	    .aead = aead ? &c : NULL, .cipher = cipher ? &c : NULL, .auth = cipher ? &h : NULL};
	struct ux_transform *t = NULL;

	strcpy(c.name, aead ? aead : cipher);
	memcpy(key, key_marker, 4);
	memcpy(key + 32, key_marker, 4);
	assert_int_equal(ux_transform_new(&p, &t, NULL), 0);
	return t;
}

/* There and back, many at once. */
static void use_in_bursts(struct ux_crypto_worker *w, const struct ux_transform *t)
{
	enum { N = 40 };
	struct packet pkt[N];
	struct ux_crypt_op ops[N];

	memset(pkt, 0, sizeof(pkt));
	for (size_t i = 0; i < N; i++)
		ops[i] = op_on(t, &pkt[i], i);
	ux_crypt_encrypt(w, ops, N);
	ux_crypt_decrypt(w, ops, N);
	for (size_t i = 0; i < N; i++)
		assert_true(ops[i].ok);
}

/* Of keys that go through bursts nothing stays either, in whatever a library keeps of them. */
static void test_sweep_wipes_bursts(void **state)
{
	struct ux_crypto_worker *w = ux_crypto_worker_new();

	assert_non_null(w);
	for (int kind = 0; kind < 2; kind++) {
		struct ux_transform *t =
		    kind ? new_marked_kind("rfc7539esp(chacha20,poly1305)", NULL)
			 : new_marked_kind(NULL, "cbc(aes)");

		use_in_bursts(w, t);
		/* libcrypto has them in memory of its own: test_libcrypto_memory.c */
		if (t->backend == &ux_ipsec_mb_backend)
			assert_true(holds(w, key_marker, 4));
		ux_transform_put(t);
		ux_crypto_worker_sweep(w);
		assert_false(holds(w, key_marker, 4));
	}
	ux_crypto_worker_free(w);
}

/* A worker that slept while more keys went than are listed forgets them all. */
static void test_sweep_after_many(void **state)
{
	struct ux_crypto_worker *w = ux_crypto_worker_new();
	struct ux_transform *t = new_marked(160), *living = new_gcm(7);

	bool has_keys = t->backend == &ux_ipsec_mb_backend; /* libcrypto: in its own memory */

	assert_true(round_trip(w, w, living, 1));
	assert_true(round_trip(w, w, t, 1));
	ux_transform_put(t);
	for (uint32_t i = 0; i < 5000; i++)
		ux_transform_put(new_gcm(i));
	assert_true(holds(w, salt_marker, 4));
	assert_true(!has_keys || holds(w, key_marker, 4));
	ux_crypto_worker_sweep(w);
	assert_false(holds(w, salt_marker, 4) || holds(w, key_marker, 4));
	assert_true(round_trip(w, w, living, 2));
	ux_transform_put(living);
	ux_crypto_worker_free(w);
}

/* More keys in one burst than a store has places for. */
static void test_small_store(void **state)
{
	enum { N = 300 };
	static struct ux_transform *t[N];
	static struct packet pkt[N];
	static struct ux_crypt_op ops[N];
	struct ux_crypto_worker *w;

	ux_crypto_set_cache_keys(1);
	w = ux_crypto_worker_new();
	ux_crypto_set_cache_keys(UX_CRYPTO_CACHE_KEYS);
	for (uint32_t i = 0; i < N; i++) {
		t[i] = new_gcm(i);
		memset(&pkt[i], (int)i, sizeof(pkt[i]));
		ops[i] = op_on(t[i], &pkt[i], i);
	}
	ux_crypt_encrypt(w, ops, N);
	for (uint32_t i = 0; i < N; i++)
		assert_true(ops[i].ok);
	ux_crypt_decrypt(w, ops, N);
	for (uint32_t i = 0; i < N; i++) {
		assert_true(ops[i].ok);
		assert_int_equal(pkt[i].bytes[20], (uint8_t)i);
		ux_transform_put(t[i]);
	}
	ux_crypto_worker_free(w);
}

/* A worker may outlive the transforms it has cached, and end without a sweep. */
static void test_free_after_the_transforms(void **state)
{
	struct ux_crypto_worker *w = ux_crypto_worker_new();
	struct ux_transform *t = new_gcm(1);

	assert_true(round_trip(w, w, t, 1));
	ux_transform_put(t);
	ux_crypto_worker_free(w);
	assert_null(ux_crypto_worker_free(NULL));
}

struct thread_arg {
	struct ux_transform *shared[2]; /* a reference each */
	bool ok;
};

static void *use_shared(void *arg)
{
	struct thread_arg *a = arg;
	struct ux_crypto_worker *w = ux_crypto_worker_new();

	a->ok = w != NULL;
	for (uint64_t i = 0; a->ok && i < 2000; i++) {
		a->ok = round_trip(w, w, a->shared[i % 2], i);
		if (i % 64 == 0)
			ux_crypto_worker_sweep(w);
	}
	for (int i = 0; i < 2; i++)
		a->shared[i] = ux_transform_put(a->shared[i]);
	ux_crypto_worker_sweep(w);
	ux_crypto_worker_free(w);
	return NULL;
}

/* Two workers on the same transforms while a third thread makes and drops others. */
static void test_threads_share_transforms(void **state)
{
	struct ux_transform *t[2] = {new_gcm(1), new_cbc(1)};
	struct thread_arg arg[2];
	pthread_t thread[2];

	for (int i = 0; i < 2; i++) {
		arg[i] =
		    (struct thread_arg){{ux_transform_get(t[0]), ux_transform_get(t[1])}, false};
		assert_int_equal(pthread_create(&thread[i], NULL, use_shared, &arg[i]), 0);
	}
	for (int i = 0; i < 2; i++)
		t[i] = ux_transform_put(t[i]);
	for (uint32_t i = 0; i < 1000; i++)
		ux_transform_put(new_gcm(i));
	for (int i = 0; i < 2; i++) {
		pthread_join(thread[i], NULL);
		assert_true(arg[i].ok);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_more_transforms_than_slots),
	    cmocka_unit_test(test_mixed_burst),
	    cmocka_unit_test(test_ragged_payload_is_refused),
	    cmocka_unit_test(test_sweep_keeps_the_living),
	    cmocka_unit_test(test_sweep_wipes),
	    cmocka_unit_test(test_sweep_wipes_bursts),
	    cmocka_unit_test(test_sweep_after_many),
	    cmocka_unit_test(test_small_store),
	    cmocka_unit_test(test_free_after_the_transforms),
	    cmocka_unit_test(test_threads_share_transforms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
