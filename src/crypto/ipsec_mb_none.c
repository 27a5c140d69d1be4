/* SPDX-License-Identifier: BSD-2-Clause */
/* In place of ipsec_mb.c in builds without the library. */
#include "crypto/backend.h"

static bool available(void)
{
	return false;
}

const struct ux_crypto_backend ux_ipsec_mb_backend = {
    .name = "ipsec-mb",
    .index = 1,
    .available = available,
};
