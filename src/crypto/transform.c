/* SPDX-License-Identifier: BSD-2-Clause */
#include "crypto/transform.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/algo.h"
#include "crypto/backend.h"
#include "crypto/key_memory.h"

#define GCM_SALT_LEN 4 /* RFC 4106 section 8.1: the last four bytes of the key material */
#define GCM_IV_LEN 8
#define AES_BLOCK_LEN 16
#define ESP_ALIGN 4   /* RFC 4303 section 2.4 */
#define ESN_ICV_MIN 4 /* bytes; Linux refuses shorter ones with extended sequence numbers */

static _Atomic(uint64_t) last_id;
static _Atomic(uint64_t) deaths;

/* What the names stand for. NULL where the request names none. */
struct choice {
	const struct ux_algo *aead, *auth, *cipher;
	uint32_t auth_icv_bits;
};

static uint32_t key_len(const struct ux_algo_request *r)
{
	return r ? r->key_bits / 8 + (r->key_bits % 8 != 0) : 0;
}

int ux_aes_of_len(uint32_t len)
{
	switch (len) {
	case 16:
		return UX_AES_128;
	case 24:
		return UX_AES_192;
	case 32:
		return UX_AES_256;
	default:
		return -1;
	}
}

static enum ux_digest digest_of(const struct ux_algo *auth)
{
	switch (auth ? auth->icv_full_bits : 0) {
	case 160:
		return UX_DIGEST_SHA1;
	case 256:
		return UX_DIGEST_SHA256;
	case 384:
		return UX_DIGEST_SHA384;
	case 512:
		return UX_DIGEST_SHA512;
	default:
		return UX_DIGEST_NULL;
	}
}

static int find_auth(const struct ux_algo_request *r, struct choice *c, struct ux_ext_ack *ext)
{
	c->auth = ux_algo_find(UX_ALGO_AUTH, r->name, 0);
	if (!c->auth && (r->trunc_form || r->icv_bits > 0))
		return ux_fail(ext, ENOSYS, "Requested AUTH_TRUNC algorithm not found");
	if (!c->auth)
		return ux_fail(ext, ENOSYS, "Requested AUTH algorithm not found");
	if (r->icv_bits > c->auth->icv_full_bits)
		return ux_fail(ext, EINVAL, "Invalid length requested for truncated ICV");
	c->auth_icv_bits = r->icv_bits > 0 ? r->icv_bits : c->auth->icv_trunc_bits;
	return 0;
}

/* The order in which Linux looks at the attributes. */
static int find_algos(const struct ux_transform_params *p, struct choice *c, struct ux_ext_ack *ext)
{
	if (p->aead) {
		c->aead = ux_algo_find(UX_ALGO_AEAD, p->aead->name, p->aead->icv_bits);
		if (!c->aead)
			return ux_fail(ext, ENOSYS, "Requested AEAD algorithm not found");
	}
	if (p->auth) {
		int err = find_auth(p->auth, c, ext);

		if (err < 0)
			return err;
	}
	if (p->cipher) {
		c->cipher = ux_algo_find(UX_ALGO_CIPHER, p->cipher->name, 0);
		if (!c->cipher)
			return ux_fail(ext, ENOSYS, "Requested CRYPT algorithm not found");
	}
	return 0;
}

int ux_transform_check(const struct ux_transform_params *params, struct ux_ext_ack *ext)
{
	struct choice c = {0};

	return find_algos(params, &c, ext);
}

static int set_up_aead(struct ux_transform *t, const struct ux_transform_params *p,
		       struct ux_ext_ack *ext)
{
	uint32_t len = key_len(p->aead);
	int aes = len < GCM_SALT_LEN ? -1 : ux_aes_of_len(len - GCM_SALT_LEN);

	if (aes < 0)
		return ux_fail(ext, EINVAL,
			       "Kernel was unable to initialize cryptographic operations");
	t->ops = &ux_openssl_aead_ops;
	t->cipher = (uint8_t)aes;
	t->iv_len = GCM_IV_LEN;
	t->icv_len = (uint8_t)(p->aead->icv_bits / 8);
	t->align = ESP_ALIGN;
	return 0;
}

