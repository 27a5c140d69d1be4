/* SPDX-License-Identifier: BSD-2-Clause */
#include "crypto/self_test.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/backend.h"
#include "crypto/self_test_answers.h"

#define COPIES 20
#define PACKET_MAX 256
#define KEY_MAX 200

/* One packet, some times, at work. */
struct trial {
	const struct ux_known_packet *known;
	const struct ux_crypto_backend *backend;
	struct ux_transform *t;
	void *state;
	uint8_t packet[PACKET_MAX], plain[PACKET_MAX];
	uint32_t packet_len, plain_len;
	uint8_t copy[COPIES][PACKET_MAX];
	struct ux_crypt_op ops[COPIES];
};

size_t ux_self_test_count(void)
{
	return sizeof(known_packets) / sizeof(known_packets[0]);
}

const struct ux_known_packet *ux_self_test_packet(size_t i)
{
	return &known_packets[i];
}

static uint8_t digit(char c)
{
	return (uint8_t)(c <= '9' ? c - '0' : c - 'a' + 10);
}

static uint32_t from_hex(const char *text, uint8_t *ret, size_t most)
{
	uint32_t n = 0;

	for (; text && text[0] && n < most; text += 2)
		ret[n++] = (uint8_t)(digit(text[0]) << 4 | digit(text[1]));
	return n;
}

struct ux_transform *ux_self_test_transform(size_t i, const struct ux_crypto_backend *b)
{
	const struct ux_known_packet *k = &known_packets[i];
	uint8_t key[KEY_MAX], auth_key[KEY_MAX];
	struct ux_algo_request c = {.key = key, .icv_bits = k->icv_bits};
	struct ux_algo_request h = {.key = auth_key, .icv_bits = k->icv_bits};
	struct ux_transform_params p = {
	    .aead = k->aead ? &c : NULL,
	    .cipher = k->cipher ? &c : NULL,
	    .auth = k->auth ? &h : NULL,
	    .esn = k->esn,
	};
	struct ux_transform *t = NULL;

	c.key_bits = from_hex(k->key, key, sizeof(key)) * 8;
	h.key_bits = from_hex(k->auth_key, auth_key, sizeof(auth_key)) * 8;
	strncpy(c.name, k->aead ? k->aead : k->cipher, sizeof(c.name) - 1);
	strncpy(h.name, k->auth ? k->auth : "", sizeof(h.name) - 1);
	return ux_transform_new_by(&p, b, &t, NULL) == 0 ? t : NULL;
}

static void prepare(struct trial *r, const uint8_t *packet)
{
	uint32_t plain_at = 8u + r->t->iv_len;

	for (int i = 0; i < COPIES; i++) {
		memcpy(r->copy[i], packet, PACKET_MAX);
		r->ops[i] = (struct ux_crypt_op){
		    .transform = r->t,
		    .esp = r->copy[i],
		    .payload_len = r->plain_len,
		    .icv = r->copy[i] + plain_at + r->plain_len,
		    .iv_counter = r->known->counter,
		    .seq_hi = r->known->seq_hi,
		};
	}
}

static bool decrypts(struct trial *r)
{
	uint32_t plain_at = 8u + r->t->iv_len;

	prepare(r, r->packet);
	if (r->backend->decrypt(r->state, r->ops, COPIES) != COPIES)
		return false;
	for (int i = 0; i < COPIES; i++)
		if (!r->ops[i].ok || memcmp(r->copy[i] + plain_at, r->plain, r->plain_len) != 0)
			return false;
	return true;
}

static bool encrypts(struct trial *r)
{
	uint8_t packet[PACKET_MAX] = {0};
	uint32_t plain_at = 8u + r->t->iv_len;

	if (!r->known->encrypts)
		return true;
	memcpy(packet, r->packet, 8);
	memcpy(packet + plain_at, r->plain, r->plain_len);
	prepare(r, packet);
	if (r->backend->encrypt(r->state, r->ops, COPIES) != COPIES)
		return false;
	for (int i = 0; i < COPIES; i++)
		if (!r->ops[i].ok || memcmp(r->copy[i], r->packet, r->packet_len) != 0)
			return false;
	return true;
}

/* Each copy has another byte changed; those between must be found genuine still. */
static bool refuses(struct trial *r)
{
	if (r->t->icv_len == 0)
		return true;
	prepare(r, r->packet);
	for (uint32_t i = 0; i < COPIES; i += 2)
		r->copy[i][i * 37 % r->packet_len] ^= 0x10;
	if (r->backend->decrypt(r->state, r->ops, COPIES) != COPIES)
		return false;
	for (uint32_t i = 0; i < COPIES; i++)
		if (r->ops[i].ok != (i % 2 == 1))
			return false;
	return true;
}

static enum ux_self_test test(const struct ux_crypto_backend *b, void *state, size_t i)
{
	struct trial r = {.known = &known_packets[i], .backend = b, .state = state};
	bool passed;

	r.packet_len = from_hex(r.known->packet, r.packet, PACKET_MAX);
	r.plain_len = from_hex(r.known->plain, r.plain, PACKET_MAX);
	r.t = ux_self_test_transform(i, b);
	if (!r.t)
		return UX_SELF_TEST_NOT_DONE;
	passed = decrypts(&r) && encrypts(&r) && refuses(&r);
	b->forget(state, r.t->id);
	ux_transform_put(r.t);
	return passed ? UX_SELF_TEST_PASSED : UX_SELF_TEST_FAILED;
}

enum ux_self_test ux_self_test_algorithm(const struct ux_crypto_backend *b, size_t i)
{
	void *state = b->worker_new();
	enum ux_self_test result;

	if (!state)
		return UX_SELF_TEST_NOT_DONE;
	result = test(b, state, i);
	b->worker_free(state);
	return result;
}

const char *ux_self_test_backend(const struct ux_crypto_backend *b)
{
	void *state = b->worker_new();
	const char *failed = state ? NULL : "memory";

	for (size_t i = 0; state && !failed && i < ux_self_test_count(); i++)
		if (test(b, state, i) == UX_SELF_TEST_FAILED)
			failed = known_packets[i].name;
	if (state)
		b->worker_free(state);
	return failed;
}
