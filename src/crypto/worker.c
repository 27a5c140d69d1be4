/* SPDX-License-Identifier: BSD-2-Clause */
/* One thread's share of each backend; runs of packets go to the backend their transforms are of. */
#include "crypto/transform.h"

#include "crypto/backend.h"
#include "crypto/key_memory.h"
#include "crypto/retired.h"

struct ux_crypto_worker {
	uint64_t retired_seen;		 /* at the last sweep */
	void *state[UX_CRYPTO_BACKENDS]; /* NULL: not available, or not needed so far */
};

struct ux_crypto_worker *ux_crypto_worker_new(void)
{
	struct ux_crypto_worker *w = ux_key_alloc(sizeof(*w));

	if (!w)
		return NULL;
	w->retired_seen = ux_retired_count();
	for (unsigned int i = 0; i < UX_CRYPTO_BACKENDS; i++) {
		if (!ux_crypto_backend_wanted(i))
			continue;
		w->state[i] = ux_crypto_backend_at(i)->worker_new();
		if (!w->state[i])
			return ux_crypto_worker_free(w);
	}
	return w;
}

struct ux_crypto_worker *ux_crypto_worker_free(struct ux_crypto_worker *w)
{
	if (!w)
		return NULL;
	for (unsigned int i = 0; i < UX_CRYPTO_BACKENDS; i++)
		if (w->state[i])
			ux_crypto_backend_at(i)->worker_free(w->state[i]);
	ux_key_free(w, sizeof(*w));
	return NULL;
}

static size_t crypt_by(struct ux_crypto_worker *w, const struct ux_crypto_backend *b,
		       struct ux_crypt_op *ops, size_t n, bool encrypt)
{
	/* only when the choice of backends changed since the worker was made */
	if (!w->state[b->index])
		w->state[b->index] = b->worker_new();
	if (!w->state[b->index]) {
		ops->ok = false;
		return 1;
	}
	return encrypt ? b->encrypt(w->state[b->index], ops, n)
		       : b->decrypt(w->state[b->index], ops, n);
}

static size_t crypt_some(struct ux_crypto_worker *w, struct ux_crypt_op *ops, size_t n,
			 bool encrypt)
{
	size_t done = crypt_by(w, ops->transform->backend, ops, n, encrypt);

	return done ? done : crypt_by(w, &ux_openssl_backend, ops, 1, encrypt);
}

static inline void crypt_all(struct ux_crypto_worker *w, struct ux_crypt_op *ops, size_t n,
			     bool encrypt)
{
	for (size_t i = 0; i < n;) {
		if (ops[i].transform)
			i += crypt_some(w, ops + i, n - i, encrypt);
		else
			ops[i++].ok = true;
	}
}

void ux_crypt_encrypt(struct ux_crypto_worker *w, struct ux_crypt_op *ops, size_t n)
{
	crypt_all(w, ops, n, true);
}

void ux_crypt_decrypt(struct ux_crypto_worker *w, struct ux_crypt_op *ops, size_t n)
{
	crypt_all(w, ops, n, false);
}

static void forget(void *opaque, uint64_t id)
{
	struct ux_crypto_worker *w = opaque;

	for (unsigned int i = 0; i < UX_CRYPTO_BACKENDS; i++)
		if (w->state[i])
			ux_crypto_backend_at(i)->forget(w->state[i], id);
}

void ux_crypto_worker_sweep(struct ux_crypto_worker *w)
{
	uint64_t now = ux_retired_count(), seen = w->retired_seen;

	if (now == seen)
		return;
	w->retired_seen = now;

	bool complete = ux_retired_each(seen, now, forget, w);

	for (unsigned int i = 0; i < UX_CRYPTO_BACKENDS; i++) {
		if (!w->state[i])
			continue;
		if (!complete) /* keys of the living come back when they are needed */
			ux_crypto_backend_at(i)->forget_all(w->state[i]);
		ux_crypto_backend_at(i)->forget_bursts(w->state[i]);
	}
}

size_t ux_crypto_worker_blocks(const struct ux_crypto_worker *w,
			       struct ux_key_block ret[UX_CRYPTO_BACKENDS * UX_KEY_BLOCKS_MAX])
{
	size_t n = 0;

	for (unsigned int i = 0; i < UX_CRYPTO_BACKENDS; i++)
		if (w->state[i])
			n += ux_crypto_backend_at(i)->blocks(w->state[i], ret + n);
	return n;
}
