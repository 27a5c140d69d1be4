/* SPDX-License-Identifier: BSD-2-Clause */

/* Rules and routes, in a network namespace of the test's own. Skips where none can be made. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "io/address_monitor.h"
#include "io/route.h"
#include "io/tun.h"

#define TABLE 5999
#define PRIORITY 5999
#define MARK 0x10000000u

static bool possible;
static struct ux_netlink nl;
static struct ux_tun tun;
static struct ux_address_monitor addresses;
static int known;

static void on_address(void *opaque, bool added, int family, const struct ux_addr *addr)
{
	known += added ? 1 : -1;
}

static int set_up(void **state)
{
	const struct ux_tun_params params = {.name = "uxtest%d", .mtu = 1400, .queue_len = 100};
	struct ux_ext_ack ext = {0};

	if (unshare(CLONE_NEWNET) < 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0)
		return 0;
	if (system("ip link set lo up && ip addr add 10.1.0.1/32 dev lo && ip addr add fd01::1/128 "
		   "dev lo") != 0)
		return 0;
	assert_int_equal(ux_netlink_open(&nl, 0), 0);
	if (ux_tun_open(&params, &nl, &tun, &ext) < 0)
		return 0;
	assert_int_equal(ux_address_monitor_open(&addresses, &nl, on_address, NULL), 0);
	possible = true;
	return 0;
}

static int tear_down(void **state)
{
	if (!possible)
		return 0;
	ux_address_monitor_close(&addresses);
	ux_port_free(tun.port);
	ux_netlink_close(&nl);
	return 0;
}

static struct ux_routes *make_routes(void)
{
	const struct ux_routes_params params = {
	    .nl = &nl,
	    .addresses = &addresses,
	    .tun_ifindex = tun.ifindex,
	    .fwmark = MARK,
	    .table = TABLE,
	    .priority = PRIORITY,
	};
	struct ux_routes *r = NULL;

	assert_int_equal(ux_routes_new(&params, &r), 0);
	return r;
}

static struct ux_prefix prefix(int family, const char *text, uint8_t bits)
{
	struct ux_prefix p = {.bits = bits};

	assert_int_equal(inet_pton(family, text, &p.addr), 1);
	return p;
}

static bool shell(const char *command)
{
	return system(command) == 0;
}

static void rules_come_and_go(void **state)
{
	struct ux_routes *r;

	if (!possible)
		skip();
	r = make_routes();
	assert_true(shell(
	    "ip rule | grep -q '^5999:.not from all fwmark 0x10000000/0x10000000 lookup 5999'"));
	assert_true(shell("ip -6 rule | grep -q '^5999:'"));
	ux_routes_free(r);
	assert_false(shell("ip rule | grep -q 5999 || ip -6 rule | grep -q 5999"));
	assert_false(shell(
	    "ip route show table 5999 | grep -q . || ip -6 route show table 5999 | grep -q ."));
}

/* A rule that looks at a mark, and at our own bit, which nothing may have that is to be protected. */
static void rule_of_a_mark(void **state)
{
	const struct ux_routes_params params = {
	    .nl = &nl,
	    .addresses = &addresses,
	    .tun_ifindex = tun.ifindex,
	    .fwmark = MARK,
	    .mark = 5,
	    .mask = 0xff,
	    .table = TABLE,
	    .priority = PRIORITY,
	};
	struct ux_prefix dst, src;
	struct ux_routes *r;

	if (!possible)
		skip();
	/* one of another mark, with the same table */
	assert_true(shell("ip rule add fwmark 9/0xff lookup 5999 pref 5999"));
	assert_int_equal(ux_routes_new(&params, &r), 0);
	assert_true(
	    shell("ip rule | grep -q '^5999:.from all fwmark 0x5/0x100000ff lookup 5999'"));
	assert_true(shell("[ $(ip rule | grep -c ^5999:) = 1 ]"));
	dst = prefix(AF_INET, "10.9.0.0", 16);
	src = prefix(AF_INET, "10.1.0.0", 16);
	assert_int_equal(ux_routes_add(r, AF_INET, &dst, &src), 0);
	assert_int_equal(ux_routes_settle(r), 0);
	assert_true(shell("ip route get 10.9.0.1 mark 0x305 | grep -q uxtest"));
	assert_false(shell("ip route get 10.9.0.1 mark 6 2>/dev/null | grep -q uxtest"));
	assert_false(shell("ip route get 10.9.0.1 mark 0x10000005 2>/dev/null | grep -q uxtest"));
	ux_routes_free(r);
	assert_false(shell("ip rule | grep -q 5999"));
}

