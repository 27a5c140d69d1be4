/* SPDX-License-Identifier: BSD-2-Clause */

/* ESP and IKE on one UDP port, over loopback, in each order of joining. Needs raw sockets; skips
 * without. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bytes.h"
#include "io/udp_encap_socket.h"
#include "packet/ip.h"

#define OWN_MARK 0x10000000u
#define ROUNDS 20

static uint8_t memory[UXFRM_BURST][UX_PORT_BUFFER];
static struct uxfrm_packet packets[UXFRM_BURST];
static struct uxfrm_packet *burst[UXFRM_BURST];

static int set_up(void **state)
{
	for (size_t i = 0; i < UXFRM_BURST; i++) {
		packets[i] = (struct uxfrm_packet){.buf = memory[i], .size = UX_PORT_BUFFER};
		burst[i] = &packets[i];
	}
	return 0;
}

static struct sockaddr_storage loopback(int family, uint16_t port, socklen_t *ret_len)
{
	struct sockaddr_storage name = {0};
	struct sockaddr_in *name4 = (struct sockaddr_in *)&name;
	struct sockaddr_in6 *name6 = (struct sockaddr_in6 *)&name;

	if (family == AF_INET) {
		*name4 = (struct sockaddr_in){.sin_family = AF_INET,
					      .sin_port = htons(port),
					      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
		*ret_len = sizeof(*name4);
	} else {
		*name6 = (struct sockaddr_in6){.sin6_family = AF_INET6,
					       .sin6_port = htons(port),
					       .sin6_addr = IN6ADDR_LOOPBACK_INIT};
		*ret_len = sizeof(*name6);
	}
	return name;
}

/* An IKE daemon's socket: bound to all addresses. -1: the port is taken. */
static int ike_socket(int family, uint16_t port, int reuse)
{
	struct sockaddr_in any4 = {.sin_family = AF_INET, .sin_port = htons(port)};
	struct sockaddr_in6 any6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	const int on = 1;
	int fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	assert_true(fd >= 0);
	if (reuse)
		assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)), 0);
	if (family == AF_INET6)
		assert_int_equal(setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)), 0);
	assert_int_equal(
	    bind(fd, family == AF_INET ? (struct sockaddr *)&any4 : (struct sockaddr *)&any6,
		 family == AF_INET ? sizeof(any4) : sizeof(any6)),
	    0);
	return fd;
}

static int client_socket(int family, uint16_t port)
{
	socklen_t len;
	struct sockaddr_storage to = loopback(family, port, &len);
	int fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&to, len), 0);
	return fd;
}

static struct ux_encap_socket *open_encap(int family, uint16_t port)
{
	struct ux_encap_socket *e = NULL;
	int err = ux_encap_socket_open(family, NULL, port, OWN_MARK, &e);

	if (err == -EPERM || err == -EAFNOSUPPORT)
		skip();
	assert_int_equal(err, 0);
	return e;
}

static bool readable(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	return poll(&p, 1, 200) > 0;
}

/* Read all our ports dry; how many packets with @spi came. Others must be what the engine ignores.
 */
static int count_esp(struct ux_encap_socket *e, uint32_t spi)
{
	int found = 0;

	for (unsigned int i = 0; i < UX_ENCAP_SOCKET_PORTS; i++) {
		struct ux_port *port = ux_encap_socket_port(e, i);
		size_t n;

		while (port && (n = ux_port_receive(port, burst, UXFRM_BURST)) > 0) {
			for (size_t j = 0; j < n; j++) {
				struct ux_ip_info ip;
				uint8_t *udp;

				assert_true(ux_ip_parse(burst[j]->data, burst[j]->len, &ip));
				assert_int_equal(ip.proto, IPPROTO_UDP);
				udp = burst[j]->data + ip.header_len;
				if (burst[j]->len == ip.header_len + 9u)
					assert_int_equal(udp[8], 0xff);
				else
					found += ux_get_be32(udp + 8) == spi;
			}
		}
	}
	return found;
}

static int count_ike(int fd)
{
	uint8_t buf[64];
	int found = 0;
	ssize_t n;

	while ((n = recv(fd, buf, sizeof(buf), 0)) > 0) {
		assert_int_equal(n, 12);
		assert_int_equal(ux_get_be32(buf), 0);
		found++;
	}
	return found;
}

