/* SPDX-License-Identifier: BSD-2-Clause */

/* A socket pair in place of the device: one datagram is one packet there, too. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <linux/virtio_net.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "../packet/super_packets.h"
#include "io/tun_vnet.h"
#include "packet/coalesce.h"
#include "packet/segment.h"

#define ALL 15u

static uint8_t memory[UXFRM_BURST][UX_PORT_BUFFER];
static struct uxfrm_packet packets[UXFRM_BURST];
static struct uxfrm_packet *burst[UXFRM_BURST];
static struct ux_port *port;
static int host;

static int set_up(void **state)
{
	const struct ux_tun_facts facts = {.if_id = 7, .underlay_ifindex = 3};
	const int size = 1 << 20;
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, fds) < 0)
		return -1;
	for (int i = 0; i < 2; i++)
		(void)setsockopt(fds[i], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	host = fds[1];
	port = ux_tun_vnet_port_new(fds[0], ALL, &facts);
	for (size_t i = 0; i < UXFRM_BURST; i++) {
		packets[i] = (struct uxfrm_packet){.buf = memory[i], .size = UX_PORT_BUFFER};
		burst[i] = &packets[i];
	}
	return port ? 0 : -1;
}

static int tear_down(void **state)
{
	ux_port_free(port);
	close(host);
	return 0;
}

static const struct super_params tcp = {.sport = 1000,
					.id = 100,
					.seq = 5000,
					.ack = 77,
					.window = 500,
					.flags = 0x18,
					.ttl = 63,
					.df = true,
					.timestamps = true};

static uint8_t sent[70000];

/* What the host sends: a packet, or more than one of @size bytes of payload. */
static uint32_t host_sends(const struct super_params *p, uint16_t size, uint32_t salt)
{
	uint32_t len = make_super(sent, p, salt);
	struct virtio_net_hdr vnet = {0};
	struct iovec iov[2] = {{&vnet, sizeof(vnet)}, {sent, len}};

	if (size) {
		vnet.gso_type = p->udp	? 5
				: p->v6 ? VIRTIO_NET_HDR_GSO_TCPV6
					: VIRTIO_NET_HDR_GSO_TCPV4;
		vnet.gso_size = size;
	}
	assert_int_equal(writev(host, iov, 2), sizeof(vnet) + len);
	return len;
}

/* The next @n segments of @super are what was received, from packet @at on. */
static void check_segments(const uint8_t *super, uint32_t len, uint32_t size, uint32_t n, size_t at)
{
	static uint8_t want[70000];
	struct ux_segmenter s;

	assert_true(ux_segment_begin(&s, super, len, size));
	assert_int_equal(s.n, n);
	for (uint32_t i = 0; i < n; i++) {
		memcpy(want + s.header_len, super + s.header_len + i * size,
		       ux_segment_payload(&s, i));
		assert_int_equal(packets[at + i].len, ux_segment_finish(&s, i, want));
		assert_memory_equal(packets[at + i].data, want, packets[at + i].len);
		assert_int_equal(packets[at + i].if_id, 7);
		assert_int_equal(packets[at + i].ifindex, 3);
		assert_int_equal(packets[at + i].mark, 0);
		assert_ptr_equal(packets[at + i].data, ux_port_start(&packets[at + i]));
	}
}

static void test_segments(void **state)
{
	static const struct {
		uint32_t payload, size;
		bool v6, udp;
	} rows[] = {
	    {20000, 1348, false, false}, {20000, 1348, false, false}, {1348, 1348, false, false},
	    {1349, 1348, false, false},	 {30000, 1348, true, false},  {30000, 1348, true, false},
	    {5000, 100, true, false},	 {5000, 100, true, false},    {9000, 1200, false, true},
	    {64, 1, false, true},	 {64, 1, false, true},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct super_params p = tcp;
		uint32_t n = (rows[i].payload + rows[i].size - 1) / rows[i].size, len;

		p.v6 = rows[i].v6;
		p.udp = rows[i].udp;
		p.payload_len = rows[i].payload;
		len = host_sends(&p, (uint16_t)rows[i].size, (uint32_t)i);
		assert_int_equal(ux_port_receive(port, burst, UXFRM_BURST), n);
		assert_false(port->pending);
		check_segments(sent, len, rows[i].size, n, 0);
	}
}

/* More segments than a burst has packets: the rest comes with the next calls. */
static void test_more_than_a_burst(void **state)
{
	for (int again = 0; again < 3; again++) {
		struct super_params p = tcp;
		uint32_t left, len;
		struct ux_segmenter s;
		size_t n, at = 0;

		p.payload_len = 20000;
		len = host_sends(&p, 100, (uint32_t)again);
		assert_true(ux_segment_begin(&s, sent, len, 100));
		for (left = 200; left; left -= (uint32_t)n, at += n) {
			n = ux_port_receive(port, burst, UXFRM_BURST);
			assert_int_equal(n, left < UXFRM_BURST ? left : UXFRM_BURST);
			assert_int_equal(port->pending, left > n);
			for (size_t i = 0; i < n; i++) {
				uint8_t want[300];

				memcpy(want + s.header_len, sent + s.header_len + (at + i) * 100,
				       100);
				assert_int_equal(ux_segment_finish(&s, (uint32_t)(at + i), want),
						 packets[i].len);
				assert_memory_equal(packets[i].data, want, packets[i].len);
			}
		}
		assert_int_equal(ux_port_receive(port, burst, UXFRM_BURST), 0);
	}
}

