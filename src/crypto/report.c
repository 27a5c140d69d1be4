/* SPDX-License-Identifier: BSD-2-Clause */
#include "crypto/report.h"

#include "crypto/backend.h"
#include "crypto/key_cache.h"
#include "crypto/self_test.h"

_Static_assert(UX_CRYPTO_LIBRARIES == UX_CRYPTO_BACKENDS, "each backend is a library");
_Static_assert(UX_KEY_CACHE_KINDS == UX_CRYPTO_BACKENDS, "their caches are counted apart");

struct ux_crypto_library ux_crypto_library_get(unsigned int i)
{
	const struct ux_crypto_backend *b = ux_crypto_backend_at(i);
	struct ux_key_cache_counts n = ux_key_cache_count(i);

	return (struct ux_crypto_library){
	    .name = b->name,
	    .version = b->available() ? b->version() : NULL,
	    .failed = ux_crypto_backend_failed(i),
	    .used = ux_crypto_backend_wanted(i),
	    .keys = n.used,
	    .places = n.places,
	    .hits = n.hits,
	    .misses = n.misses,
	};
}

const char *ux_crypto_algorithm_name(size_t i)
{
	return i < ux_self_test_count() ? ux_self_test_packet(i)->name : NULL;
}

const char *ux_crypto_algorithm_library(size_t i)
{
	struct ux_transform *t = ux_self_test_transform(i, NULL);
	const char *name = t ? t->backend->name : NULL;

	ux_transform_put(t);
	return name;
}
