/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * Which library does the work, for the whole process. Without a word from the program the
 * environment says it: UXFRM_CRYPTO=auto, openssl or ipsec-mb.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/ext_ack.h"

enum ux_crypto_choice {
	UX_CRYPTO_AUTO,	    /* each transform by the fastest that can do it here */
	UX_CRYPTO_OPENSSL,  /* libcrypto does everything */
	UX_CRYPTO_IPSEC_MB, /* as auto, but it is an error when it cannot be had */
};

/*
 * Keys a worker keeps expanded, if nothing else is said; a key has 1,088 bytes. To expand one takes
 * 0.1 us; a store that is beyond the processor's caches gains nothing for packets of more than some
 * hundred bytes (bench/crypto --sas 1000000 --keys N).
 */
#define UX_CRYPTO_CACHE_KEYS 16384u
#define UX_CRYPTO_CACHE_KEYS_MAX (1u << 20)

/* ux_crypto_choice_parse - by its name; false: no such choice. */
bool ux_crypto_choice_parse(const char *name, enum ux_crypto_choice *ret);

const char *ux_crypto_choice_name(enum ux_crypto_choice choice);

/*
 * ux_crypto_start - what happens by itself when the first transform or worker is made, for a
 * program that wants to know how it went: the libraries are asked known answers. -EINVAL: the
 * environment asks for something unknown; -ENOTSUP: for what cannot be had; -EIO: libcrypto failed,
 * and there will be no transforms.
 */
int ux_crypto_start(struct ux_ext_ack *ext) UX_MUST_CHECK;

/*
 * ux_crypto_choose - for the transforms that are made from now on. -ENOTSUP: intel-ipsec-mb is
 * demanded and was not built in, this CPU lacks what it needs, or it failed; nothing has changed.
 * Any thread.
 */
int ux_crypto_choose(enum ux_crypto_choice choice);
enum ux_crypto_choice ux_crypto_choice(void);

/* ux_crypto_set_cache_keys - for workers made from now on; 1 to UX_CRYPTO_CACHE_KEYS_MAX. */
void ux_crypto_set_cache_keys(uint32_t n);
uint32_t ux_crypto_cache_keys(void);
