/* SPDX-License-Identifier: BSD-2-Clause */
/* The intel-ipsec-mb backend: which CPUs, which transforms, and a worker's store of expanded keys.
 */
#include "crypto/ipsec_mb.h"

#include <pthread.h>
#include <string.h>

#include "crypto/key_memory.h"
#include "crypto/settings.h"

#define KEY_LINES 16 /* of struct gcm_key_data */
#define ROUND_KEY_LINES 4
/* packets that are worth jobs: bench/backends --burst N */
#define JOBS_LEAST 8
#define HASHES_LEAST 16 /* without a cipher */
#define RUN_LEAST 16	/* packets of one transform that are worth being done by themselves */

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

static const char *version(void)
{
	return imb_get_version_str();
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
		return gcm_method(t->cipher_len - t->salt_len);
	return ux_mb_job_method(t);
}

/* The part of jobs that keeps state. */
static IMB_MGR *new_jobs(void)
{
	void *memory = ux_key_alloc(imb_get_mb_mgr_size());
	IMB_MGR *m = memory ? imb_set_pointers_mb_mgr(memory, 0, 1) : NULL;

	if (m)
		init_mb_mgr_auto(m, NULL);
	return m;
}

static void worker_free(void *state)
{
	struct ux_mb_worker *w = state;

	if (w->keys)
		ux_key_free(w->keys, ux_key_cache_places(&w->cache) * sizeof(*w->keys));
	ux_key_cache_fini(&w->cache);
	ux_key_free(w->jobs, imb_get_mb_mgr_size());
	ux_key_free(w, sizeof(*w));
}

