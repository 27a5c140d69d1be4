/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * ESP in UDP (RFC 3948): a local port shared with the IKE daemon. The port is held with
 * SO_REUSEPORT by two sockets of ours, and a classic BPF program tells ESP from IKE by the marker.
 * An IKE socket joins by setting SO_REUSEPORT before its bind(), before or after us.
 */

#include <stdint.h>

#include "base/addr.h"
#include "base/ext_ack.h"
#include "io/port.h"

#define UX_ENCAP_SOCKET_PORTS 2

struct ux_encap_socket;

/*
 * ux_encap_socket_open - @port of @family AF_INET or AF_INET6 at @addr, NULL: all addresses but
 * those that others have bound alone. @own_mark: the mark bit of our own packets. If somebody holds
 * the port of all addresses unshared, raw sockets read along instead; of one address it is
 * -EADDRINUSE. 0 or -errno.
 */
int ux_encap_socket_open(int family, const struct ux_addr *addr, uint16_t port, uint32_t own_mark,
			 struct ux_encap_socket **ret_encap) UX_MUST_CHECK;
struct ux_encap_socket *ux_encap_socket_free(
    struct ux_encap_socket *e); /* accepts NULL, returns NULL */

/* ux_encap_socket_port - its ports, 0 and 1; NULL where it has none. They belong to @e. */
struct ux_port *ux_encap_socket_port(struct ux_encap_socket *e, unsigned int i);