static void what_a_predecessor_left_is_cleared(void **state)
{
	struct ux_routes *r;

	if (!possible)
		skip();
	assert_true(shell("ip rule add not fwmark 0x10000000/0x10000000 lookup 5999 pref 5999 &&"
			  "ip route add unreachable 10.9.0.0/16 table 5999 metric 3 proto 201"));
	r = make_routes();
	assert_true(shell("[ $(ip rule | grep -c ^5999:) = 1 ]"));
	assert_false(shell("ip route show table 5999 | grep -q ."));
	ux_routes_free(r);
}

static void routes_follow_policies(void **state)
{
	struct ux_prefix dst = prefix(AF_INET, "10.2.3.4", 16),
			 src = prefix(AF_INET, "10.1.0.0", 16);
	struct ux_prefix dst6 = prefix(AF_INET6, "fd02::", 64),
			 src6 = prefix(AF_INET6, "fd01::", 64);
	struct ux_prefix other = prefix(AF_INET, "10.7.0.0", 16);
	struct ux_routes *r;

	if (!possible)
		skip();
	r = make_routes();
	assert_int_equal(ux_routes_add(r, AF_INET, &dst, &src), 0);
	assert_int_equal(ux_routes_add(r, AF_INET6, &dst6, &src6), 0);
	assert_false(shell("ip route show table 5999 | grep -q ."));
	assert_int_equal(ux_routes_settle(r), 0);
	assert_true(shell("ip route get 10.2.9.9 | grep -q 'dev uxtest0 .*src 10.1.0.1'"));
	assert_true(shell("ip route get fd02::9 | grep -q 'dev uxtest0 .*src fd01::1'"));
	assert_false(shell("ip route get 10.2.9.9 mark 0x10000000 2>/dev/null | grep -q uxtest0"));
	assert_true(shell("ip route show table 5999 | grep -q 'unreachable 10.2.0.0/16'"));
	/* counted: the same pair twice, another source for the same destination */
	assert_int_equal(ux_routes_add(r, AF_INET, &dst, &src), 0);
	assert_int_equal(ux_routes_add(r, AF_INET, &dst, &other), 0);
	assert_int_equal(ux_routes_remove(r, AF_INET, &dst, &src), 0);
	assert_int_equal(ux_routes_remove(r, AF_INET, &dst, &src), 0);
	assert_int_equal(ux_routes_settle(r), 0);
	assert_true(shell("ip route get 10.2.9.9 | grep -q uxtest0"));
	assert_int_equal(ux_routes_remove(r, AF_INET, &dst, &other), 0);
	assert_int_equal(ux_routes_remove(r, AF_INET, &dst, &other), -ENOENT);
	assert_int_equal(ux_routes_settle(r), 0);
	assert_false(shell("ip route show table 5999 | grep -q ."));
	ux_routes_free(r);
}

