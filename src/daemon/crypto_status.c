/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/crypto_status.h"

#include "crypto/report.h"
#include "crypto/settings.h"

static json_int_t number(uint64_t n)
{
	return n > INT64_MAX ? INT64_MAX : (json_int_t)n;
}

static json_t *library_json(const struct ux_crypto_library *l)
{
	const char *test = l->failed ? "failed" : "passed";
	json_t *library = json_pack("{s:s, s:b, s:s, s:{s:I, s:I, s:I, s:I}}", "name", l->name,
				    "used", l->used, "self_test", l->version ? test : "not here",
				    "keys", "used", number(l->keys), "places", number(l->places),
				    "hits", number(l->hits), "misses", number(l->misses));

	if (library && l->version)
		json_object_set_new(library, "version", json_string(l->version));
	if (library && l->failed)
		json_object_set_new(library, "failed", json_string(l->failed));
	return library;
}

json_t *ux_crypto_status(void)
{
	const char *features[UX_CPU_FEATURES_MAX];
	size_t n = ux_cpu_features(features);
	json_t *cpu = json_array(), *libraries = json_array(), *algorithms = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(cpu, json_string(features[i]));
	for (unsigned int i = 0; i < UX_CRYPTO_LIBRARIES; i++) {
		struct ux_crypto_library l = ux_crypto_library_get(i);

		json_array_append_new(libraries, library_json(&l));
	}
	for (size_t i = 0; ux_crypto_algorithm_name(i); i++) {
		const char *library = ux_crypto_algorithm_library(i);

		if (library)
			json_array_append_new(algorithms, json_pack("{s:s, s:s}", "name",
								    ux_crypto_algorithm_name(i),
								    "library", library));
	}
	return json_pack("{s:s, s:o, s:o, s:o}", "choice",
			 ux_crypto_choice_name(ux_crypto_choice()), "cpu", cpu, "libraries",
			 libraries, "algorithms", algorithms);
}
