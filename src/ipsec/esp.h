/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* ESP (RFC 4303), the same for all modes. */

#include "ipsec/protocol.h"

extern const struct ux_protocol ux_esp;
