/* SPDX-License-Identifier: BSD-2-Clause */

/* Runs of ESP in UDP from one end of the loopback device to the other: as they were, in order. Needs
 * raw sockets; skips without. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "base/bytes.h"
#include "io/raw_send.h"
#include "io/udp_encap_socket.h"
#include "io/udp_gso.h"
#include "packet/ip.h"
#include "packet/udp.h"

#define OWN_MARK 0x10000000u
#define PORT 45021

static uint8_t memory[2][UXFRM_BURST][UX_PORT_BUFFER];
static struct uxfrm_packet packets[2][UXFRM_BURST];
static struct uxfrm_packet *out[UXFRM_BURST], *in[UXFRM_BURST];
static struct ux_encap_socket *encap;
static struct ux_udp_gso *gso;
static struct ux_port *sender;
static size_t n_out;
static int family;

static int set_up(int of)
{
	struct ux_port *a, *b;
	int err;

	family = of;
	n_out = 0;
	for (size_t i = 0; i < UXFRM_BURST; i++) {
		for (int k = 0; k < 2; k++)
			packets[k][i] = (struct uxfrm_packet){.buf = memory[k][i],
							      .size = UX_PORT_BUFFER};
		out[i] = &packets[0][i];
		in[i] = &packets[1][i];
	}
	err = ux_encap_socket_open(family, NULL, PORT, OWN_MARK, &encap);
	gso = ux_udp_gso_new(OWN_MARK);
	err = err ? err : ux_raw_send_open(OWN_MARK, gso, &sender);
	if (err)
		return err == -EPERM || err == -EAFNOSUPPORT ? 1 : -1;
	a = ux_encap_socket_port(encap, 0);
	b = ux_encap_socket_port(encap, 1);
	if (!a || !b)
		return -1;
	return ux_udp_gso_add(gso, family, PORT, (const int[]){a->fd, b->fd}) ? 0 : 1;
}

static int set_up4(void **state)
{
	*state = set_up(AF_INET) ? (void *)1 : NULL;
	return 0;
}

static int set_up6(void **state)
{
	*state = set_up(AF_INET6) ? (void *)1 : NULL;
	return 0;
}

static int tear_down(void **state)
{
	sender = ux_port_free(sender);
	gso = ux_udp_gso_free(gso);
	encap = ux_encap_socket_free(encap);
	return 0;
}

/* The next packet to be sent, with @payload bytes behind the UDP header. */
static void add(uint32_t payload, uint8_t tos, bool df)
{
	struct uxfrm_packet *p = out[n_out];
	struct ux_addr addr = {{{0}}};
	uint32_t ip = family == AF_INET ? UX_IP4_LEN : UX_IP6_LEN;
	struct ux_ip_build b = {.saddr = &addr,
				.daddr = &addr,
				.total_len = ip + UX_UDP_LEN + payload,
				.flow_label = 0x12345,
				.tos = tos,
				.ttl = 77,
				.proto = IPPROTO_UDP,
				.df = df};
	struct ux_ip_info info;

	inet_pton(family, family == AF_INET ? "127.0.0.1" : "::1", &addr);
	p->verdict = UXFRM_UNDERLAY;
	p->data = ux_port_start(p);
	p->len = b.total_len;
	for (uint32_t i = 0; i < payload; i++)
		p->data[ip + UX_UDP_LEN + i] = (uint8_t)(i * 7 + n_out + 1);
	ux_put_be32(p->data + ip + UX_UDP_LEN, (uint32_t)(0x1000 + n_out));
	ux_udp_build(p->data + ip, htons(PORT), htons(PORT), UX_UDP_LEN + payload);
	if (family == AF_INET)
		ux_ip4_build(p->data, &b);
	else
		ux_ip6_build(p->data, &b);
	if (family == AF_INET6 && ux_ip_parse(p->data, p->len, &info)) {
		ux_put_be16(p->data + ip + 6, 1);
		ux_transport_checksum(p->data, &info);
	}
	n_out++;
}

static size_t receive_all(void)
{
	size_t n = 0;

	for (unsigned int i = 0; i < UX_ENCAP_SOCKET_PORTS; i++) {
		struct ux_port *port = ux_encap_socket_port(encap, i);
		size_t got;

		do {
			got = ux_port_receive(port, in + n, UXFRM_BURST - n);
			n += got;
		} while (n < UXFRM_BURST && (got || port->pending));
	}
	return n;
}

