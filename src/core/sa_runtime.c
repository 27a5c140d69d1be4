/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/sa_runtime.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>

#include "core/instance.h"
#include "core/lifetime.h"
#include "core/sa_events.h"
#include "core/sad_index.h"
#include "crypto/algo.h"
#include "crypto/key_memory.h"

#define REPLAY_LEGACY_MAX 32

static struct ux_transform_params transform_params(const struct ux_sa_params *p)
{
	return (struct ux_transform_params){
	    .aead = p->aead, .cipher = p->crypt, .auth = p->auth, .esn = p->flags & UX_SA_ESN};
}

int ux_sa_check_algorithms(const struct ux_sa_params *p, struct ux_ext_ack *ext)
{
	struct ux_transform_params tp = transform_params(p);
	int err = ux_transform_check(&tp, ext);

	if (err == 0 && p->comp && !ux_algo_find(UX_ALGO_COMP, p->comp->name, 0))
		return ux_fail(ext, ENOSYS, "Requested COMP algorithm not found");
	return err;
}

static uint32_t key_bytes(uint32_t bits)
{
	return (bits + 7) / 8;
}

/*
 * Keep one algorithm as GETSA shows it: canonical name, truncation filled in. @shared: its key,
 * when the transform has it already.
 */
static int keep_key(struct ux_algo_key *to, enum ux_algo_class class,
		    const struct ux_algo_request *from, const uint8_t *shared)
{
	const struct ux_algo *algo = ux_algo_find(class, from->name, from->icv_bits);
	uint32_t len = key_bytes(from->key_bits);

	if (!algo)
		return -ENOSYS;
	to->name = algo->name;
	to->icv_bits = (uint16_t)from->icv_bits;
	if (class == UX_ALGO_AUTH && !to->icv_bits)
		to->icv_bits = algo->icv_trunc_bits;
	to->key_bits = from->key_bits;
	to->key = shared;
	if (len && !shared) {
		uint8_t *copy = ux_key_alloc(len);

		if (!copy)
			return -ENOMEM;
		memcpy(copy, from->key, len);
		to->key = copy;
		to->own_key = true;
	}
	return 0;
}

/*
 * Small parts of an SA come from the instance: there they lie with their like in huge pages, and
 * the next one has been fetched when it is asked for. Larger ones come from the heap.
 */
static struct ux_slab *slab_for(struct uxfrm *u, size_t size)
{
	if (size > UX_SA_PART_MAX)
		return NULL;
	return &u->part_slabs[size > UX_SA_PART_MAX / 2];
}

static void *part_new(struct ux_slab *slab, size_t size)
{
	return slab ? ux_slab_get(slab) : malloc(size);
}

static void part_free(struct ux_slab *slab, void *part)
{
	if (slab)
		ux_slab_put(slab, part);
	else
		free(part);
}

static uint32_t n_keys(uint8_t present)
{
	return (uint32_t)__builtin_popcount(present);
}

const struct ux_algo_key *ux_sa_key(const struct ux_sa_keys *keys, uint8_t kind)
{
	if (!keys || !(keys->present & kind))
		return NULL;
	return &keys->algo[n_keys(keys->present & (kind - 1))];
}

static size_t keys_size(uint8_t present)
{
	return sizeof(struct ux_sa_keys) + n_keys(present) * sizeof(struct ux_algo_key);
}

static void keys_free(struct uxfrm *u, struct ux_sa_keys *keys)
{
	if (!keys)
		return;
	for (uint32_t i = 0; i < n_keys(keys->present); i++)
		if (keys->algo[i].own_key)
			ux_key_free((void *)(uintptr_t)keys->algo[i].key,
				    key_bytes(keys->algo[i].key_bits));
	part_free(slab_for(u, keys_size(keys->present)), keys);
}

/* The key of a transform, if that is what was given: it may have none for an algorithm that its
 * protocol does not use. */
static const uint8_t *shared_key(const struct ux_algo_request *given, const uint8_t *key,
				 uint32_t len)
{
	return given && key_bytes(given->key_bits) == len ? key : NULL;
}

