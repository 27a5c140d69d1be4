/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

#include <uxfrm/control.h>

#include "daemon/control_socket.h"

/* ux_workers_request - carry out UXFRM_CONTROL_WORKERS and answer. */
void ux_workers_request(struct ux_connection *c, const struct uxfrm_control_workers *wanted);
