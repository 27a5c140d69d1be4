/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * Inside the intel-ipsec-mb backend: what a worker has. A burst goes through it in steps, each a
 * loop over the packets: find the keys, write the nonces, then the calls. A nonce that is read as
 * 16 bytes right after it was written in parts holds the processor up for longer than the packet
 * takes.
 */

#define NO_COMPAT_IMB_API_053 /* names that are libcrypto's as well */
#include <intel-ipsec-mb.h>

#include "crypto/backend.h"
#include "crypto/key_cache.h"

#define UX_MB_BURST 64u

enum ux_mb_method {
	UX_MB_NONE,
	UX_MB_GCM_128,
	UX_MB_GCM_192,
	UX_MB_GCM_256,
	UX_MB_CHACHA20_POLY1305,
	UX_MB_AUTHENC, /* AES-CBC, AES-CTR or no cipher; HMAC or no authenticator */
};
#define UX_MB_GCM_KINDS 3

struct ux_mb_authenc {
	_Alignas(16) uint32_t enc[60], dec[60]; /* AES round keys */
	uint8_t inner[64], outer[64];		/* states of HMAC after the key blocks */
	IMB_CIPHER_MODE cipher;
	IMB_HASH_ALG hash;
	uint8_t key_len, digest_len;
};

/* A key as the library wants it, an odd number of cache lines, so that keys spread over all sets of
 * a cache. */
struct ux_mb_key {
	union {
		struct gcm_key_data gcm;
		struct ux_mb_authenc authenc;
		uint8_t chacha20[32];
	};
	uint8_t salt[4]; /* of jobs; that of AES-GCM is read where the transform is */
	uint8_t method; /* what it is expanded for; 0: nothing */
	uint8_t spare[64];
} __attribute__((aligned(64)));
_Static_assert(sizeof(struct ux_mb_key) == 17 * 64, "an odd number of lines");

struct ux_mb_worker {
	struct ux_key_cache cache;
	struct ux_mb_key *keys; /* as many as the cache has places; in key memory */
	aes_gcm_enc_dec_t gcm[2][UX_MB_GCM_KINDS]; /* decrypt, encrypt */
	struct gcm_context_data context;
	IMB_MGR *jobs; /* in key memory */

	/* of the burst at work, and of former ones until they are forgotten */
	struct ux_mb_key passing[UX_MB_BURST]; /* without a place in the store */
	uint32_t n_passing;
	const struct ux_mb_key *one; /* all packets'; NULL: each has its own */
	const struct ux_mb_key *key[UX_MB_BURST];
	_Alignas(64) uint8_t nonce[UX_MB_BURST][16]; /* salt, IV */
	uint8_t aad[UX_MB_BURST][16];
	uint8_t tag[UX_MB_BURST][UX_ICV_MAX];	   /* decrypt: as it should be */
	uint8_t received[UX_MB_BURST][UX_ICV_MAX]; /* what stood where a job needed the place */
};

/* ux_mb_key_at - of packet @i of the burst. */
static inline const struct ux_mb_key *ux_mb_key_at(const struct ux_mb_worker *w, size_t i)
{
	return w->one ? w->one : w->key[i];
}

/* ux_mb_manager - of the process, with the functions for this CPU; const. NULL: not on this CPU. */
const IMB_MGR *ux_mb_manager(void);

/* ux_mb_gcm_expand - a transform's key for a method of AES-GCM. */
void ux_mb_gcm_expand(struct ux_mb_key *key, const struct ux_transform *t);
/* ux_mb_gcm_encrypt, ux_mb_gcm_decrypt - @n packets, at most UX_MB_BURST, by the keys in w. */
void ux_mb_gcm_encrypt(struct ux_mb_worker *w, struct ux_crypt_op *ops, size_t n);
void ux_mb_gcm_decrypt(struct ux_mb_worker *w, struct ux_crypt_op *ops, size_t n);

/* ux_mb_job_method - how jobs do the transform, if they can. */
uint8_t ux_mb_job_method(const struct ux_transform *t);
void ux_mb_job_expand(struct ux_mb_key *key, const struct ux_transform *t);
/* ux_mb_jobs_encrypt, ux_mb_jobs_decrypt - as those of GCM. */
void ux_mb_jobs_encrypt(struct ux_mb_worker *w, struct ux_crypt_op *ops, size_t n);
void ux_mb_jobs_decrypt(struct ux_mb_worker *w, struct ux_crypt_op *ops, size_t n);
