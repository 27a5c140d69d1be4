/* SPDX-License-Identifier: BSD-2-Clause */
/* The instructions that libraries of cryptography are fast by. */
#include "crypto/report.h"

#if defined(__x86_64__)
#include <cpuid.h>

enum cpu_register { EBX, ECX };

static const struct {
	unsigned int leaf;
	enum cpu_register reg;
	unsigned int bit;
	const char *name;
} features[] = {
    {1, ECX, 25, "aes"}, {1, ECX, 1, "pclmulqdq"},   {7, EBX, 29, "sha_ni"},
    {7, EBX, 5, "avx2"}, {7, EBX, 16, "avx512f"},    {7, ECX, 9, "vaes"},
    {7, ECX, 8, "gfni"}, {7, ECX, 10, "vpclmulqdq"},
};

size_t ux_cpu_features(const char *ret[UX_CPU_FEATURES_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < sizeof(features) / sizeof(features[0]); i++) {
		unsigned int a, b, c, d;

		if (!__get_cpuid_count(features[i].leaf, 0, &a, &b, &c, &d))
			continue;
		if ((features[i].reg == EBX ? b : c) >> features[i].bit & 1)
			ret[n++] = features[i].name;
	}
	return n;
}

#elif defined(__aarch64__)
#include <asm/hwcap.h>
#include <sys/auxv.h>

size_t ux_cpu_features(const char *ret[UX_CPU_FEATURES_MAX])
{
	static const struct {
		unsigned long bit;
		const char *name;
	} features[] = {
	    {HWCAP_AES, "aes"},	  {HWCAP_PMULL, "pmull"},   {HWCAP_SHA1, "sha1"},
	    {HWCAP_SHA2, "sha2"}, {HWCAP_SHA512, "sha512"},
	};
	unsigned long have = getauxval(AT_HWCAP);
	size_t n = 0;

	for (size_t i = 0; i < sizeof(features) / sizeof(features[0]); i++)
		if (have & features[i].bit)
			ret[n++] = features[i].name;
	return n;
}

#else

size_t ux_cpu_features(const char *ret[UX_CPU_FEATURES_MAX])
{
	return 0;
}
#endif
