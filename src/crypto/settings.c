/* SPDX-License-Identifier: BSD-2-Clause */
#include "crypto/settings.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/backend.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static _Atomic(enum ux_crypto_choice) chosen;
static _Atomic(uint32_t) cache_keys = UX_CRYPTO_CACHE_KEYS;

/* Best last. */
static const struct ux_crypto_backend *const backends[UX_CRYPTO_BACKENDS] = {
    &ux_openssl_backend,
    &ux_ipsec_mb_backend,
};

bool ux_crypto_choice_parse(const char *name, enum ux_crypto_choice *ret)
{
	static const char *const names[] = {
	    [UX_CRYPTO_AUTO] = "auto",
	    [UX_CRYPTO_OPENSSL] = "openssl",
	    [UX_CRYPTO_IPSEC_MB] = "ipsec-mb",
	};

	for (unsigned int i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(name, names[i]) != 0)
			continue;
		*ret = (enum ux_crypto_choice)i;
		return true;
	}
	return false;
}

/* A wish that cannot be fulfilled is the program's to notice, when it asks for it itself. */
static void ask_environment(void)
{
	const char *name = secure_getenv("UXFRM_CRYPTO");
	enum ux_crypto_choice choice;

	if (name && ux_crypto_choice_parse(name, &choice))
		atomic_store_explicit(&chosen, choice, memory_order_relaxed);
}

int ux_crypto_choose(enum ux_crypto_choice choice)
{
	if (choice == UX_CRYPTO_IPSEC_MB && !ux_ipsec_mb_backend.available())
		return -ENOTSUP;
	(void)pthread_once(&once, ask_environment);
	atomic_store_explicit(&chosen, choice, memory_order_relaxed);
	return 0;
}

enum ux_crypto_choice ux_crypto_choice(void)
{
	(void)pthread_once(&once, ask_environment);
	return atomic_load_explicit(&chosen, memory_order_relaxed);
}

void ux_crypto_set_cache_keys(uint32_t n)
{
	atomic_store_explicit(&cache_keys, n, memory_order_relaxed);
}

uint32_t ux_crypto_cache_keys(void)
{
	return atomic_load_explicit(&cache_keys, memory_order_relaxed);
}

const struct ux_crypto_backend *ux_crypto_backend_at(unsigned int index)
{
	return backends[index];
}

bool ux_crypto_backend_wanted(unsigned int index)
{
	const struct ux_crypto_backend *b = backends[index];

	return b == &ux_openssl_backend ||
	       (ux_crypto_choice() != UX_CRYPTO_OPENSSL && b->available());
}

const struct ux_crypto_backend *ux_crypto_backend_for(struct ux_transform *t)
{
	for (unsigned int i = UX_CRYPTO_BACKENDS; i-- > 0;) {
		if (!ux_crypto_backend_wanted(i))
			continue;
		t->method = backends[i]->method(t);
		if (t->method)
			return backends[i];
	}
	return NULL;
}
