/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The cache of keyed contexts: sets of eight ways, found by transform and direction. The tags of a
 * set are one cache line. A slot keeps the transform's shell alive, not its keys.
 */
#include "crypto/transform.h"

#include <string.h>

#include "crypto/backend.h"
#include "crypto/key_memory.h"

#define SETS_LOG2 7
#define N_SETS (1u << SETS_LOG2)
#define N_WAYS 8u
#define N_SLOTS (N_SETS * N_WAYS)

struct ux_crypto_worker {
	_Alignas(64) uint64_t tag[N_SLOTS]; /* transform id * 2 + direction; 0: the slot is empty */
	uint64_t last_use[N_SLOTS];	    /* of clock */
	uint64_t clock;			    /* counts look-ups */
	uint64_t deaths_seen;		    /* at the last sweep */
	struct ux_crypto_slot slot[N_SLOTS];
};

struct ux_crypto_worker *ux_crypto_worker_new(void)
{
	struct ux_crypto_worker *w = ux_key_alloc(sizeof(*w));

	if (!w)
		return NULL;
	w->deaths_seen = ux_transform_deaths();
	return w;
}

const EVP_CIPHER *ux_slot_evp(const struct ux_crypto_slot *slot)
{
	const struct ux_transform *t = slot->transform;

	return ux_cipher_evp((enum ux_cipher_kind)t->cipher, t->keys->cipher_len);
}

size_t ux_crypto_worker_size(void)
{
	return sizeof(struct ux_crypto_worker);
}

/* The cipher context stays, empty: libcrypto wipes the key schedule when it is reset. */
static void forget(struct ux_crypto_worker *w, unsigned int i)
{
	struct ux_crypto_slot *s = &w->slot[i];

	w->tag[i] = 0;
	if (s->cipher)
		EVP_CIPHER_CTX_reset(s->cipher);
	ux_mac_forget(&s->mac);
	explicit_bzero(s->salt, sizeof(s->salt));
	ux_transform_shell_put(s->transform);
	s->transform = NULL;
}

struct ux_crypto_worker *ux_crypto_worker_free(struct ux_crypto_worker *w)
{
	if (!w)
		return NULL;
	for (unsigned int i = 0; i < N_SLOTS; i++) {
		if (w->tag[i])
			forget(w, i);
		EVP_CIPHER_CTX_free(w->slot[i].cipher);
		ux_mac_fini(&w->slot[i].mac);
	}
	ux_key_free(w, sizeof(*w));
	return NULL;
}

/* An empty way, else the one not used for longest. */
static unsigned int choose_way(const struct ux_crypto_worker *w, unsigned int first)
{
	unsigned int best = first;

	for (unsigned int i = first; i < first + N_WAYS; i++) {
		if (!w->tag[i])
			return i;
		if (w->last_use[i] < w->last_use[best])
			best = i;
	}
	return best;
}

static struct ux_crypto_slot *fill(struct ux_crypto_worker *w, unsigned int i,
				   const struct ux_transform *t, bool encrypt)
{
	struct ux_crypto_slot *s = &w->slot[i];

	if (w->tag[i])
		forget(w, i);
	if (!s->cipher)
		s->cipher = EVP_CIPHER_CTX_new();
	if (!s->cipher)
		return NULL;
	/* Only the counts of a published transform ever change. */
	s->transform = (struct ux_transform *)(uintptr_t)t;
	ux_transform_shell_get(s->transform);
	w->tag[i] = t->id * 2 + encrypt;
	if (!t->ops->key(s, encrypt)) {
		forget(w, i);
		return NULL;
	}
	return s;
}

static struct ux_crypto_slot *slot_for(struct ux_crypto_worker *w, const struct ux_transform *t,
				       bool encrypt)
{
	uint64_t tag = t->id * 2 + encrypt;
	/* Ids come one after the other; the golden ratio spreads any arithmetic series of them. */
	uint64_t hash = tag * 0x9e3779b97f4a7c15u;
	unsigned int first = (unsigned int)(hash >> (64 - SETS_LOG2)) * N_WAYS;
	unsigned int way = first;

	while (way < first + N_WAYS && w->tag[way] != tag)
		way++;

	struct ux_crypto_slot *s = &w->slot[way];

	if (way == first + N_WAYS) {
		way = choose_way(w, first);
		s = fill(w, way, t, encrypt);
	}
	w->last_use[way] = ++w->clock;
	return s;
}

void ux_crypt_encrypt(struct ux_crypto_worker *w, struct ux_crypt_op *ops, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct ux_transform *t = ops[i].transform;
		struct ux_crypto_slot *s = t ? slot_for(w, t, true) : NULL;

		ops[i].ok = !t || (s && t->ops->encrypt(s, &ops[i]));
	}
}

void ux_crypt_decrypt(struct ux_crypto_worker *w, struct ux_crypt_op *ops, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct ux_transform *t = ops[i].transform;
		struct ux_crypto_slot *s = t ? slot_for(w, t, false) : NULL;

		ops[i].ok = !t || (s && t->ops->decrypt(s, &ops[i]));
	}
}

void ux_crypto_worker_sweep(struct ux_crypto_worker *w)
{
	uint64_t seen = ux_transform_deaths();

	if (seen == w->deaths_seen)
		return;
	w->deaths_seen = seen;
	for (unsigned int i = 0; i < N_SLOTS; i++) {
		if (!w->tag[i])
			continue;
		if (atomic_load_explicit(&w->slot[i].transform->dead, memory_order_acquire))
			forget(w, i);
	}
}
