/* SPDX-License-Identifier: BSD-2-Clause */

/* Who has a UDP port: sockets of this process are found at their addresses, others' ports are not.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/udp_bound.h"

struct seen {
	unsigned int n;
	struct ux_addr addr[8];
};

static void see(void *opaque, const struct ux_addr *addr)
{
	struct seen *seen = opaque;

	if (seen->n < 8)
		seen->addr[seen->n++] = *addr;
}

/* A socket at @addr and a port: 0 = any, which is stored. */
static int bind_at(int family, const struct ux_addr *addr, uint16_t *port)
{
	struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons(*port)};
	struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons(*port)};
	struct sockaddr *name =
	    family == AF_INET ? (struct sockaddr *)&four : (struct sockaddr *)&six;
	socklen_t len = family == AF_INET ? sizeof(four) : sizeof(six);
	const int on = 1;
	int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	four.sin_addr.s_addr = addr->w[0];
	memcpy(&six.sin6_addr, addr, sizeof(six.sin6_addr));
	assert_true(fd >= 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)), 0);
	if (family == AF_INET6)
		assert_int_equal(setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)), 0);
	assert_int_equal(bind(fd, name, len), 0);
	assert_int_equal(getsockname(fd, name, &len), 0);
	*port = ntohs(family == AF_INET ? four.sin_port : six.sin6_port);
	return fd;
}

static unsigned int count(const struct seen *seen, const struct ux_addr *addr, int family)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < seen->n; i++)
		n += ux_addr_equal(&seen->addr[i], addr, (uint16_t)family);
	return n;
}

static void one_family(int family, const struct ux_addr *loopback)
{
	const struct ux_addr all = {0};
	struct seen seen = {0}, other = {0}, gone = {0};
	uint16_t port = 0;
	int fds[3];

	for (int i = 0; i < 2; i++)
		fds[i] = bind_at(family, loopback, &port);
	fds[2] = bind_at(family, &all, &port);
	assert_int_equal(ux_udp_bound(family, port, see, &seen), 0);
	assert_int_equal(seen.n, 3);
	assert_int_equal(count(&seen, loopback, family), 2);
	assert_int_equal(count(&seen, &all, family), 1);
	assert_int_equal(ux_udp_bound(family == AF_INET ? AF_INET6 : AF_INET, port, see, &other),
			 0);
	assert_int_equal(other.n, 0);
	for (int i = 0; i < 3; i++)
		close(fds[i]);
	assert_int_equal(ux_udp_bound(family, port, see, &gone), 0);
	assert_int_equal(gone.n, 0);
}

static void test_both_families(void **state)
{
	struct ux_addr four = {.w = {htonl(INADDR_LOOPBACK)}}, six = {0};

	six.b[15] = 1;
	one_family(AF_INET, &four);
	one_family(AF_INET6, &six);
}

/* A connected socket hears its peer alone: it is not one to share a port with. */
static void test_connected_is_passed_over(void **state)
{
	struct ux_addr four = {.w = {htonl(INADDR_LOOPBACK)}};
	struct sockaddr_in peer = {.sin_family = AF_INET, .sin_port = htons(9)};
	struct seen seen = {0};
	uint16_t port = 0;
	int fd = bind_at(AF_INET, &four, &port);

	peer.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(connect(fd, (struct sockaddr *)&peer, sizeof(peer)), 0);
	assert_int_equal(ux_udp_bound(AF_INET, port, see, &seen), 0);
	assert_int_equal(seen.n, 0);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_both_families),
	    cmocka_unit_test(test_connected_is_passed_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