/* A packet that is no super-packet, of any size, whatever came before. */
static void test_whole_packets(void **state)
{
	struct super_params p = tcp;
	uint32_t len;

	for (int after = 0; after < 2; after++) {
		for (uint32_t payload = 1; payload <= 60001; payload += 10000) {
			p.payload_len = payload;
			len = host_sends(&p, 0, payload);
			assert_int_equal(ux_port_receive(port, burst, UXFRM_BURST), 1);
			assert_int_equal(packets[0].len, len);
			assert_memory_equal(packets[0].data, sent, len);
		}
		p.payload_len = 3000;
		host_sends(&p, 1000, 1);
		assert_int_equal(ux_port_receive(port, burst, UXFRM_BURST), 3);
	}
	/* many of them forget how a super-packet was */
	p.payload_len = 500;
	for (int i = 0; i < 100; i++) {
		len = host_sends(&p, 0, (uint32_t)i);
		assert_int_equal(ux_port_receive(port, burst, UXFRM_BURST), 1);
		assert_memory_equal(packets[0].data, sent, len);
	}
}

/* What says it is a super-packet and is none goes on as it is, and is somebody else's to refuse. */
static void test_not_what_it_says(void **state)
{
	const struct virtio_net_hdr vnet = {.gso_type = VIRTIO_NET_HDR_GSO_TCPV4, .gso_size = 100};
	uint8_t junk[400] = {0x45};
	struct iovec iov[2] = {{(void *)&vnet, sizeof(vnet)}, {junk, sizeof(junk)}};

	assert_true(writev(host, iov, 2) > 0);
	assert_int_equal(ux_port_receive(port, burst, UXFRM_BURST), 1);
	assert_int_equal(packets[0].len, sizeof(junk));
	assert_memory_equal(packets[0].data, junk, sizeof(junk));
	/* less than a header */
	assert_int_equal(write(host, junk, 3), 3);
	assert_int_equal(ux_port_receive(port, burst, UXFRM_BURST), 0);
}

static void test_checksum_is_completed(void **state)
{
	struct super_params p = tcp;
	struct virtio_net_hdr vnet = {
	    .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .csum_start = 20, .csum_offset = 16};
	uint8_t want[2000];
	struct iovec iov[2] = {{&vnet, sizeof(vnet)}, {sent, 0}};
	struct ux_coalesce_run run = {.n = 1, .kind = UX_COALESCE_TCP4, .transport = 20};

	p.payload_len = 700;
	iov[1].iov_len = make_super(want, &p, 5);
	memcpy(sent, want, iov[1].iov_len);
	packets[0].data = want;
	packets[0].len = (uint32_t)iov[1].iov_len;
	run.header_len = 52;
	run.payload_len = 700;
	ux_coalesce_header(&run, burst, sent); /* leaves the pseudo header's sum */
	assert_true(writev(host, iov, 2) > 0);
	assert_int_equal(ux_port_receive(port, burst, UXFRM_BURST), 1);
	assert_memory_equal(packets[0].data, want, packets[0].len);
}

/* Packets that came by the tunnel, in a row, are one for the host; cut again they are the same. */
static void test_together_to_the_host(void **state)
{
	static uint8_t got[70000];
	struct super_params p = tcp;
	struct virtio_net_hdr vnet;
	struct iovec iov[2] = {{&vnet, sizeof(vnet)}, {got, sizeof(got)}};
	ssize_t len;

	p.payload_len = 1000;
	for (int i = 0; i < 10; i++, p.seq += 1000, p.id++) {
		p.flags = i == 9 ? 0x18 : 0x10;
		packets[i].data = ux_port_start(&packets[i]);
		packets[i].len = make_super(packets[i].data, &p, (uint32_t)i);
	}
	ux_port_send(port, burst, 10);
	len = readv(host, iov, 2);
	assert_int_equal(len, sizeof(vnet) + 52 + 10000);
	assert_int_equal(vnet.gso_type, VIRTIO_NET_HDR_GSO_TCPV4);
	assert_int_equal(vnet.gso_size, 1000);
	assert_int_equal(vnet.hdr_len, 52);
	assert_int_equal(vnet.flags, VIRTIO_NET_HDR_F_NEEDS_CSUM);
	for (int i = 0; i < 10; i++) {
		packets[i].if_id = 7;
		packets[i].ifindex = 3;
	}
	check_segments(got, 10052, 1000, 10, 0);
	assert_int_equal(readv(host, iov, 2), -1);
}

static void test_alone_to_the_host(void **state)
{
	uint8_t got[2000];
	struct super_params p = tcp;
	struct virtio_net_hdr vnet;
	struct iovec iov[2] = {{&vnet, sizeof(vnet)}, {got, sizeof(got)}};

	for (int i = 0; i < 2; i++) {
		p.payload_len = 800;
		packets[i].data = ux_port_start(&packets[i]);
		packets[i].len = make_super(packets[i].data, &p, (uint32_t)i);
	}
	ux_port_send(port, burst, 2); /* the same twice: not in a row */
	for (int i = 0; i < 2; i++) {
		assert_int_equal(readv(host, iov, 2), sizeof(vnet) + packets[i].len);
		assert_int_equal(vnet.gso_type, 0);
		assert_int_equal(vnet.flags, 0);
		assert_memory_equal(got, packets[i].data, packets[i].len);
	}
}

static void test_refused(void **state)
{
	packets[0].data = ux_port_start(&packets[0]);
	packets[0].len = 100;
	packets[0].verdict = UXFRM_DELIVER;
	close(host);
	ux_port_send(port, burst, 1);
	assert_int_equal(packets[0].verdict, UXFRM_DROP);
	assert_int_equal(packets[0].drop, UXFRM_DROP_PORT_SEND);
	host = -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_segments, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_more_than_a_burst, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_whole_packets, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_not_what_it_says, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_checksum_is_completed, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_together_to_the_host, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_alone_to_the_host, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_refused, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
