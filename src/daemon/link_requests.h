/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

#include <uxfrm/control.h>

#include "daemon/control_socket.h"

/* ux_link_request - carry out one of UXFRM_CONTROL_LINK_... and answer. @link counts where the
 * request has one. */
void ux_link_request(struct ux_connection *c, uint16_t op, const struct uxfrm_control_link *link);
