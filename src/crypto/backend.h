/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* Inside crypto/: what a backend offers to transform.c and worker.c. */

#include "base/bytes.h"
#include "crypto/cipher.h"
#include "crypto/mac.h"
#include "crypto/transform.h"

#define UX_CRYPTO_BACKENDS 2
#define UX_KEY_BLOCKS_MAX 4

/* A block of memory in which a worker has what is as good as keys. */
struct ux_key_block {
	const void *start;
	size_t len;
};

/*
 * A library that does the work. State of a worker is the backend's own; one thread at a time.
 *
 * @available: can it work on this machine? Any thread; the first call may take milliseconds.
 * @method: how it does the transform, 0 if it cannot; kept in the transform. Names, lengths and
 * keys are set.
 * @worker_new: NULL without memory. @worker_free: wipes.
 * @encrypt, @decrypt: packets of this backend's transforms, of which the first is one; sets each
 * op's ok. Returns how many it did before it came to one of another backend, or of none. 0: they
 * are too few to be worth it; libcrypto does the first.
 * @forget: wipe what is stored of the key of the transform with this id. @forget_all: of all.
 * @forget_bursts: wipe what is left from bursts.
 */
struct ux_crypto_backend {
	const char *name;
	const char *(*version)(void); /* of the library */
	unsigned int index;	      /* below UX_CRYPTO_BACKENDS */
	bool (*available)(void);
	uint8_t (*method)(const struct ux_transform *t);
	void *(*worker_new)(void);
	void (*worker_free)(void *state);
	size_t (*encrypt)(void *state, struct ux_crypt_op *ops, size_t n);
	size_t (*decrypt)(void *state, struct ux_crypt_op *ops, size_t n);
	void (*forget)(void *state, uint64_t id);
	void (*forget_all)(void *state);
	void (*forget_bursts)(void *state);
	size_t (*blocks)(const void *state, struct ux_key_block ret[UX_KEY_BLOCKS_MAX]);
};

extern const struct ux_crypto_backend ux_openssl_backend;  /* does everything */
extern const struct ux_crypto_backend ux_ipsec_mb_backend; /* x86-64, when built with it */

/* ux_transform_new_by - ux_transform_new, but by @backend, used otherwise or not; NULL: any.
 * -ENOSYS: it cannot. */
int ux_transform_new_by(const struct ux_transform_params *params,
			const struct ux_crypto_backend *backend,
			struct ux_transform **ret_transform, struct ux_ext_ack *ext) UX_MUST_CHECK;
/* ux_crypto_backend_for - the one that is to do this transform, and how; NULL: there is none. */
const struct ux_crypto_backend *ux_crypto_backend_for(struct ux_transform *t);
/* ux_crypto_backend_at - by index. */
const struct ux_crypto_backend *ux_crypto_backend_at(unsigned int index);
/* ux_crypto_backend_wanted - is it to be used, by the choice, the machine and its self-test? */
bool ux_crypto_backend_wanted(unsigned int index);
/* ux_crypto_backend_failed - the algorithm it failed at, or NULL. */
const char *ux_crypto_backend_failed(unsigned int index);

/*
 * ux_esp_aad - the header as AEADs authenticate it, RFC 4106 section 5: with the high half of an
 * ESN between its two words. Returns the length.
 */
#define UX_ESP_AAD_MAX 12
static inline uint32_t ux_esp_aad(const struct ux_crypt_op *op, uint8_t ret[UX_ESP_AAD_MAX])
{
	memcpy(ret, op->esp, 8);
	if (!op->transform->esn)
		return 8;
	ux_put_be32(ret + 4, op->seq_hi);
	memcpy(ret + 8, op->esp + 4, 4);
	return UX_ESP_AAD_MAX;
}

/* ux_crypto_worker_blocks - all of a worker's memory, so that a test can look for keys in it. */
size_t ux_crypto_worker_blocks(const struct ux_crypto_worker *w,
			       struct ux_key_block ret[UX_CRYPTO_BACKENDS * UX_KEY_BLOCKS_MAX]);
