/* SPDX-License-Identifier: BSD-2-Clause */
/* The intel-ipsec-mb backend: which CPUs, which transforms, and a worker's store of expanded keys.
 */
#include "crypto/ipsec_mb.h"

#include <pthread.h>
#include <string.h>

#include "crypto/key_memory.h"
#include "crypto/settings.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static IMB_MGR *manager; /* const after set_up; for the life of the process */

static void set_up(void)
{
	const uint64_t needed = IMB_FEATURE_AESNI | IMB_FEATURE_PCLMULQDQ | IMB_FEATURE_SSE4_2;
	IMB_MGR *m = alloc_mb_mgr(0);

	if (!m)
		return;
	if ((m->features & needed) == needed) {
		IMB_ARCH arch;

		init_mb_mgr_auto(m, &arch);
		if (arch != IMB_ARCH_NONE && imb_get_errno(m) == 0)
			manager = m;
	}
	if (!manager)
		free_mb_mgr(m);
}

const IMB_MGR *ux_mb_manager(void)
{
	(void)pthread_once(&once, set_up);
	return manager;
}

static bool available(void)
{
	return ux_mb_manager() != NULL;
}

static uint8_t gcm_method(uint32_t key_len)
{
	switch (key_len) {
	case 16:
		return UX_MB_GCM_128;
	case 24:
		return UX_MB_GCM_192;
	case 32:
		return UX_MB_GCM_256;
	default:
		return UX_MB_NONE;
	}
}

static uint8_t method(const struct ux_transform *t)
{
	if (t->cipher == UX_CIPHER_AES_GCM)
		return gcm_method(t->keys->cipher_len - t->salt_len);
	return UX_MB_NONE;
}

static void *worker_new(void)
{
	const IMB_MGR *m = ux_mb_manager();
	struct ux_mb_worker *w = ux_key_alloc(sizeof(*w));

	if (!w)
		return NULL;
	if (!ux_key_cache_init(&w->cache, ux_crypto_cache_keys())) {
		ux_key_free(w, sizeof(*w));
		return NULL;
	}
	w->keys = ux_key_alloc(ux_key_cache_places(&w->cache) * sizeof(*w->keys));
	if (!w->keys) {
		ux_key_cache_fini(&w->cache);
		ux_key_free(w, sizeof(*w));
		return NULL;
	}
	w->gcm[1][0] = m->gcm128_enc;
	w->gcm[1][1] = m->gcm192_enc;
	w->gcm[1][2] = m->gcm256_enc;
	w->gcm[0][0] = m->gcm128_dec;
	w->gcm[0][1] = m->gcm192_dec;
	w->gcm[0][2] = m->gcm256_dec;
	return w;
}

static void worker_free(void *state)
{
	struct ux_mb_worker *w = state;

	ux_key_free(w->keys, ux_key_cache_places(&w->cache) * sizeof(*w->keys));
	ux_key_cache_fini(&w->cache);
	ux_key_free(w, sizeof(*w));
}

static const struct ux_mb_key *expand(struct ux_mb_worker *w, const struct ux_transform *t)
{
	bool former;
	uint32_t place = ux_key_cache_take(&w->cache, t->id, &former);

	if (place == UX_KEY_NOWHERE)
		return NULL;
	w->misses++;
	ux_mb_gcm_expand(&w->keys[place], t);
	return &w->keys[place];
}

const struct ux_mb_key *ux_mb_key_of(struct ux_mb_worker *w, const struct ux_transform *t)
{
	uint32_t place = ux_key_cache_find(&w->cache, t->id);

	if (place == UX_KEY_NOWHERE)
		return expand(w, t);
	w->hits++;
	return &w->keys[place];
}

static void prefetch_keys(const struct ux_mb_worker *w, const struct ux_crypt_op *ops, size_t n)
{
	for (size_t i = 0; i < n && ops[i].transform; i++) {
		ux_key_cache_prefetch(&w->cache, ops[i].transform->id);
		__builtin_prefetch(ops[i].transform->keys);
	}
}

static size_t begin(struct ux_mb_worker *w, const struct ux_crypt_op *ops, size_t n)
{
	if (n > UX_MB_BURST)
		n = UX_MB_BURST;
	ux_key_cache_begin(&w->cache);
	if (ops[0].transform != ops[n - 1].transform)
		prefetch_keys(w, ops, n);
	return n;
}

static size_t encrypt(void *state, struct ux_crypt_op *ops, size_t n)
{
	return ux_mb_gcm_encrypt(state, ops, begin(state, ops, n));
}

static size_t decrypt(void *state, struct ux_crypt_op *ops, size_t n)
{
	return ux_mb_gcm_decrypt(state, ops, begin(state, ops, n));
}

/* The nonces hold salts. */
static void wipe_staged(struct ux_mb_worker *w)
{
	explicit_bzero(w->nonce, sizeof(w->nonce));
	explicit_bzero(w->tag, sizeof(w->tag));
	explicit_bzero(&w->context, sizeof(w->context));
}

static void forget(void *state, uint64_t id)
{
	struct ux_mb_worker *w = state;
	uint32_t place = ux_key_cache_drop(&w->cache, id);

	if (place == UX_KEY_NOWHERE)
		return;
	explicit_bzero(&w->keys[place], sizeof(w->keys[place]));
	wipe_staged(w);
}

static void forget_all(void *state)
{
	struct ux_mb_worker *w = state;

	for (uint32_t i = 0; i < ux_key_cache_places(&w->cache); i++)
		if (ux_key_cache_is_used(&w->cache, i))
			explicit_bzero(&w->keys[i], sizeof(w->keys[i]));
	ux_key_cache_clear(&w->cache);
	wipe_staged(w);
}

static void stats(const void *state, struct ux_key_store_stats *ret)
{
	const struct ux_mb_worker *w = state;

	*ret = (struct ux_key_store_stats){w->hits, w->misses, w->cache.n_used,
					   ux_key_cache_places(&w->cache)};
}

static size_t blocks(const void *state, struct ux_key_block ret[UX_KEY_BLOCKS_MAX])
{
	const struct ux_mb_worker *w = state;

	ret[0] = (struct ux_key_block){w, sizeof(*w)};
	ret[1] = (struct ux_key_block){w->keys, ux_key_cache_places(&w->cache) * sizeof(*w->keys)};
	return 2;
}

const struct ux_crypto_backend ux_ipsec_mb_backend = {
    .name = "ipsec-mb",
    .index = 1,
    .available = available,
    .method = method,
    .worker_new = worker_new,
    .worker_free = worker_free,
    .encrypt = encrypt,
    .decrypt = decrypt,
    .forget = forget,
    .forget_all = forget_all,
    .stats = stats,
    .blocks = blocks,
};