static void only_the_last_of_changes_counts(void **state)
{
	struct ux_prefix come = prefix(AF_INET, "10.2.0.0", 16),
			 gone = prefix(AF_INET, "10.3.0.0", 16),
			 src = prefix(AF_INET, "10.1.0.0", 16);
	struct ux_routes *r;

	if (!possible)
		skip();
	r = make_routes();
	assert_int_equal(ux_routes_add(r, AF_INET, &gone, &src), 0);
	assert_int_equal(ux_routes_remove(r, AF_INET, &gone, &src), 0);
	assert_int_equal(ux_routes_add(r, AF_INET, &come, &src), 0);
	assert_int_equal(ux_routes_remove(r, AF_INET, &come, &src), 0);
	assert_int_equal(ux_routes_add(r, AF_INET, &come, &src), 0);
	assert_int_equal(ux_routes_settle(r), 0);
	assert_true(shell("[ $(ip route show table 5999 | grep -c 10.2.0.0/16) = 3 ]"));
	assert_false(shell("ip route show table 5999 | grep -q 10.3"));
	/* and once the kernel has it */
	assert_int_equal(ux_routes_remove(r, AF_INET, &come, &src), 0);
	assert_int_equal(ux_routes_add(r, AF_INET, &come, &src), 0);
	assert_int_equal(ux_routes_settle(r), 0);
	assert_true(shell("[ $(ip route show table 5999 | grep -c 10.2.0.0/16) = 3 ]"));
	ux_routes_free(r);
}

/* The source a policy covers comes before the host's own choice. */
static void the_source_follows_the_policies(void **state)
{
	struct ux_prefix dst = prefix(AF_INET, "10.2.0.0", 16),
			 none = prefix(AF_INET, "10.7.0.0", 16),
			 second = prefix(AF_INET, "10.6.0.0", 16);
	struct ux_routes *r;

	if (!possible)
		skip();
	assert_true(shell("ip addr add 10.6.0.1/32 dev lo"));
	assert_true(ux_address_monitor_read(&addresses));
	r = make_routes();
	assert_int_equal(ux_routes_add(r, AF_INET, &dst, &none), 0);
	assert_int_equal(ux_routes_settle(r), 0);
	assert_false(shell("ip route get 10.2.9.9 | grep -q 'src 10.6.0.1'"));
	assert_int_equal(ux_routes_add(r, AF_INET, &dst, &second), 0);
	assert_int_equal(ux_routes_settle(r), 0);
	assert_true(shell("ip route get 10.2.9.9 | grep -q 'src 10.6.0.1'"));
	assert_int_equal(ux_routes_remove(r, AF_INET, &dst, &second), 0);
	assert_int_equal(ux_routes_settle(r), 0);
	assert_false(shell("ip route get 10.2.9.9 | grep -q 'src 10.6.0.1'"));
	assert_true(shell("ip route get 10.2.9.9 | grep -q uxtest0"));
	assert_true(shell("ip addr del 10.6.0.1/32 dev lo"));
	assert_true(ux_address_monitor_read(&addresses));
	ux_routes_free(r);
}

/* The device is gone: packets are refused, not sent in clear, and later the routes are made good.
 */
static void without_a_device_nothing_leaks(void **state)
{
	struct ux_prefix dst = prefix(AF_INET, "10.2.0.0", 16),
			 src = prefix(AF_INET, "10.1.0.0", 16);
	struct ux_routes *r;

	if (!possible)
		skip();
	r = make_routes();
	ux_routes_set_device(r, 999999);
	assert_int_equal(ux_routes_add(r, AF_INET, &dst, &src), 0);
	assert_int_equal(ux_routes_settle(r), -ENODEV);
	assert_true(shell("ip route show table 5999 | grep -q 'unreachable 10.2.0.0/16'"));
	assert_int_equal(ux_routes_settle(r), 0);
	ux_routes_set_device(r, tun.ifindex);
	assert_int_equal(ux_routes_refresh(r), 0);
	assert_true(shell("ip route get 10.2.9.9 | grep -q 'dev uxtest0 .*src 10.1.0.1'"));
	ux_routes_free(r);
}

static struct ux_prefix numbered(uint32_t n)
{
	struct ux_prefix p = prefix(AF_INET, "10.8.0.0", 32);

