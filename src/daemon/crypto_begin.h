/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* The libraries of cryptography at the daemon's start: as configured, tested, and named in the log.
 */

#include "base/ext_ack.h"

struct ux_config;

/* ux_crypto_begin - before any SA. -errno with the reason in @ext: the daemon must not start. */
int ux_crypto_begin(const struct ux_config *config, struct ux_ext_ack *ext) UX_MUST_CHECK;
