/* SPDX-License-Identifier: BSD-2-Clause */

/* libc's functions for the shared code: here nothing stands in front of them. */

#include "shim/real.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static int do_bind(int fd, const struct sockaddr *address, socklen_t len)
{
	return bind(fd, address, len);
}

static int do_connect(int fd, const struct sockaddr *address, socklen_t len)
{
	return connect(fd, address, len);
}

static int do_getsockname(int fd, struct sockaddr *address, socklen_t *len)
{
	return getsockname(fd, address, len);
}

/* Those that the shared code uses. */
static const struct shim_real real = {
    .socket = socket,
    .bind = do_bind,
    .connect = do_connect,
    .getsockname = do_getsockname,
    .setsockopt = setsockopt,
    .getsockopt = getsockopt,
    .send = send,
    .sendmsg = sendmsg,
    .recv = recv,
    .recvmsg = recvmsg,
    .read = read,
    .write = write,
    .close = close,
    .fcntl = fcntl,
};

const struct shim_real *shim_real(void)
{
	return &real;
}

int shim_active(void)
{
	return 1;
}

/* Nobody changes this process's environment once it has threads. */
const char *shim_setting(enum shim_setting which)
{
	static const char *const names[SHIM_SETTING_COUNT] = {"UXFRM_DAEMON", "UXFRM_DAEMON_ARGS",
							      "UXFRM_RELEASE"};

	return getenv(names[which]);
}