static void *worker_new(void)
{
	const IMB_MGR *m = ux_mb_manager();
	struct ux_mb_worker *w = ux_key_alloc(sizeof(*w));

	if (!w)
		return NULL;
	w->jobs = new_jobs();
	if (ux_key_cache_init(&w->cache, ux_crypto_cache_keys(), ux_ipsec_mb_backend.index))
		w->keys = ux_key_alloc(ux_key_cache_places(&w->cache) * sizeof(*w->keys));
	if (!w->jobs || !w->keys) {
		worker_free(w);
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

static bool is_gcm(const struct ux_transform *t)
{
	return t->method <= UX_MB_GCM_256;
}

/* Can it be done together with @first? */
static bool is_alike(const struct ux_transform *t, const struct ux_transform *first)
{
	return t && t->backend == &ux_ipsec_mb_backend && is_gcm(t) == is_gcm(first);
}

/* A key that got no place is expanded for packet @i of this burst alone. */
static const struct ux_mb_key *expand(struct ux_mb_worker *w, const struct ux_transform *t,
				      size_t i)
{
	uint32_t place = ux_key_cache_offer(&w->cache, t->id);
	struct ux_mb_key *key = place == UX_KEY_NOWHERE ? &w->passing[i] : &w->keys[place];

	if (place == UX_KEY_NOWHERE && w->n_passing <= i)
		w->n_passing = (uint32_t)i + 1;
	if (is_gcm(t))
		ux_mb_gcm_expand(key, t);
	else
		ux_mb_job_expand(key, t);
	key->method = t->method;
	return key;
}

static const struct ux_mb_key *find(struct ux_mb_worker *w, const struct ux_transform *t)
{
	uint32_t place = ux_key_cache_find(&w->cache, t->id);

	return place == UX_KEY_NOWHERE ? NULL : &w->keys[place];
}

/* What a call will read of a key: the round keys, and of the powers of the hash key, the lowest of
 * which stand last, as many as the packet has blocks. */
static void prefetch_key(const struct ux_mb_key *key, uint32_t payload_len)
{
	const char *line = (const char *)key;
	uint32_t n_powers = (payload_len + 32 + 63) / 64;

	for (uint32_t i = 0; i < ROUND_KEY_LINES; i++)
		__builtin_prefetch(line + i * 64);
	if (n_powers > KEY_LINES - ROUND_KEY_LINES)
		n_powers = KEY_LINES - ROUND_KEY_LINES;
	for (uint32_t i = 0; i < n_powers; i++)
		__builtin_prefetch(line + (KEY_LINES - 1 - i) * 64);
}

static size_t all_of_one(const struct ux_crypt_op *ops, size_t n)
{
	size_t i = 1;

	while (i < n && ops[i].transform == ops[0].transform)
		i++;
	return i;
}

/* Step by step for all packets, so that what one waits for comes while the others are looked at. */
static size_t find_all(struct ux_mb_worker *w, const struct ux_crypt_op *ops, size_t n)
{
	size_t ours;

	for (ours = 0; ours < n && is_alike(ops[ours].transform, ops->transform); ours++)
		ux_key_cache_prefetch(&w->cache, ops[ours].transform->id);
	for (size_t i = 0; i < ours; i++) {
		w->key[i] = find(w, ops[i].transform);
		if (w->key[i])
			prefetch_key(w->key[i], ops[i].payload_len);
	}
	for (size_t i = 0; i < ours; i++) {
		uint32_t place;

		if (w->key[i])
			continue;
		/* a packet before may have brought it */
		place = ux_key_cache_probe(&w->cache, ops[i].transform->id);
		w->key[i] =
		    place == UX_KEY_NOWHERE ? expand(w, ops[i].transform, i) : &w->keys[place];
	}
	return ours;
}

/* The keys of as many packets as are done together. */
static size_t find_keys(struct ux_mb_worker *w, const struct ux_crypt_op *ops, size_t n)
{
	size_t same;

	if (n > UX_MB_BURST)
		n = UX_MB_BURST;
	ux_key_cache_begin(&w->cache);
	same = all_of_one(ops, n);
	w->one = NULL;
	if (same < n && same < RUN_LEAST)
		return find_all(w, ops, n);
	w->one = find(w, ops->transform);
	if (!w->one)
		w->one = expand(w, ops->transform, 0);
	return same;
}

/* Lanes without a packet cost as much as those with one: few packets are libcrypto's. */
static bool are_few(const struct ux_crypt_op *ops, size_t n)
{
	const struct ux_transform *first = ops->transform;
	size_t least = first->cipher == UX_CIPHER_NULL ? HASHES_LEAST : JOBS_LEAST, i = 1;

	if (first->method != UX_MB_AUTHENC)
		return false;
	while (i < n && i < least && is_alike(ops[i].transform, first))
		i++;
	return i < least;
}

static size_t encrypt(void *state, struct ux_crypt_op *ops, size_t n)
{
	if (are_few(ops, n))
		return 0;
	n = find_keys(state, ops, n);
	if (is_gcm(ops->transform))
		ux_mb_gcm_encrypt(state, ops, n);
	else
		ux_mb_jobs_encrypt(state, ops, n);
	return n;
}

static size_t decrypt(void *state, struct ux_crypt_op *ops, size_t n)
{
	if (are_few(ops, n))
		return 0;
	n = find_keys(state, ops, n);
	if (is_gcm(ops->transform))
		ux_mb_gcm_decrypt(state, ops, n);
	else
		ux_mb_jobs_decrypt(state, ops, n);
	return n;
}

static void wipe(struct ux_mb_key *key)
{
	explicit_bzero(key, sizeof(*key));
}

static void forget(void *state, uint64_t id)
{
	struct ux_mb_worker *w = state;
	uint32_t place = ux_key_cache_drop(&w->cache, id);

	if (place != UX_KEY_NOWHERE)
		wipe(&w->keys[place]);
}

static void forget_all(void *state)
{
	struct ux_mb_worker *w = state;

	for (uint32_t i = 0; i < ux_key_cache_places(&w->cache); i++)
		if (ux_key_cache_is_used(&w->cache, i))
			wipe(&w->keys[i]);
	ux_key_cache_clear(&w->cache);
}

/* The nonces hold salts. */
static void forget_bursts(void *state)
{
	struct ux_mb_worker *w = state;

	for (uint32_t i = 0; i < w->n_passing; i++)
		wipe(&w->passing[i]);
	w->n_passing = 0;
	explicit_bzero(w->nonce, sizeof(w->nonce));
	explicit_bzero(w->tag, sizeof(w->tag));
	explicit_bzero(w->received, sizeof(w->received));
	explicit_bzero(&w->context, sizeof(w->context));
}

static size_t blocks(const void *state, struct ux_key_block ret[UX_KEY_BLOCKS_MAX])
{
	const struct ux_mb_worker *w = state;

	ret[0] = (struct ux_key_block){w, sizeof(*w)};
	ret[1] = (struct ux_key_block){w->keys, ux_key_cache_places(&w->cache) * sizeof(*w->keys)};
	ret[2] = (struct ux_key_block){w->jobs, imb_get_mb_mgr_size()};
	return 3;
}

const struct ux_crypto_backend ux_ipsec_mb_backend = {
    .name = "ipsec-mb",
    .version = version,
    .index = 1,
    .available = available,
    .method = method,
    .worker_new = worker_new,
    .worker_free = worker_free,
    .encrypt = encrypt,
    .decrypt = decrypt,
    .forget = forget,
    .forget_all = forget_all,
    .forget_bursts = forget_bursts,
    .blocks = blocks,
};
