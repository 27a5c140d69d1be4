/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * A transform is the keyed algorithm (or pair of algorithms) of one SA. It is constant once
 * made and shared by all threads; what a backend needs per thread (cipher contexts with the key
 * already scheduled) lives in that thread's struct ux_crypto_worker, is made on the first packet
 * and kept in a bounded cache. So idle SAs cost only their key bytes.
 */

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ext_ack.h"

#define UX_ALGO_NAME_MAX 64
#define UX_ICV_MAX 64 /* bytes */
#define UX_IV_MAX 16  /* bytes */

/* One algorithm as a request names it. The key is borrowed. */
struct ux_algo_request {
	char name[UX_ALGO_NAME_MAX]; /* kernel's name or an alias of it, NUL-terminated */
	const uint8_t *key;
	uint32_t key_bits;
	uint32_t icv_bits; /* AEAD: ICV length. auth: truncation, 0 = the algorithm's default */
	bool trunc_form;   /* auth: came in the attribute with a truncation; for the text only */
};

struct ux_transform_params {
	const struct ux_algo_request *aead;   /* NULL if none */
	const struct ux_algo_request *cipher; /* NULL if none */
	const struct ux_algo_request *auth;   /* NULL if none */
	bool esn;
	bool integrity_only; /* for AH: auth, and nothing else */
};

struct ux_crypto_backend;

/*
 * In key memory, as the keys are part of it: with those of AES-GCM up to 192 bits it is one cache
 * line, so that a packet of an SA that was idle waits for memory once. const after publish, but for
 * the count.
 */
struct ux_transform {
	const struct ux_crypto_backend *backend; /* does the work */
	uint64_t id;		       /* never used twice; names the key in worker caches */
	_Atomic(uint32_t) refs;	       /* who may use it */
	uint8_t cipher, mac;	       /* enum ux_cipher_kind, enum ux_mac_kind */
	uint8_t method;		       /* the backend's own number for how */
	uint8_t salt_len;	       /* bytes at the end of the cipher's key */
	uint8_t iv_len;		       /* bytes in the packet: GCM 8, AES-CBC 16, null 0 */
	uint8_t icv_len;	       /* bytes; 0: no integrity (the kernel allows it) */
	uint8_t icv_full_len;	       /* integrity only: of the whole digest */
	uint8_t align;		       /* payload + trailer is a multiple of it; at least 4 */
	bool esn;		       /* extended sequence numbers */
	bool integrity_only;	       /* for AH */
	uint16_t cipher_len, auth_len; /* bytes of the keys */
	uint8_t keys[];		       /* the cipher's, then the authenticator's */
};

/*
 * ux_transform_check - only the look-ups ux_transform_new begins with: what Linux finds when a
 * request attaches its algorithms, before it looks at anything else of the SA. -ENOSYS, or -EINVAL
 * for a truncation longer than the digest.
 */
int ux_transform_check(const struct ux_transform_params *params,
		       struct ux_ext_ack *ext) UX_MUST_CHECK;

/*
 * ux_transform_new - check names, key and ICV lengths as Linux does and make the transform.
 * Names are looked up first (ENOSYS), in the order AEAD, auth, cipher; then come the errors of the
 * kernel's ESP init (EINVAL). Key length errors of the cipher have no text there, nor here.
 * Returns owned (one reference). Any thread.
 */
int ux_transform_new(const struct ux_transform_params *params, struct ux_transform **ret_transform,
		     struct ux_ext_ack *ext) UX_MUST_CHECK;
/* ux_transform_get - one more reference; the caller holds one. Any thread. */
struct ux_transform *ux_transform_get(struct ux_transform *t);
/*
 * ux_transform_cipher_key, ux_transform_auth_key - the key bytes as they were given, in key memory;
 * not NULL, also when there are none. They live as long as the caller holds a reference.
 */
const uint8_t *ux_transform_cipher_key(const struct ux_transform *t);
const uint8_t *ux_transform_auth_key(const struct ux_transform *t);
/* ux_transform_put - drop a reference; the last wipes and frees the key. Accepts, returns NULL. */
struct ux_transform *ux_transform_put(struct ux_transform *t);

/*
 * One packet's work. All pointers go into the packet; nothing is copied.
 * The ESP header (SPI, sequence number) is 8 bytes, the IV follows it, then the payload.
 */
struct ux_crypt_op {
	const struct ux_transform *transform; /* NULL: there is nothing to do */
	uint8_t *esp;	      /* ESP header; iv at esp + 8; payload at esp + 8 + iv_len */
	uint32_t payload_len; /* bytes between IV and ICV: payload, padding, trailer */
	uint8_t *icv;	      /* icv_len bytes, directly behind the payload */
	/* integrity only: esp and payload_len are all that is authenticated, the ICV is anywhere */
	uint64_t iv_counter; /* encrypt: once per key. CBC: enciphered to the IV; else it is it */
	uint32_t seq_hi;     /* high 32 bits of the sequence number; used when transform->esn */
	bool ok;	     /* out: false = ICV wrong (decrypt) or the library failed */
};

struct ux_crypto_worker;

/* ux_crypto_worker_new - contexts for one thread. NULL when out of memory. */
struct ux_crypto_worker *ux_crypto_worker_new(void);
/* ux_crypto_worker_free - wipes what is cached. Needs no transform to be alive. NULL is fine. */
struct ux_crypto_worker *ux_crypto_worker_free(struct ux_crypto_worker *w);

/*
 * ux_crypt_encrypt, ux_crypt_decrypt - work in place on @n packets, of any mix of transforms. Each
 * op's ok says how it went. Called by the worker's own thread only; the caller holds the
 * transforms. After a decrypt that failed the payload's bytes mean nothing.
 */
void ux_crypt_encrypt(struct ux_crypto_worker *w, struct ux_crypt_op *ops, size_t n);
void ux_crypt_decrypt(struct ux_crypto_worker *w, struct ux_crypt_op *ops, size_t n);

/*
 * ux_crypto_worker_sweep - forget the cached contexts of transforms that were put for the last time
 * since the last sweep, wiping their keys. Cheap when there are none. The worker's own thread only.
 */
void ux_crypto_worker_sweep(struct ux_crypto_worker *w);
