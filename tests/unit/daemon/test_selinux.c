/* SPDX-License-Identifier: BSD-2-Clause */
/* What holds with SELinux and without. */
#include "daemon/selinux.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static void who_is_not_known_may_nothing(void **state)
{
	assert_true(ux_selinux_may_set(NULL, "system_u:object_r:unlabeled_t:s0") < 0);
}

static void what_is_no_context_may_nobody_set(void **state)
{
	assert_true(ux_selinux_may_set("system_u:system_r:init_t:s0", "no context") < 0);
}

static void peer(void **state)
{
	char *context;
	int fd[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fd), 0);
	context = ux_selinux_peer(fd[0]);
	if (ux_selinux_enabled())
		assert_non_null(context);
	ux_selinux_free(context);
	close(fd[0]);
	close(fd[1]);
	assert_null(ux_selinux_peer(-1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(who_is_not_known_may_nothing),
	    cmocka_unit_test(what_is_no_context_may_nobody_set),
	    cmocka_unit_test(peer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
