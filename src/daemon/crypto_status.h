/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* Which library does which algorithm, as JSON. */

#include <jansson.h>

/* ux_crypto_status - returns owned; NULL when out of memory. */
json_t *ux_crypto_status(void);
