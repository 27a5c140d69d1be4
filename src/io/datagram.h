/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * Bursts from a raw or UDP socket, with what the kernel says of each datagram beside its bytes: the
 * addresses, the interface, traffic class, hop limit and mark. From these the headers that such
 * sockets do not show are rebuilt, since the engine wants whole packets.
 */

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include <uxfrm/packet.h>

#include "base/addr.h"
#include "base/ext_ack.h"

#define UX_DATAGRAM_CONTROL 768 /* bytes of ancillary data per datagram */

struct ux_datagram_burst {
	struct mmsghdr msgs[UXFRM_BURST];
	struct iovec iov[UXFRM_BURST];
	struct sockaddr_in6 names[UXFRM_BURST]; /* or sockaddr_in: as long */
	_Alignas(struct cmsghdr) char control[UXFRM_BURST][UX_DATAGRAM_CONTROL];
	size_t last; /* datagrams of the last call; 0 at the beginning */
};

struct ux_datagram_info {
	struct ux_addr source, destination;
	in_port_t source_port; /* network order; 0 for raw sockets */
	int32_t ifindex;
	uint32_t mark;
	uint8_t traffic_class, hop_limit;
	uint32_t gro_size; /* several in one, each so long but the last; 0: one */
};

/*
 * ux_datagram_prepare - a socket's options: ancillary data, large receive buffer, and @own_mark,
 * the mark of what we send: an error about that teaches the kernel the route with this mark. 0 or
 * -errno.
 */
int ux_datagram_prepare(int fd, int family, uint32_t own_mark) UX_MUST_CHECK;

/*
 * ux_datagram_receive - up to @n datagrams; each packet's bytes begin @gap bytes behind
 * ux_port_start(). Sets len to the bytes received and data to ux_port_start(). Returns how many.
 */
size_t ux_datagram_receive(int fd, struct ux_datagram_burst *b, struct uxfrm_packet *const *packets,
			   size_t n, uint32_t gap);

/* ux_datagram_waiting - so many at most are in the socket's queue, counted as small as they can be; segments of UDP
 * each for itself. SIZE_MAX: the kernel does not say. */
size_t ux_datagram_waiting(int fd);

/* ux_datagram_want_extensions - of an IPv6 socket: tell the extension headers too. 0 or -errno. */
int ux_datagram_want_extensions(int fd) UX_MUST_CHECK;
/*
 * ux_datagram_extensions - write those of datagram @i so that they end at @room + @len, which is
 * where the packet's own protocol *@proto begins. Returns their length, with *@proto that of the
 * first; 0 when there are none, or more than @len.
 */
uint32_t ux_datagram_extensions(const struct ux_datagram_burst *b, size_t i, uint8_t *room,
				uint32_t len, uint8_t *proto);

/* ux_datagram_info_get - what the kernel said of datagram @i of the burst. */
void ux_datagram_info_get(const struct ux_datagram_burst *b, size_t i, int family,
			  struct ux_datagram_info *ret_info);
