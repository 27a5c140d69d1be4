/* SPDX-License-Identifier: BSD-2-Clause */
#include "crypto/settings.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/backend.h"
#include "crypto/self_test.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;
/* const after set_up */
static bool usable[UX_CRYPTO_BACKENDS];
static const char *failed[UX_CRYPTO_BACKENDS]; /* the algorithm; NULL: none */
static _Atomic(enum ux_crypto_choice) chosen;
static _Atomic(uint32_t) cache_keys = UX_CRYPTO_CACHE_KEYS;

/* Best last. */
static const struct ux_crypto_backend *const backends[UX_CRYPTO_BACKENDS] = {
    &ux_openssl_backend,
    &ux_ipsec_mb_backend,
};

static const char *const names[] = {
    [UX_CRYPTO_AUTO] = "auto",
    [UX_CRYPTO_OPENSSL] = "openssl",
    [UX_CRYPTO_IPSEC_MB] = "ipsec-mb",
};

const char *ux_crypto_choice_name(enum ux_crypto_choice choice)
{
	return names[choice];
}

bool ux_crypto_choice_parse(const char *name, enum ux_crypto_choice *ret)
{
	for (unsigned int i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(name, names[i]) != 0)
			continue;
		*ret = (enum ux_crypto_choice)i;
		return true;
	}
	return false;
}

static const char *environment(void)
{
	return secure_getenv("UXFRM_CRYPTO");
}

/* A wish that makes no sense is told by ux_crypto_start. */
static void ask_environment(void)
{
	enum ux_crypto_choice choice;

	if (environment() && ux_crypto_choice_parse(environment(), &choice))
		atomic_store_explicit(&chosen, choice, memory_order_relaxed);
}

static void set_up(void)
{
	for (unsigned int i = 0; i < UX_CRYPTO_BACKENDS; i++) {
		if (!backends[i]->available())
			continue;
		failed[i] = ux_self_test_backend(backends[i]);
		usable[i] = !failed[i] && usable[0] == (i > 0);
	}
	ask_environment();
}

int ux_crypto_start(struct ux_ext_ack *ext)
{
	enum ux_crypto_choice choice;

	(void)pthread_once(&once, set_up);
	if (environment() && !ux_crypto_choice_parse(environment(), &choice))
		return ux_fail(ext, EINVAL, "UXFRM_CRYPTO must be auto, openssl or ipsec-mb");
	if (!usable[0])
		return ux_fail_fmt(ext, EIO, NULL, "libcrypto failed its self-test: %s", failed[0]);
	if (ux_crypto_choice() == UX_CRYPTO_IPSEC_MB && !usable[ux_ipsec_mb_backend.index])
		return ux_fail(ext, ENOTSUP, "intel-ipsec-mb cannot be had here");
	return 0;
}

const char *ux_crypto_backend_failed(unsigned int index)
{
	(void)pthread_once(&once, set_up);
	return failed[index];
}

int ux_crypto_choose(enum ux_crypto_choice choice)
{
	(void)pthread_once(&once, set_up);
	if (choice == UX_CRYPTO_IPSEC_MB && !usable[ux_ipsec_mb_backend.index])
		return -ENOTSUP;
	atomic_store_explicit(&chosen, choice, memory_order_relaxed);
	return 0;
}

enum ux_crypto_choice ux_crypto_choice(void)
{
	(void)pthread_once(&once, set_up);
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
	bool wanted = index == ux_openssl_backend.index || ux_crypto_choice() != UX_CRYPTO_OPENSSL;

	(void)pthread_once(&once, set_up);
	return wanted && usable[index];
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
