/* SPDX-License-Identifier: BSD-2-Clause */

/* Policies of a socket: handed to the host's kernel, and put into the socket's mark. */

#include "shim/socket_policy.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <linux/xfrm.h>

#include "shim/control_channel.h"
#include "shim/real.h"

/* Of the daemon that was asked first; 0 until a socket had a policy. A program keeps to one daemon,
 * or to those that have the same mark. */
static _Atomic(uint32_t) bypass_bit;
/* Where the marks of sockets with templates are; 0 until there was one. */
static _Atomic(uint32_t) policy_bits;

uint32_t shim_bypass_bit(void)
{
	return atomic_load(&bypass_bit);
}

void shim_learn_bypass_bit(uint32_t bit)
{
	uint32_t none = 0;

	atomic_compare_exchange_strong(&bypass_bit, &none, bit);
}

/* Without a lock, which a child of fork() could find taken for ever: threads that ask at the same
 * time keep what came first. */
static uint32_t ask_bit(void)
{
	if (!shim_bypass_bit())
		shim_learn_bypass_bit(shim_control_fwmark());
	return shim_bypass_bit();
}

static uint32_t mark_of(int fd)
{
	uint32_t mark = 0;
	socklen_t len = sizeof(mark);

	(void)shim_real()->getsockopt(fd, SOL_SOCKET, SO_MARK, &mark, &len);
	return mark;
}

static int put_mark(int fd, uint32_t mark)
{
	return shim_real()->setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof(mark));
}

bool shim_is_socket_policy(int level, int name)
{
	return (level == IPPROTO_IP && name == IP_XFRM_POLICY) ||
	       (level == IPPROTO_IPV6 && name == IPV6_XFRM_POLICY);
}

/* A host without XFRM does not know the option, and nothing of its own holds the packets up. */
static bool host_lacks_it(void)
{
	return errno == ENOPROTOOPT || errno == EOPNOTSUPP;
}

/* What was to be protected from now on no longer goes past the policies, whatever the program makes
 * of the error. */
static void refuse_to_protect(int fd, uint8_t dir)
{
	const uint32_t bit = shim_bypass_bit();

	if (bit && dir == XFRM_POLICY_OUT)
		(void)put_mark(fd, mark_of(fd) & ~bit);
}

int shim_set_socket_policy(int fd, int level, int name, const void *value, socklen_t len)
{
	struct xfrm_userpolicy_info info = {.action = XFRM_POLICY_BLOCK};
	uint32_t bit;

	if (value && len >= sizeof(info))
		memcpy(&info, value, sizeof(info));
	if (value && len >= sizeof(info) + sizeof(struct xfrm_user_tmpl)) {
		refuse_to_protect(fd, info.dir);
		errno = EOPNOTSUPP;
		return -1;
	}
	if (shim_real()->setsockopt(fd, level, name, value, len) < 0 && !host_lacks_it())
		return -1;
	if (value && info.dir != XFRM_POLICY_OUT)
		return 0;
	bit = ask_bit();
	if (!bit)
		return 0;
	if (value && info.action == XFRM_POLICY_ALLOW)
		return put_mark(fd, mark_of(fd) | bit);
	return put_mark(fd, mark_of(fd) & ~bit);
}

static uint32_t kept_bits(void)
{
	return atomic_load(&bypass_bit) | atomic_load(&policy_bits);
}

int shim_mark_for_policy(int fd, uint32_t mark, uint32_t mask)
{
	const uint32_t bit = shim_bypass_bit();

	if (mask != UINT32_MAX)
		atomic_store(&policy_bits, mask);
	mask = atomic_load(&policy_bits);
	return put_mark(fd, (mark_of(fd) & ~(mask | bit)) | mark) < 0 ? -errno : 0;
}

int shim_set_mark(int fd, const void *value, socklen_t len)
{
	uint32_t bits = kept_bits(), mark;

	if (!bits || !value || len < sizeof(mark))
		return shim_real()->setsockopt(fd, SOL_SOCKET, SO_MARK, value, len);
	memcpy(&mark, value, sizeof(mark));
	return put_mark(fd, (mark & ~bits) | (mark_of(fd) & bits));
}

int shim_get_mark(int fd, void *value, socklen_t *len)
{
	int err = shim_real()->getsockopt(fd, SOL_SOCKET, SO_MARK, value, len);
	uint32_t mark;

	if (err || !kept_bits() || *len < sizeof(mark))
		return err;
	memcpy(&mark, value, sizeof(mark));
	mark &= ~kept_bits();
	memcpy(value, &mark, sizeof(mark));
	return 0;
}