/* What was added arrives as it is, in order; beside that, headers as far as a receiver sees them. */
static void check(void)
{
	uint32_t ip = family == AF_INET ? UX_IP4_LEN : UX_IP6_LEN;

	ux_port_send(sender, out, n_out);
	assert_int_equal(receive_all(), n_out);
	for (size_t i = 0; i < n_out; i++) {
		struct ux_ip_info sent, got;

		assert_int_equal(out[i]->verdict, UXFRM_UNDERLAY);
		assert_int_equal(in[i]->len, out[i]->len);
		assert_memory_equal(in[i]->data + ip + UX_UDP_LEN, out[i]->data + ip + UX_UDP_LEN,
				    out[i]->len - ip - UX_UDP_LEN);
		assert_true(ux_ip_parse(out[i]->data, out[i]->len, &sent));
		assert_true(ux_ip_parse(in[i]->data, in[i]->len, &got));
		assert_int_equal(got.tos, sent.tos);
		assert_int_equal(in[i]->data[family == AF_INET ? 8 : 7], 77);
		assert_int_equal(got.total_len, in[i]->len);
		assert_int_equal(ux_get_be16(in[i]->data + ip), PORT);
		assert_true(in[i]->mark & OWN_MARK);
	}
	n_out = 0;
}

static void test_runs(void **state)
{
	if (*state)
		skip();
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 40; i++)
			add(1200, 0xb9, true);
		add(700, 0xb9, true);
		check();
		for (int i = 0; i < 40; i++)
			add(1300, 0, false);
		check();
		/* those of one length are too few to go together */
		for (uint32_t i = 0; i < 30; i++)
			add(100 + i * 4, 0, true);
		check();
		/* longer in all than a datagram can be */
		for (int i = 0; i < UXFRM_BURST; i++)
			add(1400, 0, true);
		check();
		/* small ones */
		for (int i = 0; i < UXFRM_BURST; i++)
			add(40, 0, true);
		check();
	}
}

static void test_mixed(void **state)
{
	static const uint32_t lengths[] = {500, 500, 500, 40, 900, 40, 40, 900, 900, 30, 30, 500};

	if (*state)
		skip();
	for (int round = 0; round < 4; round++)
		for (size_t at = 0; at < 12; at++) {
			for (size_t i = 0; i < 60; i++)
				add(lengths[(at + i) % 12], (uint8_t)(i / 20 * 4), i % 30 < 15);
			check();
		}
}

static void test_what_is_a_run(void **state)
{
	if (*state)
		skip();
	for (int i = 0; i < 6; i++)
		add(600, 0, true);
	assert_int_equal(ux_udp_gso_run(gso, out, 6), 6);
	assert_int_equal(ux_udp_gso_run(gso, out, 1), 0);
	out[3]->mark = 1;
	assert_int_equal(ux_udp_gso_run(gso, out, 6), 3);
	out[2]->ifindex = 1;
	assert_int_equal(ux_udp_gso_run(gso, out, 6), 2);
	out[1]->verdict = UXFRM_BYPASS;
	assert_int_equal(ux_udp_gso_run(gso, out, 6), 0);
	out[1]->verdict = UXFRM_UNDERLAY;
	/* what is too large for its path is cut by whoever sends it alone */
	out[0]->mtu = out[1]->mtu = 500;
	assert_int_equal(ux_udp_gso_run(gso, out, 6), 0);
	out[0]->mtu = out[1]->mtu = 1500;
	assert_int_equal(ux_udp_gso_run(gso, out, 6), 2);
	/* IKE */
	memset(out[0]->data + (family == AF_INET ? 28 : 48), 0, 4);
	assert_int_equal(ux_udp_gso_run(gso, out, 6), 0);
	n_out = 0;
	/* a port that is not ours */
	for (int i = 0; i < 6; i++)
		add(600, 0, true);
	ux_udp_gso_remove(gso, family, PORT);
	assert_int_equal(ux_udp_gso_run(gso, out, 6), 0);
	n_out = 0;
}

/* From an address that is not ours the kernel does not send by UDP: one by one they all go. */
static void test_refused(void **state)
{
	if (*state)
		skip();
	for (int i = 0; i < 6; i++) {
		add(600, 0, true);
		out[i]->data[family == AF_INET ? 12 : 8] = 0x20;
		if (family == AF_INET)
			ux_ip4_set_length(out[i]->data, out[i]->len);
	}
	assert_int_equal(ux_udp_gso_run(gso, out, 6), 6);
	assert_false(ux_udp_gso_send(gso, out, 6));
	/* and not tried again at once */
	assert_int_equal(ux_udp_gso_run(gso, out, 6), 0);
	ux_port_send(sender, out, 6);
	for (int i = 0; i < 6; i++)
		assert_int_equal(out[i]->verdict, UXFRM_UNDERLAY);
	n_out = 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_runs, set_up4, tear_down),
	    cmocka_unit_test_setup_teardown(test_runs, set_up6, tear_down),
	    cmocka_unit_test_setup_teardown(test_mixed, set_up4, tear_down),
	    cmocka_unit_test_setup_teardown(test_mixed, set_up6, tear_down),
	    cmocka_unit_test_setup_teardown(test_what_is_a_run, set_up4, tear_down),
	    cmocka_unit_test_setup_teardown(test_what_is_a_run, set_up6, tear_down),
	    cmocka_unit_test_setup_teardown(test_refused, set_up4, tear_down),
	    cmocka_unit_test_setup_teardown(test_refused, set_up6, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