/* Each IKE and each ESP datagram arrives once, at its own place, from the first one on. */
static void exchange(struct ux_encap_socket *e, int ike, int family, uint16_t port)
{
	const uint8_t esp_bytes[] = {0x11, 0x22, 0x33, 0x44, 0, 0, 0, 1, 9, 9, 9, 9};
	const uint8_t ike_bytes[12] = {0, 0, 0, 0, 'I', 'K', 'E'};
	int esp_seen = 0, ike_seen = 0;

	for (int i = 0; i < ROUNDS; i++) {
		int fd = client_socket(family, port);

		assert_int_equal(send(fd, ike_bytes, sizeof(ike_bytes), 0), sizeof(ike_bytes));
		assert_int_equal(send(fd, esp_bytes, sizeof(esp_bytes), 0), sizeof(esp_bytes));
		esp_seen += count_esp(e, 0x11223344);
		/* The first one may have gone by us. */
		assert_true(readable(ike));
		ike_seen += count_ike(ike);
		close(fd);
	}
	assert_int_equal(esp_seen, ROUNDS);
	assert_int_equal(ike_seen, ROUNDS);
}

static void ike_first(void **state)
{
	const int families[] = {AF_INET, AF_INET6};

	for (int i = 0; i < 2; i++) {
		uint16_t port = (uint16_t)(45001 + i);
		int ike = ike_socket(families[i], port, 1);
		struct ux_encap_socket *e = open_encap(families[i], port);

		exchange(e, ike, families[i], port);
		close(ike);
		ux_encap_socket_free(e);
	}
}

static void ike_last_and_again(void **state)
{
	const int families[] = {AF_INET, AF_INET6};

	for (int i = 0; i < 2; i++) {
		uint16_t port = (uint16_t)(45003 + i);
		struct ux_encap_socket *e = open_encap(families[i], port);

		for (int restart = 0; restart < 3; restart++) {
			int ike = ike_socket(families[i], port, 1);

			exchange(e, ike, families[i], port);
			close(ike);
		}
		ux_encap_socket_free(e);
	}
}

static void ike_first_then_restarted(void **state)
{
	int ike = ike_socket(AF_INET, 45005, 1);
	struct ux_encap_socket *e = open_encap(AF_INET, 45005);

	exchange(e, ike, AF_INET, 45005);
	close(ike);
	ike = ike_socket(AF_INET, 45005, 1);
	exchange(e, ike, AF_INET, 45005);
	close(ike);
	ux_encap_socket_free(e);
}

static void without_ike(void **state)
{
	const uint8_t esp_bytes[] = {0x11, 0x22, 0x33, 0x44, 0, 0, 0, 1, 9, 9, 9, 9};
	const uint8_t ike_bytes[12] = {0};
	const uint8_t keepalive = 0xff;
	struct ux_encap_socket *e = open_encap(AF_INET, 45006);
	int fd = client_socket(AF_INET, 45006);

	for (int i = 0; i < 5; i++) {
		assert_int_equal(send(fd, ike_bytes, sizeof(ike_bytes), 0), sizeof(ike_bytes));
		assert_int_equal(send(fd, &keepalive, 1, 0), 1);
		assert_int_equal(send(fd, esp_bytes, sizeof(esp_bytes), 0), sizeof(esp_bytes));
		assert_int_equal(count_esp(e, 0x11223344), 1);
	}
	close(fd);
	ux_encap_socket_free(e);
}

static void held_unshared(void **state)
{
	const int families[] = {AF_INET, AF_INET6};

	for (int i = 0; i < 2; i++) {
		const uint8_t esp_bytes[] = {0x11, 0x22, 0x33, 0x44, 0, 0, 0, 1, 9, 9, 9, 9};
		const uint8_t ike_bytes[12] = {0};
		uint16_t port = (uint16_t)(45007 + i);
		int ike = ike_socket(families[i], port, 0);
		struct ux_encap_socket *e = open_encap(families[i], port);
		int fd = client_socket(families[i], port);

		assert_int_equal(send(fd, ike_bytes, sizeof(ike_bytes), 0), sizeof(ike_bytes));
		assert_int_equal(send(fd, esp_bytes, sizeof(esp_bytes), 0), sizeof(esp_bytes));
		assert_true(readable(ux_encap_socket_port(e, 0)->fd));
		assert_int_equal(count_esp(e, 0x11223344), 1);
		assert_true(readable(ike));
		close(fd);
		close(ike);
		ux_encap_socket_free(e);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(ike_first, set_up),
	    cmocka_unit_test_setup(ike_last_and_again, set_up),
	    cmocka_unit_test_setup(ike_first_then_restarted, set_up),
	    cmocka_unit_test_setup(without_ike, set_up),
	    cmocka_unit_test_setup(held_unshared, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
