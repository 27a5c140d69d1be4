/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * Many ESP-in-UDP packets by one system call (UDP_SEGMENT): the kernel takes their payloads together
 * and makes the headers, from a socket that has the source port. What it would make otherwise than
 * the packets have it is not sent this way.
 *
 * The control thread says which sockets there are; workers send, each by its own.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uxfrm/packet.h>

struct ux_udp_gso;

/* ux_udp_gso_new - @own_mark is added to each packet's mark. NULL when out of memory. */
struct ux_udp_gso *ux_udp_gso_new(uint32_t own_mark);
/* ux_udp_gso_sibling - another worker's, with the same sockets, now and later; it ends before @of. NULL when out of
 * memory. */
struct ux_udp_gso *ux_udp_gso_sibling(const struct ux_udp_gso *of);
struct ux_udp_gso *ux_udp_gso_free(struct ux_udp_gso *g); /* accepts NULL, returns NULL */

/*
 * ux_udp_gso_add - two sockets bound to @port, host order, of all addresses of @family; one for
 * packets that must not be fragmented, one for others. Both become so. They are borrowed. Control
 * thread. False: the kernel cannot do it, or there are too many; nothing is lost by that.
 */
bool ux_udp_gso_add(struct ux_udp_gso *g, int family, uint16_t port, const int fds[2]);
/* ux_udp_gso_remove - a worker may use them until it has been at its loop's head. Control thread.
 */
void ux_udp_gso_remove(struct ux_udp_gso *g, int family, uint16_t port);

/*
 * ux_udp_gso_run - how many of @packets, from the first on, can go together: same headers, same
 * length, but the last may be shorter. 0 or 1: not this way. All are of one family, and complete.
 */
size_t ux_udp_gso_run(struct ux_udp_gso *g, struct uxfrm_packet *const *packets, size_t n);
/* ux_udp_gso_send - those of the last ux_udp_gso_run. False: nothing was sent, and whoever sends
 * them one by one will know why. */
bool ux_udp_gso_send(struct ux_udp_gso *g, struct uxfrm_packet *const *packets, size_t n);
