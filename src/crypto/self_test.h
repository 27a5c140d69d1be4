/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * Known answers, asked of a backend before it is used: of every algorithm a packet, decrypted, made
 * if the way to its IV is known, and refused when it was changed; in bursts as long as backends
 * want them.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ux_crypto_backend;
struct ux_transform;

/* Bytes are hexadecimal. */
struct ux_known_packet {
	const char *name;		  /* "AES-128-CBC, HMAC-SHA-1" */
	const char *aead, *cipher, *auth; /* by the kernel's names; NULL if none */
	const char *key, *auth_key;
	uint32_t icv_bits;
	bool esn, encrypts; /* encrypts: from @counter comes the IV */
	uint32_t seq_hi;
	uint64_t counter;
	const char *packet, *plain;
};

enum ux_self_test { UX_SELF_TEST_NOT_DONE, UX_SELF_TEST_PASSED, UX_SELF_TEST_FAILED };

size_t ux_self_test_count(void);
const struct ux_known_packet *ux_self_test_packet(size_t i);

/* ux_self_test_transform - for that packet, by @b or, if it is NULL, by whoever would do it.
 * Returns owned; NULL: cannot be had. */
struct ux_transform *ux_self_test_transform(size_t i, const struct ux_crypto_backend *b);
/* ux_self_test_algorithm - not done: the backend leaves it to others. */
enum ux_self_test ux_self_test_algorithm(const struct ux_crypto_backend *b, size_t i);
/* ux_self_test_backend - all algorithms. The name of the first that failed, or NULL. */
const char *ux_self_test_backend(const struct ux_crypto_backend *b);
