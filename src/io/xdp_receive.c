/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The program has looked at the headers for what they say; here it is whether they say it rightly.
 * A sender on the same host (veth) may leave the UDP checksum to its device, which leaves it to us:
 * the field then has the sum of the pseudo header, and that counts as right, as nothing was
 * on any wire.
 */

#include "io/xdp_receive.h"

#include <netinet/in.h>
#include <string.h>

#include "packet/checksum.h"
#include "packet/ip.h"
#include "packet/udp.h"

static bool udp_good(const uint8_t *data, const struct ux_ip_info *ip)
{
	const bool four = ip->family == AF_INET;
	const uint8_t *udp = data + ip->header_len;
	uint32_t payload;
	uint64_t pseudo;
	uint16_t check;

	if (!ux_udp_payload_len(udp, ip->total_len - ip->header_len, &payload))
		return false;
	check = ux_checksum_load(udp + 6);
	/* RFC 3948 section 2.1: zero, which in IPv6 only tunnels may have (RFC 6935). */
	if (!check)
		return true;
	pseudo = ux_checksum_pseudo(data + (four ? 12 : 8), data + (four ? 16 : 24), four ? 4 : 16,
				    IPPROTO_UDP, payload + UX_UDP_LEN);
	if ((check ^ ux_checksum_finish(pseudo)) == UINT16_MAX)
		return true;
	return ux_checksum_finish(ux_checksum_add(pseudo, udp, payload + UX_UDP_LEN)) == 0;
}

bool ux_xdp_packet_good(const uint8_t *data, uint32_t len, uint32_t *ret_len)
{
	struct ux_ip_info ip;

	if (!ux_ip_parse(data, len, &ip))
		return false;
	if (ip.family == AF_INET &&
	    ux_checksum_finish(ux_checksum_add(0, data, ip.header_len)) != 0)
		return false;
	*ret_len = ip.total_len;
	return ip.proto != IPPROTO_UDP || udp_good(data, &ip);
}

static void count(_Atomic(uint64_t) *counter, uint64_t n)
{
	if (n)
		atomic_store_explicit(counter,
				      atomic_load_explicit(counter, memory_order_relaxed) + n,
				      memory_order_relaxed);
}

static size_t xdp_receive(struct ux_port *port, struct uxfrm_packet *const *packets, size_t n)
{
	struct ux_xdp_port *x = (struct ux_xdp_port *)port;
	struct ux_xdp_frame frames[UXFRM_BURST];
	size_t got = ux_xdp_socket_peek(&x->socket, frames, n < UXFRM_BURST ? n : UXFRM_BURST);
	size_t good = 0;

	if (!got)
		return 0;
	for (size_t i = 0; i < got; i++) {
		struct uxfrm_packet *p = packets[good];
		const uint8_t *data = frames[i].data + UX_XDP_ETHERNET;
		uint32_t len;

		if (frames[i].len <= UX_XDP_ETHERNET ||
		    !ux_xdp_packet_good(data, frames[i].len - UX_XDP_ETHERNET, &len) ||
		    len > ux_port_room(p))
			continue;
		p->data = ux_port_start(p);
		p->len = len;
		p->mark = 0;
		p->ifindex = x->device->net.ifindex;
		memcpy(p->data, data, len);
		good++;
	}
	ux_xdp_socket_release(&x->socket, got);
	count(&x->received, good);
	count(&x->malformed, got - good);
	return good;
}

/* Its socket belongs to the device and ends with it. */
static void xdp_free(struct ux_port *port)
{
}

static size_t xdp_waiting(struct ux_port *port)
{
	return ux_xdp_socket_waiting(&((struct ux_xdp_port *)port)->socket);
}

static const struct ux_port_ops xdp_ops = {
    .receive = xdp_receive, .free = xdp_free, .waiting = xdp_waiting};

void ux_xdp_receive_init(struct ux_xdp_port *p, struct ux_xdp_device *device)
{
	p->device = device;
	p->port = (struct ux_port){
	    .ops = &xdp_ops, .fd = p->socket.fd, .side = UX_PORT_UNDERLAY, .first = true};
}
