/* SPDX-License-Identifier: BSD-2-Clause */
/* The libcrypto backend: packets one by one, by contexts that a worker keeps keyed. */
#include "crypto/openssl.h"

#include <openssl/crypto.h>
#include <string.h>

#include "crypto/key_cache.h"
#include "crypto/key_memory.h"

#define N_SLOTS 1024u

struct worker {
	struct ux_key_cache cache;
	struct ux_openssl_slot slot[N_SLOTS];
};

static const char *version(void)
{
	return OpenSSL_version(OPENSSL_FULL_VERSION_STRING);
}

static bool available(void)
{
	return true;
}

static uint8_t method(const struct ux_transform *t)
{
	return 1;
}

const EVP_CIPHER *ux_openssl_evp(const struct ux_transform *t)
{
	return ux_cipher_evp((enum ux_cipher_kind)t->cipher, t->cipher_len);
}

static const struct ux_openssl_ops *ops_of(const struct ux_transform *t)
{
	if (t->integrity_only)
		return &ux_openssl_integrity_ops;
	switch (t->cipher) {
	case UX_CIPHER_AES_GCM:
	case UX_CIPHER_AES_GMAC:
	case UX_CIPHER_CHACHA20_POLY1305:
		return &ux_openssl_aead_ops;
	case UX_CIPHER_AES_CCM:
		return &ux_openssl_ccm_ops;
	default:
		return &ux_openssl_authenc_ops;
	}
}

/* The cipher context stays, empty: libcrypto wipes the key schedule when it is reset. */
static void wipe(struct ux_openssl_slot *s)
{
	if (s->cipher)
		EVP_CIPHER_CTX_reset(s->cipher);
	ux_mac_forget(&s->mac);
	explicit_bzero(s->salt, sizeof(s->salt));
}

static void *worker_new(void)
{
	struct worker *w = ux_key_alloc(sizeof(*w));

	if (w && !ux_key_cache_init(&w->cache, N_SLOTS, ux_openssl_backend.index)) {
		ux_key_free(w, sizeof(*w));
		return NULL;
	}
	return w;
}

static void worker_free(void *state)
{
	struct worker *w = state;

	for (uint32_t i = 0; i < N_SLOTS; i++) {
		wipe(&w->slot[i]);
		EVP_CIPHER_CTX_free(w->slot[i].cipher);
		ux_mac_fini(&w->slot[i].mac);
	}
	ux_key_cache_fini(&w->cache);
	ux_key_free(w, sizeof(*w));
}

/* The two directions of a transform are keyed apart. */
static uint64_t tag_of(uint64_t id, bool encrypt)
{
	return id * 2 + encrypt;
}

static struct ux_openssl_slot *fill(struct worker *w, const struct ux_transform *t, bool encrypt)
{
	uint64_t tag = tag_of(t->id, encrypt);
	bool former;
	struct ux_openssl_slot *s = &w->slot[ux_key_cache_take(&w->cache, tag, &former)];

	if (former)
		wipe(s);
	if (!s->cipher)
		s->cipher = EVP_CIPHER_CTX_new();
	s->ops = ops_of(t);
	if (s->cipher && s->ops->key(s, t, encrypt))
		return s;
	wipe(s);
	ux_key_cache_drop(&w->cache, tag);
	return NULL;
}

static struct ux_openssl_slot *slot_for(struct worker *w, const struct ux_transform *t,
					bool encrypt)
{
	/* each packet is a burst: its slot is not needed any more when the next one's is found */
	ux_key_cache_begin(&w->cache);

	uint32_t place = ux_key_cache_find(&w->cache, tag_of(t->id, encrypt));

	return place == UX_KEY_NOWHERE ? fill(w, t, encrypt) : &w->slot[place];
}

static size_t crypt_all(struct worker *w, struct ux_crypt_op *ops, size_t n, bool encrypt)
{
	const struct ux_transform *last = NULL;
	struct ux_openssl_slot *s = NULL;
	size_t i;

	for (i = 0; i < n; i++) {
		if (ops[i].transform != last) {
			last = ops[i].transform;
			/* the first is given on by others, too */
			if (i > 0 && (!last || last->backend != &ux_openssl_backend))
				break;
			s = slot_for(w, last, encrypt);
		}
		if (!s)
			ops[i].ok = false;
		else
			ops[i].ok =
			    encrypt ? s->ops->encrypt(s, &ops[i]) : s->ops->decrypt(s, &ops[i]);
	}
	return i;
}

static size_t encrypt_all(void *state, struct ux_crypt_op *ops, size_t n)
{
	return crypt_all(state, ops, n, true);
}

static size_t decrypt_all(void *state, struct ux_crypt_op *ops, size_t n)
{
	return crypt_all(state, ops, n, false);
}

static void forget(void *state, uint64_t id)
{
	struct worker *w = state;

	for (int encrypt = 0; encrypt < 2; encrypt++) {
		uint32_t place = ux_key_cache_drop(&w->cache, tag_of(id, encrypt));

		if (place != UX_KEY_NOWHERE)
			wipe(&w->slot[place]);
	}
}

static void forget_all(void *state)
{
	struct worker *w = state;

	for (uint32_t i = 0; i < N_SLOTS; i++)
		if (ux_key_cache_is_used(&w->cache, i))
			wipe(&w->slot[i]);
	ux_key_cache_clear(&w->cache);
}

/* Keys are in slots alone. */
static void forget_bursts(void *state)
{
}

static size_t blocks(const void *state, struct ux_key_block ret[UX_KEY_BLOCKS_MAX])
{
	ret[0] = (struct ux_key_block){state, sizeof(struct worker)};
	return 1;
}

const struct ux_crypto_backend ux_openssl_backend = {
    .name = "openssl",
    .version = version,
    .index = 0,
    .available = available,
    .method = method,
    .worker_new = worker_new,
    .worker_free = worker_free,
    .encrypt = encrypt_all,
    .decrypt = decrypt_all,
    .forget = forget,
    .forget_all = forget_all,
    .forget_bursts = forget_bursts,
    .blocks = blocks,
};
