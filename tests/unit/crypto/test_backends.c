/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two libraries, the same packets: bursts of any length, of transforms, lengths and sequence
 * numbers at random. What one encrypts has the bytes of what the other does; each decrypts the
 * other's; a packet that was changed is refused by both, and only that one.
 *
 * usage: test_backends [ROUNDS]
 */
#include "crypto/transform.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "crypto/backend.h"
#include "crypto/settings.h"

#define BURST_MAX 100 /* more than a backend takes at once */
#define PAYLOAD_MAX 2048
#define PACKET_MAX (8 + UX_IV_MAX + PAYLOAD_MAX + UX_ICV_MAX)
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static unsigned long rounds = 300;

/* Bits; of keys with the salt. Lengths end with 0. */
struct kind {
	const char *aead, *cipher, *auth;
	uint16_t key[4], icv[4];
	uint16_t auth_key; /* at most */
};

static const struct kind kinds[] = {
    {"rfc4106(gcm(aes))", NULL, NULL, {160, 224, 288}, {64, 96, 128}, 0},
    {"rfc4543(gcm(aes))", NULL, NULL, {160, 224, 288}, {128}, 0},
    {"rfc4309(ccm(aes))", NULL, NULL, {152, 216, 280}, {64, 96, 128}, 0},
    {"rfc7539esp(chacha20,poly1305)", NULL, NULL, {288}, {128}, 0},
    {NULL, "cbc(aes)", "hmac(sha1)", {128, 192, 256}, {32, 96, 160}, 1100},
    {NULL, "cbc(aes)", "hmac(sha256)", {128, 192, 256}, {96, 128, 256}, 1100},
    {NULL, "cbc(aes)", "hmac(sha384)", {128, 192, 256}, {192, 384}, 1100},
    {NULL, "cbc(aes)", "hmac(sha512)", {128, 192, 256}, {256, 512}, 1100},
    {NULL, "cbc(aes)", "hmac(md5)", {128, 192, 256}, {96, 128}, 1100},
    {NULL, "cbc(aes)", "xcbc(aes)", {128, 256}, {96}, 0},
    {NULL, "cbc(aes)", NULL, {128, 192, 256}, {0}, 0},
    {NULL, "cbc(camellia)", "hmac(sha256)", {128, 256}, {128}, 300},
    {NULL, "cbc(des3_ede)", "hmac(sha1)", {192}, {96}, 300},
    {NULL, "rfc3686(ctr(aes))", "hmac(sha1)", {160, 224, 288}, {96}, 300},
    {NULL, "rfc3686(ctr(aes))", "hmac(sha512)", {160, 224, 288}, {256}, 300},
    {NULL, "rfc3686(ctr(aes))", NULL, {160, 224, 288}, {0}, 0},
    {NULL, "ecb(cipher_null)", "hmac(sha1)", {0}, {96}, 300},
    {NULL, "ecb(cipher_null)", "hmac(sha256)", {0}, {128}, 300},
    {NULL, "ecb(cipher_null)", "cmac(aes)", {0}, {96}, 0},
};

static uint32_t below(uint32_t n)
{
	return (uint32_t)random() % n;
}

static void fill(uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		p[i] = (uint8_t)random();
}

static uint16_t any_of(const uint16_t v[4])
{
	uint32_t n = 1;

	while (n < 4 && v[n])
		n++;
	return v[below(n)];
}

/* The same transform for each library. */
struct twins {
	struct ux_transform *mb, *openssl;
};

static struct ux_transform *make(const struct ux_transform_params *p, enum ux_crypto_choice choice)
{
	struct ux_transform *t = NULL;

	assert_int_equal(ux_crypto_choose(choice), 0);
	assert_int_equal(ux_transform_new(p, &t, NULL), 0);
	assert_int_equal(ux_crypto_choose(UX_CRYPTO_AUTO), 0);
	return t;
}

static struct twins make_twins(const struct kind *k)
{
	static uint8_t key[64], auth_key[256];
	struct ux_algo_request c = {.key = key, .key_bits = any_of(k->key)};
	struct ux_algo_request h = {.key = auth_key, .icv_bits = any_of(k->icv)};
	struct ux_transform_params p = {.esn = below(2)};

	fill(key, sizeof(key));
	fill(auth_key, sizeof(auth_key));
	if (k->aead) {
		c.icv_bits = h.icv_bits;
		strcpy(c.name, k->aead);
		p.aead = &c;
	} else {
		strcpy(c.name, k->cipher);
		p.cipher = &c;
	}
	if (k->auth) {
		strcpy(h.name, k->auth);
		h.key_bits = k->auth_key ? below(k->auth_key / 8) * 8 : 128;
		p.auth = &h;
	}
	return (struct twins){make(&p, UX_CRYPTO_AUTO), make(&p, UX_CRYPTO_OPENSSL)};
}

/* A burst, twice. */
struct burst {
	struct ux_crypt_op mb[BURST_MAX], openssl[BURST_MAX];
	uint8_t mb_packet[BURST_MAX][PACKET_MAX], openssl_packet[BURST_MAX][PACKET_MAX];
	uint8_t plain[BURST_MAX][PACKET_MAX];
	uint32_t n;
};

