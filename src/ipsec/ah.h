/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* AH (RFC 4302), the same for all modes. */

#include "ipsec/protocol.h"

extern const struct ux_protocol ux_ah;
