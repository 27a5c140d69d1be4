/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * Policies with templates of programs' sockets. Each socket has a firewall mark of its own, and its policy for output is
 * one of the SPD with that mark, before all others. 32 sockets at most. Control thread.
 */

#include <uxfrm/control.h>

#include "daemon/control_socket.h"

/* ux_socket_policy_request - carry out UXFRM_CONTROL_SOCKET_POLICY and answer. */
void ux_socket_policy_request(struct ux_connection *c,
			      const struct uxfrm_control_socket_policy *wanted);
/* ux_socket_policy_end - the connection ends, and with it the policies of its socket. */
void ux_socket_policy_end(struct ux_connection *c);
