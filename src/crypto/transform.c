/* SPDX-License-Identifier: BSD-2-Clause */
#include "crypto/transform.h"

#include <errno.h>
#include <string.h>

#include "crypto/algo.h"
#include "crypto/backend.h"
#include "crypto/key_memory.h"
#include "crypto/retired.h"

#define ESP_ALIGN 4   /* RFC 4303 section 2.4 */
#define ESN_ICV_MIN 4 /* bytes; Linux refuses shorter ones with extended sequence numbers */

static _Atomic(uint64_t) last_id;

/* What the names stand for. NULL where the request names none. */
struct choice {
	const struct ux_algo *aead, *auth, *cipher;
	uint32_t auth_icv_bits;
};

static uint32_t key_len(const struct ux_algo_request *r)
{
	return r ? r->key_bits / 8 + (r->key_bits % 8 != 0) : 0;
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

static void set_cipher(struct ux_transform *t, enum ux_cipher_kind kind)
{
	const struct ux_cipher *c = ux_cipher_of(kind);

	t->cipher = (uint8_t)kind;
	t->salt_len = c->salt_len;
	t->iv_len = c->iv_len;
	t->align = c->block > ESP_ALIGN ? c->block : ESP_ALIGN;
}

static int set_up_aead(struct ux_transform *t, const struct ux_transform_params *p,
		       const struct choice *c, struct ux_ext_ack *ext)
{
	if (!ux_cipher_evp(c->aead->cipher, key_len(p->aead)))
		return ux_fail(ext, EINVAL,
			       "Kernel was unable to initialize cryptographic operations");
	set_cipher(t, c->aead->cipher);
	t->mac = UX_MAC_NULL;
	t->icv_len = (uint8_t)(p->aead->icv_bits / 8);
	return 0;
}

static int set_up_authenc(struct ux_transform *t, const struct ux_transform_params *p,
			  const struct choice *c, struct ux_ext_ack *ext)
{
	enum ux_cipher_kind cipher = c->cipher->cipher;
	enum ux_mac_kind mac = c->auth ? c->auth->mac : UX_MAC_NULL;
	uint32_t icv_len = c->auth_icv_bits / 8, len = key_len(p->cipher);

	if (mac != UX_MAC_NULL && (icv_len == 0 || (p->esn && icv_len < ESN_ICV_MIN)))
		return ux_fail(ext, EINVAL,
			       "Kernel was unable to initialize cryptographic operations");
	/* Linux has no text for these. */
	if (cipher == UX_CIPHER_NULL ? len != 0 : !ux_cipher_evp(cipher, len))
		return -EINVAL;
	if (!ux_mac_takes_key(mac, key_len(p->auth)))
		return -EINVAL;
	set_cipher(t, cipher);
	t->mac = (uint8_t)mac;
	t->icv_len = (uint8_t)icv_len;
	return 0;
}

static int set_up_integrity(struct ux_transform *t, const struct ux_transform_params *p,
			    const struct choice *c, struct ux_ext_ack *ext)
{
	if (!ux_mac_takes_key(c->auth->mac, key_len(p->auth)))
		return ux_fail(ext, EINVAL,
			       "Kernel was unable to initialize cryptographic operations");
	t->integrity_only = true;
	t->cipher = UX_CIPHER_NULL;
	t->mac = (uint8_t)c->auth->mac;
	t->icv_len = (uint8_t)(c->auth_icv_bits / 8);
	t->icv_full_len = (uint8_t)(c->auth->icv_full_bits / 8);
	t->align = ESP_ALIGN;
	return 0;
}

static size_t size_with_keys(const struct ux_transform *t)
{
	return offsetof(struct ux_transform, keys) + t->cipher_len + t->auth_len;
}

/* @made is all of it but the keys. */
static struct ux_transform *with_keys(const struct ux_transform *made,
				      const struct ux_algo_request *cipher,
				      const struct ux_algo_request *auth)
{
	struct ux_transform *t = ux_key_alloc(size_with_keys(made));

	if (!t)
		return NULL;
	memcpy(t, made, offsetof(struct ux_transform, keys));
	if (made->cipher_len > 0)
		memcpy(t->keys, cipher->key, made->cipher_len);
	if (made->auth_len > 0)
		memcpy(t->keys + made->cipher_len, auth->key, made->auth_len);
	return t;
}

/* What is common to all kinds, when the algorithms have been found fit. */
static int finish(struct ux_transform *made, const struct ux_algo_request *cipher,
		  const struct ux_algo_request *auth, struct ux_transform **ret_transform)
{
	struct ux_transform *t;

	if (key_len(cipher) > UINT16_MAX || key_len(auth) > UINT16_MAX)
		return -EINVAL;
	made->cipher_len = (uint16_t)key_len(cipher);
	made->auth_len = (uint16_t)key_len(auth);
	if (!made->backend)
		made->backend = ux_crypto_backend_for(made);
	else
		made->method = made->backend->method(made);
	if (!made->backend || !made->method)
		return -ENOSYS;
	t = with_keys(made, cipher, auth);
	if (!t)
		return -ENOMEM;
	t->id = atomic_fetch_add_explicit(&last_id, 1, memory_order_relaxed) + 1;
	atomic_init(&t->refs, 1);
	*ret_transform = t;
	return 0;
}

int ux_transform_new(const struct ux_transform_params *params, struct ux_transform **ret_transform,
		     struct ux_ext_ack *ext)
{
	return ux_transform_new_by(params, NULL, ret_transform, ext);
}

int ux_transform_new_by(const struct ux_transform_params *params,
			const struct ux_crypto_backend *backend,
			struct ux_transform **ret_transform, struct ux_ext_ack *ext)
{
	struct ux_transform made = {.esn = params->esn, .backend = backend};
	struct choice c = {0};
	int err = find_algos(params, &c, ext);

	if (err < 0)
		return err;
	if (params->integrity_only)
		err = set_up_integrity(&made, params, &c, ext);
	else if (c.aead)
		err = set_up_aead(&made, params, &c, ext);
	else if (c.cipher)
		err = set_up_authenc(&made, params, &c, ext);
	else
		err = ux_fail(ext, EINVAL, "ESP: AEAD or CRYPT must be provided");
	if (err < 0)
		return err;

	return c.aead ? finish(&made, params->aead, NULL, ret_transform)
		      : finish(&made, params->cipher, params->auth, ret_transform);
}

struct ux_transform *ux_transform_get(struct ux_transform *t)
{
	atomic_fetch_add_explicit(&t->refs, 1, memory_order_relaxed);
	return t;
}

const uint8_t *ux_transform_cipher_key(const struct ux_transform *t)
{
	return t->keys;
}

const uint8_t *ux_transform_auth_key(const struct ux_transform *t)
{
	return t->keys + t->cipher_len;
}

struct ux_transform *ux_transform_put(struct ux_transform *t)
{
	if (!t || atomic_fetch_sub_explicit(&t->refs, 1, memory_order_acq_rel) != 1)
		return NULL;
	ux_retired_add(t->id);
	ux_key_free(t, size_with_keys(t));
	return NULL;
}