static int set_up_authenc(struct ux_transform *t, const struct ux_transform_params *p,
			  const struct choice *c, struct ux_ext_ack *ext)
{
	uint32_t icv_len = c->auth_icv_bits / 8;
	bool too_short = c->auth && c->auth->icv_full_bits > 0 &&
			 (icv_len == 0 || (p->esn && icv_len < ESN_ICV_MIN));

	if (too_short)
		return ux_fail(ext, EINVAL,
			       "Kernel was unable to initialize cryptographic operations");

	bool null = strcmp(c->cipher->name, "ecb(cipher_null)") == 0;
	uint32_t len = key_len(p->cipher);
	int aes = ux_aes_of_len(len);

	/* Linux has no text for these. */
	if (null ? len != 0 : aes < 0)
		return -EINVAL;
	t->ops = &ux_openssl_cbc_hmac_ops;
	t->cipher = (uint8_t)(null ? UX_AES_N : aes);
	t->digest = (uint8_t)digest_of(c->auth);
	t->iv_len = null ? 0 : AES_BLOCK_LEN;
	t->icv_len = (uint8_t)icv_len;
	t->align = null ? ESP_ALIGN : AES_BLOCK_LEN;
	return 0;
}

static size_t keys_size(uint32_t cipher_len, uint32_t auth_len)
{
	return sizeof(struct ux_transform_keys) + cipher_len + auth_len;
}

static struct ux_transform_keys *copy_keys(const struct ux_algo_request *cipher,
					   const struct ux_algo_request *auth)
{
	uint32_t cipher_len = key_len(cipher), auth_len = key_len(auth);
	struct ux_transform_keys *k = ux_key_alloc(keys_size(cipher_len, auth_len));

	if (!k)
		return NULL;
	k->cipher_len = cipher_len;
	k->auth_len = auth_len;
	if (cipher_len > 0)
		memcpy(k->bytes, cipher->key, cipher_len);
	if (auth_len > 0)
		memcpy(k->bytes + cipher_len, auth->key, auth_len);
	return k;
}

int ux_transform_new(const struct ux_transform_params *params, struct ux_transform **ret_transform,
		     struct ux_ext_ack *ext)
{
	struct ux_transform made = {.esn = params->esn};
	struct choice c = {0};
	int err = find_algos(params, &c, ext);

	if (err < 0)
		return err;
	if (c.aead)
		err = set_up_aead(&made, params, ext);
	else if (c.cipher)
		err = set_up_authenc(&made, params, &c, ext);
	else
		err = ux_fail(ext, EINVAL, "ESP: AEAD or CRYPT must be provided");
	if (err < 0)
		return err;

	struct ux_transform *t = malloc(sizeof(*t));

	made.keys =
	    c.aead ? copy_keys(params->aead, NULL) : copy_keys(params->cipher, params->auth);
	if (!t || !made.keys) {
		if (made.keys)
			ux_key_free(made.keys,
				    keys_size(made.keys->cipher_len, made.keys->auth_len));
		free(t);
		return -ENOMEM;
	}
	*t = made;
	t->id = atomic_fetch_add_explicit(&last_id, 1, memory_order_relaxed) + 1;
	atomic_init(&t->refs, 1);
	atomic_init(&t->shells, 1);
	atomic_init(&t->dead, false);
	*ret_transform = t;
	return 0;
}

struct ux_transform *ux_transform_get(struct ux_transform *t)
{
	atomic_fetch_add_explicit(&t->refs, 1, memory_order_relaxed);
	return t;
}

const uint8_t *ux_transform_cipher_key(const struct ux_transform *t)
{
	return t->keys->bytes;
}

const uint8_t *ux_transform_auth_key(const struct ux_transform *t)
{
	return t->keys->bytes + t->keys->cipher_len;
}

struct ux_transform *ux_transform_put(struct ux_transform *t)
{
	if (!t || atomic_fetch_sub_explicit(&t->refs, 1, memory_order_acq_rel) != 1)
		return NULL;
	ux_key_free(t->keys, keys_size(t->keys->cipher_len, t->keys->auth_len));
	t->keys = NULL;
	/* A worker that sees the new count must also see the mark. */
	atomic_store_explicit(&t->dead, true, memory_order_release);
	atomic_fetch_add_explicit(&deaths, 1, memory_order_release);
	ux_transform_shell_put(t);
	return NULL;
}

uint64_t ux_transform_deaths(void)
{
	return atomic_load_explicit(&deaths, memory_order_acquire);
}

void ux_transform_shell_get(struct ux_transform *t)
{
	atomic_fetch_add_explicit(&t->shells, 1, memory_order_relaxed);
}

void ux_transform_shell_put(struct ux_transform *t)
{
	if (atomic_fetch_sub_explicit(&t->shells, 1, memory_order_acq_rel) == 1)
		free(t);
}
