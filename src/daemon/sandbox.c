/* SPDX-License-Identifier: BSD-2-Clause */

/* Four steps: no dumps; locked memory; fewer capabilities; none to be had again. */

#include "daemon/sandbox.h"

#include <cap-ng.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/log.h"

/* UDP ports of encapsulated SAs take four descriptors each. */
#define OTHER_DESCRIPTORS 4096

void ux_sandbox_descriptors(uint32_t clients)
{
	rlim_t wanted = (rlim_t)clients * 2 + OTHER_DESCRIPTORS;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= wanted)
		return;
	limit.rlim_cur = wanted;
	if (limit.rlim_max < wanted) {
		const struct rlimit higher = {wanted, wanted};

		if (setrlimit(RLIMIT_NOFILE, &higher) == 0)
			return;
		limit.rlim_cur = limit.rlim_max;
	}
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur < wanted)
		ux_log(LOG_WARNING, "not more than %llu descriptors: fewer than max_clients fit",
		       (unsigned long long)limit.rlim_cur);
}

/* Capabilities of our own user namespace say nothing when another one owns the network namespace; a
 * mark on a socket is refused exactly then. */
bool ux_sandbox_has_network_rights(void)
{
	const uint32_t mark = 0;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool allowed;

	if (fd < 0)
		return false;
	allowed = setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof(mark)) == 0;
	close(fd);
	return allowed;
}

void ux_sandbox_early(void)
{
	const struct rlimit none = {0, 0}, all = {RLIM_INFINITY, RLIM_INFINITY};

	if (prctl(PR_SET_DUMPABLE, 0) < 0 || setrlimit(RLIMIT_CORE, &none) < 0)
		ux_log(LOG_WARNING, "core dumps could not be turned off: %s", strerror(errno));
	/* With a limit, locking what comes later would make allocations fail: all or only what is
	 * here. */
	if (setrlimit(RLIMIT_MEMLOCK, &all) == 0)
		(void)!mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT);
	else
		(void)!mlockall(MCL_CURRENT | MCL_ONFAULT);
}

int ux_sandbox_late(bool xdp)
{
	bool may_lock, may_nice;

	if (capng_have_capabilities(CAPNG_SELECT_CAPS) <= CAPNG_NONE)
		goto privileges;
	may_lock = xdp && capng_have_capability(CAPNG_PERMITTED, CAP_IPC_LOCK);
	may_nice = capng_have_capability(CAPNG_PERMITTED, CAP_SYS_NICE);
	capng_clear(CAPNG_SELECT_BOTH);
	/* Routes, marks and raw sockets are changed as SAs and policies come and go. */
	capng_updatev(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, CAP_NET_ADMIN, CAP_NET_RAW, -1);
	/* Workers may be added later, and raise their priority. */
	if (may_nice)
		(void)capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, CAP_SYS_NICE);
	/* AF_XDP locks memory, and where the limit could not be raised it is too low. */
	if (may_lock)
		(void)capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, CAP_IPC_LOCK);
	/* The bounding set needs CAP_SETPCAP, which a process that was given few rights does not
	 * hold. */
	if (capng_apply(CAPNG_SELECT_BOTH) != 0 && capng_apply(CAPNG_SELECT_CAPS) != 0)
		return -EPERM;
privileges:
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : 0;
}