static void set_up_packet(struct burst *b, uint32_t i, const struct twins *t)
{
	uint8_t align = t->mb->align;
	uint32_t len = below(3) ? below(PAYLOAD_MAX / align + 1) * align : below(8) * align;
	uint32_t icv_at = 8u + t->mb->iv_len + len;

	fill(b->plain[i], PACKET_MAX);
	memcpy(b->mb_packet[i], b->plain[i], PACKET_MAX);
	memcpy(b->openssl_packet[i], b->plain[i], PACKET_MAX);
	b->mb[i] = (struct ux_crypt_op){
	    .transform = t->mb,
	    .esp = b->mb_packet[i],
	    .payload_len = len,
	    .icv = b->mb_packet[i] + icv_at,
	    .iv_counter = (uint64_t)random() << 31 | (uint64_t)random(),
	    .seq_hi = (uint32_t)random(),
	};
	b->openssl[i] = b->mb[i];
	b->openssl[i].transform = t->openssl;
	b->openssl[i].esp = b->openssl_packet[i];
	b->openssl[i].icv = b->openssl_packet[i] + icv_at;
}

static void expect_same_packets(const struct burst *b)
{
	for (uint32_t i = 0; i < b->n; i++)
		if (memcmp(b->mb_packet[i], b->openssl_packet[i], PACKET_MAX) != 0)
			fail_msg("packet %u of %u: other bytes; cipher %u, mac %u, %u bytes", i,
				 b->n, b->mb[i].transform->cipher, b->mb[i].transform->mac,
				 b->mb[i].payload_len);
}

static void expect_ok(const struct burst *b, uint32_t but)
{
	for (uint32_t i = 0; i < b->n; i++)
		if (b->mb[i].ok != (i != but) || b->openssl[i].ok != (i != but))
			fail_msg("packet %u of %u: %d and %d; cipher %u, mac %u, %u bytes", i, b->n,
				 b->mb[i].ok, b->openssl[i].ok, b->mb[i].transform->cipher,
				 b->mb[i].transform->mac, b->mb[i].payload_len);
}

static void expect_plain(const struct burst *b, uint32_t but)
{
	for (uint32_t i = 0; i < b->n; i++) {
		size_t at = 8u + b->mb[i].transform->iv_len;

		if (i != but)
			assert_memory_equal(b->mb_packet[i] + at, b->plain[i] + at,
					    b->mb[i].payload_len);
	}
}

/* A bit of a packet that is protected; BURST_MAX when no packet is. */
static uint32_t tamper(struct burst *b)
{
	uint32_t i = below(b->n);
	const struct ux_crypt_op *op = &b->mb[i];
	uint32_t byte;

	if (op->transform->icv_len == 0)
		return BURST_MAX;
	byte = below(8u + op->transform->iv_len + op->payload_len + op->transform->icv_len);
	b->mb_packet[i][byte] ^= 4;
	b->openssl_packet[i][byte] ^= 4;
	return i;
}

static void one_burst(struct burst *b, struct ux_crypto_worker *w, const struct twins *twins,
		      uint32_t n_twins)
{
	uint32_t bad;

	b->n = 1 + below(below(2) ? 8 : BURST_MAX);
	for (uint32_t i = 0; i < b->n; i++)
		set_up_packet(b, i, &twins[below(n_twins)]);
	ux_crypt_encrypt(w, b->mb, b->n);
	ux_crypt_encrypt(w, b->openssl, b->n);
	expect_ok(b, BURST_MAX);
	expect_same_packets(b);
	/* the packets are the same now, so each decrypts what the other made */
	bad = tamper(b);
	ux_crypt_decrypt(w, b->mb, b->n);
	ux_crypt_decrypt(w, b->openssl, b->n);
	expect_ok(b, bad);
	expect_plain(b, bad);
}

static void test_same_packets(void **state)
{
	static struct burst b;
	struct ux_crypto_worker *w = ux_crypto_worker_new();
	uint32_t seen[KINDS] = {0};

	assert_non_null(w);
	for (unsigned long round = 0; round < rounds; round++) {
		/* mostly one kind or few; now and then all mixed */
		uint32_t n = round % 3 == 0 ? 1 : round % 3 == 1 ? 3 : 12;
		struct twins t[12];

		srandom((unsigned int)round);
		for (uint32_t i = 0; i < n; i++) {
			uint32_t kind = (uint32_t)(round + i * below(KINDS)) % KINDS;

			seen[kind]++;
			t[i] = make_twins(&kinds[kind]);
		}
		for (int i = 0; i < 3; i++)
			one_burst(&b, w, t, n);
		for (uint32_t i = 0; i < n; i++) {
			ux_transform_put(t[i].mb);
			ux_transform_put(t[i].openssl);
		}
		ux_crypto_worker_sweep(w);
	}
	for (size_t i = 0; i < KINDS; i++)
		assert_true(seen[i] > 0);
	ux_crypto_worker_free(w);
}

/* What the other library is there for is what it does. */
static void test_who_does_what(void **state)
{
	srandom(1);
	for (size_t i = 0; i < KINDS; i++) {
		struct twins t = make_twins(&kinds[i]);
		bool gcm = kinds[i].aead && strcmp(kinds[i].aead, "rfc4106(gcm(aes))") == 0;

		assert_ptr_equal(t.openssl->backend, &ux_openssl_backend);
		if (gcm)
			assert_ptr_equal(t.mb->backend, &ux_ipsec_mb_backend);
		ux_transform_put(t.mb);
		ux_transform_put(t.openssl);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_same_packets),
	    cmocka_unit_test(test_who_does_what),
	};

	if (argc > 1)
		rounds = strtoul(argv[1], NULL, 10);
	if (!ux_ipsec_mb_backend.available())
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
