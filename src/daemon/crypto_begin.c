/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/crypto_begin.h"

#include <errno.h>

#include "crypto/report.h"
#include "crypto/settings.h"
#include "daemon/config.h"
#include "daemon/log.h"

static void log_library(const struct ux_crypto_library *l)
{
	if (l->failed)
		ux_log(LOG_ERR, "%s %s failed its self-test at %s and is not used", l->name,
		       l->version, l->failed);
	else if (l->version)
		ux_log(LOG_INFO, "%s %s passed its self-test%s", l->name, l->version,
		       l->used ? "" : ", and is not to be used");
}

int ux_crypto_begin(const struct ux_config *config, struct ux_ext_ack *ext)
{
	bool chosen = config->crypto >= 0;
	int err;

	ux_crypto_set_cache_keys(config->crypto_keys);
	if (chosen && ux_crypto_choose((enum ux_crypto_choice)config->crypto) < 0)
		return ux_fail(
		    ext, ENOTSUP,
		    "crypto: ipsec-mb is not in this build, not for this CPU, or broken");
	err = ux_crypto_start(ext);
	for (unsigned int i = 0; i < UX_CRYPTO_LIBRARIES; i++) {
		struct ux_crypto_library l = ux_crypto_library_get(i);

		log_library(&l);
	}
	return err;
}
