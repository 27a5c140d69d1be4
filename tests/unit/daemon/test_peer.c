/* SPDX-License-Identifier: BSD-2-Clause */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <linux/capability.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/peer.h"

static void capability_in_status_text(void **state)
{
	assert_int_equal(ux_peer_status_has_cap("Name:\tx\nCapEff:\t0000000000001000\nCapBnd:\t0\n",
						CAP_NET_ADMIN),
			 1);
	assert_int_equal(
	    ux_peer_status_has_cap("Name:\tx\nCapEff:\t000001ffffffefff\n", CAP_NET_ADMIN), 0);
	assert_int_equal(
	    ux_peer_status_has_cap("Name:\tx\nCapEff:\t000001ffffffffff\n", CAP_NET_ADMIN), 1);
	/* A process can call itself anything. */
	assert_int_equal(
	    ux_peer_status_has_cap("Name:\tCapEff:\nCapEff:\t0000000000000000\n", CAP_NET_ADMIN),
	    0);
	assert_int_equal(ux_peer_status_has_cap("Name:\tx\n", CAP_NET_ADMIN), -1);
}

static void user_in_status_text(void **state)
{
	const char *set_user_id = "Name:\tsu\nUid:\t1000\t0\t0\t0\nGid:\t1000\t1000\t1000\t1000\n";

	assert_false(ux_peer_status_has_uid(set_user_id, 1000));
	assert_true(ux_peer_status_has_uid(set_user_id, 0));
	assert_true(ux_peer_status_has_uid("Name:\tx\nUid:\t7\t8\t7\t7\n", 8));
	assert_false(ux_peer_status_has_uid("Name:\tUid: 1 1\n", 1));
}

static void own_process(void **state)
{
	struct ux_peer peer;
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds), 0);
	assert_int_equal(ux_peer_of(fds[0], &peer), 0);
	assert_int_equal(peer.pid, getpid());
	assert_int_equal(peer.uid, geteuid());
	close(fds[0]);
	close(fds[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(capability_in_status_text),
	    cmocka_unit_test(user_in_status_text),
	    cmocka_unit_test(own_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
