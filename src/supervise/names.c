/* SPDX-License-Identifier: BSD-2-Clause */

#include "supervise/names.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "shim/address.h"
#include "shim/foreign_bind.h"
#include "shim/pfkey.h"
#include "shim/socket_policy.h"
#include "supervise/descriptors.h"
#include "supervise/identity.h"
#include "supervise/program.h"

#define OPTION_MAX 4096 /* bytes of an option's value; socket policies are the longest */

static long result_of(int err)
{
	return err < 0 ? -errno : err;
}

long ux_call_socket(struct ux_call *c, const struct ux_filter *filter)
{
	int type = (int)c->args[1];
	int fd = (int)c->args[0] == AF_KEY ? shim_pfkey_open(type, (int)c->args[2])
					   : shim_socket_open(type);

	if (fd < 0)
		return -errno;
	long result = ux_descriptor_put(c, filter, fd, filter->first, type & SOCK_CLOEXEC);

	close(fd);
	return result;
}

/* 0, or -errno. */
static int read_address(const struct ux_call *c, struct sockaddr_storage *ret, socklen_t *ret_len)
{
	int len = (int)c->args[2];

	memset(ret, 0, sizeof(*ret));
	if (len < 0 || len > (int)sizeof(*ret))
		return -EINVAL;
	*ret_len = (socklen_t)len;
	return ux_program_read(c->tid, c->args[1], ret, (size_t)len);
}

long ux_call_bind(struct ux_call *c)
{
	struct sockaddr_storage address;
	socklen_t len;
	int err = read_address(c, &address, &len);

	if (!c->socket) {
		if (!err && ux_call_is_there(c))
			shim_before_bind(c->fd, (struct sockaddr *)&address, len);
		return UX_CALL_PASS;
	}
	if (!ux_call_is_there(c))
		return UX_CALL_DONE;
	return err ? err : result_of(shim_bind(c->socket, (struct sockaddr *)&address, len));
}

long ux_call_connect(struct ux_call *c)
{
	struct sockaddr_storage address;
	socklen_t len;
	int err = read_address(c, &address, &len);

	if (!ux_call_is_there(c))
		return UX_CALL_DONE;
	return err ? err : result_of(shim_connect(c->socket, (struct sockaddr *)&address, len));
}

/* A value and its length, cut to what the program has room for, which was @room. */
static int write_value(const struct ux_call *c, uint64_t at, uint64_t len_at, const void *value,
		       socklen_t len, socklen_t room)
{
	int err = ux_program_write(c->tid, at, value, len < room ? len : room);

	return err ? err : ux_program_write(c->tid, len_at, &len, sizeof(len));
}

long ux_call_name(struct ux_call *c)
{
	struct sockaddr_storage name = {0};
	socklen_t room, len = sizeof(name);
	int err = ux_program_read(c->tid, c->args[2], &room, sizeof(room));

	if (err || (int)room < 0)
		return err ? err : -EINVAL;
	err = c->nr == SYS_getsockname
		  ? shim_getsockname(c->socket, (struct sockaddr *)&name, &len)
		  : shim_getpeername(c->socket, (struct sockaddr *)&name, &len);
	return err < 0 ? -errno : write_value(c, c->args[1], c->args[2], &name, len, room);
}

/* setsockopt() or getsockopt() of a socket that is not ours, done with the program's rights. */
struct foreign_option {
	int fd, level, name;
	const void *value; /* NULL: none */
	socklen_t len;
};

static int set_foreign(void *arg, int *ret_fd)
{
	const struct foreign_option *o = arg;
	int err;

	if (shim_pfkey_is_policy(o->level, o->name))
		err = shim_pfkey_set_policy(o->fd, o->level, o->value, o->len);
	else if (shim_is_socket_policy(o->level, o->name))
		err = shim_set_socket_policy(o->fd, o->level, o->name, o->value, o->len);
	else
		err = shim_set_mark(o->fd, o->value, o->len);
	return err < 0 ? -errno : 0;
}

static long set_as_program(struct ux_call *c, struct foreign_option *o)
{
	struct ux_identity id;
	int none, err = ux_identity_of(c->tid, &id);

	if (err)
		return err;
	err = ux_identity_act(&id, set_foreign, o, &none);
	ux_identity_release(&id);
	return err;
}

long ux_call_setsockopt(struct ux_call *c)
{
	uint8_t value[OPTION_MAX];
	struct foreign_option o = {.fd = c->fd,
				   .level = (int)c->args[1],
				   .name = (int)c->args[2],
				   .len = (socklen_t)c->args[4]};
	bool foreign = !c->socket;

	if (foreign && !shim_pfkey_is_policy(o.level, o.name) &&
	    !shim_is_socket_policy(o.level, o.name) &&
	    !(o.level == SOL_SOCKET && o.name == SO_MARK))
		return UX_CALL_PASS;
	if ((int)o.len < 0)
		return -EINVAL;
	if (o.len > sizeof(value))
		o.len = sizeof(value);
	if (c->args[3]) {
		int err = ux_program_read(c->tid, c->args[3], value, o.len);

		if (err)
			return err;
		o.value = value;
	}
	if (!ux_call_is_there(c))
		return UX_CALL_DONE;
	if (foreign)
		return set_as_program(c, &o);
	if (!o.value)
		return -EFAULT;
	return result_of(shim_setsockopt(c->socket, c->fd, o.level, o.name, o.value, o.len));
}

long ux_call_getsockopt(struct ux_call *c)
{
	uint8_t value[OPTION_MAX];
	int level = (int)c->args[1], name = (int)c->args[2];
	socklen_t room, len;

	if (!c->socket && !(level == SOL_SOCKET && name == SO_MARK && shim_bypass_bit()))
		return UX_CALL_PASS;
	int err = ux_program_read(c->tid, c->args[4], &room, sizeof(room));

	if (err || (int)room < 0)
		return err ? err : -EINVAL;
	len = room < sizeof(value) ? room : sizeof(value);
	err = c->socket ? shim_getsockopt(c->socket, c->fd, level, name, value, &len)
			: shim_get_mark(c->fd, value, &len);
	return err < 0 ? -errno : write_value(c, c->args[3], c->args[4], value, len, room);
}