	p.addr.b[2] = (uint8_t)(n >> 8);
	p.addr.b[3] = (uint8_t)n;
	return p;
}

/* More than fit without the table growing: each is found again. */
static void many_routes_are_found(void **state)
{
	const struct ux_prefix src = prefix(AF_INET, "10.1.0.0", 16);
	const uint32_t n = 3000;
	struct ux_routes *r;

	if (!possible)
		skip();
	r = make_routes();
	for (uint32_t i = 0; i < n; i++) {
		struct ux_prefix dst = numbered(i);

		assert_int_equal(ux_routes_add(r, AF_INET, &dst, &src), 0);
	}
	assert_int_equal(ux_routes_settle(r), 0);
	assert_true(shell("[ $(ip route show table 5999 | grep -c '^unreachable') = 3000 ]"));
	for (uint32_t i = 0; i < n; i++) {
		struct ux_prefix dst = numbered(i);

		assert_int_equal(ux_routes_remove(r, AF_INET, &dst, &src), 0);
		assert_int_equal(ux_routes_remove(r, AF_INET, &dst, &src), -ENOENT);
	}
	assert_true(shell("[ $(ip route show table 5999 | grep -c '^unreachable') = 3000 ]"));
	assert_int_equal(ux_routes_settle(r), 0);
	assert_false(shell("ip route show table 5999 | grep -q ."));
	ux_routes_free(r);
}

static void a_vanished_source_leaks_nothing(void **state)
{
	struct ux_prefix dst = prefix(AF_INET, "10.2.0.0", 16),
			 src = prefix(AF_INET, "10.1.0.0", 16);
	struct ux_routes *r;
	int before = known;

	if (!possible)
		skip();
	r = make_routes();
	assert_int_equal(ux_routes_add(r, AF_INET, &dst, &src), 0);
	assert_int_equal(ux_routes_settle(r), 0);
	/* The kernel takes the preferred route away with the address. */
	assert_true(shell("ip addr del 10.1.0.1/32 dev lo && ip addr add 10.1.0.2/32 dev lo"));
	assert_true(shell("ip route get 10.2.9.9 | grep -q uxtest0"));
	assert_true(ux_address_monitor_read(&addresses));
	assert_int_equal(known, before);
	assert_int_equal(ux_routes_refresh(r), 0);
	assert_true(shell("ip route get 10.2.9.9 | grep -q 'src 10.1.0.2'"));
	assert_true(shell("ip addr del 10.1.0.2/32 dev lo && ip addr add 10.1.0.1/32 dev lo"));
	assert_true(ux_address_monitor_read(&addresses));
	ux_routes_free(r);
}

static void prefixes_are_masked(void **state)
{
	struct ux_addr a;

	memset(&a, 0xff, sizeof(a));
	ux_prefix_mask(&a, AF_INET, 20);
	assert_memory_equal(a.b, "\xff\xff\xf0\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00",
			    16);
	memset(&a, 0xff, sizeof(a));
	ux_prefix_mask(&a, AF_INET6, 65);
	assert_memory_equal(a.b, "\xff\xff\xff\xff\xff\xff\xff\xff\x80\x00\x00\x00\x00\x00\x00\x00",
			    16);
	memset(&a, 0xff, sizeof(a));
	ux_prefix_mask(&a, AF_INET, 0);
	assert_memory_equal(a.b, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(rules_come_and_go),
	    cmocka_unit_test(rule_of_a_mark),
	    cmocka_unit_test(what_a_predecessor_left_is_cleared),
	    cmocka_unit_test(routes_follow_policies),
	    cmocka_unit_test(only_the_last_of_changes_counts),
	    cmocka_unit_test(the_source_follows_the_policies),
	    cmocka_unit_test(without_a_device_nothing_leaks),
	    cmocka_unit_test(many_routes_are_found),
	    cmocka_unit_test(a_vanished_source_leaks_nothing),
	    cmocka_unit_test(prefixes_are_masked),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