/* @t: made of the AEAD, or if there is none of the two others that encrypt and authenticate. */
static int keys_new(struct uxfrm *u, const struct ux_sa_params *p, const struct ux_transform *t,
		    struct ux_sa_keys **ret_keys)
{
	const struct ux_algo_request *const from[UX_KEY_KINDS] = {p->auth, p->crypt, p->aead,
								  p->comp};
	static const enum ux_algo_class class[UX_KEY_KINDS] = {UX_ALGO_AUTH, UX_ALGO_CIPHER,
							       UX_ALGO_AEAD, UX_ALGO_COMP};
	const uint8_t *cipher_key = ux_transform_cipher_key(t),
		      *auth_key = ux_transform_auth_key(t);
	const uint8_t *const shared[UX_KEY_KINDS] = {
	    p->aead ? NULL : shared_key(p->auth, auth_key, t->auth_len),
	    p->aead ? NULL : shared_key(p->crypt, cipher_key, t->cipher_len),
	    shared_key(p->aead, cipher_key, t->cipher_len), NULL};
	struct ux_sa_keys *keys;
	uint8_t present = 0;
	uint32_t n = 0;
	int err = 0;

	for (int i = 0; i < UX_KEY_KINDS; i++)
		present |= (uint8_t)(from[i] ? 1 << i : 0);
	keys = part_new(slab_for(u, keys_size(present)), keys_size(present));
	if (!keys)
		return -ENOMEM;
	memset(keys, 0, keys_size(present));
	*ret_keys = keys; /* the caller frees it with the runtime, on failure too */
	keys->present = present;
	for (int i = 0; i < UX_KEY_KINDS && err == 0; i++)
		if (from[i])
			err = keep_key(&keys->algo[n++], class[i], from[i], shared[i]);
	return err;
}

/*
 * The IV source belongs to the bytes of the cipher key. A salt is left out: then the guarantee also
 * covers one key under two salts, and costs nothing.
 */
static struct ux_iv_fingerprint iv_fingerprint(const struct uxfrm *u, const struct ux_sa_params *p,
					       const struct ux_transform *t)
{
	const struct ux_algo_request *k = p->aead ? p->aead : p->crypt;

	return ux_iv_fingerprint_of(&u->iv_ledger, k->key, key_bytes(k->key_bits) - t->salt_len);
}

int ux_sa_fail_keyless(uint8_t proto, struct ux_ext_ack *ext)
{
	if (proto == IPPROTO_AH)
		return ux_fail(ext, EINVAL, "AH requires a state with an AUTH algorithm");
	if (proto == IPPROTO_COMP)
		return ux_fail(ext, EINVAL, "Missing required compression algorithm");
	return ux_fail(ext, EINVAL, "ESP: AEAD or CRYPT must be provided");
}

static int make_ah_transform(struct ux_sa_runtime *r, const struct ux_sa_params *p,
			     struct ux_ext_ack *ext)
{
	struct ux_transform_params tp = {
	    .auth = p->auth, .esn = p->flags & UX_SA_ESN, .integrity_only = true};

	if (!p->auth)
		return ux_sa_fail_keyless(IPPROTO_AH, ext);
	if (p->encap.type != UX_ENCAP_NONE)
		return ux_fail(ext, EINVAL, "AH is not compatible with encapsulation");
	return ux_transform_new(&tp, &r->transform, ext);
}

/* IPComp has no key, and its companion nothing at all. */
static int make_empty_transform(struct ux_sa_runtime *r, const struct ux_sa_params *p,
				struct ux_ext_ack *ext)
{
	static const struct ux_algo_request none = {.name = "digest_null"};
	struct ux_transform_params tp = {.auth = &none, .integrity_only = true};

	if (p->id.proto == IPPROTO_COMP && !p->comp)
		return ux_sa_fail_keyless(IPPROTO_COMP, ext);
	if (p->encap.type != UX_ENCAP_NONE)
		return ux_fail(ext, EINVAL, "IPComp is not compatible with encapsulation");
	return ux_transform_new(&tp, &r->transform, ext);
}

static int make_transform(struct ux_sa_runtime *r, const struct ux_sa_params *p,
			  struct ux_ext_ack *ext)
{
	struct ux_transform_params tp = transform_params(p);

	if (p->id.proto == IPPROTO_AH)
		return make_ah_transform(r, p, ext);
	if (p->id.proto != IPPROTO_ESP)
		return make_empty_transform(r, p, ext);
	if (tp.aead) /* which does both */
		tp.cipher = tp.auth = NULL;
	if (!tp.aead && !tp.cipher)
		return ux_sa_fail_keyless(p->id.proto, ext);
	return ux_transform_new(&tp, &r->transform, ext);
}

static void limits_retired(void *object)
{
	ux_shared_release(object);
}

