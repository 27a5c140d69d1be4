/* SPDX-License-Identifier: BSD-2-Clause */

/* Raw ICMP sockets that let only the errors in question through. */

#include "io/path_errors.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/icmp.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

static int filter4(int fd)
{
	/* From the IP header on: type 3, code 4. */
	struct sock_filter code[] = {
	    BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0),
	    BPF_STMT(BPF_LD | BPF_H | BPF_IND, 0),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ICMP_DEST_UNREACH << 8 | ICMP_FRAG_NEEDED, 0, 1),
	    BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
	    BPF_STMT(BPF_RET | BPF_K, 0),
	};
	const struct sock_fprog filter = {.len = sizeof(code) / sizeof(code[0]), .filter = code};

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter));
}

static int filter6(int fd)
{
	struct icmp6_filter filter;

	ICMP6_FILTER_SETBLOCKALL(&filter);
	ICMP6_FILTER_SETPASS(ICMP6_PACKET_TOO_BIG, &filter);
	return setsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, &filter, sizeof(filter));
}

static int open_one(int family, int *ret_fd)
{
	int fd = socket(family, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
			family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6);

	if (fd < 0)
		return -errno;
	if ((family == AF_INET ? filter4(fd) : filter6(fd)) < 0) {
		int err = -errno;

		close(fd);
		return err;
	}
	*ret_fd = fd;
	return 0;
}

int ux_path_errors_open(struct ux_path_errors *errors)
{
	int err;

	errors->fd[0] = errors->fd[1] = -1;
	err = open_one(AF_INET, &errors->fd[0]);
	if (err)
		return err;
	err = open_one(AF_INET6, &errors->fd[1]);
	if (!err || err == -EAFNOSUPPORT)
		return 0;
	ux_path_errors_close(errors);
	return err;
}

void ux_path_errors_close(struct ux_path_errors *errors)
{
	for (int i = 0; i < 2; i++) {
		if (errors->fd[i] >= 0)
			close(errors->fd[i]);
		errors->fd[i] = -1;
	}
}

bool ux_path_errors_read(struct ux_path_errors *errors)
{
	bool any = false;

	for (int i = 0; i < 2; i++) {
		uint8_t start[8];

		while (errors->fd[i] >= 0 && recv(errors->fd[i], start, sizeof(start), 0) > 0)
			any = true;
	}
	return any;
}