int ux_sa_set_limits(struct ux_sa_runtime *r, const struct ux_limits *limits)
{
	const struct ux_limits *old = ux_rcu_own(&r->terms.limits);
	const struct ux_limits *fresh = ux_limits_hold(&r->instance->limits, limits);

	if (!fresh)
		return -ENOMEM;
	ux_rcu_publish(&r->terms.limits, fresh);
	ux_generation_move(&r->instance->generation);
	ux_retire_add(&r->instance->retire, (void *)(uintptr_t)old, limits_retired);
	return 0;
}

static struct ux_replay_window *replay_new(struct uxfrm *u, uint32_t window, bool esn)
{
	struct ux_slab *slab = slab_for(u, ux_replay_size(window));
	struct ux_replay_window *w = part_new(slab, ux_replay_size(window));

	if (!w)
		return NULL;
	w->slab = slab;
	ux_replay_init(w, window, esn);
	return w;
}

static void replay_free(void *object)
{
	struct ux_replay_window *w = object;

	if (w)
		part_free(w->slab, w);
}

int ux_sa_set_replay(struct ux_sa *sa, const struct ux_replay_state *state)
{
	struct ux_sa_runtime *r = sa->runtime;
	struct ux_replay_window *old = ux_rcu_own(&r->replay);
	struct ux_replay_window *fresh = replay_new(r->instance, state->window, old->esn);

	if (!fresh)
		return -ENOMEM;
	ux_replay_load(fresh, state->seq, state->bits, state->bits ? state->n_bits : 0);
	ux_rcu_publish(&r->replay, fresh);
	ux_retire_add(&r->instance->retire, old, replay_free);
	atomic_store_explicit(&r->oseq, state->oseq, memory_order_relaxed);
	atomic_store_explicit(&r->told, ux_sa_sequence(r), memory_order_relaxed);
	return 0;
}

static uint32_t window_of(const struct ux_sa_params *p)
{
	if (!p->esn_attr && p->replay_window > REPLAY_LEGACY_MAX)
		return REPLAY_LEGACY_MAX;
	return p->replay_window;
}

int ux_sa_check_replay(const struct ux_sa_params *p, struct ux_ext_ack *ext)
{
	uint32_t window = window_of(p);
	bool esn = p->esn_attr && (p->flags & UX_SA_ESN);

	if (window > UX_REPLAY_WINDOW_MAX || (p->replay_bits && window > p->n_replay_bits))
		return ux_fail(ext, EINVAL,
			       "ESN replay window is too large for the chosen bitmap size");
	if (esn && !window && p->dir != UX_SA_DIR_OUT)
		return ux_fail(ext, EINVAL, "ESN replay window must be > 0");
	return 0;
}

static int make_replay(struct ux_sa_runtime *r, const struct ux_sa_params *p)
{
	uint32_t window = window_of(p);

	if (window > UX_REPLAY_WINDOW_MAX) /* will be refused, when its turn comes */
		window = UX_REPLAY_WINDOW_MAX;
	struct ux_replay_window *w =
	    replay_new(r->instance, window, p->esn_attr && (p->flags & UX_SA_ESN));

	if (!w)
		return -ENOMEM;
	ux_replay_load(w, p->iseq, p->replay_bits, p->replay_bits ? p->n_replay_bits : 0);
	atomic_init(&r->replay, w);
	atomic_init(&r->told, ux_sa_sequence(r));
	return 0;
}

struct ux_sa_rare *ux_sa_runtime_rare(struct ux_sa_runtime *r)
{
	if (!r->terms.rare)
		r->terms.rare = calloc(1, sizeof(*r->terms.rare));
	if (r->terms.rare)
		r->extras |= UX_SA_HAS_RARE;
	return r->terms.rare;
}

static int set_coaddr(struct ux_sa_runtime *r, const struct ux_sa_params *p)
{
	struct ux_sa_rare *rare = p->has_coaddr ? ux_sa_runtime_rare(r) : NULL;

	if (!p->has_coaddr)
		return 0;
	if (!rare)
		return -ENOMEM;
	rare->has_coaddr = true;
	rare->coaddr = p->coaddr;
	return 0;
}

static void set_terms(struct ux_sa_runtime *r, const struct ux_sa_params *p)
{
	struct ux_sa_terms *t = &r->terms;

	t->replay_maxage = p->replay_maxage;
	atomic_init(&t->replay_maxdiff, p->replay_maxdiff);
	t->tfcpad = p->tfcpad;
	t->extra_flags = p->extra_flags;
	t->pcpu = p->pcpu;
	t->acquire_seq = p->acquire_seq;
	t->esn_attr = p->esn_attr;
	t->replay_bmp_len = p->replay_bmp_len;
	memcpy(t->id_unused, p->id_unused, sizeof(t->id_unused));
	if (!p->esn_attr)
		t->replay_window = (uint8_t)window_of(p);
}

static struct ux_sa_runtime *runtime_alloc(struct uxfrm *u, const struct ux_sa_params *p)
{
	struct ux_sa_runtime *r = ux_slab_get(&u->runtime_slab);

	if (!r)
		return NULL;
	memset(r, 0, sizeof(*r));
	r->instance = u;
	r->refs = 1;
	atomic_init(&r->add_time_s, p->has_curlft
					? p->cur_add_s
					: atomic_load_explicit(&u->real_s, memory_order_relaxed));
	atomic_init(&r->bytes, p->has_curlft ? p->cur_bytes : 0);
	atomic_init(&r->packets, p->has_curlft ? p->cur_packets : 0);
	atomic_init(&r->use_time_s, p->has_curlft ? p->cur_use_s : 0);
	atomic_init(&r->last_used_s, p->last_used_s);
	atomic_init(&r->oseq, p->oseq);
	atomic_init(&r->current, NULL);
	atomic_init(&r->former, NULL);
	set_terms(r, p);
	atomic_init(&r->terms.limits, ux_limits_hold(&u->limits, &p->limits));
	if (!ux_sa_limits(r)) {
		ux_slab_put(&u->runtime_slab, r);
		return NULL;
	}
	return r;
}

static struct ux_larval *larval_new(void)
{
	struct ux_larval *larval = calloc(1, sizeof(*larval));

	if (larval) {
		ux_list_init(&larval->by_seq);
		ux_list_init(&larval->timed);
	}
	return larval;
}

struct ux_sa_runtime *ux_sa_runtime_new_larval(struct uxfrm *u, const struct ux_sa_params *p)
{
	struct ux_sa_runtime *r = runtime_alloc(u, p);

	if (!r)
		return NULL;
	struct ux_replay_window *w = replay_new(u, 0, false);

	atomic_init(&r->replay, w);
	r->larval = larval_new();
	if (!w || !r->larval) {
		ux_sa_runtime_free(r);
		return NULL;
	}
	return r;
}

int ux_sa_runtime_new(struct uxfrm *u, const struct ux_sa_params *p,
		      struct ux_sa_runtime **ret_runtime, struct ux_ext_ack *ext)
{
	struct ux_sa_runtime *r = runtime_alloc(u, p);
	struct ux_iv_fingerprint fingerprint = {{0, 0}};
	int err;

	if (!r)
		return -ENOMEM;
	err = set_coaddr(r, p);
	if (err == 0)
		err = make_transform(r, p, ext);
	if (err == 0 && r->transform->iv_len) /* early: it is looked for last */
		fingerprint = iv_fingerprint(u, p, r->transform);
	if (err == 0)
		err = ux_lifetime_prepare(r, &p->limits);
	if (err == 0)
		err = keys_new(u, p, r->transform, &r->keys);
	if (err == 0)
		err = make_replay(r, p);
	if (err == 0 && r->transform->iv_len) {
		r->iv = ux_iv_source_hold(&u->iv_ledger, &fingerprint);
		err = r->iv ? 0 : -ENOMEM;
	}
	if (err < 0) {
		ux_sa_runtime_free(r);
		return err;
	}
	*ret_runtime = r;
	return 0;
}

static void rare_free(struct ux_sa_rare *rare)
{
	if (rare)
		ux_shared_release(rare->label);
	free(rare);
}

void ux_sa_runtime_free(struct ux_sa_runtime *r)
{
	struct uxfrm *u = r->instance;

	if (r->transform)
		ux_transform_put(r->transform);
	keys_free(u, r->keys);
	if (r->iv)
		ux_iv_source_release(&u->iv_ledger, r->iv);
	replay_free(ux_rcu_own(&r->replay));
	ux_shared_release(ux_sa_limits(r));
	rare_free(r->terms.rare);
	free(r->larval);
	free(r->timer);
	free(r->events);
	ux_former_free(r);
	ux_slab_put(&u->runtime_slab, r);
}
